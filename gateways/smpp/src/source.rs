use peyk_domain::messages::{AttemptReport, ReceiptReport};
use peyk_domain::{ConnectorId, MessageId};
use peyk_handlers::{CommandError, TakeWork, Work};
use std::future::Future;

/// Where a connector's work comes from and where its reports go: the writers of the `messages` partitions.
///
/// A source repeats a command by itself, under one id, while its patience lasts; a connector repeats it beyond that. Both
/// are safe, since the ledger ignores reports of attempts that are not in flight and receipts of messages that are over.
pub trait WorkSource: Send + Sync + 'static {
    /// How many partitions there are; they are numbered from zero.
    fn partitions(&self) -> u16;

    /// Work for the connector, at most `request.count`, waiting up to `request.wait` for the first. What is returned is on
    /// record as dispatched: it must be reported on, so a call is never abandoned half way.
    fn take(&self, partition: u16, request: TakeWork) -> impl Future<Output = Result<Vec<Work>, CommandError>> + Send;

    /// Makes the outcomes durable. At most 500 in one call.
    fn report(
        &self,
        partition: u16,
        connector: ConnectorId,
        reports: Vec<AttemptReport>,
    ) -> impl Future<Output = Result<(), CommandError>> + Send;

    /// Makes the receipts durable. At most 500 in one call.
    fn receipts(
        &self,
        partition: u16,
        connector: ConnectorId,
        receipts: Vec<ReceiptReport>,
    ) -> impl Future<Output = Result<(), CommandError>> + Send;

    /// Every attempt the ledger believes to be with the connector.
    fn in_flight(
        &self,
        partition: u16,
        connector: ConnectorId,
    ) -> impl Future<Output = Result<Vec<(MessageId, u32)>, CommandError>> + Send;
}
