use super::*;
use crate::kept::golden;
use crate::{At, BlockId, LeaseId, Msisdn, TenantId};

const TENANT: TenantId = TenantId::from_bytes([1; 16]);
const UNTIL: At = At(1_000_000);

fn number(index: u64) -> Msisdn {
    Msisdn::from_digits(93_700_000_000 + index).expect("a number")
}

fn lease(index: u64) -> LeaseId {
    LeaseId::from_bytes(u128::from(index + 100).to_be_bytes())
}

fn reserved(index: u64) -> NumberingEvent {
    NumberingEvent::NumberReserved { number: number(index), lease: lease(index), tenant: TENANT, until: UNTIL }
}

fn held(index: u64) -> NumberingEvent {
    NumberingEvent::NumberHeld { number: number(index), lease: lease(index), tenant: TENANT, until: At(2_000_000) }
}

fn assigned(index: u64) -> NumberingEvent {
    NumberingEvent::NumberAssigned { number: number(index), lease: lease(index), tenant: TENANT }
}

fn released(index: u64) -> NumberingEvent {
    let cools_until = At(3_000_000);
    NumberingEvent::NumberReleased { number: number(index), lease: lease(index), tenant: TENANT, cools_until }
}

/// One number in each standing, and two that are available again.
#[test]
fn the_inventory_keeps_its_bytes() {
    let numbers = (0..7).map(number).collect();
    let mut history =
        vec![NumberingEvent::NumbersListed { block: BlockId::from_bytes([9; 16]), mno: "Roshan".into(), numbers }];
    history.extend((1..7).map(reserved));
    history.extend([held(2), assigned(3), assigned(4), released(4), assigned(5), released(5)]);
    history.push(NumberingEvent::QuarantineEnded { number: number(5) });
    history.push(NumberingEvent::ReservationExpired { number: number(6), lease: lease(6), tenant: TENANT });
    golden::<Numbering>("numbering", vec![history]);
}
