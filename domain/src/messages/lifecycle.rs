use crate::ConnectorId;

/// Where one message stands while it is not final. A message is in exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lifecycle {
    /// Waiting in its lane to be taken.
    Waiting,
    /// With a connector, outcome not yet reported.
    Dispatched { attempt: u32, connector: ConnectorId },
    /// With the operator under its own id, receipt not yet come.
    Submitted { connector: ConnectorId, smsc_id: String },
}
