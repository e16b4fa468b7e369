//! What the model knows of claims, and what it answers.
use super::calendar::{day_of_month, later};
use super::pools::ModelPool;
use super::*;

/// Somebody's claim on a number: it stands before `end`, and the number then cools off until `cooled`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) number: SenderId,
    pub(super) tenant: TenantId,
    pub(super) lease: LeaseId,
    pub(super) end: u64,
    pub(super) cooled: u64,
    pub(super) held: bool,
    pub(super) leased: bool,
    /// Months and day of the billing period, and whether another follows.
    pub(super) period: Option<(u8, u64, bool)>,
    /// When the platform took it back, while that lasts; what `end` was then.
    pub(super) recalled: Option<(u64, u64)>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) known: Vec<SenderId>,
    pub(super) vanity: HashSet<SenderId>,
    pub(super) retired: HashSet<SenderId>,
    pub(super) claims: Vec<Claim>,
    pub(super) quotas: HashMap<TenantId, u32>,
    pub(super) pools: Vec<ModelPool>,
    /// What was said of blocks: the pool, whether it is another provider's, how often it was said.
    pub(super) blocks: HashMap<BlockId, (Option<PoolId>, bool, u32)>,
}

impl Model {
    /// Lets leases that renew themselves do so.
    pub(super) fn pass(&mut self, at: u64) {
        for claim in self.claims.iter_mut().filter(|claim| claim.recalled.is_none()) {
            while let Some((months, day, true)) = claim.period
                && claim.end <= at
                && claim.cooled == 0
            {
                claim.end = later(claim.end, months, day);
            }
        }
    }

    pub(super) fn standing(&mut self, number: SenderId, at: u64) -> Option<&mut Claim> {
        self.claims.iter_mut().find(|claim| claim.number == number && claim.recalled.is_none() && at < claim.end)
    }

    pub(super) fn recalled(&mut self, number: SenderId) -> Option<&mut Claim> {
        self.claims.iter_mut().find(|claim| claim.number == number && claim.recalled.is_some())
    }

    pub(super) fn cooling(&self, number: SenderId, at: u64) -> Option<(u64, u64)> {
        let mut over = self.claims.iter().filter(|it| it.number == number && it.recalled.is_none());
        over.find(|it| at >= it.end && at < it.cooled).map(|it| (it.end, it.cooled))
    }

    /// The code of the refusal, or nothing.
    pub(super) fn answer(&mut self, at: u64, command: &NumberingCommand) -> Option<&'static str> {
        self.pass(at);
        match *command {
            NumberingCommand::Import { ref numbers, .. } => {
                let rows: Vec<_> = numbers.iter().map(|listing| listing.number()).collect();
                if !(0..rows.len()).all(|row| !self.known.contains(&rows[row]) && !rows[..row].contains(&rows[row])) {
                    return Some("INVALID_ROWS");
                }
                self.known.extend(rows);
                let vanity = numbers.iter().filter(|listing| listing.number_type() == NumberType::Vanity);
                self.vanity.extend(vanity.map(|listing| listing.number()));
                None
            }
            NumberingCommand::Reserve { number, lease, tenant, ttl, vanity } => {
                if !(1_000..=86_400_000).contains(&ttl.0) {
                    return Some("TTL_OUT_OF_RANGE");
                }
                let look = look(number);
                if look == Some("a number") {
                    return Some("INVALID_VALUE");
                }
                if look.is_none() && !self.known.contains(&number) {
                    return Some("NOT_REGISTERED");
                }
                for (text, _) in ALPHAS.iter().filter(|(_, other)| Some(*other) == look) {
                    let other = text.parse().expect("a sender");
                    if self.cooling(other, at).is_some() && !self.retired.contains(&other) {
                        return Some("QUARANTINED");
                    }
                    if self.is_there(other, at) {
                        return Some("CONFLICT");
                    }
                }
                if !self.may_take(number, tenant) && !self.has(number, tenant, at) {
                    return Some("NOT_REGISTERED");
                }
                if self.vanity.contains(&number) && !vanity {
                    return Some("INSUFFICIENT_SCOPE");
                }
                if self.standing(number, at).is_some() {
                    return Some("CONFLICT");
                }
                if self.retired.contains(&number) || self.recalled(number).is_some() {
                    return Some("INVALID_TRANSITION");
                }
                if self.cooling(number, at).is_some() {
                    return Some("QUARANTINED");
                }
                let own = |claim: &&Claim| claim.tenant == tenant && claim.recalled.is_none();
                let active = self.claims.iter().filter(own).filter(|claim| at < claim.end && !claim.leased).count();
                if active >= self.quotas.get(&tenant).copied().unwrap_or(100) as usize {
                    return Some("QUOTA_EXCEEDED");
                }
                let (end, held, leased, period, recalled) = (at + ttl.0, false, false, None, None);
                self.claims.push(Claim { number, tenant, lease, end, cooled: 0, held, leased, period, recalled });
                None
            }
            NumberingCommand::Hold { number, tenant, ttl, expected } => {
                self.own(at, number, tenant, expected, |claim| {
                    if claim.held || claim.leased {
                        return Some("INVALID_TRANSITION");
                    }
                    (claim.end, claim.held) = (at + ttl.0, true);
                    None
                })
            }
            NumberingCommand::Assign { number, tenant, period, vanity, expected } => {
                if period.is_some_and(|period| period.months == 0 || period.months > 36) {
                    return Some("INVALID_VALUE");
                }
                let (cool_off, withheld) = (self.cool_off(number), self.vanity.contains(&number) && !vanity);
                self.own(at, number, tenant, expected, |claim| {
                    if withheld {
                        return Some("INSUFFICIENT_SCOPE");
                    }
                    if claim.leased {
                        return Some("INVALID_TRANSITION");
                    }
                    (claim.leased, claim.end) = (true, FOREVER);
                    if let Some(Period { months, renews }) = period {
                        let day = day_of_month(at);
                        (claim.period, claim.end) = (Some((months, day, renews)), later(at, months, day));
                        claim.cooled = if renews { 0 } else { claim.end + cool_off };
                    }
                    None
                })
            }
            NumberingCommand::Renew { number, tenant, expected } => {
                let cool_off = self.cool_off(number);
                self.own(at, number, tenant, expected, |claim| {
                    let Some((months, day, renews)) = claim.period else { return Some("INVALID_TRANSITION") };
                    if claim.end > later(at, months, day) {
                        return Some("INVALID_TRANSITION");
                    }
                    claim.end = later(claim.end, months, day);
                    claim.cooled = if renews { 0 } else { claim.end + cool_off };
                    None
                })
            }
            NumberingCommand::Release { number, tenant, expected } => {
                let cool_off = self.cool_off(number);
                self.own(at, number, tenant, expected, |claim| {
                    claim.cooled = if claim.leased { at + cool_off } else { 0 };
                    (claim.end, claim.period) = (at, None);
                    None
                })
            }
            NumberingCommand::Recall { number, expected, ref reason } => {
                if reason.as_str().is_empty() {
                    return Some("INVALID_VALUE");
                }
                self.any(at, number, expected).or_else(|| {
                    let claim = self.standing(number, at).filter(|claim| claim.leased);
                    claim.map_or(Some("INVALID_TRANSITION"), |claim| {
                        claim.recalled = Some((at, claim.end));
                        None
                    })
                })
            }
            NumberingCommand::Reinstate { number, to, expected, ref justification } => {
                if justification.as_str().len() < 20 {
                    return Some("JUSTIFICATION_TOO_SHORT");
                }
                let cool_off = self.cool_off(number);
                self.any(at, number, expected).or_else(|| {
                    let Some(claim) = self.recalled(number) else { return Some("INVALID_TRANSITION") };
                    let (since, end) = claim.recalled.expect("a recalled one");
                    let over = claim.period.is_some_and(|(_, _, renews)| !renews && at >= end);
                    match to {
                        Reinstatement::Tenant if over => return Some("INVALID_TRANSITION"),
                        Reinstatement::Tenant => claim.recalled = None,
                        Reinstatement::Pool => {
                            (claim.recalled, claim.period) = (None, None);
                            (claim.end, claim.cooled) = (since, since + cool_off);
                        }
                    }
                    self.pass(at);
                    None
                })
            }
            NumberingCommand::Retire { number, expected, ref justification } => {
                if justification.as_str().len() < 20 {
                    return Some("JUSTIFICATION_TOO_SHORT");
                }
                self.any(at, number, expected).or_else(|| {
                    if self.retired.contains(&number) || self.standing(number, at).is_some() {
                        return Some("INVALID_TRANSITION");
                    }
                    self.claims.retain(|claim| claim.number != number);
                    self.retired.insert(number);
                    None
                })
            }
            NumberingCommand::OverrideCoolOff { number, lasts, expected, ref justification } => {
                if justification.as_str().len() < 20 {
                    return Some("JUSTIFICATION_TOO_SHORT");
                }
                if lasts.0 < DAY || lasts.0 > 1_825 * DAY {
                    return Some("INVALID_VALUE");
                }
                self.any(at, number, expected).or_else(|| {
                    let Some((since, cooled)) = self.cooling(number, at) else { return Some("INVALID_TRANSITION") };
                    let mut of_it = self.claims.iter_mut().filter(|claim| claim.number == number);
                    of_it.find(|claim| claim.cooled == cooled).expect("the one cooling off").cooled = since + lasts.0;
                    None
                })
            }
            NumberingCommand::SetReservationQuota { tenant, quota: ReservationQuota { at_once: most, .. } } => {
                let before = self.quotas.insert(tenant, most).unwrap_or(100);
                (before == most).then_some("INVALID_TRANSITION")
            }
            NumberingCommand::Allocation(ref command) => self.allocate(command),
            NumberingCommand::Imports(_) => unreachable!("imports have a model of their own"),
            NumberingCommand::EraseTenant { .. } => unreachable!("erasures have a property of their own"),
            // Nothing of a number; exports_tests.rs.
            NumberingCommand::RequestExport { .. }
            | NumberingCommand::ReportExportProduced { .. }
            | NumberingCommand::ReportExportStored { .. }
            | NumberingCommand::ReportExportFailed { .. }
            | NumberingCommand::RecordNumberAudit { .. }
            | NumberingCommand::Tick => None,
        }
    }

    pub(super) fn cool_off(&self, number: SenderId) -> u64 {
        let days = match number {
            _ if self.vanity.contains(&number) => 365,
            SenderId::Msisdn(_) => 90,
            SenderId::ShortCode(_) => 30,
            SenderId::Alpha(_) => 365,
        };
        days * DAY
    }

    /// Whether it is in the inventory: senders only while they are not free.
    pub(super) fn is_there(&mut self, number: SenderId, at: u64) -> bool {
        let taken = self.standing(number, at).is_some() || self.recalled(number).is_some();
        let kept = self.retired.contains(&number) || self.cooling(number, at).is_some();
        self.known.contains(&number) || taken || kept
    }

    /// Whether the number is known and as it is expected to be.
    pub(super) fn any(&mut self, at: u64, number: SenderId, expected: Expected) -> Option<&'static str> {
        if !self.is_there(number, at) {
            return Some("NOT_REGISTERED");
        }
        let (standing, recalled) = (self.standing(number, at).copied(), self.recalled(number).copied());
        let lease = standing.or(recalled).map(|claim| claim.lease);
        let until = standing.map(|claim| claim.end).filter(|end| *end != FOREVER);
        let until = until.or(self.cooling(number, at).map(|(_, cooled)| cooled));
        let as_expected =
            expected.lease.is_none_or(|it| Some(it) == lease) && expected.until.is_none_or(|it| Some(it.0) == until);
        (!as_expected).then_some("CONFLICT")
    }

    pub(super) fn own(
        &mut self,
        at: u64,
        number: SenderId,
        tenant: TenantId,
        expected: Expected,
        change: impl FnOnce(&mut Claim) -> Option<&'static str>,
    ) -> Option<&'static str> {
        let unseen = !self.may_take(number, tenant) && !self.has(number, tenant, at);
        if !self.is_there(number, at) || unseen {
            return Some("NOT_REGISTERED");
        }
        let recalled = self.recalled(number).is_some_and(|claim| claim.tenant != tenant);
        match self.standing(number, at) {
            None if recalled => Some("NOT_FOUND"),
            None => Some("INVALID_TRANSITION"),
            Some(claim) if claim.tenant != tenant => Some("NOT_FOUND"),
            Some(_) => self.any(at, number, expected).or_else(|| change(self.standing(number, at)?)),
        }
    }
}
