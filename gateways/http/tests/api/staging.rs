//! The steps of an import against the rules of the ledger, over a way on which commands overtake each other, come twice and
//! lose their answers.
use futures::FutureExt;
use futures::future::BoxFuture;
use peyk_domain::numbering::{
    BatchOpening, FileHash, ImportCommand, Inventory, Listing, NumberFile, NumberingCommand, Reason, STAGED_MAX,
    Voucher,
};
use peyk_domain::routing::RoutingCommand;
use peyk_domain::{ActorId, ApprovalId, At, CommandId, Dated, Span, TenantId};
use peyk_handlers::{AccessDone, Call, Caller, CommandError, Done, PlainMessage, SealedCommand, Submitted};
use peyk_http::{Commands, ImportSteps, Problem, block_of, check_number_file};
use peyk_schemas::{Hash, LedgerId, Receipt};
use proptest::prelude::*;
use std::collections::{HashMap, VecDeque};
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const IMPORTER: ActorId = ActorId::from_bytes([2; 16]);
const APPROVAL: ApprovalId = ApprovalId::from_bytes([3; 16]);
const NOW: At = At(1_790_000_000_000);
const FIRST: u64 = 93_700_000_000;

/// What becomes of one command on its way.
#[derive(Debug, Clone, Copy)]
struct Fate {
    /// How long it takes: shorter ones overtake longer ones.
    delay: u64,
    /// It is done once more later, as a message that was held up.
    twice: bool,
    /// It is done, and nobody hears of it.
    unheard: bool,
}

#[derive(Default)]
struct Way {
    inventory: Arc<Mutex<Ledger>>,
    fates: Mutex<VecDeque<Fate>>,
}

#[derive(Default)]
struct Ledger {
    inventory: Inventory,
    /// As the writer knows them.
    done: HashMap<CommandId, ()>,
    rows_in_records: usize,
}

impl Ledger {
    fn ask(&mut self, id: CommandId, command: NumberingCommand) -> Result<Done, CommandError> {
        let done = |repeated| {
            let receipt = Receipt { ledger: LedgerId::NUMBERING, position: 1, hash: Hash([7; 32]) };
            Done { receipt, repeated }
        };
        if self.done.contains_key(&id) {
            return Ok(done(true));
        }
        let decided = self.inventory.decide(Dated { at: NOW, command });
        let events = decided
            .map_err(|error| CommandError::Refused { code: error.code().to_owned(), message: error.to_string() })?;
        for event in events {
            if let peyk_domain::numbering::NumberingEvent::RowsStaged { numbers, .. } = &event {
                self.rows_in_records += numbers.len();
            }
            self.inventory.evolve(event).expect("it follows");
        }
        self.done.insert(id, ());
        Ok(done(false))
    }
}

impl Commands for Way {
    fn numbering(&self, call: Call<NumberingCommand>) -> BoxFuture<'static, Result<Done, CommandError>> {
        let straight = Fate { delay: 0, twice: false, unheard: false };
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(straight);
        let ledger = Arc::clone(&self.inventory);
        async move {
            tokio::time::sleep(Duration::from_millis(fate.delay)).await;
            let answer = ledger.lock().unwrap().ask(call.id, call.command.clone());
            if fate.twice {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    drop(ledger.lock().unwrap().ask(call.id, call.command));
                });
            }
            if fate.unheard { Err(CommandError::OutcomeUnknown) } else { answer }
        }
        .boxed()
    }

    fn access(&self, _: Call<SealedCommand>) -> BoxFuture<'static, Result<AccessDone, CommandError>> {
        unreachable!("an import asks the registry of numbers only")
    }

    fn routing(&self, _: Call<RoutingCommand>) -> BoxFuture<'static, Result<Done, CommandError>> {
        unreachable!("an import asks the registry of numbers only")
    }

    fn submit(&self, _: Call<Vec<PlainMessage>>) -> BoxFuture<'static, Result<Submitted, CommandError>> {
        unreachable!("an import asks the registry of numbers only")
    }

    fn partition_of(&self, _: TenantId) -> u16 {
        0
    }

    fn partitions(&self) -> u16 {
        1
    }
}

fn text(rows: &[u64]) -> Vec<u8> {
    rows.iter().fold("number\n".to_owned(), |file, row| file + &format!("+{}\n", FIRST + row)).into_bytes()
}

impl Way {
    fn of(fates: Vec<Fate>) -> Self {
        Self { fates: Mutex::new(fates.into()), ..Self::default() }
    }

    fn approve(&self, file: FileHash) {
        let justification = Reason::new("The operator's key store burnt down on Tuesday.").unwrap();
        let (approver, lasts) = (ActorId::from_bytes([1; 16]), Span::hours(1));
        let approve = ImportCommand::Approve { approval: APPROVAL, file, lasts, justification, approver };
        let id = CommandId::from_bytes(file.to_bytes()[..16].try_into().unwrap());
        self.inventory.lock().unwrap().ask(id, NumberingCommand::Imports(approve)).unwrap();
    }

    async fn import(&self, bytes: Vec<u8>) -> Result<Vec<u64>, String> {
        let NumberFile { file, form, rows } = check_number_file(bytes.as_slice()).unwrap();
        let caller = Caller { actor: IMPORTER, tenant: TenantId::NIL };
        let steps = ImportSteps { commands: self, caller, patience: Duration::from_secs(5) };
        let (block, mno, importer) = (block_of(file), "Roshan".to_owned(), IMPORTER);
        let opening = BatchOpening { file, block, mno, rows, form, voucher: Voucher::Approval(APPROVAL), importer };
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let done = steps.import(opening, Cursor::new(bytes), move |staged| hears.lock().unwrap().push(staged)).await;
        done.map(|_| heard.lock().unwrap().clone()).map_err(|error| Problem::from(error).code().to_owned())
    }

    fn seen(&self) -> usize {
        self.inventory.lock().unwrap().inventory.len()
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    (0..20_u64, prop::bool::weighted(0.2), prop::bool::weighted(0.1)).prop_map(|(delay, twice, unheard)| Fate {
        delay,
        twice,
        unheard,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_in_whole_and_once_however_their_commands_travel(fates in prop::collection::vec(fate(), 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let rows: Vec<u64> = (0..STAGED_MAX as u64 * 5 + 13).collect();
        let file = text(&rows);
        let way = Way::of(fates);
        way.approve(check_number_file(file.as_slice()).unwrap().file);
        let heard = runtime.block_on(way.import(file)).expect("it comes in");
        prop_assert!(heard.is_sorted(), "{heard:?}");
        prop_assert_eq!(heard.last(), Some(&(rows.len() as u64)));
        // What was held up arrives when all is done.
        runtime.block_on(async { tokio::time::sleep(Duration::from_secs(1)).await });
        prop_assert_eq!(way.seen(), rows.len());
        prop_assert_eq!(way.inventory.lock().unwrap().rows_in_records, rows.len(), "each row stands in one record");
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_that_is_there_leaves_nothing_of_a_file_whose_rows_travel_at_once() {
    let first: Vec<u64> = (0..10).collect();
    let way = Way::default();
    way.approve(check_number_file(text(&first).as_slice()).unwrap().file);
    way.import(text(&first)).await.unwrap();
    // The last row of the third record is known; the records behind it are under way.
    let mut rows: Vec<u64> = (100..100 + STAGED_MAX as u64 * 6).collect();
    rows[STAGED_MAX * 3 - 1] = 5;
    let file = text(&rows);
    way.approve(check_number_file(file.as_slice()).unwrap().file);
    assert_eq!(way.import(file).await, Err("INVALID_ROWS".to_owned()));
    assert_eq!(way.seen(), 10);
    let listed = |row: u64| Listing::from(peyk_domain::SenderId::from_digits(FIRST + row).unwrap()).number();
    assert!(way.inventory.lock().unwrap().inventory.entry(listed(100)).is_none());
}
