//! How a command that failed says so: one line what, one line for each cause, one line what to do; a code that never changes.
use crate::audit::AuditBroken;
use crate::check::ChecksFailed;
use crate::config::{Problem, Problems};
use crate::exit::Exit;
use crate::ledger::Damaged;
use crate::output::Output;
use crate::token::NotHeldThere;
use anyhow::Error;
use peyk_grpc::{Code, LeaseClientError};
use peyk_handlers::CommandError;
use peyk_http::{ImportError, Unusable};
use peyk_ledger::ReadError;
use peyk_ledger::checkpoint::WalkError;
use peyk_ledger::nats::{ConnectError, ProvisionError};
use peyk_ledger::verification::AuditError;
use peyk_ledger::witness::WitnessError;
use peyk_ledger::writer::{OpenError, RecoverError, ReplayError};
use peyk_projections::exports::ExportError;
use peyk_projections::query::QueryError;
use peyk_projections::{MigrationError, NumberAuditError};
use peyk_schemas::ChainError;
use serde_json::json;

const CHECK: &str = "`peyk check` looks at everything a deployment needs";
const BROKEN: &str =
    "nothing from that record on is to be believed; keep the log as it is and find out who wrote to it";
const ALTERED: &str = "find out who wrote to the database; `peyk projections rebuild number_audit` makes the table anew, then `peyk audit verify`";
const MIGRATE: &str = "run `peyk migrate`";

/// What a writer said to a command of an operator.
fn command(error: &CommandError) -> (&'static str, &'static str) {
    const REFUSED: &[(&str, &str)] = &[
        ("ALREADY_BOOTSTRAPPED", "log in as one of the platform's admins"),
        ("ALREADY_EXISTS", "choose another id, name or login name"),
        ("IN_USE", "move or remove what stands on it first"),
        ("NOT_FOUND", "`peyk access tenant list` and its like show what there is"),
        ("INVALID_TRANSITION", "look at it first: `peyk access user list`, `peyk number history` and their like"),
        ("CONFLICT", "look at it again, `peyk number history`, and decide again"),
        ("QUARANTINED", "wait until the cool-off is over, or `peyk number cool-off`"),
        ("NOT_REGISTERED", "`peyk number list` shows what there is"),
        ("JUSTIFICATION_TOO_SHORT", "say in at least 20 characters why"),
        ("QUOTA_EXCEEDED", "give some back, or have the quota changed"),
        ("RATE_LIMIT_EXCEEDED", "wait a minute"),
        ("TTL_OUT_OF_RANGE", "ask for another length of time"),
        ("INVALID_VALUE", "give it another value"),
        ("TOO_MANY", "remove what is not needed"),
        ("INVALID_ROWS", "nothing came in: have the operator send a file without these rows, signed anew"),
        ("SIGNATURE_INVALID", "`peyk number key list` shows the keys that count; the file must be as it was signed"),
        ("APPROVAL_INVALID", "have somebody else approve of exactly this file"),
        ("DUPLICATE_BATCH", "the numbers of this file are in the inventory already"),
    ];
    match error {
        CommandError::Refused { code, .. } | CommandError::Limited { code, .. } => {
            REFUSED.iter().find(|(known, _)| known == code).copied().unwrap_or(("REFUSED", CHECK))
        }
        CommandError::OutcomeUnknown => ("OUTCOME_UNKNOWN", "look whether it happened before asking again"),
        CommandError::Unavailable | CommandError::Overloaded { .. } | CommandError::InFlight => {
            ("UNAVAILABLE", "commands are taken by `peyk serve`: is it running?")
        }
        CommandError::KeyReused | CommandError::Malformed(_) => ("FAILED", CHECK),
    }
}

/// What came of asking a server over gRPC.
fn asking(error: &LeaseClientError) -> (&'static str, &'static str) {
    let LeaseClientError::Call(status) = error else {
        return ("GRPC_CLIENT", "see that the address and the three PEM files are what they should be");
    };
    match status.code() {
        Code::InvalidArgument => ("INVALID_VALUE", "give it another value"),
        Code::Unauthenticated => ("UNAUTHENTICATED", "name the client in grpc.validate_lease of the server"),
        Code::ResourceExhausted => {
            ("RESOURCE_EXHAUSTED", "wait, or raise grpc.numbers_per_second or grpc.calls_at_once")
        }
        _ => ("UNAVAILABLE", "is `peyk serve` running with [grpc], and does each side trust the other's certificate?"),
    }
}

/// The stable code of an error, and what to do about it.
fn code_and_advice(error: &Error) -> (&'static str, &'static str) {
    error.chain().find_map(known).unwrap_or(("FAILED", CHECK))
}

fn known(cause: &(dyn std::error::Error + 'static)) -> Option<(&'static str, &'static str)> {
    if cause.is::<Problems>() {
        return Some(("CONFIG", "mend each where it stands; `peyk config example` shows every key"));
    }
    if cause.is::<ChecksFailed>() {
        return Some(("CHECKS_FAILED", "mend the first one first: others may follow from it"));
    }
    if cause.is::<ConnectError>() {
        return Some(("NATS_UNREACHABLE", CHECK));
    }
    if let Some(error) = cause.downcast_ref::<ChainError>() {
        return Some((error.flaw.code(), BROKEN));
    }
    if let Some(error) = cause.downcast_ref::<WalkError>() {
        return Some((error.code(), BROKEN));
    }
    if let Some(AuditError::Read(error)) = cause.downcast_ref() {
        return known(error);
    }
    if let Some(error) = cause.downcast_ref::<AuditError>() {
        return Some((error.code(), if error.condemns() { BROKEN } else { CHECK }));
    }
    if cause.is::<Damaged>() {
        return Some(("DAMAGED", "take the copy again, or fetch it again from where it came"));
    }
    if let Some(error) = cause.downcast_ref::<ReadError>() {
        return Some(match error {
            ReadError::Unavailable { .. } => ("LEDGER_UNAVAILABLE", CHECK),
            ReadError::Missing(_) => ("LEDGER_MISSING", MIGRATE),
            ReadError::Chain(error) => return known(error),
            ReadError::AnotherDeployment { .. } => {
                ("ANOTHER_DEPLOYMENT", "set deployment and keys.directory to those that opened it")
            }
            ReadError::OtherSegments { .. } => {
                ("OTHER_SEGMENTS", "set ledger.segment_positions to what the streams were made with")
            }
            ReadError::Lost { .. } => ("LEDGER_LOST", "run `peyk projections rebuild`"),
            ReadError::Diverged { .. } => ("LEDGER_DIVERGED", "find out whether the log was restored from a backup"),
        });
    }
    if let Some(error) = cause.downcast_ref::<ProvisionError>() {
        return Some(match error {
            ProvisionError::Differs { .. } => ("STREAM_DIFFERS", "find out who changed it, and set it back"),
            ProvisionError::OtherSegments { .. } => {
                ("OTHER_SEGMENTS", "set ledger.segment_positions to what the streams were made with")
            }
            ProvisionError::Leaderless { .. } | ProvisionError::Stream { .. } | ProvisionError::Bucket { .. } => {
                ("PROVISION_FAILED", CHECK)
            }
        });
    }
    if let Some(error) = cause.downcast_ref::<CommandError>() {
        return Some(command(error));
    }
    if let Some(ImportError::NotOpened(error)) = cause.downcast_ref() {
        return Some(command(error));
    }
    if let Some(Unusable::Rows(_)) = cause.downcast_ref() {
        return Some((
            "INVALID_ROWS",
            "nothing came in: have the operator send a file without these rows, signed anew",
        ));
    }
    if cause.is::<NotHeldThere>() {
        return Some(("ROLE_NOT_HELD_THERE", "leave out --role that does not go with --tenant"));
    }
    if let Some(error) = cause.downcast_ref::<LeaseClientError>() {
        return Some(asking(error));
    }
    if cause.is::<MigrationError>() {
        return Some(("MIGRATION_FAILED", CHECK));
    }
    if let Some(error) = cause.downcast_ref::<RecoverError>() {
        return Some(match error {
            RecoverError::Unconfirmed { .. } => (
                "LOSS_NOT_ACCEPTED",
                "look for a newer copy of the log first: what is accepted as lost stays lost; docs/OPERATIONS.md, recovery",
            ),
            RecoverError::NothingLost(_) => ("NOTHING_LOST", "leave the ledger as it is"),
            RecoverError::Held(_) => ("LEDGER_HELD", "stop every `peyk serve` that writes it"),
            RecoverError::Open(error) => return known_of_opening(error),
            RecoverError::Lease(_) | RecoverError::WitnessNotTold | RecoverError::Overtaken => {
                ("RECOVERY_FAILED", CHECK)
            }
        });
    }
    if cause.is::<WitnessError>() {
        return Some(("WITNESS", CHECK));
    }
    if let Some(error) = cause.downcast_ref::<QueryError>() {
        return Some((error.code(), CHECK));
    }
    if cause.is::<AuditBroken>() {
        return Some(("NUMBER_AUDIT_BROKEN", ALTERED));
    }
    if let Some(error) = cause.downcast_ref::<NumberAuditError>() {
        return Some((error.code(), if error.condemns() { ALTERED } else { CHECK }));
    }
    cause.downcast_ref::<ExportError>().map(|error| (error.code(), "docs/OPERATIONS.md says what an export needs"))
}

/// The position in a ledger that is at fault, or the first of those that may be.
fn position(cause: &(dyn std::error::Error + 'static)) -> Option<u64> {
    if let Some(error) = cause.downcast_ref::<ChainError>() {
        return Some(error.position);
    }
    if let Some(ReadError::Chain(error)) = cause.downcast_ref() {
        return Some(error.position);
    }
    if let Some(error) = cause.downcast_ref::<WalkError>() {
        return Some(error.position());
    }
    if let Some(error) = cause.downcast_ref::<AuditError>() {
        return error.position();
    }
    cause.downcast_ref::<Damaged>().map(|error| error.position)
}

/// Why a ledger was not opened.
fn known_of_opening(error: &OpenError) -> Option<(&'static str, &'static str)> {
    match error {
        OpenError::Durability(_) => Some(("NOT_DURABLE", "docs/OPERATIONS.md, durability")),
        OpenError::Replay(ReplayError::Read(error)) => known(error),
        OpenError::Replay(ReplayError::Witness(error)) => known(error),
        OpenError::Replay(ReplayError::Record(_)) | OpenError::Bookmark(_) | OpenError::Entropy(_) => None,
    }
}

/// Says it on standard error, and gives the status to end with.
#[allow(clippy::print_stderr)]
pub fn report(error: &Error, output: Output) -> Exit {
    let (code, advice) = code_and_advice(error);
    let problems = error.downcast_ref::<Problems>();
    if output == Output::Json {
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        let mut said = json!({ "error": error.to_string(), "code": code, "advice": advice, "causes": causes });
        if let Some(position) = error.chain().find_map(position) {
            said["position"] = position.into();
        }
        if let Some(Problems(problems)) = problems {
            said["error"] = "the configuration cannot be used".into();
            said["problems"] = problems.iter().map(Problem::to_json).collect();
        }
        eprintln!("{said}");
    } else {
        eprintln!("peyk: {code}: {error}");
        for cause in error.chain().skip(1) {
            eprintln!("  because: {cause}");
        }
        eprintln!("  {advice}");
    }
    if problems.is_some() { Exit::Usage } else { Exit::Failed }
}
