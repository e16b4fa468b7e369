use peyk_domain::{ActorId, MessageId, TenantId};

/// A field of a message that is sealed. Its number is part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Recipient = 1,
    Body = 2,
}

/// A field of the directory of tenants, users and keys, or of its audit trail, that is sealed. Its number is part of the
/// format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessField {
    /// What a tenant is called.
    TenantName = 1,
    /// A user's name and login name.
    Identity = 2,
    /// A password as argon2id keeps it.
    Verifier = 3,
    /// What an access key is called.
    Label = 4,
    TotpSecret = 5,
    /// Source address and user agent.
    Source = 6,
}

/// Whom a field of the directory is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    Tenant(TenantId),
    /// A user or an access key; nil for nobody that was recognised.
    Actor(ActorId),
}

impl Subject {
    pub(crate) const fn id(self) -> [u8; 16] {
        match self {
            Self::Tenant(tenant) => tenant.to_bytes(),
            Self::Actor(actor) => actor.to_bytes(),
        }
    }
}

const CONTEXT: &[u8; 12] = b"peyk.seal.v1";

/// What a sealed field of a message is bound to besides its key.
pub(crate) fn of_message(tenant: TenantId, message: MessageId, field: Field) -> [u8; 53] {
    associated_data(b"messages", tenant, message.to_bytes(), field as u8)
}

/// What a sealed field of the directory is bound to besides its key.
pub(crate) fn of_access(tenant: TenantId, subject: Subject, field: AccessField) -> [u8; 53] {
    associated_data(b"access\0\0", tenant, subject.id(), field as u8)
}

/// All parts have fixed lengths, so it reads in one way only.
fn associated_data(ledger: &[u8; 8], tenant: TenantId, subject: [u8; 16], field: u8) -> [u8; 53] {
    let mut data = [0; 53];
    data[..12].copy_from_slice(CONTEXT);
    data[12..20].copy_from_slice(ledger);
    data[20..36].copy_from_slice(&tenant.to_bytes());
    data[36..52].copy_from_slice(&subject);
    data[52] = field;
    data
}
