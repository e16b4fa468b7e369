//! One bind to one operator, from the ledger's work to the ledger's reports.
mod accounts;
mod backoff;
mod bind;
mod config;
mod deliveries;
mod early;
mod entry;
mod error;
mod ids;
mod line;
mod metrics;
mod outstanding;
mod pace;
mod puller;
mod reporter;
mod sequence;
mod session;
mod stats;
mod submission;
mod supervisor;
mod trace;

pub use config::{ConnectorConfig, ConnectorConfigError, Numbering};
pub use error::SessionError;
pub use ids::IdBase;
pub use metrics::METRICS;
pub use stats::{ConnectorStats, ConnectorStatus};
pub use supervisor::Connector;
