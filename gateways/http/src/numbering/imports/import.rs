use super::super::lease::ask;
use super::file::{self, NumberFile};
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field;
use crate::idempotency::CommandNames;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::Request;
use crate::upload::Upload;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peyk_domain::BlockId;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{
    BatchOpening, FileHash, ImportCommand, Listing, NumberingCommand, SIGNATURE_BYTES_MAX, STAGED_MAX, Voucher,
};
use peyk_handlers::{Call, Caller, CommandError, Done};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::BufReader;
use std::sync::Arc;
use std::time::Duration;

/// The parts a form may have beside the file.
pub(crate) const FIELDS: &[&str] = &["operator", "key", "signature", "block", "approval"];
/// How often a step is asked for while the ledger has too much to do or an answer was lost.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

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
    rows: usize,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberFileAbandoned")]
pub(crate) struct Abandoned {
    #[schemars(with = "values::Hex256")]
    file: String,
}

/// POST /v1/numbering/imports: add all numbers of a file to the inventory, or none.
///
/// The file is read whole before anything is asked of the ledger. Then its rows are staged, where nobody sees them, and
/// the close makes all of them visible at once. A request that broke off is repeated as it was and goes on where it ended:
/// the file is the key, whatever other key the request has.
pub(crate) async fn import(api: Arc<Api>, mut request: Request) -> Result<Answer, Problem> {
    let mut upload = request.upload.take().ok_or_else(|| Problem::of(&kind::INVALID_FORM))?;
    let operator = upload.text("operator")?.ok_or_else(|| Problem::invalid("operator", "expected an operator"))?;
    let mno = field::label("operator", operator)?;
    let voucher = voucher(&mut upload)?;
    let block = upload.text("block")?.map(|block| field::id("block", &block)).transpose()?;
    let spooled = upload.into_file();
    let read = tokio::task::spawn_blocking(move || file::read(BufReader::with_capacity(64 * 1024, &spooled.file)));
    let NumberFile { file, form, numbers } = read.await.map_err(|_| Problem::of(&kind::INTERNAL))??;
    let block: BlockId = block.unwrap_or_else(|| block_of(file));
    let rows = numbers.len();
    let desk = Desk::of(&api, &request)?;
    let importer = desk.caller.actor;
    let count = u32::try_from(rows).map_err(|_| Problem::of(&kind::TOO_MANY))?;
    let opening = BatchOpening { file, block, mno: mno.clone(), rows: count, form, voucher, importer };
    desk.ask(ImportCommand::Open(opening)).await.map_err(|missed| missed.problem)?;
    let closed = match desk.stage(file, &numbers).await {
        Ok(()) => desk.ask(ImportCommand::Close { file }).await,
        Err(missed) => Err(missed),
    };
    let closed = match closed {
        Ok(closed) => closed,
        Err(missed) => return Err(desk.give_up(file, missed).await),
    };
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

/// The block of a file whose sender named none: the same each time it is sent.
fn block_of(file: FileHash) -> BlockId {
    let mut id = [0; 16];
    let hash =
        blake3::Hasher::new_derive_key("peyk 2026 block of a file of numbers v1").update(&file.to_bytes()).finalize();
    id.copy_from_slice(&hash.as_bytes()[..16]);
    BlockId::from_bytes(id)
}

fn voucher(upload: &mut Upload) -> Result<Voucher, Problem> {
    let (key, signature) = (upload.text("key")?, upload.bytes("signature"));
    match (key, signature, upload.text("approval")?) {
        (Some(key), Some(signature), None) => {
            let key = field::id("key", &key)?;
            Ok(Voucher::Signature { key, signature: signature_bytes(&signature)? })
        }
        (None, None, Some(approval)) => Ok(Voucher::Approval(field::id("approval", &approval)?)),
        _ => Err(Problem::invalid("signature", "expected key and signature, or an approval and neither of them")),
    }
}

/// A signature has the length of its key. Base64 of one is longer than that of the longest key there is, or its decoding
/// is one of a length RSA has; bytes that happen to be text are told by that.
fn signature_bytes(given: &[u8]) -> Result<Vec<u8>, Problem> {
    let packed: Vec<u8> = given.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(&packed).ok().filter(|decoded| decoded.len() >= 256);
    let signature = decoded.unwrap_or_else(|| given.to_vec());
    if signature.len() > SIGNATURE_BYTES_MAX {
        return Err(Problem::invalid("signature", "expected an RSA signature, as it is or in base64"));
    }
    Ok(signature)
}

/// Asks for the steps of one import.
struct Desk<'a> {
    api: &'a Api,
    caller: Caller,
    /// Each step is asked for anew: what makes a repeat harmless is the ledger, not a key.
    names: CommandNames,
}

impl<'a> Desk<'a> {
    fn of(api: &'a Api, request: &Request) -> Result<Self, Problem> {
        let caller = request.identity()?.caller();
        Ok(Self { api, caller, names: CommandNames::of(caller.tenant, request.endpoint.name, None) })
    }

    /// Asks for a step until it is known what came of it, a bounded number of times. A repeat has the same id and is
    /// therefore the same step.
    async fn ask(&self, command: ImportCommand) -> Result<Done, Missed> {
        let id = self.names.single().map_err(Missed::open)?;
        let mut tried = 0;
        loop {
            let patience = self.api.settings.patience;
            let command = NumberingCommand::Imports(command.clone());
            let asked = self.api.commands.numbering(Call { id, caller: self.caller, patience, command }).await;
            tried += 1;
            match asked {
                Ok(done) => return Ok(done),
                Err(CommandError::Overloaded { .. } | CommandError::OutcomeUnknown | CommandError::InFlight)
                    if tried < TRIES =>
                {
                    tokio::time::sleep(PAUSE * tried).await;
                }
                Err(error @ CommandError::Refused { .. }) => {
                    return Err(Missed { problem: error.into(), refused: true });
                }
                Err(error) => return Err(Missed::open(error.into())),
            }
        }
    }

    async fn stage(&self, file: FileHash, numbers: &[Listing]) -> Result<(), Missed> {
        for (first, numbers) in (0..).step_by(STAGED_MAX).zip(numbers.chunks(STAGED_MAX)) {
            self.ask(ImportCommand::Stage { file, first, numbers: numbers.to_vec() }).await?;
        }
        Ok(())
    }

    /// What is refused is refused for good, so the file makes room for the next one. Anything else passes, and then the
    /// same request goes on.
    async fn give_up(&self, file: FileHash, missed: Missed) -> Problem {
        let Missed { problem, refused } = missed;
        if !refused {
            let detail = format!("{}; nothing is visible yet: repeat the request as it was to go on", problem.says());
            return problem.detail(detail);
        }
        if let Err(Missed { problem, .. }) = self.ask(ImportCommand::Abandon { file }).await {
            tracing::warn!(code = problem.code(), "an import that was refused was not abandoned; it lapses in an hour");
        }
        let detail = format!("{}; nothing of the file was imported", problem.says());
        problem.detail(detail)
    }
}

/// Why a step was not done.
struct Missed {
    problem: Problem,
    /// Whether it never will be.
    refused: bool,
}

impl Missed {
    const fn open(problem: Problem) -> Self {
        Self { problem, refused: false }
    }
}
