//! Names of all metrics of the ledger.
use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;
use peyk_schemas::LedgerId;
use std::sync::LazyLock;

/// Messages found in a ledger's stream that are not its writer's. Any increase is CRITICAL.
pub const LEDGER_QUARANTINED: &str = "peyk_ledger_quarantined_messages";

static QUARANTINED: LazyLock<Counter<u64>> =
    LazyLock::new(|| opentelemetry::global::meter("peyk-ledger").u64_counter(LEDGER_QUARANTINED).build());

pub(crate) fn quarantined(ledger: LedgerId, messages: u64) {
    QUARANTINED.add(messages, &[KeyValue::new("ledger", ledger.to_string())]);
}
