//! Ledgers on NATS JetStream: who may append, how an append becomes certain, and how a record is believed.
mod bookmarks;
pub mod checkpoint;
pub mod clock;
mod fresh;
pub mod metrics;
pub mod nats;
mod reader;
mod replica;
mod segments;
pub mod snapshot;
pub mod verification;
pub mod witness;
pub mod writer;

pub use bookmarks::{Bookmark, BookmarkError, Bookmarks};
pub use clock::Clock;
pub use fresh::{FRESH_FOR, Fresh, Stale};
pub use nats::{Declared, Durability, Ledgers, Names, ReadError, Server, Tls};
pub use peyk_schemas::{Receipt, VerifiedRecord};
pub use reader::{LedgerReader, recoveries};
pub use replica::{Freshness, Replica};
pub use segments::{BadSegments, SEGMENT_POSITIONS_MAX, SEGMENT_POSITIONS_MIN, SEGMENTS_AHEAD_MAX, Segment, Segments};
pub use snapshot::Snapshots;
pub use witness::FileWitness;
pub use writer::{Committed, Request, SubmitError, WriterConfig, WriterHandle};
