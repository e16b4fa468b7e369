//! Random histories, audited from the events alone by a naive reader with one flat list of messages.
use super::sample::{ETISALAT, HERAT, ROSHAN, id, submission};
use super::*;
use crate::kept::kept;
use crate::{At, ConnectorId, Dated, MessageId};
use proptest::prelude::*;

const CONNECTORS: [ConnectorId; 2] = [ROSHAN, ETISALAT];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Queue,
    Air,
    Operator,
    Over,
}

#[derive(Debug, Clone)]
struct Life {
    message: MessageId,
    connector: ConnectorId,
    lane: Lane,
    expires: At,
    attempts: u32,
    place: Place,
}

/// Every life of every message, in order of acceptance.
#[derive(Debug, Default)]
struct Auditor {
    lives: Vec<Life>,
}

impl Auditor {
    fn alive(&mut self, message: MessageId) -> Option<&mut Life> {
        self.lives.iter_mut().find(|life| life.message == message && life.place != Place::Over)
    }

    /// Moves a message, which must be exactly where it is said to come from.
    fn moves(&mut self, message: MessageId, from: &[Place], to: Place) -> &mut Life {
        let life = self.alive(message).expect("only a living message moves");
        assert!(from.contains(&life.place), "{message} cannot go from {:?} to {to:?}", life.place);
        life.place = to;
        life
    }

    fn read(&mut self, event: &MessageEvent, at: At) {
        match event {
            MessageEvent::MessageAccepted { message, connector, lane, expires, .. } => {
                assert!(self.alive(*message).is_none(), "accepted twice");
                let (message, connector, lane, expires) = (*message, *connector, *lane, *expires);
                self.lives.push(Life { message, connector, lane, expires, attempts: 0, place: Place::Queue });
            }
            MessageEvent::MessageRefused { message, .. } => assert!(self.alive(*message).is_none()),
            MessageEvent::MessageDispatched { message, attempt, connector } => {
                let life = self.moves(*message, &[Place::Queue], Place::Air);
                life.attempts += 1;
                assert_eq!((life.attempts, life.connector), (*attempt, *connector));
                assert!(at < life.expires, "dispatched after its validity");
            }
            MessageEvent::MessageSubmitted { message, attempt, connector, .. } => {
                let life = self.moves(*message, &[Place::Air], Place::Operator);
                assert_eq!((life.attempts, life.connector), (*attempt, *connector));
            }
            MessageEvent::MessageRequeued { message, attempt, .. } => {
                assert_eq!(self.moves(*message, &[Place::Air], Place::Queue).attempts, *attempt);
            }
            MessageEvent::MessageInDoubt { message, .. } => {
                self.moves(*message, &[Place::Air], Place::Air);
            }
            MessageEvent::MessageFailed { message, reason: FailureReason::Unreadable } => {
                self.moves(*message, &[Place::Queue, Place::Air], Place::Over);
            }
            MessageEvent::MessageFailed { message, .. } => {
                self.moves(*message, &[Place::Air], Place::Over);
            }
            MessageEvent::ReceiptReceived { message, state, .. } => {
                let to = if state.is_final() { Place::Over } else { Place::Operator };
                self.moves(*message, &[Place::Operator], to);
            }
            MessageEvent::ReceiptUnmatched { .. } => {}
            MessageEvent::QuotaDrawn { .. } => panic!("no command of the model has a limit"),
            MessageEvent::TenantErased { .. } => panic!("no command of the model erases a tenant"),
            MessageEvent::MessageExpired { message } => {
                let life = self.moves(*message, &[Place::Queue, Place::Operator], Place::Over);
                assert!(at >= life.expires, "expired before its time");
            }
        }
    }

    /// What a connector should be handed, found by looking through everything.
    fn expected(&self, at: At, asked: &MessageCommand) -> Option<Vec<MessageId>> {
        let MessageCommand::TakeWork { connector, lanes, count } = asked else { return None };
        let mut fit: Vec<_> = self
            .lives
            .iter()
            .filter(|it| {
                it.place == Place::Queue && it.connector == *connector && lanes.contains(&it.lane) && at < it.expires
            })
            .collect();
        fit.sort_by_key(|life| life.lane);
        Some(fit.into_iter().take(*count).map(|life| life.message).collect())
    }

    fn compare(&self, exchange: &Exchange) {
        let count = |place| self.lives.iter().filter(|life| life.place == place).count();
        let backlog =
            Backlog { waiting: count(Place::Queue), dispatched: count(Place::Air), submitted: count(Place::Operator) };
        assert_eq!(exchange.backlog(), backlog);
        for connector in CONNECTORS {
            let own = || self.lives.iter().filter(move |life| life.connector == connector);
            let air = own().filter(|life| life.place == Place::Air).map(|life| (life.message, life.attempts));
            assert_eq!(exchange.in_flight(connector), air.collect::<Vec<_>>());
            for lane in Lane::ALL {
                let queued = own().filter(|life| life.place == Place::Queue && life.lane == lane).count();
                assert_eq!(exchange.waiting_in(connector, lane), queued);
            }
        }
        for life in self.lives.iter().filter(|life| life.place != Place::Over) {
            match (exchange.lifecycle(life.message), &life.place) {
                (Some(Lifecycle::Waiting), Place::Queue) => {}
                (Some(Lifecycle::Dispatched { attempt, connector }), Place::Air) => {
                    assert_eq!((attempt, connector), (life.attempts, life.connector));
                }
                (Some(Lifecycle::Submitted { connector, .. }), Place::Operator) => {
                    assert_eq!(connector, life.connector);
                }
                (found, place) => panic!("the exchange says {found:?}, the auditor {place:?}"),
            }
            assert_eq!(exchange.waiting(life.message).is_some(), life.place != Place::Operator);
        }
    }
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        5 => names().prop_map(|smsc_id| Outcome::Submitted { smsc_id }),
        1 => Just(Outcome::Rejected { status: 8 }),
        1 => Just(Outcome::Throttled),
        1 => Just(Outcome::NotSent),
        2 => Just(Outcome::InDoubt),
    ]
}

/// Few names, in several spellings, so that they collide.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (100_000..100_008_u32).prop_map(|it| it.to_string()),
        2 => (100_000..100_008_u32).prop_map(|it| format!("00{it:X}")),
        1 => Just(String::new()),
        1 => Just("8F00C2A901".to_owned()),
    ]
}

fn commands() -> impl Strategy<Value = Vec<(u64, MessageCommand)>> {
    let message = || (0..12_u128).prop_map(id);
    let connector = || prop::sample::select(CONNECTORS.to_vec());
    let lane = || prop::sample::select(Lane::ALL.to_vec());
    let submission = (0..12_u128, lane(), connector(), any::<bool>(), 1..4_000_u64, 0..8_u8).prop_map(
        |(index, lane, connector, resend, validity, luck)| Submission {
            lane,
            on_doubt: if resend { DoubtPolicy::Resend } else { DoubtPolicy::Fail },
            route_fact: if luck == 0 { RouteFact::NoRoute } else { RouteFact::Via(connector) },
            // Taken from the instant of the command below.
            expires: At(validity),
            ..submission(index)
        },
    );
    let report = (message(), 1..4_u32, outcomes()).prop_map(|(message, attempt, outcome)| AttemptReport {
        message,
        attempt,
        outcome,
    });
    let states =
        prop::sample::select(vec![ReceiptState::Enroute, ReceiptState::Delivered, ReceiptState::Undeliverable]);
    let receipt = (names(), states).prop_map(|(smsc_id, state)| ReceiptReport { smsc_id, state, error: None });
    let few = 0..6;
    let command = prop_oneof![
        4 => prop::collection::vec(submission, 0..4)
            .prop_map(|submissions| MessageCommand::Submit { tenant: HERAT, limit: None, submissions }),
        5 => (connector(), prop::collection::vec(lane(), 1..4), 0..5_usize)
            .prop_map(|(connector, lanes, count)| MessageCommand::TakeWork { connector, lanes, count }),
        5 => (connector(), prop::collection::vec(report, 1..12))
            .prop_map(|(connector, reports)| MessageCommand::Report { connector, reports }),
        3 => (connector(), prop::collection::vec(receipt, few))
            .prop_map(|(connector, receipts)| MessageCommand::Receipts { connector, receipts }),
        1 => prop::collection::vec(message(), 0..3).prop_map(|messages| MessageCommand::Unreadable { messages }),
        1 => Just(MessageCommand::Tick),
    ];
    let pause = prop_oneof![12 => 0..400_u64, 1 => 400..5_000_u64, 1 => Just(RECEIPT_WAIT.0)];
    prop::collection::vec((pause, command), 1..120)
}

#[derive(Default)]
struct History {
    exchange: Exchange,
    auditor: Auditor,
    at: At,
    taken: usize,
}

impl History {
    fn take(&mut self, mut command: MessageCommand) {
        if let MessageCommand::Submit { submissions, .. } = &mut command {
            submissions.iter_mut().for_each(|it| it.expires = At(self.at.0 + it.expires.0));
        }
        let expected = self.auditor.expected(self.at, &command);
        let events = match self.exchange.decide(Dated { at: self.at, command: command.clone() }) {
            Ok(events) => events,
            Err(error) => {
                assert_eq!(error.code(), "CONFLICT", "nothing else can be wrong with {command:?}");
                return;
            }
        };
        let handed = events.iter().filter_map(|event| match event {
            MessageEvent::MessageDispatched { message, .. } => Some(*message),
            _ => None,
        });
        if let Some(expected) = expected {
            assert_eq!(handed.collect::<Vec<_>>(), expected, "{command:?}");
        }
        for event in events {
            self.auditor.read(&event, self.at);
            self.exchange.evolve(event).expect("what was decided applies");
        }
        // One who goes on from a snapshot goes on from the same state.
        self.taken += 1;
        if self.taken.is_multiple_of(5) {
            let again = kept(&self.exchange);
            assert!(again == self.exchange, "a kept exchange is the same");
            self.exchange = again;
        }
        self.auditor.compare(&self.exchange);
    }

    /// Everything in flight is reported, and then time passes: no message is left.
    fn finish(mut self) {
        for connector in CONNECTORS {
            let flying = self.exchange.in_flight(connector).into_iter();
            let reports = flying
                .map(|(message, attempt)| AttemptReport { message, attempt, outcome: Outcome::NotSent })
                .collect();
            self.take(MessageCommand::Report { connector, reports });
        }
        self.at = self.at.plus(VALIDITY_MAX).plus(RECEIPT_WAIT);
        self.take(MessageCommand::Tick);
        assert_eq!(self.exchange.backlog(), Backlog::default());
        assert_eq!(self.exchange.next_due(), None);
        assert!(self.auditor.lives.iter().all(|life| life.place == Place::Over));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_puts_a_message_in_two_places_or_ends_it_twice(commands in commands()) {
        let mut history = History::default();
        for (pause, command) in commands {
            history.at.0 += pause;
            history.take(command);
        }
        history.finish();
    }
}
