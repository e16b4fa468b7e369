use peyk_domain::access::Role;

/// Who may call an endpoint. Every endpoint states one, so none is open by omission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a token.
    Public,
    /// Any of these roles.
    AnyOf(&'static [Role]),
}
