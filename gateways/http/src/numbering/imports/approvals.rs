use super::super::lease::ask;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{FileHash, ImportCommand, NumberingCommand, Reason};
use peyk_domain::{ApprovalId, Span};
use peyk_handlers::derived_id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const MINUTES: u16 = 4 * 60;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportApproval")]
pub(crate) struct Approving {
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    /// SHA-256 of the file, as `sha256sum` writes it.
    #[schemars(with = "values::Hex256")]
    file: String,
    /// For how long it may be used; four hours if left out.
    #[schemars(range(min = 1, max = 1440))]
    minutes: Option<u16>,
    #[schemars(with = "values::Justification")]
    justification: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportApproved")]
pub(crate) struct Approved {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::Hex256")]
    file: String,
}

/// POST /v1/numbering/import-approvals: let one file in although no signature vouches for it.
pub(crate) async fn approve(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Approving { id, file, minutes, justification } = request.json()?;
    let command = request.names()?.single()?;
    let approval = field::id_or(id.as_deref(), ApprovalId::from_bytes(derived_id(command, 0)))?;
    let file: FileHash =
        file.parse().map_err(|_| Problem::invalid("file", "expected 64 lower-case hexadecimal digits"))?;
    let justification =
        Reason::new(&justification).map_err(|error| Problem::invalid("justification", &error.to_string()))?;
    let lasts = Span::minutes(minutes.unwrap_or(MINUTES).into());
    let approver = request.identity()?.caller().actor;
    let approve = ImportCommand::Approve { approval, file, lasts, justification, approver };
    let done = ask(&api, &request, command, NumberingCommand::Imports(approve)).await?;
    let mark = Mark::of(AuditKind::Created, "import_approval", approval);
    Ok(Answer::created(&Approved { id: approval.to_string(), file: file.to_string() }).done(&done).marked(mark))
}
