use crate::config::Config;
use crate::migrate::postgres;
use crate::output::Output;
use anyhow::{Context, Result};
use clap::Args;
use peyk_domain::{At, SenderId, TenantId};
use peyk_projections::query::{HistoryScope, Limit, NumberFilter, NumberScope, ReadModels};
use peyk_projections::rows::{ChainedTransition, Number, NumberState};
use peyk_projections::{StatusBoard, reader_pool};
use serde_json::json;

pub(super) const KEPT: &str = "numbers are shown out of Postgres";

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only what this tenant holds.
    #[arg(long)]
    tenant: Option<TenantId>,
    /// Only numbers that stand so, as `available` or `quarantined`.
    #[arg(long, value_parser = state)]
    state: Option<NumberState>,
    /// Behind this one.
    #[arg(long, value_name = "NUMBER")]
    after: Option<SenderId>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 50)]
    lines: u16,
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// As +93700000001, or a short code.
    number: SenderId,
}

fn state(text: &str) -> Result<NumberState, String> {
    let words = || NumberState::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
    NumberState::named(text).ok_or_else(|| format!("expected one of {}", words()))
}

pub(super) fn models(config: &Config) -> Result<ReadModels> {
    let pool = reader_pool(postgres(&config.postgres.reader_url, "postgres.reader_url")?, 1);
    Ok(ReadModels::new(pool, StatusBoard::default()))
}

pub async fn list(config: &Config, args: ListArgs, output: Output) -> Result<()> {
    let ListArgs { tenant, state, after, lines } = args;
    let limit = Limit::new(lines).context("expected --lines from 1 to 200")?;
    let filter = NumberFilter { state, held: tenant.is_some(), ..NumberFilter::default() };
    let scope = NumberScope::Platform(tenant.unwrap_or(TenantId::NIL));
    let page = models(config)?.numbers(scope, filter, after, limit).await.context(KEPT)?;
    page.rows.iter().for_each(|number| show(number, output));
    Ok(())
}

fn show(number: &Number, output: Output) {
    let said = |at: Option<At>| at.map(|at| at.to_string());
    let (lease, until) = (number.lease.map(|lease| lease.to_string()), said(number.until));
    let mut text = format!("{} {} {}", number.number.text(), number.number_type.name(), number.state.name());
    text.extend(until.iter().map(|until| format!(" until {until}")));
    output.line(
        &json!({
            "number": number.number.text(), "type": number.number_type.name(), "state": number.state.name(),
            "block": number.block.map(|block| block.to_string()), "mno": number.mno,
            "tenant_id": number.tenant.map(|tenant| tenant.to_string()), "lease_id": lease, "until": until,
            "position": number.updated_position,
        }),
        &text,
    );
}

pub async fn history(config: &Config, args: HistoryArgs, output: Output) -> Result<()> {
    let (models, mut after) = (models(config)?, None);
    loop {
        let page = models.number_history(HistoryScope::Platform, args.number, after, Limit::default());
        let page = page.await.context(KEPT)?;
        page.rows.iter().for_each(|row| tell(row, output));
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn tell(row: &ChainedTransition, output: Output) {
    let transition = &row.transition;
    let (tenant, lease, actor) = (
        transition.tenant.map(|tenant| tenant.to_string()),
        transition.lease.map(|lease| lease.to_string()),
        transition.actor.map(|actor| actor.to_string()),
    );
    let mut text = format!("{} {} {}", transition.at, transition.to.name(), transition.reason.name());
    text.extend(tenant.iter().map(|tenant| format!(" tenant {tenant}")));
    text += &format!(" numbering/0/{}", transition.position);
    output.line(
        &json!({
            "seq": row.seq, "at": transition.at.to_string(), "from": row.from.map(NumberState::name),
            "to": transition.to.name(), "reason": transition.reason.name(), "tenant_id": tenant, "lease_id": lease,
            "actor_id": actor, "position": transition.position,
        }),
        &text,
    );
}
