//! Which commands a history has.
use super::*;

pub(super) fn reason(long: bool) -> Reason {
    Reason::new(if long { "asked for by the operator" } else { "" }).expect("a reason")
}

/// Mostly of two, so that a history goes deep and not only wide.
pub(super) fn commands() -> impl Strategy<Value = Vec<(u64, NumberingCommand)>> {
    (0..ALL, 0..ALL).prop_flat_map(|(one, other)| commands_on(one, other))
}

pub(super) fn commands_on(one: u64, other: u64) -> impl Strategy<Value = Vec<(u64, NumberingCommand)>> {
    use NumberingCommand as Do;
    let who = || prop_oneof![3 => Just(0_u8), 1 => 1..3_u8].prop_map(tenant);
    let which = || prop_oneof![3 => Just(one), 1 => Just(other), 2 => 0..ALL].prop_map(number);
    let premium = || prop::bool::weighted(0.9);
    let ttl = prop_oneof![4 => 1_000..20_000_u64, 1 => Just(999), 1 => Just(90_000_000)].prop_map(Span);
    let hold = (1_000..40_000_u64).prop_map(Span);
    let numbers = prop::collection::vec((0..NUMBERS).prop_map(listing), 1..3);
    let months = prop_oneof![6 => 1..4_u8, 1 => Just(0), 1 => Just(37)];
    let period = prop::option::of((months, any::<bool>()).prop_map(|(months, renews)| Period { months, renews }));
    // What is expected is filled in from what is there, or is what nobody has.
    let expected = || {
        prop_oneof![
            6 => Just(Expected::default()),
            1 => Just(Expected { lease: Some(LeaseId::NIL), until: None }),
            1 => Just(Expected { lease: None, until: Some(At(0)) }),
            1 => Just(Expected { lease: None, until: Some(At(7)) }),
        ]
    };
    let why = || prop_oneof![9 => Just(true), 1 => Just(false)].prop_map(reason);
    let to = prop_oneof![Just(Reinstatement::Tenant), Just(Reinstatement::Pool)];
    let lasts = prop_oneof![2 => 0..3 * DAY, 6 => DAY..400 * DAY, 1 => Just(3_000 * DAY)].prop_map(Span);
    let command = prop_oneof![
        1 => numbers.prop_map(|numbers| Do::Import { block: BlockId::NIL, mno: "Roshan".to_owned(), numbers }),
        8 => (which(), who(), ttl, premium())
            .prop_map(|(number, tenant, ttl, vanity)| Do::Reserve { number, lease: LeaseId::NIL, tenant, ttl, vanity }),
        3 => (which(), who(), hold, expected())
            .prop_map(|(number, tenant, ttl, expected)| Do::Hold { number, tenant, ttl, expected }),
        8 => (which(), who(), period, premium(), expected()).prop_map(|(number, tenant, period, vanity, expected)| {
            Do::Assign { number, tenant, period, vanity, expected }
        }),
        3 => (which(), who(), expected()).prop_map(|(number, tenant, expected)| Do::Renew { number, tenant, expected }),
        3 => (which(), who(), expected())
            .prop_map(|(number, tenant, expected)| Do::Release { number, tenant, expected }),
        3 => (which(), why(), expected())
            .prop_map(|(number, reason, expected)| Do::Recall { number, reason, expected }),
        6 => (which(), to, why(), expected())
            .prop_map(|(number, to, justification, expected)| Do::Reinstate { number, to, justification, expected }),
        1 => (which(), why(), expected())
            .prop_map(|(number, justification, expected)| Do::Retire { number, justification, expected }),
        6 => (which(), lasts, why(), expected()).prop_map(|(number, lasts, justification, expected)| {
            Do::OverrideCoolOff { number, lasts, justification, expected }
        }),
        1 => (who(), prop_oneof![1 => 1..4_u32, 1 => Just(100)])
            .prop_map(|(tenant, at_once)| (tenant, ReservationQuota { at_once, per_minute: 60 }))
            .prop_map(|(tenant, quota)| Do::SetReservationQuota { tenant, quota }),
        6 => allocations().prop_map(Do::Allocation),
        2 => Just(Do::Tick),
    ];
    let pause = prop_oneof![
        12 => 0..3_000_u64,
        2 => 3_000..30_000_u64,
        2 => 0..40 * DAY,
        1 => Just(30 * DAY),
        1 => Just(90 * DAY),
        1 => Just(365 * DAY),
    ];
    prop::collection::vec((pause, command), 1..120)
}

/// Of two pools and two blocks.
pub(super) fn allocations() -> impl Strategy<Value = AllocationCommand> {
    use AllocationCommand::{AddPool, ChangeBlock, ChangePool, RemovePool};
    let which = || (0..2_u8).prop_map(pool);
    let version = || prop_oneof![9 => Just(AS_IT_IS), 1 => Just(0)];
    let serves = prop_oneof![
        1 => Just(Serves::EveryTenant),
        4 => prop::collection::btree_set((0..3_u8).prop_map(tenant), 0..3).prop_map(Serves::Tenants),
    ];
    let name = prop::sample::select(vec!["north", "North", "south"]);
    let terms = (name, serves).prop_map(|(name, serves)| PoolTerms { name: name.to_owned(), serves }).boxed();
    let purpose = prop_oneof![8 => Just(BlockUse::Own), 1 => Just(BlockUse::Intermediate)];
    let of_block = (prop::option::of(which()), purpose).prop_map(|(pool, purpose)| BlockTerms {
        pool,
        purpose,
        ..BlockTerms::default()
    });
    prop_oneof![
        3 => (which(), terms.clone()).prop_map(|(pool, terms)| AddPool { pool, terms }),
        3 => (which(), version(), terms).prop_map(|(pool, version, terms)| ChangePool { pool, version, terms }),
        1 => (which(), version()).prop_map(|(pool, version)| RemovePool { pool, version }),
        4 => (prop::sample::select(BLOCKS.to_vec()), version(), of_block)
            .prop_map(|(block, version, terms)| ChangeBlock { block, version, terms }),
    ]
}

pub(super) fn with_version(inventory: &Inventory, command: &mut AllocationCommand) {
    use AllocationCommand::{ChangeBlock, ChangePool, RemovePool};
    let (there, version) = match command {
        ChangePool { pool, version, .. } | RemovePool { pool, version } => {
            (inventory.pool(*pool).map(|pool| pool.version), version)
        }
        ChangeBlock { block, version, .. } => (inventory.block(*block).map(|block| block.version), version),
        _ => return,
    };
    if *version == AS_IT_IS {
        *version = there.unwrap_or(AS_IT_IS);
    }
}

/// Names each lease after its step, and turns what stands for "as it is" into what is there.
pub(super) fn filled_in(step: usize, at: u64, inventory: &Inventory, command: &mut NumberingCommand) {
    if let NumberingCommand::Reserve { lease, .. } = command {
        *lease = LeaseId::from_bytes((step as u128 + 1).to_be_bytes());
    }
    if let NumberingCommand::Allocation(command) = command {
        with_version(inventory, command);
    }
    let (NumberingCommand::Hold { number, expected, .. }
    | NumberingCommand::Assign { number, expected, .. }
    | NumberingCommand::Renew { number, expected, .. }
    | NumberingCommand::Release { number, expected, .. }
    | NumberingCommand::Recall { number, expected, .. }
    | NumberingCommand::Reinstate { number, expected, .. }
    | NumberingCommand::Retire { number, expected, .. }
    | NumberingCommand::OverrideCoolOff { number, expected, .. }) = command
    else {
        return;
    };
    let Some(entry) = inventory.entry(*number) else { return };
    if expected.until == Some(At(0)) {
        let seen = entry.seen_at(*number, At(at));
        *expected = Expected { lease: seen.lease(), until: seen.until() };
    }
}
