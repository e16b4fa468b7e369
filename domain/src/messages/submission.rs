use super::{Lane, RecipientToken, Sealed, SealedFor};
use crate::{At, ConnectorId, MessageId, Msisdn, TenantId};
use serde::{Deserialize, Serialize};

/// How the text is put into octets (3GPP TS 23.038).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// The 7-bit default alphabet with its extension table.
    Gsm7,
    /// UTF-16, big endian.
    Ucs2,
}

/// What becomes of a message whose submission may or may not have reached the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum DoubtPolicy {
    /// Report it failed: it is never sent twice, but may have been sent once.
    #[default]
    Fail,
    /// Send it again: it arrives, perhaps twice.
    Resend,
}

/// Whether the sender number is leased to the tenant, as the numbering replica tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderFact {
    LeasedTo(TenantId),
    NotLeased,
    /// The replica is too old to ask.
    Unknown,
}

/// Which connector serves the recipient, as the routing replica tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteFact {
    Via(ConnectorId),
    NoRoute,
    Unknown,
}

/// The positions of the other ledgers a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DecidedOn {
    pub numbering: u64,
    pub routing: u64,
}

/// One message as a tenant hands it over, personal fields already sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    pub message: MessageId,
    pub sender: Msisdn,
    pub token: RecipientToken,
    pub sealed_for: SealedFor,
    pub recipient: Sealed,
    pub body: Sealed,
    pub encoding: Encoding,
    pub segments: u8,
    pub lane: Lane,
    pub expires: At,
    pub on_doubt: DoubtPolicy,
    pub sender_fact: SenderFact,
    pub route_fact: RouteFact,
    pub decided_on: DecidedOn,
}
