//! Which traces are kept: a function of the trace id alone, so that every process decides the same without being told.
use opentelemetry::TraceId;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What half of a trace id, read as a number, has to be below. Nothing is below zero: no trace is kept.
static BELOW: AtomicU64 = AtomicU64::new(0);

/// Whether any trace has a place to go to.
static KEPT: AtomicBool = AtomicBool::new(false);

/// Keeps `ratio` of all traces from now on: none at 0, every one at 1.
pub fn sample(ratio: f64) {
    BELOW.store(below(ratio), Ordering::Relaxed);
    KEPT.store(true, Ordering::Relaxed);
}

/// Whether traces are kept at all. Without this nothing of a trace is made.
#[must_use]
pub fn is_on() -> bool {
    KEPT.load(Ordering::Relaxed)
}

/// Whether the trace is kept.
#[must_use]
pub fn is_sampled(trace: TraceId) -> bool {
    is_below(trace, BELOW.load(Ordering::Relaxed))
}

fn below(ratio: f64) -> u64 {
    if ratio >= 1.0 { u64::MAX } else { (ratio.max(0.0) * u64::MAX as f64) as u64 }
}

/// Of a message id, the half that is random in any version of UUID.
fn is_below(trace: TraceId, below: u64) -> bool {
    let mut low = [0; 8];
    low.copy_from_slice(&trace.to_bytes()[8..]);
    // The two highest bits of this half are the same in all UUIDs of RFC 9562.
    below == u64::MAX || (u64::from_be_bytes(low) << 2) < below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_all_and_a_part() {
        let spread = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128;
        let traces: Vec<_> = (1..=10_000_u128).map(|n| TraceId::from(n.wrapping_mul(spread))).collect();
        let kept = |ratio: f64| traces.iter().filter(|trace| is_below(**trace, below(ratio))).count();
        assert_eq!(kept(0.0), 0);
        assert_eq!(kept(1.0), traces.len());
        assert!((2_200..2_800).contains(&kept(0.25)), "{}", kept(0.25));
        // What a smaller ratio keeps, a larger one keeps too.
        assert!(traces.iter().all(|trace| !is_below(*trace, below(0.1)) || is_below(*trace, below(0.2))));
    }

    #[test]
    fn the_variant_of_a_uuid_decides_nothing() {
        let low = |bits: u64| TraceId::from(u128::from(bits));
        assert!(is_below(low(0x8000_0000_0000_0001), below(0.25)));
        assert!(!is_below(low(0xbfff_ffff_ffff_ffff), below(0.25)));
    }
}
