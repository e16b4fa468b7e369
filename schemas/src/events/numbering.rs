use super::table::event_schema;
use peyk_domain::numbering::NumberingEvent;
use peyk_domain::{At, BlockId, LeaseId, Msisdn, TenantId};

event_schema! {
    NumberingEvent {
        NumbersListed = "numbering.numbers_listed" version 1 {
            block: BlockId => Internal,
            mno: String => Public,
            numbers: Vec<Msisdn> => Internal,
        }
        NumberReserved = "numbering.number_reserved" version 1 {
            number: Msisdn => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            until: At => Internal,
        }
        NumberHeld = "numbering.number_held" version 1 {
            number: Msisdn => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            until: At => Internal,
        }
        NumberAssigned = "numbering.number_assigned" version 1 {
            number: Msisdn => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
        }
        NumberReleased = "numbering.number_released" version 1 {
            number: Msisdn => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
            cools_until: At => Internal,
        }
        ReservationExpired = "numbering.reservation_expired" version 1 {
            number: Msisdn => Internal,
            lease: LeaseId => Internal,
            tenant: TenantId => Internal,
        }
        QuarantineEnded = "numbering.quarantine_ended" version 1 {
            number: Msisdn => Internal,
        }
    }
}
