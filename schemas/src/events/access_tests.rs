//! Round trips of the events of `access`, and values they cannot have.
use super::tests::{actor, at, reason, request, same, sealed, sealed_for, session, tenant};
use super::{DataClass, catalogue, samples};
use crate::cbor::Writer;
use crate::{EventSchema, RawEvent, SchemaError};
use peyk_domain::access::{
    AccessEvent, AddressRange, AuditCount, AuditEntry, AuditKind, Envelope, KeyHash, Limits, LoginFailure, LoginToken,
    Region, ReviewVerdict, Role, SessionEnd,
};
use proptest::prelude::*;
use std::net::IpAddr;

fn envelope() -> impl Strategy<Value = Envelope> {
    (sealed_for(), sealed()).prop_map(|(sealed_for, sealed)| Envelope { sealed_for, sealed })
}

fn region() -> impl Strategy<Value = Region> {
    "[a-z0-9-]{1,32}".prop_map(|text| text.parse().expect("a region"))
}

fn roles() -> impl Strategy<Value = Vec<Role>> {
    proptest::collection::vec(prop::sample::select(Role::ALL.to_vec()), 0..20)
}

fn range() -> impl Strategy<Value = AddressRange> {
    let v4 = (any::<u32>(), 0..=32_u8).prop_map(|(bits, prefix)| {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        AddressRange::new(IpAddr::from((bits & mask).to_be_bytes()), prefix)
    });
    // Within 2000::/3, where nothing is mapped from IPv4.
    let v6 = (any::<u128>(), 3..=128_u8).prop_map(|(bits, prefix)| {
        let bits = 1 << 125 | bits >> 3;
        AddressRange::new(IpAddr::from((bits & u128::MAX << (128 - prefix)).to_be_bytes()), prefix)
    });
    prop_oneof![v4, v6].prop_map(|range| range.expect("no bit behind the prefix"))
}

fn ranges() -> impl Strategy<Value = Vec<AddressRange>> {
    proptest::collection::vec(range(), 0..20)
}

fn kind() -> impl Strategy<Value = AuditKind> {
    use AuditKind::*;
    prop::sample::select(vec![
        Created,
        Updated,
        Deleted,
        Denied,
        RateLimited,
        InvalidCredential,
        UnknownLogin,
        CrossTenantRead,
        Replayed,
        Suspicious,
    ])
}

fn session_end() -> impl Strategy<Value = SessionEnd> {
    use SessionEnd::*;
    prop::sample::select(vec![LoggedOut, Reused, Expired, PasswordChanged, RolesChanged, Disabled, Displaced])
}

fn login_failure() -> impl Strategy<Value = LoginFailure> {
    prop::sample::select(vec![LoginFailure::Password, LoginFailure::Code, LoginFailure::CodeUsedAgain])
}

fn verdict() -> impl Strategy<Value = ReviewVerdict> {
    prop::sample::select(vec![ReviewVerdict::Kept, ReviewVerdict::ToBeRemoved])
}

fn maybe() -> impl Strategy<Value = Option<peyk_domain::At>> {
    proptest::option::of(at())
}

prop_compose! {
    fn entry()(
        (kind, at, actor, tenant) in (kind(), at(), actor(), tenant()),
        (subject_tenant, request, source) in (tenant(), request(), envelope()),
        endpoint: String,
        resource: String,
        code: String,
        receipt: String,
    ) -> AuditEntry {
        AuditEntry { kind, at, actor, tenant, subject_tenant, request, endpoint, resource, code, receipt, source }
    }
}

fn of_tenants() -> impl Strategy<Value = AccessEvent> {
    use AccessEvent::*;
    prop_oneof![
        (request(), envelope()).prop_map(|(request, source)| Requested { request, source }),
        (tenant(), envelope(), region(), any::<u16>()).prop_map(|(tenant, name, region, partition)| TenantCreated {
            tenant,
            name,
            region,
            partition
        }),
        (tenant(), envelope()).prop_map(|(tenant, name)| TenantRenamed { tenant, name }),
        tenant().prop_map(|tenant| TenantSuspended { tenant }),
        tenant().prop_map(|tenant| TenantResumed { tenant }),
        (tenant(), any::<[u32; 3]>()).prop_map(|(tenant, [requests_per_minute, messages_per_minute, logins])| {
            let limits = Limits { requests_per_minute, messages_per_minute, logins_per_minute: logins };
            LimitsSet { tenant, limits }
        }),
        (tenant(), ranges()).prop_map(|(tenant, allowed)| AllowedSet { tenant, allowed }),
        (actor(), tenant(), any::<[u8; 32]>(), any::<[Option<u64>; 2]>(), (envelope(), roles(), ranges())).prop_map(
            |(key, tenant, hash, instants, (label, roles, allowed))| {
                let [expires, at] = instants.map(|instant| instant.map(peyk_domain::At));
                KeyCreated { key, tenant, hash: KeyHash(hash), label, roles, expires, allowed, at }
            }
        ),
        (tenant(), actor(), at(), reason()).prop_map(|(tenant, by, at, justification)| TenantErasureBegun {
            tenant,
            by,
            at,
            justification
        }),
        (tenant(), tenant(), at()).prop_map(|(tenant, tombstone, at)| TenantErased { tenant, tombstone, at }),
        actor().prop_map(|key| KeyRevoked { key }),
        actor().prop_map(|key| KeyExpired { key }),
        (range(), any::<Option<u64>>())
            .prop_map(|(range, until)| AddressesBlocked { range, until: until.map(peyk_domain::At) }),
        range().prop_map(|range| AddressesUnblocked { range }),
        entry().prop_map(|entry| AuditNoted { entry }),
        (kind(), tenant(), any::<u64>())
            .prop_map(|(kind, tenant, count)| AuditCounted { count: AuditCount { kind, tenant, count } }),
    ]
}

fn of_users() -> impl Strategy<Value = AccessEvent> {
    use AccessEvent::*;
    prop_oneof![
        (actor(), tenant(), any::<[u8; 32]>(), envelope(), envelope(), roles(), maybe()).prop_map(
            |(user, tenant, login, identity, verifier, roles, at)| {
                UserCreated { user, tenant, login: LoginToken(login), identity, verifier, roles, at }
            }
        ),
        (actor(), roles(), maybe()).prop_map(|(user, roles, at)| RolesSet { user, roles, at }),
        (actor(), at(), actor(), verdict()).prop_map(|(user, at, by, verdict)| UserReviewed { user, at, by, verdict }),
        (actor(), at(), actor(), verdict()).prop_map(|(key, at, by, verdict)| KeyReviewed { key, at, by, verdict }),
        (actor(), envelope()).prop_map(|(user, verifier)| PasswordSet { user, verifier }),
        actor().prop_map(|user| UserDisabled { user }),
        actor().prop_map(|user| UserEnabled { user }),
        (actor(), tenant(), actor(), at(), proptest::option::of(reason()))
            .prop_map(|(user, tenant, by, at, justification)| UserErased { user, tenant, by, at, justification }),
        (actor(), tenant(), at()).prop_map(|(user, tenant, at)| UserKeysDestroyed { user, tenant, at }),
        (actor(), envelope()).prop_map(|(user, secret)| TotpEnrolled { user, secret }),
        (actor(), any::<u64>()).prop_map(|(user, step)| TotpConfirmed { user, step }),
        actor().prop_map(|user| TotpRemoved { user }),
        (actor(), at()).prop_map(|(user, at)| LoginAttempted { user, at }),
        (actor(), session(), at(), any::<Option<u64>>())
            .prop_map(|(user, session, expires, totp_step)| { LoginSucceeded { user, session, expires, totp_step } }),
        (actor(), login_failure()).prop_map(|(user, reason)| LoginFailed { user, reason }),
        (actor(), at()).prop_map(|(user, until)| UserLocked { user, until }),
        actor().prop_map(|user| UserUnlocked { user }),
        (session(), any::<u32>()).prop_map(|(session, generation)| SessionRefreshed { session, generation }),
        (session(), session_end()).prop_map(|(session, reason)| SessionEnded { session, reason }),
    ]
}

proptest! {
    #[test]
    fn access_events_read_as_they_were_written(event in prop_oneof![of_tenants(), of_users()]) {
        same(&event)?;
    }
}

fn refused(kind: &'static str, field: &'static str, data: &Writer) {
    let raw = RawEvent { kind: kind.into(), version: 1, data: data.as_slice().to_vec().into() };
    assert_eq!(AccessEvent::from_raw(&raw), Err(SchemaError::Range { kind: kind.into(), field }), "{data:?}");
}

#[test]
fn an_address_with_bits_behind_its_prefix_is_refused() {
    for (network, prefix) in [
        (&[192, 0, 2, 1][..], 24_u16),
        (&[192, 0, 2, 0], 33),
        (&[192, 0, 2, 0], 280),
        (&[192, 0, 2], 24),
        (&[0; 17], 8),
        // Mapped from IPv4: there is one way to write it, and it is not this one.
        (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 0], 120),
    ] {
        let mut data = Writer::new();
        data.array(1).array(2).bytes(network).unsigned(prefix);
        refused("access.addresses_unblocked", "range", &data);
    }
}

#[test]
fn a_role_or_region_nobody_knows_is_refused() {
    let mut data = Writer::new();
    data.array(2).bytes(&[1; 16]).array(1).text("platform.emperor");
    refused("access.roles_set", "roles", &data);
    let created = samples::access()[1].to_raw();
    let mut other = created.data.to_vec();
    let at = other.windows(2).position(|two| two == b"af").expect("the region");
    other[at] = b'A';
    let read = AccessEvent::from_raw(&RawEvent { data: other.into(), ..created });
    assert_eq!(read, Err(SchemaError::Range { kind: "access.tenant_created".into(), field: "region" }));
}

/// What is personal or secret is sealed, and what is sealed is called restricted (SEC-15).
#[test]
fn what_is_sealed_is_restricted_and_the_other_way_round() {
    let of_access = catalogue().filter(|schema| schema.kind.starts_with("access."));
    for (schema, field) in of_access.flat_map(|schema| schema.fields.iter().map(move |field| (schema, field))) {
        let (sealed, restricted) = (field.cddl == "envelope", field.class == DataClass::Restricted);
        assert_eq!(sealed, restricted, "{}.{}", schema.kind, field.name);
    }
}
