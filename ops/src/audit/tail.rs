//! The audit trail as the platform's auditors read it, straight from the read model.
use crate::config::Config;
use crate::migrate::postgres;
use crate::output::Output;
use anyhow::{Context, Result};
use clap::Args;
use peyk_domain::TenantId;
use peyk_projections::query::{AuditCursor, AuditFilter, AuditOrder, AuditScope, Limit, PAGE_MAX, ReadModels};
use peyk_projections::rows::{AuditEvent, AuditEventType};
use peyk_projections::{StatusBoard, reader_pool};
use serde_json::json;
use std::time::Duration;

/// How often to look for new rows.
const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub struct TailArgs {
    /// Go on showing rows as they come, until a signal.
    #[arg(long, short)]
    follow: bool,
    /// Only what is this tenant's matter.
    #[arg(long)]
    tenant: Option<TenantId>,
    /// Only events of this type, as `login_failed`.
    #[arg(long, value_parser = event_type)]
    event_type: Option<AuditEventType>,
    /// How many rows to begin with.
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=i64::from(PAGE_MAX)))]
    lines: u16,
}

fn event_type(text: &str) -> Result<AuditEventType, String> {
    let words = || AuditEventType::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
    AuditEventType::named(text).ok_or_else(|| format!("expected one of {}", words()))
}

pub async fn run(config: &Config, args: TailArgs, output: Output) -> Result<()> {
    let pool = reader_pool(postgres(&config.postgres.reader_url, "postgres.reader_url")?, 1);
    let models = ReadModels::new(pool, StatusBoard::default());
    let filter = AuditFilter { tenant: args.tenant, event_type: args.event_type, ..AuditFilter::default() };
    let told = "the audit trail is kept in Postgres";
    let lines = Limit::new(args.lines).unwrap_or_default();
    let newest = AuditOrder::NewestFirst { before: None };
    let newest = models.audit(AuditScope::Platform, &filter, newest, lines).await.context(told)?;
    newest.rows.iter().rev().for_each(|row| show(row, output));
    let mut after: Option<AuditCursor> = newest.rows.first().map(|row| row.id.into());
    if !args.follow {
        return Ok(());
    }
    loop {
        let order = AuditOrder::OldestFirst { after };
        let page = models.audit(AuditScope::Platform, &filter, order, Limit::default()).await.context(told)?;
        page.rows.iter().for_each(|row| show(row, output));
        after = page.rows.last().map(|row| row.id.into()).or(after);
        if page.next.is_none() {
            tokio::time::sleep(POLL).await;
        }
    }
}

fn show(row: &AuditEvent, output: Output) {
    let id = AuditCursor::from(row.id);
    let of_tenant = |tenant: TenantId| (!tenant.is_nil()).then(|| tenant.to_string());
    let (tenant, actor) = (of_tenant(row.tenant), row.actor.map(|actor| actor.to_string()));
    let resource = match (&row.resource_type, &row.resource_id) {
        (Some(kind), Some(id)) => format!(" {kind}/{id}"),
        (Some(kind), None) => format!(" {kind}"),
        _ => String::new(),
    };
    let mut text = format!("{} {id} {} {}{resource}", row.at, row.event_type, row.action);
    text += &format!(" tenant {} by {}", tenant.as_deref().unwrap_or("-"), actor.as_deref().unwrap_or("-"));
    for (name, value) in [("from", &row.source_ip), ("code", &row.code), ("receipt", &row.receipt)] {
        if let Some(value) = value {
            text += &format!(" {name} {value}");
        }
    }
    if let Some(count) = row.count {
        text += &format!(" times {count}");
    }
    output.line(
        &json!({
            "id": id.to_string(), "timestamp": row.at.to_string(), "event_type": row.event_type.name(),
            "tenant_id": tenant, "actor_id": actor, "actor_tenant_id": of_tenant(row.actor_tenant),
            "resource_type": row.resource_type, "resource_id": row.resource_id, "action": row.action,
            "source_ip": row.source_ip, "user_agent": row.user_agent,
            "request_id": row.request.map(|request| request.to_string()), "code": row.code, "receipt": row.receipt,
            "count": row.count, "details": row.details,
        }),
        &format!("{text} {}", row.details),
    );
}
