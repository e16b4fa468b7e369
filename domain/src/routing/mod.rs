//! Operators, the connectors that reach them, and which prefix goes which way.
mod aggregate;
mod command;
mod error;
mod event;
mod prefix;
mod table;

#[cfg(test)]
mod aggregate_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod resolve_tests;

pub use aggregate::{CONNECTORS_MAX, NAME_MAX_CHARS, OPERATORS_MAX, ROUTES_MAX, Routing};
pub use command::RoutingCommand;
pub use error::RoutingError;
pub use event::RoutingEvent;
pub use prefix::{NotAPrefix, Prefix};
pub use table::{Connector, Operator, Route, RoutingTable};
