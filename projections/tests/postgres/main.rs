//! The read models against a real Postgres, fed with real event encodings through the boundary projectors read from.
mod access_traffic;
mod audit;
mod data_classes;
mod erasure;
mod failures;
mod ledger;
mod live;
mod migrations;
mod number_audit;
mod queries;
mod rebuilds;
mod row_security;
mod server;
mod traffic;
mod world;
