use super::opening::{Opened, open};
use super::{Desk, NOT_KEPT, Origin};
use crate::answer::Work;
use crate::call::TakeWork;
use crate::random::fresh_id;
use crate::service::verdict::{failure, refused};
use crate::wire::{Answer, Failure};
use peyk_domain::messages::{DISPATCH_MAX, Exchange, Lifecycle, MessageCommand, MessageEvent, Waiting};
use peyk_domain::{ConnectorId, MessageId, TenantId};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The longest a connector may wait for work.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long what cannot be read may take to be recorded as such.
const UNREADABLE_PATIENCE: Duration = Duration::from_secs(5);

impl Desk {
    /// Records the dispatch of what waits, and then answers with it. Nothing is lost with the answer: asked again under
    /// the same id, the record tells what was dispatched.
    pub(super) async fn take_work(&self, origin: Origin, ask: TakeWork) -> Answer {
        match self.taken(origin, ask).await {
            Ok(work) => Answer::Work(work),
            Err(failure) => Answer::Failed(failure),
        }
    }

    async fn taken(&self, origin: Origin, ask: TakeWork) -> Result<Vec<Work>, Failure> {
        let TakeWork { connector, lanes, count, wait } = ask;
        let count = usize::from(count);
        if count == 0 || count > DISPATCH_MAX {
            return Err(refused("TOO_MANY", &format_args!("ask for 1 to {DISPATCH_MAX} messages at a time")));
        }
        let patience_ends = (Instant::now() + wait.min(WAIT_MAX)).min(origin.deadline);
        let bell = self.waiters.bell(connector);
        let mut seat = None;
        loop {
            let mut rung = std::pin::pin!(bell.notified());
            rung.as_mut().enable();
            let command = MessageCommand::TakeWork { connector, lanes: lanes.clone(), count };
            let committed = self.commit(origin, command).await.map_err(|error| failure(&error))?;
            // Events without a dispatch: only messages that had expired were cleared away. The id is used up.
            if !committed.events.is_empty() {
                return self.hand_out(origin, connector, committed.events).await;
            }
            if seat.is_none() {
                match self.waiting.try_acquire() {
                    Ok(free) => seat = Some(free),
                    // Enough others wait; this connector is back soon enough.
                    Err(_) => return Ok(vec![]),
                }
            }
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep_until(patience_ends) => return Ok(vec![]),
                () = self.stop.cancelled() => return Ok(vec![]),
            }
        }
    }

    async fn hand_out(
        &self,
        origin: Origin,
        connector: ConnectorId,
        events: Vec<MessageEvent>,
    ) -> Result<Vec<Work>, Failure> {
        let attempts: Vec<_> = events.into_iter().filter_map(|event| dispatched(&event)).collect();
        let asked = self.writer.read(move |exchange| still_in_flight(exchange, connector, &attempts));
        let Ok(Some(dispatched)) = timeout_at(origin.deadline, asked).await else {
            return Err(Failure::OutcomeUnknown);
        };
        let mut work = Vec::with_capacity(dispatched.len());
        let mut unreadable = Vec::new();
        for waiting in &dispatched {
            match open(&self.keyrings, connector, waiting).await {
                Ok(Opened::Work(one)) => work.push(one),
                Ok(Opened::Unreadable) => unreadable.push(waiting.message),
                Err(error) => {
                    // Dispatched all the same: the connector asks again under the same id, or finds it in flight.
                    tracing::warn!(code = error.code(), %error, "work cannot be opened now");
                    return Err(Failure::OutcomeUnknown);
                }
            }
        }
        if !unreadable.is_empty() {
            self.record_unreadable(origin, unreadable).await;
        }
        Ok(work)
    }

    async fn record_unreadable(&self, origin: Origin, messages: Vec<MessageId>) {
        let count = messages.len();
        let Ok(id) = fresh_id() else { return };
        let deadline = Instant::now() + UNREADABLE_PATIENCE;
        let origin = Origin { id, fingerprint: NOT_KEPT, actor: origin.actor, tenant: TenantId::NIL, deadline };
        match self.commit(origin, MessageCommand::Unreadable { messages }).await {
            Ok(_) => tracing::warn!(count, "messages that cannot be read have failed"),
            // They stay in flight: the connector cannot account for them and reports them in doubt.
            Err(error) => tracing::warn!(count, %error, "messages that cannot be read are still in flight"),
        }
    }
}

const fn dispatched(event: &MessageEvent) -> Option<(MessageId, u32)> {
    match event {
        MessageEvent::MessageDispatched { message, attempt, .. } => Some((*message, *attempt)),
        _ => None,
    }
}

/// What of these attempts is still to be made. Of a dispatch that is asked for again, some may have been reported on.
fn still_in_flight(exchange: &Exchange, connector: ConnectorId, attempts: &[(MessageId, u32)]) -> Vec<Waiting> {
    let open = |&&(message, attempt): &&(MessageId, u32)| {
        exchange.lifecycle(message) == Some(Lifecycle::Dispatched { attempt, connector })
    };
    attempts.iter().filter(open).filter_map(|(message, _)| exchange.waiting(*message).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::messages::{
        DecidedOn, DoubtPolicy, Encoding, Generation, Lane, Leaf, MonthKey, RecipientToken, RetentionClass, Sealed,
        SealedFor,
    };
    use peyk_domain::{At, Msisdn};

    const CONNECTOR: ConnectorId = ConnectorId::from_bytes([5; 16]);

    fn message(number: u8) -> MessageId {
        MessageId::from_bytes([number; 16])
    }

    fn accepted(number: u8) -> MessageEvent {
        MessageEvent::MessageAccepted {
            message: message(number),
            tenant: TenantId::from_bytes([7; 16]),
            sender: Msisdn::from_digits(93_700_000_001).unwrap(),
            token: RecipientToken([1; 16]),
            sealed_for: SealedFor {
                class: RetentionClass::Message,
                month: MonthKey(24_321),
                generation: Generation(0),
                leaf: Leaf(1),
            },
            recipient: Sealed(Box::from([0; 40])),
            body: Sealed(Box::from([0; 40])),
            encoding: Encoding::Gsm7,
            segments: 1,
            lane: Lane::Otp,
            connector: CONNECTOR,
            expires: At(1_000),
            on_doubt: DoubtPolicy::Fail,
            decided_on: DecidedOn::default(),
        }
    }

    #[test]
    fn an_attempt_is_handed_out_again_until_it_is_reported_on() {
        let mut exchange = Exchange::default();
        let dispatch =
            |number| MessageEvent::MessageDispatched { message: message(number), attempt: 1, connector: CONNECTOR };
        let events = [accepted(1), accepted(2), accepted(3), dispatch(1), dispatch(2)];
        let attempts: Vec<_> = events.iter().filter_map(dispatched).collect();
        for event in events {
            exchange.evolve(event).unwrap();
        }
        let ids = |exchange: &Exchange, connector| -> Vec<MessageId> {
            still_in_flight(exchange, connector, &attempts).iter().map(|waiting| waiting.message).collect()
        };
        assert_eq!(ids(&exchange, CONNECTOR), [message(1), message(2)]);
        assert_eq!(ids(&exchange, ConnectorId::from_bytes([6; 16])), []);
        let taken = MessageEvent::MessageSubmitted {
            message: message(1),
            attempt: 1,
            connector: CONNECTOR,
            smsc_id: "a1".to_owned(),
        };
        exchange.evolve(taken).unwrap();
        assert_eq!(ids(&exchange, CONNECTOR), [message(2)]);
    }
}
