use crate::WorkSource;
use peyk_domain::messages::{AttemptReport, ReceiptReport};
use peyk_domain::{ConnectorId, MessageId};
use peyk_handlers::{CommandBus, CommandError, TakeWork, Work};

/// In production the writers are asked through the command bus.
impl WorkSource for CommandBus {
    fn partitions(&self) -> u16 {
        Self::partitions(self)
    }

    async fn take(&self, partition: u16, request: TakeWork) -> Result<Vec<Work>, CommandError> {
        self.take_work(partition, request).await
    }

    async fn report(
        &self,
        partition: u16,
        connector: ConnectorId,
        reports: Vec<AttemptReport>,
    ) -> Result<(), CommandError> {
        Self::report(self, partition, connector, reports).await.map(drop)
    }

    async fn receipts(
        &self,
        partition: u16,
        connector: ConnectorId,
        receipts: Vec<ReceiptReport>,
    ) -> Result<(), CommandError> {
        Self::receipts(self, partition, connector, receipts).await.map(drop)
    }

    async fn in_flight(&self, partition: u16, connector: ConnectorId) -> Result<Vec<(MessageId, u32)>, CommandError> {
        Self::in_flight(self, partition, connector).await
    }
}
