use crate::cbor::{CborError, Reader, Writer};
use crate::certificate::read_ledger;
use crate::events::{DataClass, FieldSchema, KindSchema};
use crate::recovered::Recovered;
use crate::{EpochCertificate, EventSchema, Hash, LedgerId, RawEvent, SchemaError};
use peyk_domain::DeploymentId;
use std::borrow::Cow;

/// What the ledger itself records, apart from what the contexts do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlEvent {
    /// Opens a chain and names its root of trust, which auditors pin out of band.
    Genesis { deployment: DeploymentId, ledger: LedgerId, deployment_key: [u8; 32] },
    /// From here on the certified key signs.
    EpochStarted(EpochCertificate),
    /// Messages that are not the writer's and are passed over: `from..=to` without a gap.
    Quarantined(Quarantine),
    /// Acknowledged records are lost; said in the record that opens the epoch after the loss, and nowhere else.
    Recovered(Recovered),
    /// Nothing happened; the ledger is alive.
    Ticked,
}

/// Which stored messages are no records, by position and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    pub from: u64,
    pub to: u64,
    /// How many messages one hash stands for: 1 names each; a flood is named in strides, each the hash of its hashes.
    pub stride: u64,
    pub hashes: Vec<Hash>,
}

/// Hashes one quarantine may hold, so that its record stays far below the limit of a record.
const HASHES_MAX: u64 = 8_192;

impl Quarantine {
    /// Names the messages from position `from` on whose hashes are given; `None` if there are none.
    #[must_use]
    pub fn of(from: u64, hashes: &[Hash]) -> Option<Self> {
        let count = hashes.len() as u64;
        let to = from.checked_add(count.checked_sub(1)?)?;
        let stride = count.div_ceil(HASHES_MAX);
        Some(Self { from, to, stride, hashes: strides(hashes, stride) })
    }

    /// Whether it names exactly these messages.
    #[must_use]
    pub fn names(&self, from: u64, hashes: &[Hash]) -> bool {
        Self::of(from, hashes).as_ref() == Some(self)
    }
}

fn strides(hashes: &[Hash], stride: u64) -> Vec<Hash> {
    if stride <= 1 {
        return hashes.to_vec();
    }
    let stride = usize::try_from(stride).unwrap_or(usize::MAX);
    hashes
        .chunks(stride)
        .map(|chunk| {
            let mut hasher = blake3::Hasher::new();
            for hash in chunk {
                hasher.update(&hash.0);
            }
            Hash(*hasher.finalize().as_bytes())
        })
        .collect()
}

const GENESIS: &str = "ledger.genesis";
const EPOCH_STARTED: &str = "ledger.epoch_started";
const QUARANTINED: &str = "ledger.quarantined";
const RECOVERED: &str = "ledger.recovered";
const TICKED: &str = "ledger.ticked";

const fn field(name: &'static str, cbor: &'static str, cddl: &'static str, class: DataClass) -> FieldSchema {
    FieldSchema { name, cbor, cddl, class }
}

const fn first_version(kind: &'static str, fields: &'static [FieldSchema]) -> KindSchema {
    KindSchema { kind, version: 1, fields, older: &[] }
}

const ID: &str = "16 bytes, an id";
const HASH: &str = "32 bytes, a BLAKE3 hash";
const LEDGER: &str = "text, the name of a ledger";
const KEY: &str = "32 bytes, an Ed25519 public key";

/// The shapes of the ledger's own events, for `schemas/EVENTS.md`.
pub(crate) static KINDS: &[KindSchema] = &[
    first_version(
        GENESIS,
        &[
            field("deployment", ID, "id", DataClass::Public),
            field("ledger", LEDGER, "tstr", DataClass::Public),
            field("partition", "unsigned", "uint16", DataClass::Public),
            field("deployment_key", KEY, "key", DataClass::Public),
        ],
    ),
    first_version(
        EPOCH_STARTED,
        &[
            field("deployment", ID, "id", DataClass::Public),
            field("ledger", LEDGER, "tstr", DataClass::Public),
            field("partition", "unsigned", "uint16", DataClass::Public),
            field("epoch", "unsigned", "uint", DataClass::Public),
            field("writer_key", KEY, "key", DataClass::Public),
            field("signature", "64 bytes, Ed25519 by the deployment key", "signature", DataClass::Public),
        ],
    ),
    first_version(
        QUARANTINED,
        &[
            field("from", "unsigned, a position", "uint", DataClass::Internal),
            field("to", "unsigned, a position", "uint", DataClass::Internal),
            field("stride", "unsigned, messages one hash stands for", "uint", DataClass::Internal),
            field("hashes", "array of 32 bytes, each a BLAKE3 hash", "[* hash]", DataClass::Internal),
        ],
    ),
    first_version(
        RECOVERED,
        &[
            field(
                "witnessed",
                "unsigned, the position of the newest record the witness saw",
                "uint",
                DataClass::Internal,
            ),
            field("witnessed_hash", HASH, "hash", DataClass::Internal),
            field("witnessed_at", "unsigned, milliseconds since the Unix epoch", "instant", DataClass::Internal),
            field("found", "unsigned, the position of the last record that was found", "uint", DataClass::Internal),
            field("found_hash", HASH, "hash", DataClass::Internal),
        ],
    ),
    first_version(TICKED, &[]),
];

impl EventSchema for ControlEvent {
    fn to_raw(&self) -> RawEvent {
        let mut out = Writer::with_capacity(192);
        let kind = match self {
            Self::Genesis { deployment, ledger, deployment_key } => {
                out.array(4)
                    .bytes(&deployment.to_bytes())
                    .text(ledger.ledger.name())
                    .unsigned(ledger.partition)
                    .bytes(deployment_key);
                GENESIS
            }
            Self::EpochStarted(certificate) => {
                certificate.write(&mut out);
                EPOCH_STARTED
            }
            Self::Quarantined(Quarantine { from, to, stride, hashes }) => {
                out.array(4).unsigned(*from).unsigned(*to).unsigned(*stride).array(hashes.len());
                for hash in hashes {
                    out.bytes(&hash.0);
                }
                QUARANTINED
            }
            Self::Recovered(recovered) => {
                recovered.write(&mut out);
                RECOVERED
            }
            Self::Ticked => {
                out.array(0);
                TICKED
            }
        };
        RawEvent { kind: Cow::Borrowed(kind), version: 1, data: out.into_bytes().into() }
    }

    fn from_raw(raw: &RawEvent) -> Result<Self, SchemaError> {
        let kind = raw.kind.as_ref();
        if !KINDS.iter().any(|known| known.kind == kind) {
            return Err(SchemaError::UnknownKind { kind: kind.to_owned() });
        }
        if raw.version != 1 {
            return Err(SchemaError::UnknownVersion { kind: kind.to_owned(), version: raw.version });
        }
        read(kind, raw.reader()).map_err(|source| SchemaError::Shape { kind: kind.to_owned(), source })
    }
}

fn read(kind: &str, mut input: Reader<'_>) -> Result<ControlEvent, CborError> {
    let event = match kind {
        GENESIS => {
            input.array_of(4)?;
            let deployment = DeploymentId::from_bytes(input.fixed()?);
            ControlEvent::Genesis { deployment, ledger: read_ledger(&mut input)?, deployment_key: input.fixed()? }
        }
        EPOCH_STARTED => ControlEvent::EpochStarted(EpochCertificate::read(&mut input)?),
        QUARANTINED => {
            input.array_of(4)?;
            let (from, to, stride) = (input.unsigned()?, input.unsigned()?, input.unsigned()?);
            let count = input.array()?;
            let mut hashes = Vec::with_capacity(count);
            for _ in 0..count {
                hashes.push(Hash(input.fixed()?));
            }
            ControlEvent::Quarantined(Quarantine { from, to, stride, hashes })
        }
        RECOVERED => ControlEvent::Recovered(Recovered::read(&mut input)?),
        _ => {
            input.array_of(0)?;
            ControlEvent::Ticked
        }
    };
    input.end()?;
    Ok(event)
}
