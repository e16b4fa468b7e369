//! The bus against a real NATS server and a writer that follows a script.
use super::CommandBus;
use super::attempts::Pace;
use crate::answer::Done;
use crate::call::{Call, Caller};
use crate::error::CommandError;
use crate::nats_server::NatsServer;
use crate::wire::{self, Answer, Envelope, Failure};
use async_nats::Subject;
use futures::StreamExt;
use peyk_domain::numbering::{Expected, NumberingCommand};
use peyk_domain::{ActorId, CommandId, SenderId, TenantId};
use peyk_ledger::Names;
use peyk_schemas::{Hash, LedgerId, Receipt};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What the scripted writer does with one command.
enum Act {
    Silent,
    Say(Answer),
    /// Says nothing, and this when the next command comes.
    SayLate(Answer),
}

struct Stage {
    _server: NatsServer,
    bus: CommandBus,
    heard: mpsc::UnboundedReceiver<Envelope>,
}

/// A bus that is quick to try again, and a writer that acts as the script says, then stays silent.
async fn stage(script: Vec<Act>) -> Stage {
    let server = NatsServer::start("");
    let names = Names::new("t").unwrap();
    let writer = async_nats::connect(server.url()).await.unwrap();
    let mut commands = writer.subscribe(names.commands(LedgerId::NUMBERING)).await.unwrap();
    writer.flush().await.unwrap();
    let (tell, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut script = script.into_iter();
        let mut late: Option<(Subject, Answer)> = None;
        while let Some(command) = commands.next().await {
            let reply = command.reply.unwrap();
            tell.send(wire::decode(&command.payload).unwrap()).unwrap();
            if let Some((reply, answer)) = late.take() {
                writer.publish(reply, wire::encode(&answer).unwrap()).await.unwrap();
            }
            match script.next().unwrap_or(Act::Silent) {
                Act::Silent => {}
                Act::Say(answer) => writer.publish(reply, wire::encode(&answer).unwrap()).await.unwrap(),
                Act::SayLate(answer) => late = Some((reply, answer)),
            }
        }
    });
    let bus = quick(&server).await;
    Stage { _server: server, bus, heard }
}

async fn quick(server: &NatsServer) -> CommandBus {
    let client = async_nats::connect(server.url()).await.unwrap();
    let mut bus = CommandBus::open(client, Names::new("t").unwrap(), 4).await.unwrap();
    bus.pace = Pace {
        attempt: Duration::from_millis(60),
        pause: Duration::from_millis(5),
        pause_max: Duration::from_millis(20),
        last_attempt: Duration::from_millis(100),
    };
    bus
}

fn call(patience: Duration) -> Call<NumberingCommand> {
    let tenant = TenantId::from_bytes([2; 16]);
    Call {
        id: CommandId::from_bytes([1; 16]),
        caller: Caller { actor: ActorId::from_bytes([3; 16]), tenant },
        patience,
        command: NumberingCommand::Assign {
            number: SenderId::from_digits(93_700_000_001).unwrap(),
            tenant,
            period: None,
            vanity: false,
            expected: Expected::default(),
        },
    }
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(400);

fn done() -> Done {
    Done { receipt: Receipt { ledger: LedgerId::NUMBERING, position: 7, hash: Hash([1; 32]) }, repeated: false }
}

fn say(failure: Failure) -> Act {
    Act::Say(Answer::Failed(failure))
}

impl Stage {
    async fn ask(&self, patience: Duration) -> Result<Done, CommandError> {
        self.bus.numbering(call(patience)).await
    }

    /// What the writer heard so far.
    fn heard(&mut self) -> Vec<Envelope> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }
}

#[tokio::test]
async fn an_answer_is_an_answer() {
    let mut stage = stage(vec![Act::Say(Answer::Done(done()))]).await;
    assert_eq!(stage.ask(LONG).await, Ok(done()));
    let heard = stage.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].command, call(LONG).id);
    assert!(heard[0].patience <= LONG && heard[0].patience > LONG / 2);
}

#[tokio::test]
async fn lost_answers_are_asked_for_again_under_the_same_id() {
    let mut stage =
        stage(vec![Act::Silent, Act::Silent, Act::Say(Answer::Done(Done { repeated: true, ..done() }))]).await;
    assert_eq!(stage.ask(LONG).await, Ok(Done { repeated: true, ..done() }));
    let heard = stage.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|envelope| envelope.command == heard[0].command && envelope.request == heard[0].request));
    assert!(heard.windows(2).all(|pair| pair[0].patience > pair[1].patience), "patience runs out");
}

#[tokio::test]
async fn a_late_answer_to_an_earlier_attempt_settles_the_command() {
    let mut stage = stage(vec![Act::SayLate(Answer::Done(done()))]).await;
    assert_eq!(stage.ask(LONG).await, Ok(done()));
    assert_eq!(stage.heard().len(), 2);
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let server = NatsServer::start("");
    let bus = quick(&server).await;
    let begun = Instant::now();
    assert_eq!(bus.numbering(call(SHORT)).await, Err(CommandError::Unavailable));
    assert!(begun.elapsed() >= SHORT / 2, "it kept trying");
}

#[tokio::test]
async fn a_writer_that_comes_within_patience_gets_the_command() {
    let server = NatsServer::start("");
    let bus = quick(&server).await;
    let writer = async_nats::connect(server.url()).await.unwrap();
    let asked = tokio::spawn(async move { bus.numbering(call(LONG)).await });
    let mut commands = writer.subscribe(Names::new("t").unwrap().commands(LedgerId::NUMBERING)).await.unwrap();
    let command = commands.next().await.unwrap();
    writer.publish(command.reply.unwrap(), wire::encode(&Answer::Done(done())).unwrap()).await.unwrap();
    assert_eq!(asked.await.unwrap(), Ok(done()));
}

#[tokio::test]
async fn silence_leaves_the_outcome_open() {
    let mut stage = stage(vec![]).await;
    assert_eq!(stage.ask(SHORT).await, Err(CommandError::OutcomeUnknown));
    assert!(stage.heard().len() > 1);
}

#[tokio::test]
async fn one_attempt_without_an_answer_keeps_it_open_whatever_follows() {
    for failure in [
        Failure::NotLeader,
        Failure::Unavailable,
        Failure::InFlight,
        Failure::Overloaded { retry_after: Duration::from_secs(1) },
        Failure::OutcomeUnknown,
    ] {
        let mut script = vec![Act::Silent];
        script.extend((0..100).map(|_| say(failure.clone())));
        let stage = stage(script).await;
        assert_eq!(stage.ask(SHORT).await, Err(CommandError::OutcomeUnknown), "{failure:?}");
    }
}

#[tokio::test]
async fn writers_that_do_not_lead_are_unavailable_and_the_next_one_is_asked() {
    let stage_of_none = stage((0..200).map(|_| say(Failure::NotLeader)).collect()).await;
    assert_eq!(stage_of_none.ask(SHORT).await, Err(CommandError::Unavailable));
    let stage = stage(vec![say(Failure::NotLeader), Act::Say(Answer::Done(done()))]).await;
    assert_eq!(stage.ask(LONG).await, Ok(done()));
}

#[tokio::test]
async fn in_flight_is_anothers_unless_an_attempt_of_ours_is_open() {
    let stage_of_another = stage(vec![say(Failure::InFlight)]).await;
    assert_eq!(stage_of_another.ask(LONG).await, Err(CommandError::InFlight));
    let mut stage =
        stage(vec![Act::Silent, say(Failure::InFlight), say(Failure::InFlight), Act::Say(Answer::Done(done()))]).await;
    assert_eq!(stage.ask(LONG).await, Ok(done()));
    assert_eq!(stage.heard().len(), 4);
}

#[tokio::test]
async fn what_concerns_the_command_itself_is_said_at_once() {
    let refused = Failure::Refused { code: "CONFLICT".to_owned(), message: "taken".to_owned() };
    let retry_after = Duration::from_secs(3);
    for failure in [
        refused,
        Failure::KeyReused,
        Failure::Unavailable,
        Failure::Overloaded { retry_after },
        Failure::Malformed { reason: "why".to_owned() },
    ] {
        let mut stage = stage(vec![say(failure.clone())]).await;
        assert_eq!(stage.ask(LONG).await, Err(CommandError::from(failure)));
        assert_eq!(stage.heard().len(), 1);
    }
}

#[tokio::test]
async fn a_command_that_is_too_large_never_leaves() {
    let mut stage = stage(vec![]).await;
    let (export, place) = (peyk_domain::ExportId::NIL, "p".repeat(wire::BYTES_MAX));
    let command = NumberingCommand::ReportExportStored { export, place };
    let large = Call { id: CommandId::NIL, caller: call(LONG).caller, patience: LONG, command };
    let error = stage.bus.numbering(large).await.unwrap_err();
    assert_eq!(error.code(), "COMMAND_TOO_LARGE");
    assert_eq!(stage.heard(), []);
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent() {
    let mut server = NatsServer::start("");
    let bus = quick(&server).await;
    server.kill();
    let given_up = Instant::now() + LONG;
    while bus.mailbox.address().connected() {
        assert!(Instant::now() < given_up, "the client never noticed");
        tokio::task::yield_now().await;
    }
    assert_eq!(bus.numbering(call(SHORT)).await, Err(CommandError::Unavailable));
}

#[tokio::test]
async fn a_command_gives_its_address_back() {
    let stage = stage(vec![]).await;
    assert_eq!(stage.ask(SHORT).await, Err(CommandError::OutcomeUnknown));
    let hung_up = tokio::time::timeout(Duration::from_millis(50), stage.ask(LONG)).await;
    assert!(hung_up.is_err());
    assert_eq!(stage.bus.mailbox.waiting(), 0);
}
