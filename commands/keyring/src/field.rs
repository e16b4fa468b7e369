use peyk_domain::{MessageId, TenantId};

/// A field that is sealed. Its number is part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Recipient = 1,
    Body = 2,
}

const CONTEXT: &[u8; 12] = b"peyk.seal.v1";
const LEDGER: &[u8; 8] = b"messages";

/// What a sealed field is bound to besides its key. All parts have fixed lengths, so it reads in one way only.
pub(crate) fn associated_data(tenant: TenantId, message: MessageId, field: Field) -> [u8; 53] {
    let mut data = [0; 53];
    data[..12].copy_from_slice(CONTEXT);
    data[12..20].copy_from_slice(LEDGER);
    data[20..36].copy_from_slice(&tenant.to_bytes());
    data[36..52].copy_from_slice(&message.to_bytes());
    data[52] = field as u8;
    data
}
