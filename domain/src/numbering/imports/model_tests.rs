//! Random imports against a naive model that keeps a list of files and says of each whether it is in.
use super::sample::*;
use super::*;
use crate::kept::kept;
use crate::numbering::{Counts, Inventory, Lifecycle, Listing, NumberingCommand, NumberingEvent};
use crate::{ApprovalId, At, Dated, LeaseId, Span, TenantId};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Files that have numbers in common.
const FILES: [&[u64]; 4] = [&[0, 1, 2, 3, 4], &[5, 6, 7], &[4, 5], &[8]];
const NUMBERS: u64 = 9;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stands {
    Out,
    Open { staged: usize, until: u64 },
    Clearing { staged: usize },
    In,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    Open(usize),
    Stage(usize, usize, usize),
    /// The next rows, whatever they are.
    Next(usize, usize),
    Close(usize),
    Abandon(usize),
    Reserve(u64),
    Tick,
}

fn rows(file: usize) -> Vec<Listing> {
    FILES[file].iter().map(|index| number(*index)).collect()
}

struct Model {
    files: [Stands; FILES.len()],
    reserved: BTreeSet<u64>,
}

impl Model {
    fn hidden(&self) -> Vec<u64> {
        let staged = self.files.iter().enumerate().flat_map(|(file, stands)| match stands {
            Stands::Open { staged, .. } | Stands::Clearing { staged } => &FILES[file][..*staged],
            Stands::Out | Stands::In => &[],
        });
        staged.copied().collect()
    }

    fn visible(&self) -> BTreeSet<u64> {
        let inside = self.files.iter().enumerate().filter(|(_, stands)| **stands == Stands::In);
        inside.flat_map(|(file, _)| FILES[file].iter().copied()).collect()
    }

    fn open(&self, file: usize, at: u64) -> Option<usize> {
        match self.files[file] {
            Stands::Open { staged, until } if at < until => Some(staged),
            _ => None,
        }
    }

    /// Whether it is done.
    fn does(&mut self, at: u64, doing: Doing) -> bool {
        match doing {
            Doing::Open(file) => match self.files[file] {
                Stands::Open { .. } => self.open(file, at).is_some(),
                Stands::In | Stands::Clearing { .. } => false,
                Stands::Out if self.files.iter().any(|one| matches!(one, Stands::Clearing { .. })) => false,
                Stands::Out => {
                    self.files[file] = Stands::Open { staged: 0, until: at + 3_600_000 };
                    true
                }
            },
            Doing::Next(file, count) => {
                let Some(staged) = self.open(file, at) else { return false };
                self.does(at, Doing::Stage(file, staged, count))
            }
            Doing::Stage(file, first, count) => {
                let Some(staged) = self.open(file, at) else { return false };
                let end = first + count;
                if end <= staged {
                    return true;
                }
                let (hidden, visible) = (self.hidden(), self.visible());
                let known = |number: &u64| hidden.contains(number) || visible.contains(number);
                if first > staged || FILES[file][staged..end].iter().any(known) {
                    return false;
                }
                if let Stands::Open { staged, .. } = &mut self.files[file] {
                    *staged = end;
                }
                true
            }
            Doing::Close(file) => {
                let whole = self.open(file, at) == Some(FILES[file].len());
                if whole {
                    self.files[file] = Stands::In;
                }
                whole
            }
            Doing::Abandon(file) => match self.open(file, at) {
                None => false,
                Some(0) => {
                    self.files[file] = Stands::Out;
                    true
                }
                Some(staged) => {
                    self.files[file] = Stands::Clearing { staged };
                    true
                }
            },
            Doing::Reserve(number) => self.visible().contains(&number) && self.reserved.insert(number),
            Doing::Tick => {
                // One that was given up before is gone, and what has lapsed is given up.
                let clearing = (0..FILES.len()).filter(|file| matches!(self.files[*file], Stands::Clearing { .. }));
                let cleared = clearing.min_by_key(|file| file_of(&rows(*file)));
                for stands in &mut self.files {
                    if let Stands::Open { staged, until } = *stands
                        && at >= until
                    {
                        *stands = if staged == 0 { Stands::Out } else { Stands::Clearing { staged } };
                    }
                }
                if let Some(file) = cleared {
                    self.files[file] = Stands::Out;
                }
                true
            }
        }
    }
}

fn command(index: usize, doing: Doing, staged: usize) -> NumberingCommand {
    let file = |file: usize| file_of(&rows(file));
    let approval = |file: usize| ApprovalId::from_bytes([u8::try_from(file).expect("a few") + 1; 16]);
    NumberingCommand::Imports(match doing {
        Doing::Open(which) => {
            let block = block(u8::try_from(which).expect("a few"));
            ImportCommand::Open(opening(&rows(which), block, Voucher::Approval(approval(which))))
        }
        Doing::Next(which, count) => return command(index, Doing::Stage(which, staged, count), staged),
        Doing::Stage(which, first, count) => ImportCommand::Stage {
            file: file(which),
            first: u32::try_from(first).expect("a few"),
            numbers: rows(which)[first..first + count].to_vec(),
        },
        Doing::Close(which) => ImportCommand::Close { file: file(which) },
        Doing::Abandon(which) => ImportCommand::Abandon { file: file(which) },
        Doing::Reserve(which) => {
            let lease = LeaseId::from_bytes((index as u128).to_be_bytes());
            let (tenant, ttl) = (TenantId::from_bytes([7; 16]), Span::hours(24));
            return NumberingCommand::Reserve { number: number(which).number(), lease, tenant, ttl, vanity: false };
        }
        Doing::Tick => return NumberingCommand::Tick,
    })
}

fn doing() -> impl Strategy<Value = Doing> {
    let file = || 0..FILES.len();
    let part = || {
        file()
            .prop_flat_map(|file| (Just(file), 0..FILES[file].len()))
            .prop_flat_map(|(file, first)| (Just(file), Just(first), 1..=FILES[file].len() - first))
    };
    prop_oneof![
        3 => file().prop_map(Doing::Open),
        1 => part().prop_map(|(file, first, count)| Doing::Stage(file, first, count)),
        8 => (file(), 1..=5_usize).prop_map(|(file, count)| Doing::Next(file, count)),
        3 => file().prop_map(Doing::Close),
        1 => file().prop_map(Doing::Abandon),
        2 => (0..NUMBERS).prop_map(Doing::Reserve),
        2 => Just(Doing::Tick),
    ]
}

fn agrees(inventory: &Inventory, model: &Model) {
    let visible = model.visible();
    for index in 0..NUMBERS {
        let seen = inventory.lifecycle(number(index).number());
        assert_eq!(seen.is_some(), visible.contains(&index), "{index}");
        assert_eq!(matches!(seen, Some(Lifecycle::Reserved { .. })), model.reserved.contains(&index), "{index}");
    }
    assert!(inventory.iter().map(|(number, _)| number).eq(visible.iter().map(|index| number(*index).number())));
    let (all, reserved) = (visible.len() as u64, model.reserved.len() as u64);
    assert_eq!(inventory.counts(), Counts { available: all - reserved, reserved, ..Counts::default() });
    assert_eq!(inventory.len(), visible.len());
    for file in 0..FILES.len() {
        assert_eq!(inventory.imported(file_of(&rows(file))).is_some(), model.files[file] == Stands::In);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_of_a_file_is_there_or_none(steps in prop::collection::vec((doing(), 0..400_000_u64), 1..60)) {
        let mut inventory = Inventory::default();
        let mut model = Model { files: [Stands::Out; FILES.len()], reserved: BTreeSet::new() };
        let mut at = 1_000;
        for (index, (doing, later)) in steps.into_iter().enumerate() {
            at += later;
            let staged = match doing {
                Doing::Next(file, _) => inventory.staged(file_of(&rows(file))).len(),
                _ => 0,
            };
            let doing = match doing {
                // No further than the file goes.
                Doing::Next(file, count) if staged + count > FILES[file].len() => Doing::Close(file),
                doing => doing,
            };
            // Anybody may come in with an approval of their own: what is tested here is what happens to rows.
            if let Doing::Open(file) = doing {
                let approval = ApprovalId::from_bytes([u8::try_from(file).expect("a few") + 1; 16]);
                let NumberingEvent::ImportApproved { file, approver, at, justification, .. } =
                    approved(file_of(&rows(file)), at)
                else {
                    unreachable!("an approval")
                };
                let expires = At(u64::MAX);
                let approval = NumberingEvent::ImportApproved { approval, file, approver, at, expires, justification };
                inventory.evolve(approval).expect("it follows");
            }
            let decided = inventory.decide(Dated { at: At(at), command: command(index, doing, staged) });
            prop_assert_eq!(decided.is_ok(), model.does(at, doing), "{:?} at {}: {:?}", doing, at, decided);
            for event in decided.unwrap_or_default() {
                inventory.evolve(event).expect("it follows");
            }
            agrees(&inventory, &model);
        }
        prop_assert!(kept(&inventory) == inventory);
        agrees(&kept(&inventory), &model);
    }
}
