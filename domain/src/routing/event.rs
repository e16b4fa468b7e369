use super::Prefix;
use crate::{ConnectorId, OperatorId, RouteId};

/// What changed in the routing table. The stored names stand in `schemas`, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingEvent {
    /// `country` is ISO 3166-1 alpha-2.
    OperatorRegistered {
        operator: OperatorId,
        name: String,
        country: String,
    },
    ConnectorRegistered {
        connector: ConnectorId,
        operator: OperatorId,
        name: String,
    },
    /// A lower `priority` is tried first; `weight` shares the load among equals; `cost` in millionths of the account currency per segment.
    RouteSet {
        route: RouteId,
        prefix: Prefix,
        connector: ConnectorId,
        priority: u16,
        weight: u16,
        cost: u64,
    },
    RouteRemoved {
        route: RouteId,
    },
    /// Nothing new is sent through the connector until it is opened again.
    ConnectorClosed {
        connector: ConnectorId,
    },
    ConnectorOpened {
        connector: ConnectorId,
    },
}
