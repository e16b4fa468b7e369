use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::{Request, limit};
use peyk_projections::rows::Signal;
use peyk_schemas::LedgerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichSignals {
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
    #[schemars(with = "Option<values::MinPosition>")]
    min_position: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FraudSignal")]
pub(crate) struct ShownSignal {
    id: String,
    #[schemars(with = "values::Instant")]
    at: String,
    #[schemars(with = "values::SignalKindName")]
    kind: &'static str,
    /// Whose doing it looks like.
    #[schemars(with = "values::Id")]
    tenant_id: String,
    #[schemars(with = "Option<values::SenderText>")]
    number: Option<String>,
    /// How often the number had been recalled.
    recalls: Option<u32>,
    /// The record of the `numbering` ledger that says so.
    position: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FraudSignals")]
pub(crate) struct ShownSignals {
    items: Vec<ShownSignal>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

/// GET /v1/numbering/signals: signs of fraud of all tenants, newest first.
pub(crate) async fn signals(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WhichSignals { cursor, limit: rows, min_position } = request.query()?;
    let before = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let limit = limit(rows)?;
    request.reached(&api, LedgerId::NUMBERING, min_position).await?;
    let page = api.reads.signals(before, limit).await?;
    let items = page.rows.iter().map(shown).collect();
    let shown = ShownSignals { items, next: page.next.map(|id| id.to_string()) };
    Ok(Answer::ok(&shown).marked(Mark::read_across("signal")))
}

fn shown(signal: &Signal) -> ShownSignal {
    ShownSignal {
        id: signal.id.to_string(),
        at: rfc3339(signal.at),
        kind: signal.kind.name(),
        tenant_id: signal.tenant.to_string(),
        number: signal.number.map(|number| number.text()),
        recalls: signal.recalls,
        position: signal.position,
    }
}
