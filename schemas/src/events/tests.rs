//! Round trips, and data that somebody made up.
use super::samples;
use crate::cbor::CborError;
use crate::{EventSchema, RawEvent, SchemaError};
use peyk_domain::access::AccessEvent;
use peyk_domain::messages::{
    DecidedOn, DoubtPolicy, Encoding, FailureReason, Generation, Lane, Leaf, MessageEvent, MonthKey, ReceiptState,
    RecipientToken, RefusalReason, RequeueReason, RetentionClass, Sealed, SealedFor,
};
use peyk_domain::numbering::{
    ExportProof, Listing, NumberType, NumberingEvent, Reason, ReservationQuota, Skeleton, SkeletonVersion, Term,
};
use peyk_domain::routing::{Prefix, RoutingEvent};
use peyk_domain::{
    ActorId, AlphaId, At, BlockId, ConnectorId, ExportId, LeaseId, MessageId, Msisdn, OperatorId, RequestId, RouteId,
    SenderId, SessionId, ShortCode, TenantId,
};
use proptest::prelude::*;
use std::fmt::Debug;

macro_rules! any_id {
    ($($name:ident: $type:ident),+ $(,)?) => {$(
        pub(super) fn $name() -> impl Strategy<Value = $type> {
            any::<[u8; 16]>().prop_map($type::from_bytes)
        }
    )+};
}

any_id! {
    actor: ActorId, request: RequestId, session: SessionId,
    block: BlockId, connector: ConnectorId, export: ExportId, lease: LeaseId, message: MessageId, operator: OperatorId, route: RouteId,
    tenant: TenantId,
}

fn msisdn() -> impl Strategy<Value = Msisdn> {
    (10_000_000_u64..=999_999_999_999_999).prop_map(|digits| Msisdn::from_digits(digits).expect("in range"))
}

fn number() -> impl Strategy<Value = SenderId> {
    let code = (100_u32..=999_999).prop_map(|digits| ShortCode::from_digits(digits).expect("in range").into());
    prop_oneof![msisdn().prop_map(SenderId::from), code, alpha().prop_map(SenderId::from)]
}

fn alpha() -> impl Strategy<Value = AlphaId> {
    "[A-Za-z0-9][A-Za-z0-9 .&ÄÖÑÜΔ-]{0,9}[a-z]".prop_map(|text| text.parse().expect("a sender"))
}

fn skeleton() -> impl Strategy<Value = Skeleton> {
    any::<(u32, String)>().prop_map(|(version, text)| Skeleton { version: SkeletonVersion(version), text: text.into() })
}

fn listing() -> impl Strategy<Value = Listing> {
    let listed = number().prop_filter("senders are not listed", |number| number.digits().is_some());
    (listed, any::<bool>()).prop_map(|(number, vanity)| {
        if vanity { Listing::new(number, NumberType::Vanity).expect("a listing") } else { number.into() }
    })
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (1_u64..=999_999_999_999_999).prop_map(|digits| Prefix::from_digits(digits).expect("in range"))
}

pub(super) fn at() -> impl Strategy<Value = At> {
    any::<u64>().prop_map(At)
}

fn decided_on() -> impl Strategy<Value = DecidedOn> {
    any::<(u64, u64)>().prop_map(|(numbering, routing)| DecidedOn { numbering, routing })
}

pub(super) fn sealed() -> impl Strategy<Value = Sealed> {
    proptest::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| Sealed(bytes.into()))
}

pub(super) fn sealed_for() -> impl Strategy<Value = SealedFor> {
    use RetentionClass::{Audit, Directory, Message};
    let classes = prop::sample::select(vec![Message, Directory, Audit]);
    (classes, any::<(u32, u32, u64)>()).prop_map(|(class, (month, generation, leaf))| SealedFor {
        class,
        month: MonthKey(month),
        generation: Generation(generation),
        leaf: Leaf(leaf),
    })
}

fn receipt_state() -> impl Strategy<Value = ReceiptState> {
    use ReceiptState::*;
    prop::sample::select(vec![Enroute, Delivered, Expired, Deleted, Undeliverable, Accepted, Unknown, Rejected])
}

fn failure() -> impl Strategy<Value = FailureReason> {
    prop_oneof![
        any::<u32>().prop_map(|status| FailureReason::Rejected { status }),
        Just(FailureReason::InDoubt),
        Just(FailureReason::Unreadable),
    ]
}

prop_compose! {
    fn accepted()(
        (message, tenant, sender, token) in (message(), tenant(), msisdn(), any::<[u8; 16]>()),
        (sealed_for, recipient, body) in (sealed_for(), sealed(), sealed()),
        encoding in prop::sample::select(vec![Encoding::Gsm7, Encoding::Ucs2]),
        segments: u8,
        lane in prop::sample::select(Lane::ALL.to_vec()),
        (connector, expires, decided_on) in (connector(), at(), decided_on()),
        on_doubt in prop::sample::select(vec![DoubtPolicy::Fail, DoubtPolicy::Resend]),
    ) -> MessageEvent {
        let token = RecipientToken(token);
        MessageEvent::MessageAccepted {
            message, tenant, sender, token, sealed_for, recipient, body, encoding, segments, lane, connector, expires,
            on_doubt, decided_on,
        }
    }
}

fn term() -> impl Strategy<Value = Term> {
    (at(), 1..=u8::MAX, 1..=31_u8, any::<bool>()).prop_map(|(expires, months, day, renews)| Term {
        expires,
        months,
        day,
        renews,
    })
}

pub(super) fn reason() -> impl Strategy<Value = Reason> {
    "[ -~]{0,60}".prop_map(|text| Reason::new(&text).expect("a reason"))
}

fn numbering_event() -> impl Strategy<Value = NumberingEvent> {
    use NumberingEvent::*;
    prop_oneof![
        (block(), any::<String>(), proptest::collection::vec(listing(), 0..40))
            .prop_map(|(block, mno, numbers)| NumbersListed { block, mno, numbers }),
        (number(), lease(), tenant(), at(), at()).prop_map(|(number, lease, tenant, since, until)| NumberReserved {
            number,
            lease,
            tenant,
            since,
            until
        }),
        (alpha(), skeleton(), lease(), tenant(), at(), at()).prop_map(
            |(alpha, skeleton, lease, tenant, since, until)| {
                SenderReserved { alpha, skeleton, lease, tenant, since, until }
            }
        ),
        proptest::collection::vec((alpha(), skeleton()), 0..20).prop_map(|skeletons| SkeletonsRenewed { skeletons }),
        (number(), lease(), tenant(), at()).prop_map(|(number, lease, tenant, until)| NumberHeld {
            number,
            lease,
            tenant,
            until
        }),
        (number(), lease(), tenant(), proptest::option::of(term()))
            .prop_map(|(number, lease, tenant, term)| NumberAssigned { number, lease, tenant, term }),
        (number(), lease(), tenant(), at()).prop_map(|(number, lease, tenant, expires)| LeaseRenewed {
            number,
            lease,
            tenant,
            expires
        }),
        (number(), lease(), tenant(), at(), at()).prop_map(|(number, lease, tenant, since, cools_until)| {
            NumberReleased { number, lease, tenant, since, cools_until }
        }),
        (number(), lease(), tenant(), at(), at()).prop_map(|(number, lease, tenant, since, cools_until)| {
            LeaseExpired { number, lease, tenant, since, cools_until }
        }),
        (number(), lease(), tenant(), at(), at(), reason()).prop_map(
            |(number, lease, tenant, since, cools_until, reason)| {
                NumberRecalled { number, lease, tenant, since, cools_until, reason }
            }
        ),
        (number(), lease(), tenant(), reason()).prop_map(|(number, lease, tenant, justification)| LeaseReinstated {
            number,
            lease,
            tenant,
            justification
        }),
        (number(), at(), at(), reason()).prop_map(|(number, since, cools_until, justification)| {
            NumberReturned { number, since, cools_until, justification }
        }),
        (number(), at(), reason()).prop_map(|(number, until, justification)| CoolOffOverridden {
            number,
            until,
            justification
        }),
        (number(), reason()).prop_map(|(number, justification)| NumberRetired { number, justification }),
        (tenant(), any::<u32>(), any::<u32>()).prop_map(|(tenant, at_once, per_minute)| ReservationQuotaSet {
            tenant,
            quota: ReservationQuota { at_once, per_minute }
        }),
        (tenant(), at()).prop_map(|(tenant, at)| TenantErasureBegun { tenant, at }),
        (tenant(), tenant(), at()).prop_map(|(tenant, tombstone, at)| TenantErased { tenant, tombstone, at }),
        (tenant(), at(), at()).prop_map(|(tenant, at, again)| ReservationBurst { tenant, at, again }),
        (export(), "[a-z-]{1,32}", "[0-9]{4}-[0-9]{2}", at())
            .prop_map(|(export, profile, period, since)| ExportRequested { export, profile, period, since }),
        (export(), any::<[u8; 32]>(), any::<[u8; 32]>(), proptest::collection::vec(any::<u8>(), 1..=512)).prop_map(
            |(export, manifest, key, signature)| ExportProduced {
                export,
                proof: ExportProof { manifest, key, signature }
            }
        ),
        (export(), any::<String>()).prop_map(|(export, place)| ExportStored { export, place }),
        (export(), any::<String>()).prop_map(|(export, code)| ExportFailed { export, code }),
        (any::<u64>(), at()).prop_map(|(position, at)| NumberAuditVerified { position, at }),
        (any::<u64>(), at()).prop_map(|(position, at)| NumberAuditBroken { position, at }),
        (number(), lease(), tenant(), any::<u32>()).prop_map(|(number, lease, tenant, recalls)| {
            RecalledNumberLeasedAgain { number, lease, tenant, recalls }
        }),
        (number(), lease(), tenant()).prop_map(|(number, lease, tenant)| ReservationExpired { number, lease, tenant }),
        number().prop_map(|number| QuarantineEnded { number }),
    ]
}

fn routing_event() -> impl Strategy<Value = RoutingEvent> {
    use RoutingEvent::*;
    prop_oneof![
        (operator(), any::<String>(), any::<String>()).prop_map(|(operator, name, country)| OperatorRegistered {
            operator,
            name,
            country
        }),
        (connector(), operator(), any::<String>()).prop_map(|(connector, operator, name)| ConnectorRegistered {
            connector,
            operator,
            name
        }),
        (route(), prefix(), connector(), any::<u16>(), any::<u16>(), any::<u64>()).prop_map(
            |(route, prefix, connector, priority, weight, cost)| RouteSet {
                route,
                prefix,
                connector,
                priority,
                weight,
                cost
            }
        ),
        route().prop_map(|route| RouteRemoved { route }),
        connector().prop_map(|connector| ConnectorClosed { connector }),
        connector().prop_map(|connector| ConnectorOpened { connector }),
    ]
}

fn message_event() -> impl Strategy<Value = MessageEvent> {
    use MessageEvent::*;
    use RequeueReason::{InDoubt, NotSent, Throttled};
    let refusals = vec![
        RefusalReason::SenderUnauthorized,
        RefusalReason::NoRoute,
        RefusalReason::RouteUnknown,
        RefusalReason::RateLimited,
    ];
    prop_oneof![
        accepted(),
        (message(), tenant(), prop::sample::select(refusals), decided_on())
            .prop_map(|(message, tenant, reason, decided_on)| MessageRefused { message, tenant, reason, decided_on }),
        (message(), any::<u32>(), connector()).prop_map(|(message, attempt, connector)| MessageDispatched {
            message,
            attempt,
            connector
        }),
        (message(), any::<u32>(), connector(), any::<String>()).prop_map(|(message, attempt, connector, smsc_id)| {
            MessageSubmitted { message, attempt, connector, smsc_id }
        }),
        (message(), any::<u32>(), prop::sample::select(vec![Throttled, NotSent, InDoubt]))
            .prop_map(|(message, attempt, reason)| MessageRequeued { message, attempt, reason }),
        (message(), any::<u32>()).prop_map(|(message, attempt)| MessageInDoubt { message, attempt }),
        (message(), failure()).prop_map(|(message, reason)| MessageFailed { message, reason }),
        (message(), receipt_state(), any::<Option<String>>()).prop_map(|(message, state, error)| ReceiptReceived {
            message,
            state,
            error
        }),
        (connector(), any::<String>(), receipt_state(), any::<Option<String>>())
            .prop_map(|(connector, smsc_id, state, error)| ReceiptUnmatched { connector, smsc_id, state, error }),
        (tenant(), at()).prop_map(|(tenant, at)| TenantErased { tenant, at }),
        (tenant(), at(), any::<u32>(), any::<u64>()).prop_map(|(tenant, at, limit, missing)| QuotaDrawn {
            tenant,
            at,
            limit,
            missing
        }),
        message().prop_map(|message| MessageExpired { message }),
    ]
}

pub(super) fn same<E: EventSchema + PartialEq + Debug>(event: &E) -> Result<(), TestCaseError> {
    let raw = event.to_raw();
    let read = E::from_raw(&raw);
    prop_assert_eq!(read.as_ref(), Ok(event));
    let mut reader = raw.reader();
    prop_assert!(reader.skip().is_ok() && reader.end().is_ok(), "data is one value");
    Ok(())
}

const ALL_COUNT: usize = 63 + 35;

fn all_raw() -> Vec<RawEvent> {
    fn raw<E: EventSchema>(samples: &[E]) -> Vec<RawEvent> {
        samples.iter().map(EventSchema::to_raw).collect()
    }
    let (numbering, routing) = (raw(&samples::numbering()), raw(&samples::routing()));
    [numbering, routing, raw(&samples::messages()), raw(&samples::access())].concat()
}

/// What reading as the context the kind belongs to comes to.
fn read(raw: &RawEvent) -> Result<(), SchemaError> {
    match raw.kind.split_once('.').expect("a context").0 {
        "numbering" => NumberingEvent::from_raw(raw).map(drop),
        "routing" => RoutingEvent::from_raw(raw).map(drop),
        "access" => AccessEvent::from_raw(raw).map(drop),
        _ => MessageEvent::from_raw(raw).map(drop),
    }
}

fn with_data(raw: &RawEvent, data: Vec<u8>) -> RawEvent {
    RawEvent { data: data.into(), ..raw.clone() }
}

proptest! {
    #[test]
    fn numbering_events_read_as_they_were_written(event in numbering_event()) {
        same(&event)?;
    }

    #[test]
    fn routing_events_read_as_they_were_written(event in routing_event()) {
        same(&event)?;
    }

    #[test]
    fn message_events_read_as_they_were_written(event in message_event()) {
        same(&event)?;
    }

    #[test]
    fn made_up_data_never_panics(which in 0..ALL_COUNT, data in proptest::collection::vec(any::<u8>(), 0..80)) {
        drop(read(&with_data(&all_raw()[which], data)));
    }

    #[test]
    fn altered_data_is_refused_or_writes_back_as_it_was(which in 0..ALL_COUNT, place: prop::sample::Index, byte: u8) {
        let raw = &all_raw()[which];
        let mut data = raw.data.to_vec();
        let place = place.index(data.len());
        data[place] = byte;
        let altered = with_data(raw, data);
        match raw.kind.split_once('.').expect("a context").0 {
            "numbering" => if let Ok(event) = NumberingEvent::from_raw(&altered) { prop_assert_eq!(event.to_raw(), altered) },
            "routing" => if let Ok(event) = RoutingEvent::from_raw(&altered) { prop_assert_eq!(event.to_raw(), altered) },
            "access" => if let Ok(event) = AccessEvent::from_raw(&altered) { prop_assert_eq!(event.to_raw(), altered) },
            _ => if let Ok(event) = MessageEvent::from_raw(&altered) { prop_assert_eq!(event.to_raw(), altered) },
        }
    }
}

#[test]
fn every_truncation_and_every_appendix_is_refused() {
    let all = all_raw();
    assert_eq!(all.len(), ALL_COUNT);
    for raw in all {
        for length in 0..raw.data.len() {
            let refused = read(&with_data(&raw, raw.data[..length].to_vec()));
            assert!(matches!(refused, Err(SchemaError::Shape { .. })), "{} cut to {length}: {refused:?}", raw.kind);
        }
        let longer = with_data(&raw, [&raw.data[..], &[0]].concat());
        let offset = raw.data.len();
        let trailing = SchemaError::Shape { kind: raw.kind.to_string(), source: CborError::Trailing { offset } };
        assert_eq!(read(&longer), Err(trailing));
    }
}

#[test]
fn another_count_of_values_is_refused() {
    for raw in all_raw() {
        let count = raw.data[0];
        for other in [count - 1, count + 1] {
            let mut data = raw.data.to_vec();
            data[0] = other;
            assert!(matches!(read(&with_data(&raw, data)), Err(SchemaError::Shape { .. })), "{}", raw.kind);
        }
    }
}

#[test]
fn an_unknown_kind_or_version_asks_for_an_upgrade() {
    let kind = "numbering.number_painted".to_owned();
    let raw = RawEvent { kind: kind.clone().into(), version: 1, data: vec![0x80].into() };
    assert_eq!(NumberingEvent::from_raw(&raw), Err(SchemaError::UnknownKind { kind }));
    for raw in all_raw() {
        let kind = raw.kind.to_string();
        for version in [0, raw.version + 1, u16::MAX] {
            let raw = RawEvent { version, ..raw.clone() };
            assert_eq!(read(&raw), Err(SchemaError::UnknownVersion { kind: kind.clone(), version }));
        }
    }
    let foreign = samples::routing()[0].to_raw();
    assert!(matches!(NumberingEvent::from_raw(&foreign), Err(SchemaError::UnknownKind { .. })));
}

#[test]
fn errors_name_the_field_and_never_the_value() {
    let raw = samples::numbering()[6].to_raw();
    let short_number = with_data(&raw, vec![0x81, 0x18, 0x2a]);
    let range = SchemaError::Range { kind: "numbering.quarantine_ended".into(), field: "number" };
    assert_eq!(NumberingEvent::from_raw(&short_number), Err(range));
    let bytes = with_data(&raw, vec![0x81, 0x42, b'4', b'2']);
    let refused = NumberingEvent::from_raw(&bytes).expect_err("not a number").to_string();
    assert_eq!(refused, "event numbering.quarantine_ended: expected number (SenderId) at byte 1");
}

#[test]
fn a_code_never_given_is_out_of_range() {
    let raw = MessageEvent::MessageRequeued { message: MessageId::NIL, attempt: 1, reason: RequeueReason::Throttled }
        .to_raw();
    let mut data = raw.data.to_vec();
    *data.last_mut().expect("the reason") = 3;
    let refused = MessageEvent::from_raw(&with_data(&raw, data));
    assert_eq!(refused, Err(SchemaError::Range { kind: "messages.message_requeued".into(), field: "reason" }));
}

#[test]
fn a_length_that_cannot_be_is_refused_before_anything_is_reserved() {
    let raw = samples::numbering()[0].to_raw();
    // Block, operator, then an array or a text that claims 2^63 values.
    for huge in [0x9b_u8, 0x7b, 0x5b] {
        let mut data = raw.data[..25].to_vec();
        data.extend([huge, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert!(matches!(read(&with_data(&raw, data)), Err(SchemaError::Shape { .. })), "{huge:x}");
    }
}
