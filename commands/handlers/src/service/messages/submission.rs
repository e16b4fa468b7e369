use super::month::just_ended;
use super::sealing::{Cut, Setting, cut, fingerprint, seal};
use super::{Desk, Origin};
use crate::answer::{Submitted, SubmittedItem};
use crate::call::PlainMessage;
use crate::fingerprint::combined;
use crate::partition::partition_of;
use crate::service::facts::{Placed, Question};
use crate::service::verdict::{failure_at, refused};
use crate::wire::{Answer, Failure};
use peyk_domain::Span;
use peyk_domain::messages::{MessageCommand, MessageEvent, MonthKey, SUBMIT_MAX, Submission};
use peyk_keyring::{KeyringError, SealError, TenantKeys};
use peyk_ledger::{Committed, SubmitError};

/// How long after a month's end its keys may have fingerprinted a command that is repeated now: the idempotency window
/// and an hour for clocks that differ.
const REPEATS_FOR: Span = Span::hours(25);
/// Sealed without letting others on.
const SEALED_AT_A_TIME: usize = 32;

impl Desk {
    pub(super) async fn submit(&self, origin: Origin, messages: Vec<PlainMessage>) -> Answer {
        match self.submitted(origin, messages).await {
            Ok(submitted) => Answer::Submitted(submitted),
            Err(failure) => Answer::Failed(failure),
        }
    }

    async fn submitted(&self, origin: Origin, messages: Vec<PlainMessage>) -> Result<Submitted, Failure> {
        let lives_here = |placed: Option<Placed>| {
            let by_hash = || partition_of(origin.tenant, self.partitions);
            placed.map_or_else(by_hash, |placed| placed.partition) == self.partition
        };
        let mut placed = self.facts.tenant(origin.tenant);
        if !lives_here(placed) {
            placed = self.facts.tenant_now(origin.tenant).await;
        }
        if !lives_here(placed) {
            // A gateway that placed it elsewhere would split a tenant over two ledgers.
            return Err(Failure::Malformed { reason: "the tenant does not live in this partition".to_owned() });
        }
        let cuts = cut_all(&messages)?;
        let now = self.clock.now();
        let month = MonthKey::of(now);
        let keys = self.keyrings.for_writing(origin.tenant, month).await.map_err(|error| keyring_failure(&error))?;
        let fingerprint = fingerprint_all(&keys, month, &messages).map_err(|error| seal_failure(&error))?;

        let questions: Vec<_> = messages
            .iter()
            .map(|item| Question { message: item.message, sender: item.sender, recipient: item.recipient })
            .collect();
        let (facts, decided_on) = self.facts.gather(&questions, now).await;
        let setting = Setting { month, now, decided_on };
        let mut submissions: Vec<Submission> = Vec::with_capacity(messages.len());
        for ((message, cut), facts) in messages.iter().zip(cuts).zip(facts) {
            submissions.push(seal(&keys, setting, message, cut, facts).map_err(|error| seal_failure(&error))?);
            if submissions.len().is_multiple_of(SEALED_AT_A_TIME) {
                tokio::task::yield_now().await;
            }
        }

        let (tenant, limit) = (origin.tenant, placed.map(|placed| placed.messages_per_minute));
        let submit = |fingerprint, submissions| {
            self.commit(Origin { fingerprint, ..origin }, MessageCommand::Submit { tenant, limit, submissions })
        };
        let earlier = just_ended(now, REPEATS_FOR).map(|month| (month, submissions.clone()));
        let mut verdict = submit(fingerprint, submissions).await;
        if matches!(verdict, Err(SubmitError::KeyReused))
            && let Some((month, submissions)) = earlier
            && let Ok(fingerprint) = fingerprint_all(&keys, month, &messages)
        {
            // Perhaps the same request, fingerprinted when it first came with a key of the month that has just ended.
            verdict = submit(fingerprint, submissions).await;
        }
        verdict.map(from_record).map_err(|error| failure_at(&error, self.clock.now()))
    }
}

fn cut_all(messages: &[PlainMessage]) -> Result<Vec<Cut>, Failure> {
    if messages.is_empty() {
        return Err(refused("INVALID_VALUE", &"a submission has at least one message"));
    }
    if messages.len() > SUBMIT_MAX {
        return Err(refused("TOO_MANY", &format_args!("a command takes at most {SUBMIT_MAX} messages; send several")));
    }
    let cut_one = |(index, message): (usize, &PlainMessage)| {
        cut(&message.body).map_err(|error| refused(error.code(), &format_args!("message {index}: {error}")))
    };
    messages.iter().enumerate().map(cut_one).collect()
}

fn fingerprint_all(keys: &TenantKeys, month: MonthKey, messages: &[PlainMessage]) -> Result<[u8; 16], SealError> {
    let items: Result<Vec<_>, _> = messages.iter().map(|message| fingerprint(keys, month, message)).collect();
    items.map(|items| combined(&items))
}

/// The answer as the record has it, be it new or of an earlier command with the same id.
fn from_record(committed: Committed<MessageEvent>) -> Submitted {
    let item = |event| match event {
        MessageEvent::MessageAccepted { message, encoding, segments, .. } => {
            Some(SubmittedItem::Accepted { message, encoding, segments })
        }
        MessageEvent::MessageRefused { message, reason, .. } => Some(SubmittedItem::Refused { message, reason }),
        _ => None,
    };
    Submitted {
        receipt: committed.receipt,
        repeated: committed.repeated,
        items: committed.events.into_iter().filter_map(item).collect(),
    }
}

fn keyring_failure(error: &KeyringError) -> Failure {
    if error.is_transient() {
        tracing::warn!(code = error.code(), %error, "a tenant's keys cannot be had now");
        return Failure::Unavailable;
    }
    tracing::error!(code = error.code(), %error, "a tenant's keys cannot be used");
    refused(error.code(), &"the tenant's keys cannot be used; see the operator's log")
}

fn seal_failure(error: &SealError) -> Failure {
    match error {
        SealError::TooLong => refused("TEXT_TOO_LONG", error),
        SealError::NoKey => {
            tracing::warn!(%error, "a message was not sealed");
            refused("RECIPIENT_KEY_GONE", &"the recipient's keys were erased; nothing can be sent to it")
        }
        SealError::NoRandomness(_) => {
            tracing::error!(%error, "a message was not sealed");
            Failure::Unavailable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::messages::{DecidedOn, RefusalReason};
    use peyk_domain::{MessageId, TenantId};
    use peyk_schemas::{Hash, LedgerId, Receipt};

    #[test]
    fn an_answer_is_what_the_record_says() {
        let receipt = Receipt { ledger: LedgerId::messages(0), position: 9, hash: Hash([1; 32]) };
        let message = MessageId::from_bytes([1; 16]);
        let refused = MessageEvent::MessageRefused {
            message,
            tenant: TenantId::NIL,
            reason: RefusalReason::NoRoute,
            decided_on: DecidedOn::default(),
        };
        let submitted = from_record(Committed { receipt, repeated: true, events: vec![refused] });
        let items = vec![SubmittedItem::Refused { message, reason: RefusalReason::NoRoute }];
        assert_eq!(submitted, Submitted { receipt, repeated: true, items });
    }
}
