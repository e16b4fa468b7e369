use peyk_domain::access::Role;

/// Who may call an endpoint. Every endpoint states one, so none is open by omission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a credential.
    Public,
    /// Whoever has any role at all, about themselves: also who has yet to set up a second factor.
    SignedIn,
    /// Any of these roles.
    AnyOf(&'static [Role]),
}

impl Access {
    /// The roles of which one is needed; none for a public endpoint.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::Public => &[],
            Self::SignedIn => Role::ALL,
            Self::AnyOf(roles) => roles,
        }
    }
}
