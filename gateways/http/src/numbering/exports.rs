use super::lease::ask;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::rfc3339;
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use peyk_domain::ExportId;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{Export, ExportProof, ExportState, NumberingCommand};
use peyk_handlers::{LeasesStale, derived_id};
use peyk_projections::exports::{Period, Profile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExportRequest")]
pub(crate) struct WantedExport {
    #[schemars(with = "values::ProfileName")]
    profile: String,
    /// A month that is over where the profile's regulator is.
    #[schemars(with = "values::Month")]
    period: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExportRequested")]
pub(crate) struct RequestedExport {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::ExportStateName")]
    state: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Export")]
pub(crate) struct ShownExport {
    #[schemars(with = "values::Id")]
    id: String,
    profile: String,
    #[schemars(with = "values::Month")]
    period: String,
    #[schemars(with = "values::Instant")]
    requested_at: String,
    #[schemars(with = "values::ExportStateName")]
    state: &'static str,
    /// SHA-256 of the manifest, which holds that of each file; null until it is made.
    #[schemars(with = "Option<values::Hex256>")]
    manifest_sha256: Option<String>,
    /// SHA-256 of the public key the manifest was signed with.
    #[schemars(with = "Option<values::Hex256>")]
    key_sha256: Option<String>,
    /// Where it is kept; null until it is stored.
    place: Option<String>,
    /// Why it was given up: a stable code.
    code: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exports")]
pub(crate) struct ShownExports {
    /// Newest first.
    items: Vec<ShownExport>,
    /// Whether the audit table of numbers follows from the ledger, as last verified; null if it never was. Nothing is exported
    /// while it does not.
    audit_sound: Option<bool>,
    /// The last record of the `numbering` ledger that this rests on.
    position: u64,
}

/// POST /v1/numbering/exports: have a month exported again, or one that was not yet.
pub(crate) async fn request_export(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WantedExport { profile, period } = request.json()?;
    Profile::named(&profile).map_err(|_| Problem::invalid("profile", "there is no such profile"))?;
    let period: Period = period.parse().map_err(|_| Problem::invalid("period", "expected a month, as 2026-10"))?;
    let id = request.names()?.single()?;
    let export = ExportId::from_bytes(derived_id(id, 0));
    let command = NumberingCommand::RequestExport { export, profile, period: period.to_string() };
    let done = ask(&api, &request, id, command).await?;
    let mark = Mark::of(AuditKind::Created, "export", export);
    Ok(Answer::accepted(&RequestedExport { id: export.to_string(), state: "requested" }).done(&done).marked(mark))
}

/// GET /v1/numbering/exports: what was promised to regulators and where it stands, out of memory.
pub(crate) async fn list_exports(api: Arc<Api>, _: Request) -> Result<Answer, Problem> {
    let exports = api.exports.as_ref().ok_or_else(|| Problem::from(LeasesStale))?;
    let known = exports.exports()?;
    let items = known.exports.iter().map(|(id, export)| shown(*id, export)).collect();
    let audit_sound = known.audit.map(|verdict| verdict.sound);
    Ok(Answer::ok(&ShownExports { items, audit_sound, position: known.position }))
}

fn shown(id: ExportId, export: &Export) -> ShownExport {
    let Export { profile, period, requested, state } = export;
    let (name, proof, place, code) = match state {
        ExportState::Requested => ("requested", None, None, None),
        ExportState::Produced(proof) => ("produced", Some(proof), None, None),
        ExportState::Stored { proof, place } => ("stored", Some(proof), Some(place.clone()), None),
        ExportState::Failed { code } => ("failed", None, None, Some(code.clone())),
    };
    let of = |pick: fn(&ExportProof) -> &[u8; 32]| proof.map(|proof| super::history::hex(pick(proof)));
    ShownExport {
        id: id.to_string(),
        profile: profile.clone(),
        period: period.clone(),
        requested_at: rfc3339(*requested),
        state: name,
        manifest_sha256: of(|proof| &proof.manifest),
        key_sha256: of(|proof| &proof.key),
        place,
        code,
    }
}
