//! Values that are text or numbers to serde and more than that to a reader of the document.
use crate::accounts::{STATES, VERDICTS, state_name, verdict_name};
use crate::body::BodyRule;
use crate::field::lane_name;
use peyk_domain::access::Role;
use peyk_domain::messages::Lane;
use peyk_domain::numbering::{BlockUse, ContractState, NumberType, SignatureScheme};
use peyk_projections::exports::PROFILES;
use peyk_projections::rows::{
    AuditEventType, ConnectorState, FileState, MessageState, NumberState, SignalKind, TransitionReason,
};
use peyk_schemas::Ledger;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! values {
    ($($name:ident $schema:tt)+) => {$(
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

/// The types of numbers that blocks have.
const LISTED: [NumberType; 3] = [NumberType::Msisdn, NumberType::ShortCode, NumberType::Vanity];

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|value| name(*value)).collect()
}

values! {
    E164 {
        "description": "An E.164 number: a plus sign and 8 to 15 digits, country code first.",
        "type": "string", "pattern": "^\\+[1-9][0-9]{7,14}$",
    }
    SenderText {
        "description": "An E.164 number, a short code of 3 to 6 digits, or an alphanumeric sender of 1 to 11 printable \
            characters of the GSM 7-bit alphabet (3GPP TS 23.038).",
        "type": "string", "minLength": 1, "maxLength": 16,
    }
    NumberInPath {
        "description": "The digits of an E.164 number, country code first, without the plus sign, those of a short code, or an \
            alphanumeric sender, percent-encoded.",
        "type": "string", "minLength": 1, "maxLength": 16,
    }
    NumberTypeName { "type": "string", "enum": NumberType::ALL.map(NumberType::name) }
    ListedTypeName { "type": "string", "enum": LISTED.map(NumberType::name) }
    ListedNumber {
        "description": "An E.164 number, or a short code of 3 to 6 digits.",
        "type": "string", "pattern": "^(\\+[1-9][0-9]{7,14}|[1-9][0-9]{2,5})$",
    }
    NumberRegionName {
        "description": "A region as its regulator counts them: the country (ISO 3166-1 alpha-2), a hyphen, and the region's code.",
        "type": "string", "pattern": "^[A-Z]{2}-[a-z0-9]{1,16}$",
    }
    BlockUseName {
        "description": "Whether the numbers are for the tenants, or for another provider's own customers (47 CFR 52.15(f)).",
        "type": "string", "enum": BlockUse::ALL.map(BlockUse::name),
    }
    ContractStateName { "type": "string", "enum": ContractState::ALL.map(ContractState::name) }
    SignatureReference {
        "description": "Where the signed document is kept; a pointer, never the document. Needed once it is active.",
        "type": "string", "pattern": "^[!-~]{1,200}$",
    }
    ExpectedVersion {
        "description": "The version this is a change of, as it was shown; CONFLICT if it is another by now.",
        "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32,
    }
    PrefixDigits {
        "description": "The first digits of E.164 numbers, without the plus sign.",
        "type": "string", "pattern": "^[1-9][0-9]{0,14}$",
    }
    Id { "description": "A UUID (RFC 9562).", "type": "string", "format": "uuid" }
    ExpectedLease {
        "description": "The lease the number is believed to be under; CONFLICT if it is not.",
        "type": "string", "format": "uuid",
    }
    ExpectedUntil {
        "description": "When the number's state is believed to end by itself, as `until` shows it; CONFLICT if it does not.",
        "type": "string", "format": "date-time",
    }
    Justification {
        "description": "Why the rules shall not apply, in at least 20 characters without those around them; kept as evidence.",
        "type": "string", "minLength": 20, "maxLength": 500,
    }
    Instant { "description": "An instant in UTC (RFC 3339), with milliseconds.", "type": "string", "format": "date-time" }
    Country { "description": "ISO 3166-1 alpha-2.", "type": "string", "pattern": "^[A-Z]{2}$" }
    Hex256 { "type": "string", "pattern": "^[0-9a-f]{64}$" }
    Label {
        "description": "A name people read: no control characters, no space around it.",
        "type": "string", "minLength": 1, "maxLength": 100,
    }
    NewPasswordText {
        "description": "12 to 128 characters, the login name not among them.",
        "type": "string", "minLength": 12, "maxLength": 128,
    }
    RegionName { "type": "string", "pattern": "^[a-z0-9-]{1,32}$" }
    AddressRangeText {
        "description": "A range of addresses (CIDR) or a single one, with no bit set behind the prefix.",
        "type": "string",
    }
    ReviewStateName { "type": "string", "enum": STATES.map(state_name) }
    ReviewVerdictName { "type": "string", "enum": VERDICTS.map(verdict_name) }
    RoleName { "type": "string", "enum": Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>() }
    MessageText {
        "description": "At most 10 segments of GSM 7-bit or UCS-2 (3GPP TS 23.038, 23.040). At least one visible \
            character; no control characters but line feed and carriage return.",
        "type": "string", "minLength": 1, "maxLength": 1530,
    }
    ValiditySeconds {
        "description": "How long the message may wait for the operator; a day if left out.",
        "type": "integer", "minimum": 1, "maximum": 604_800,
    }
    OnDoubt {
        "description": "What to do when nobody knows whether the operator took it; `fail` if left out.",
        "type": "string", "enum": ["fail", "resend"],
    }
    LaneName {
        "description": "What a message is for; one-time passwords overtake the rest, bulk waits for it.",
        "type": "string", "enum": Lane::ALL.map(lane_name),
    }
    EncodingName { "type": "string", "enum": ["gsm7", "ucs2"] }
    LedgerName { "type": "string", "enum": Ledger::ALL.map(Ledger::name) }
    Partition { "description": "Which part of the ledger; 0 but for `messages`.", "type": "integer", "minimum": 0, "maximum": 65535 }
    Position { "description": "Where a record stands in its ledger, from 1.", "type": "integer", "minimum": 1 }
    EventKind { "type": "string", "minLength": 1, "maxLength": 100 }
    RecordLimit { "description": "Records of an answer; 100 if left out.", "type": "integer", "minimum": 1, "maximum": 1000 }
    NumberStateName { "type": "string", "enum": names(NumberState::ALL, NumberState::name) }
    LeaseVerdictName { "type": "string", "enum": ["leased", "not_leased", "not_registered"] }
    ProfileName { "type": "string", "enum": PROFILES.each_ref().map(|profile| profile.name) }
    Month { "description": "A calendar month.", "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$" }
    ExportStateName { "type": "string", "enum": ["requested", "produced", "stored", "failed"] }
    TransitionReasonName { "type": "string", "enum": names(TransitionReason::ALL, TransitionReason::name) }
    SignatureSchemeName {
        "description": "How the key signs (RFC 8017): RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, or \
            RSASSA-PKCS1-v1_5 with SHA-256.",
        "type": "string", "enum": SignatureScheme::ALL.map(SignatureScheme::name),
    }
    FileStateName { "type": "string", "enum": names(FileState::ALL, FileState::name) }
    SignalKindName { "type": "string", "enum": names(SignalKind::ALL, SignalKind::name) }
    ConnectorStateName { "type": "string", "enum": names(ConnectorState::ALL, ConnectorState::name) }
    MessageStateName {
        "type": "string",
        "enum": names(MessageState::ALL, MessageState::name),
    }
    AuditEventTypeName { "type": "string", "enum": names(AuditEventType::ALL, AuditEventType::name) }
    ResourceName {
        "description": "As audit events name a type of thing, or a thing.",
        "type": "string", "minLength": 1, "maxLength": 200,
    }
    PostgresState { "type": "string", "enum": ["up", "down", "unknown"] }
    ProjectionsState { "type": "string", "enum": ["running", "waiting", "failed", "unknown"] }
    Cursor { "description": "The `next` of an earlier page of the same list.", "type": "string" }
    Next { "description": "The cursor of the next page; null on the last one.", "type": ["string", "null"] }
    PageLimit { "description": "Rows of a page; 50 if left out.", "type": "integer", "minimum": 1, "maximum": 200 }
    MinPosition {
        "description": "Wait, bounded, until what is read is at least at this position of its ledger.",
        "type": "integer", "minimum": 0,
    }
}

impl BodyRule {
    /// The largest body, in bytes, where it takes one.
    pub(super) fn bytes_max(self) -> Option<usize> {
        (self != Self::Empty).then(|| self.limit())
    }
}
