use super::scalar::id;
use peyk_domain::routing::{Prefix, RoutingCommand};
use peyk_domain::{ConnectorId, OperatorId, RouteId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "RoutingCommand", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum RoutingForm {
    RegisterOperator {
        #[serde(with = "id")]
        operator: OperatorId,
        name: String,
        country: String,
    },
    RegisterConnector {
        #[serde(with = "id")]
        connector: ConnectorId,
        #[serde(with = "id")]
        operator: OperatorId,
        name: String,
    },
    SetRoute {
        #[serde(with = "id")]
        route: RouteId,
        #[serde(with = "prefix")]
        prefix: Prefix,
        #[serde(with = "id")]
        connector: ConnectorId,
        priority: u16,
        weight: u16,
        cost: u64,
    },
    RemoveRoute {
        #[serde(with = "id")]
        route: RouteId,
    },
    CloseConnector {
        #[serde(with = "id")]
        connector: ConnectorId,
    },
    OpenConnector {
        #[serde(with = "id")]
        connector: ConnectorId,
    },
    /// Time is the writer's own business and comes over no wire.
    #[serde(skip)]
    Tick,
}

mod prefix {
    use peyk_domain::routing::Prefix;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(prefix: &Prefix, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(prefix)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Prefix, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}
