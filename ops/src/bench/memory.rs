//! What a leased number costs the writer of `numbering`, by what the process really occupies.
use super::print_line;
use anyhow::{Context, Result};
use clap::Args;
use peyk_domain::numbering::{IMPORT_MAX, Inventory, NumberingEvent};
use peyk_domain::{At, BlockId, CommandId, LeaseId, SenderId, TenantId};
use peyk_ledger::writer::Idempotency;
use serde_json::json;
use std::time::Duration;

const FIRST: u64 = 93_700_000_000;
const TENANTS: u64 = 1_000;
const RESIDENT: &str = "VmRSS:";
const PEAK: &str = "VmHWM:";
const SETTLING: usize = 100;
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Args)]
pub struct MemoryArgs {
    /// Numbers, each listed, reserved and assigned.
    #[arg(long, default_value_t = 1_000_000)]
    numbers: u64,
}

pub fn run(args: &MemoryArgs) -> Result<()> {
    let before = occupied(RESIDENT)?;
    let (mut inventory, mut memory) = (Inventory::default(), Idempotency::default());
    let mut position = 0;
    let mut remember = |kind: u8, number: u64| {
        position += 1;
        let mut id = [kind; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        memory.remember(CommandId::from_bytes(id), [1; 16], position, At(position));
    };
    for first in (0..args.numbers).step_by(IMPORT_MAX) {
        let numbers = (first..args.numbers.min(first + IMPORT_MAX as u64))
            .map(|index| Ok(number(index)?.into()))
            .collect::<Result<_>>()?;
        // An operator hands numbers over by the hundred thousand.
        let block = BlockId::from_bytes(u128::from(first / 100_000).to_be_bytes());
        inventory.evolve(NumberingEvent::NumbersListed { block, mno: "Operator".to_owned(), numbers })?;
        remember(1, first);
    }
    let listed = settled()?;
    for index in 0..args.numbers {
        let (number, lease) = (number(index)?, LeaseId::from_bytes(u128::from(index).to_be_bytes()));
        let tenant = TenantId::from_bytes(u128::from(index % TENANTS + 1).to_be_bytes());
        inventory.evolve(NumberingEvent::NumberReserved {
            number,
            lease,
            tenant,
            since: At(index),
            until: At(index),
        })?;
        inventory.evolve(NumberingEvent::NumberAssigned { number, lease, tenant, term: None })?;
    }
    let leased = settled()?;
    for index in 0..args.numbers {
        remember(2, index);
        remember(3, index);
    }
    let remembered = settled()?;
    let each = |bytes: u64| (bytes.saturating_sub(before) as f64 / args.numbers as f64).round();
    // Both are still there when they are measured.
    let (numbers, assigned) = (inventory.len(), inventory.counts().assigned);
    print_line(&json!({
        "bench": "memory", "value": each(remembered), "unit": "bytes/number", "limit": 400, "numbers": numbers,
        "assigned": assigned, "listed": each(listed), "leased": each(leased),
        "command_ids": memory.len(), "peak": each(occupied(PEAK)?),
    }));
    Ok(())
}

fn number(index: u64) -> Result<SenderId> {
    Ok(SenderId::from_digits(FIRST + index)?)
}

/// What stays resident once the allocator gave back what tables left behind when they grew; it does so as others allocate.
fn settled() -> Result<u64> {
    for _ in 0..SETTLING {
        drop(std::hint::black_box(vec![0_u8; 1 << 16]));
        std::thread::sleep(PAUSE);
    }
    occupied(RESIDENT)
}

/// Bytes this process occupies now, or did at most (proc(5)).
fn occupied(field: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB")?.parse().ok());
    let kibibytes: u64 = kibibytes.with_context(|| format!("/proc/self/status has no {field}"))?;
    Ok(kibibytes * 1_024)
}
