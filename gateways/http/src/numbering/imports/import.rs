use super::super::lease::ask;
use super::file::{Unusable, check_number_file};
use super::steps::{ImportSteps, block_of};
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::Request;
use crate::upload::Upload;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peyk_domain::BlockId;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{
    BatchOpening, FileHash, ImportCommand, NumberFile, NumberingCommand, SIGNATURE_BYTES_MAX, Voucher,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Seek;
use std::sync::Arc;

/// The parts a form may have beside the file.
pub(crate) const FIELDS: &[&str] = &["operator", "key", "signature", "block", "approval"];

/// What the form is made of.
#[derive(JsonSchema)]
#[schemars(rename = "NumberFileForm")]
#[expect(dead_code, reason = "a form is read part by part")]
pub(crate) struct ImportForm {
    /// The operator that owns the numbers.
    #[schemars(with = "values::Label")]
    operator: String,
    /// The operator's key that signed the file.
    #[schemars(with = "Option<values::Id>")]
    key: Option<String>,
    /// The signature of the file's bytes, as it is or in base64.
    signature: Option<String>,
    /// In place of key and signature: a second person's approval of exactly this file.
    #[schemars(with = "Option<values::Id>")]
    approval: Option<String>,
    /// Names the block its numbers make; one that follows from the file if left out.
    #[schemars(with = "Option<values::Id>")]
    block: Option<String>,
    /// A line `number`, then one E.164 number or short code a line; or a line `number,type`, then each with its type
    /// (`msisdn`, `short_code` or `vanity`). Nothing else.
    file: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberFileImported")]
pub(crate) struct Imported {
    /// SHA-256 of the file, its name for ever.
    #[schemars(with = "values::Hex256")]
    file: String,
    #[schemars(with = "values::Id")]
    block: String,
    mno: String,
    /// How many numbers are in the inventory now.
    rows: u32,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberFileAbandoned")]
pub(crate) struct Abandoned {
    #[schemars(with = "values::Hex256")]
    file: String,
}

/// POST /v1/numbering/imports: add all numbers of a file to the inventory, or none.
///
/// The file is judged as a whole before anything is asked of the ledger. Then its rows are staged, where nobody sees them,
/// and the close makes all of them visible at once. A request that broke off is repeated as it was and goes on where it ended:
/// the file is the key, whatever other key the request has.
pub(crate) async fn import(api: Arc<Api>, mut request: Request) -> Result<Answer, Problem> {
    let mut upload = request.upload.take().ok_or_else(|| Problem::of(&kind::INVALID_FORM))?;
    let operator = upload.text("operator")?.ok_or_else(|| Problem::invalid("operator", "expected an operator"))?;
    let mno = field::label("operator", operator)?;
    let voucher = voucher(&mut upload)?;
    let block = upload.text("block")?.map(|block| field::id("block", &block)).transpose()?;
    let mut spooled = upload.into_file();
    let checked = tokio::task::spawn_blocking(move || {
        let checked = check_number_file(&mut spooled)?;
        spooled.rewind()?;
        Ok::<_, Unusable>((checked, spooled))
    });
    let (NumberFile { file, form, rows }, spooled) = checked.await.map_err(|_| Problem::of(&kind::INTERNAL))??;
    let block: BlockId = block.unwrap_or_else(|| block_of(file));
    let caller = request.identity()?.caller();
    let steps = ImportSteps { commands: &*api.commands, caller, patience: api.settings.patience };
    let opening = BatchOpening { file, block, mno: mno.clone(), rows, form, voucher, importer: caller.actor };
    let closed = steps.import(opening, spooled, |_| {}).await?;
    let imported = Imported { file: file.to_string(), block: block.to_string(), mno, rows };
    Ok(Answer::created(&imported).done(&closed).marked(mark(AuditKind::Created, file)))
}

/// POST /v1/numbering/imports/{file}/abandon: give a file up that is under way.
pub(crate) async fn abandon(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let file: FileHash = request.parameter(0).parse().map_err(|_| Problem::of(&kind::NOT_FOUND))?;
    let done =
        ask(&api, &request, request.names()?.single()?, NumberingCommand::Imports(ImportCommand::Abandon { file }))
            .await?;
    Ok(Answer::ok(&Abandoned { file: file.to_string() }).done(&done).marked(mark(AuditKind::Deleted, file)))
}

fn mark(kind: AuditKind, file: FileHash) -> Mark {
    Mark::of(kind, "number_file", file)
}

fn voucher(upload: &mut Upload) -> Result<Voucher, Problem> {
    let (key, signature) = (upload.text("key")?, upload.bytes("signature"));
    match (key, signature, upload.text("approval")?) {
        (Some(key), Some(signature), None) => {
            let key = field::id("key", &key)?;
            let signature = signature_bytes(&signature)
                .ok_or_else(|| Problem::invalid("signature", "expected an RSA signature, as it is or in base64"))?;
            Ok(Voucher::Signature { key, signature })
        }
        (None, None, Some(approval)) => Ok(Voucher::Approval(field::id("approval", &approval)?)),
        _ => Err(Problem::invalid("signature", "expected key and signature, or an approval and neither of them")),
    }
}

/// The bytes of a signature that was given as they are or in base64; none if it is no RSA signature.
///
/// A signature has the length of its key. Base64 of one is longer than that of the longest key there is, or its decoding
/// is one of a length RSA has; bytes that happen to be text are told by that.
#[must_use]
pub fn signature_bytes(given: &[u8]) -> Option<Vec<u8>> {
    let packed: Vec<u8> = given.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(&packed).ok().filter(|decoded| decoded.len() >= 256);
    decoded.or_else(|| Some(given.to_vec())).filter(|signature| signature.len() <= SIGNATURE_BYTES_MAX)
}
