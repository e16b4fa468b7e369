use super::Prefix;
use crate::{ConnectorId, OperatorId, RouteId};

/// What may be asked of the routing table. Fields as in [`super::RoutingEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingCommand {
    RegisterOperator {
        operator: OperatorId,
        name: String,
        country: String,
    },
    RegisterConnector {
        connector: ConnectorId,
        operator: OperatorId,
        name: String,
    },
    SetRoute {
        route: RouteId,
        prefix: Prefix,
        connector: ConnectorId,
        priority: u16,
        weight: u16,
        cost: u64,
    },
    RemoveRoute {
        route: RouteId,
    },
    CloseConnector {
        connector: ConnectorId,
    },
    OpenConnector {
        connector: ConnectorId,
    },
    /// Let time act; routing has no timers yet, so nothing follows.
    Tick,
}
