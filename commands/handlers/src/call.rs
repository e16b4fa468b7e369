use peyk_domain::access::AccessCommand;
use peyk_domain::messages::{DoubtPolicy, Lane};
use peyk_domain::{ActorId, CommandId, ConnectorId, MessageId, Msisdn, Span, TenantId};
use std::fmt;
use std::time::Duration;

/// Who asks. Both are random ids taken from a verified token; [`TenantId::NIL`] is the platform itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub actor: ActorId,
    pub tenant: TenantId,
}

/// One command on its way to the writer.
#[derive(Debug, Clone)]
pub struct Call<C> {
    /// The fingerprint of the idempotency key and the tenant, or random where none was given: at most one record ever
    /// bears it. Ids the edge makes for what the command creates come from [`derived_id`], so that a repeat is the same
    /// request and names the same thing.
    pub id: CommandId,
    pub caller: Caller,
    /// How long the caller is willing to wait. A command that did not reach the log by then is refused and never lands.
    pub patience: Duration,
    pub command: C,
}

/// The 16 bytes of the `index`-th id that a command with this id brings along: for a lease, an operator, a message.
/// Unpredictable where the command's id is, and the same whenever the command is repeated.
#[must_use]
pub fn derived_id(command: CommandId, index: u32) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("peyk 2026 ids a command brings along v1");
    hasher.update(&command.to_bytes());
    hasher.update(&index.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    id
}

/// A command of the access ledger. What is personal or secret in it was sealed by whoever sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCommand {
    pub command: AccessCommand,
    /// Tells whether what is sealed in it is the same as in an earlier command with this id, where that is to be told: a
    /// digest under a key of whom it is about, as [`peyk_keyring::TenantKeys::fingerprint`] gives. Never of a password or
    /// another secret: it is quick to compute. All zero where nothing is compared.
    pub digest: [u8; 16],
}

impl From<AccessCommand> for SealedCommand {
    fn from(command: AccessCommand) -> Self {
        Self { command, digest: [0; 16] }
    }
}

/// A message as a tenant hands it over, in clear; only processes of CORE and the wire to them see it.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainMessage {
    pub message: MessageId,
    pub sender: Msisdn,
    pub recipient: Msisdn,
    pub body: String,
    pub lane: Lane,
    /// How long it may wait for the operator.
    pub validity: Span,
    pub on_doubt: DoubtPolicy,
    /// What request it came in, where that brought several: a digest of all of them. A part of it under a used key is
    /// told from a repeat by it, though the part itself be the same.
    pub whole: Option<[u8; 16]>,
}

impl fmt::Debug for PlainMessage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PlainMessage")
            .field("message", &self.message)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// A connector's request for something to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeWork {
    pub connector: ConnectorId,
    pub lanes: Vec<Lane>,
    /// At most 200.
    pub count: u16,
    /// How long to wait for the first message, at most 5 s.
    pub wait: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_the_same_each_time_and_all_different() {
        let command = CommandId::from_bytes([1; 16]);
        let ids: std::collections::HashSet<_> = (0..1_000).map(|index| derived_id(command, index)).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.contains(&derived_id(command, 999)));
        assert!(!ids.contains(&derived_id(CommandId::from_bytes([2; 16]), 0)));
    }
}
