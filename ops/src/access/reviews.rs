use super::desk::{Desk, stands};
use crate::config::Config;
use crate::output::Output;
use anyhow::Result;
use clap::{Args, Subcommand};
use peyk_domain::access::{AccessAction, Account, Review, ReviewState, ReviewVerdict, Standing, Totp};
use peyk_domain::{ActorId, At, TenantId};
use peyk_ledger::Clock;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// Who may do what in a tenant, and when somebody looked at it last; without names, which `user list` and `key list` show.
    List {
        /// Whose; the platform's own if not given.
        #[arg(long, default_value_t = TenantId::NIL)]
        tenant: TenantId,
        /// Only what asks for something to be done: accounts nobody has looked at for too long, and those that are to go.
        #[arg(long)]
        due: bool,
    },
    /// Put on record that accounts were looked at. It names nobody: whoever reviews for an auditor does it over HTTP.
    Record(RecordArgs),
}

#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Whose accounts they are; the platform's own if not given.
    #[arg(long, default_value_t = TenantId::NIL)]
    tenant: TenantId,
    /// A user or an access key that stays as it is. May be given several times.
    #[arg(long = "keep", required_unless_present = "removed")]
    kept: Vec<ActorId>,
    /// One that is to go; disable or revoke it as well. May be given several times.
    #[arg(long = "remove")]
    removed: Vec<ActorId>,
}

pub async fn run(config: &Config, command: ReviewCommand, output: Output) -> Result<()> {
    let desk = Desk::open(config).await?;
    match command {
        ReviewCommand::List { tenant, due } => {
            list(config, &desk, tenant, due, output);
            Ok(())
        }
        ReviewCommand::Record(args) => record(&desk, args, output).await,
    }
}

fn list(config: &Config, desk: &Desk, tenant: TenantId, due: bool, output: Output) {
    let (now, lasts) = (Clock::system().now(), config.access.review_lasts);
    let lines: Vec<(Value, String)> = desk.directory(|directory, _| {
        let accounts = directory.accounts_of(tenant, None);
        let wanted = accounts.filter(|(_, of)| !due || of.review_state(now, lasts) != ReviewState::Current);
        wanted.map(|(id, of)| line(id, of, of.review_state(now, lasts), of.review_due(lasts), now)).collect()
    });
    for (object, text) in lines {
        output.line(&object, &text);
    }
}

fn line(id: ActorId, of: Account<'_>, state: ReviewState, due: At, now: At) -> (Value, String) {
    let shown = |at: Option<At>| at.map(|at| at.to_string());
    let (kind, usable, login, second_factor, expires) = match of {
        Account::User(user) => (
            "user",
            user.standing == Standing::Active,
            user.logins.last_success(),
            Some(matches!(user.totp, Totp::Confirmed { .. })),
            None,
        ),
        Account::Key(key) => ("access_key", !key.has_expired(now), None, None, key.expires),
    };
    let state = match state {
        ReviewState::Current => "current",
        ReviewState::Overdue => "overdue",
        ReviewState::ToBeRemoved => "to_be_removed",
    };
    let review = of.review().map(|Review { at, by, verdict }| {
        json!({ "at": at.to_string(), "by": (!by.is_nil()).then(|| by.to_string()), "verdict": match verdict {
            ReviewVerdict::Kept => "kept",
            ReviewVerdict::ToBeRemoved => "to_be_removed",
        } })
    });
    let roles: Vec<&str> = of.roles().iter().map(|role| role.name()).collect();
    let text = format!("{id} {kind} {} {state}, due {due}", roles.join(","));
    let object = json!({
        "account": id.to_string(), "kind": kind, "usable": usable, "roles": roles, "created": shown(of.created()),
        "roles_since": shown(of.roles_since()), "last_login": shown(login), "second_factor": second_factor,
        "expires": shown(expires), "review": review, "review_state": state, "review_due": due.to_string(),
    });
    (object, text)
}

async fn record(desk: &Desk, args: RecordArgs, output: Output) -> Result<()> {
    let RecordArgs { tenant, kept, removed } = args;
    let stay = kept.iter().map(|account| (*account, ReviewVerdict::Kept));
    let go = removed.iter().map(|account| (*account, ReviewVerdict::ToBeRemoved));
    let accounts = stay.chain(go).collect();
    let done = desk.ask(AccessAction::Review { tenant, by: ActorId::NIL, accounts }).await?;
    output.line(
        &json!({ "tenant": tenant.to_string(), "kept": kept.len(), "to_be_removed": removed.len(), "receipt": stands(&done) }),
        &format!("{} accounts stay, {} are to go ({})", kept.len(), removed.len(), stands(&done)),
    );
    Ok(())
}
