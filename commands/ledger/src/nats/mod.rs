//! How ledgers lie on a NATS server.
mod append;
mod connection;
mod durability;
mod lease;
mod ledgers;
mod names;
mod peers;
mod provision;
mod standing;
mod stream_settings;
mod tape;

pub use append::{AppendReport, Appender};
pub use connection::{ConnectError, Server, Tls};
pub use durability::{Declared, Durability, DurabilityError, NotDeclared, REPLICAS_MIN};
pub use lease::{LEASE_RENEWAL, LEASE_TTL, Lease, LeaseError};
pub use ledgers::{Ledgers, ReadError};
pub use names::{BadNamespace, Names};
pub use provision::{ProvisionError, provision, provision_bucket, stream_config};
pub use standing::{Standing, StoredSegment};
pub use stream_settings::StreamFound;
pub use tape::Tape;
