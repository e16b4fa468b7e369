use super::AccessEvent::*;
use super::sample::*;
use super::*;
use crate::testing::given;
use crate::{ActorId, At, Span, TenantId};

const LASTS: Span = Span(1_000);

fn review(tenant: TenantId, by: ActorId, accounts: &[(ActorId, ReviewVerdict)]) -> AccessAction {
    AccessAction::Review { tenant, by, accounts: accounts.to_vec() }
}

fn kept(accounts: &[ActorId]) -> Vec<(ActorId, ReviewVerdict)> {
    accounts.iter().map(|account| (*account, ReviewVerdict::Kept)).collect()
}

fn state(directory: &Directory, account: ActorId, now: u64) -> ReviewState {
    directory.account(account).expect("an account").review_state(At(now), LASTS)
}

#[test]
fn a_review_says_who_looked_at_which_account_and_when() {
    let past = after([key_created(new_key(KEY, HERAT, &[Role::AccountSender]))]);
    let said = [(PARWIN, ReviewVerdict::Kept), (KEY, ReviewVerdict::ToBeRemoved)];
    let (user, key) =
        (Review { at: At(5), by: ROOT, verdict: said[0].1 }, Review { verdict: said[1].1, at: At(5), by: ROOT });
    let ledger = given::<Access>(past).when(at(5, OURS, review(HERAT, ROOT, &said))).then([
        UserReviewed { user: PARWIN, at: At(5), by: ROOT, verdict: said[0].1 },
        KeyReviewed { key: KEY, at: At(5), by: ROOT, verdict: said[1].1 },
    ]);
    let reviews = [PARWIN, KEY, QASIM].map(|id| ledger.state().account(id).and_then(Account::review));
    assert_eq!(reviews, [Some(user), Some(key), None]);
    // A key that is to go is still good until somebody revokes it.
    assert!(ledger.state().key(KEY).is_some());
}

#[test]
fn nobody_reviews_what_is_not_theirs_to_review() {
    let many: Vec<_> = (0..=REVIEWED_MAX as u128).map(|id| ActorId::from_bytes(id.to_be_bytes())).collect();
    for (scope, tenant, by, accounts, code) in [
        (OURS, HERAT, ROOT, kept(&[]), "INVALID_VALUE"),
        (OURS, HERAT, ROOT, kept(&many), "TOO_MANY"),
        (OURS, HERAT, ROOT, kept(&[PARWIN, PARWIN]), "INVALID_VALUE"),
        (OURS, HERAT, ROOT, kept(&[PARWIN, QASIM]), "NOT_FOUND"),
        (OURS, HERAT, ROOT, kept(&[KEY]), "NOT_FOUND"),
        (OURS, TenantId::from_bytes([9; 16]), ROOT, kept(&[PARWIN]), "NOT_FOUND"),
        (OURS, TenantId::NIL, ROOT, kept(&[ROOT]), "INSUFFICIENT_SCOPE"),
        (Scope::Tenant(HERAT), KABUL, PARWIN, kept(&[QASIM]), "NOT_FOUND"),
        (Scope::Tenant(HERAT), TenantId::NIL, PARWIN, kept(&[ROOT]), "NOT_FOUND"),
    ] {
        let outcome = given::<Access>(founded()).when(at(5, scope, review(tenant, by, &accounts)));
        assert_eq!(outcome.code(AccessError::code), code, "{accounts:?}");
    }
    // From a shell the platform itself reviews, also its last admin.
    let by_shell = review(TenantId::NIL, ActorId::NIL, &kept(&[ROOT]));
    let reviewed = UserReviewed { user: ROOT, at: At(5), by: ActorId::NIL, verdict: ReviewVerdict::Kept };
    given::<Access>(founded()).when(at(5, OURS, by_shell)).then([reviewed]);
}

#[test]
fn an_account_is_due_so_long_after_it_was_created_or_looked_at() {
    let mut expiring = new_key(KEY, HERAT, &[]);
    expiring.expires = Some(At(1_500));
    let old = ActorId::from_bytes([30; 16]);
    let mut of_before = user_created(old, HERAT, &[]);
    if let UserCreated { at, .. } = &mut of_before {
        *at = None;
    }
    let ledger = given::<Access>(after([of_before, key_created(expiring)]));
    let directory = ledger.state();
    assert_eq!([999, 1_000].map(|now| state(directory, PARWIN, now)), [ReviewState::Current, ReviewState::Overdue]);
    assert_eq!(state(directory, old, 1), ReviewState::Overdue, "nobody knows how long it is there");
    assert_eq!([1_000, 1_500].map(|now| state(directory, KEY, now)), [ReviewState::Overdue, ReviewState::Current]);
    // The first admin, two users of tenants, the old one and the key.
    assert_eq!([1, 1_000, 1_500].map(|now| directory.reviews_to_do(At(now), LASTS)), [(1, 0), (5, 0), (4, 0)]);

    let said = [(PARWIN, ReviewVerdict::Kept), (old, ReviewVerdict::ToBeRemoved)];
    let ledger = ledger.when(at(1_500, OURS, review(HERAT, ROOT, &said))).committed();
    assert_eq!(state(ledger.state(), PARWIN, 2_499), ReviewState::Current);
    assert_eq!(state(ledger.state(), PARWIN, 2_500), ReviewState::Overdue);
    assert_eq!(state(ledger.state(), old, 1_501), ReviewState::ToBeRemoved);
    assert_eq!(ledger.state().reviews_to_do(At(1_501), LASTS), (2, 1));
    let ledger = ledger.when(at(1_600, OURS, AccessAction::DisableUser { user: old })).committed();
    assert_eq!(state(ledger.state(), old, 9_000), ReviewState::Current, "what was to be done is done");
}

#[test]
fn it_is_known_since_when_an_account_has_its_roles() {
    let roles = vec![Role::AccountReader];
    let ledger = given::<Access>(founded())
        .when(at(7, OURS, AccessAction::CreateUser(new_user(KEY, HERAT, &[]))))
        .committed()
        .when(at(9, OURS, AccessAction::SetRoles { user: KEY, roles }))
        .committed();
    let account = ledger.state().account(KEY).expect("an account");
    assert_eq!((account.created(), account.roles_since()), (Some(At(7)), Some(At(9))));
}

#[test]
fn accounts_come_in_the_order_of_their_ids_whatever_they_are() {
    let ids: Vec<ActorId> = (40..48).map(|id| ActorId::from_bytes([id; 16])).collect();
    let more = ids.iter().enumerate().map(|(nth, id)| match nth % 3 {
        0 => user_created(*id, HERAT, &[]),
        _ => key_created(new_key(*id, HERAT, &[])),
    });
    let ledger = given::<Access>(after(more));
    let listed = |cursor| ledger.state().accounts_of(HERAT, cursor).map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(listed(None), [&[PARWIN][..], &ids].concat());
    assert_eq!(listed(Some(ids[3])), ids[4..]);
    assert_eq!(ledger.state().accounts_of(KABUL, None).map(|(id, _)| id).collect::<Vec<_>>(), [QASIM]);
}
