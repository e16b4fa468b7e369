//! What tells that the same idempotency key came with another request.
use crate::call::{PlainMessage, SealedCommand};
use crate::wire::{self, Request, WireError};
use peyk_domain::access::{AccessAction, AccessCommand, Envelope, NewKey, NewUser};
use peyk_domain::messages::{DoubtPolicy, Lane, Sealed};

/// The fingerprint of a request without personal data: BLAKE3 over its bytes on the wire, the first 16 of them.
///
/// # Errors
/// [`WireError`] for a command that never travels.
pub(crate) fn fingerprint_of(request: &Request) -> Result<[u8; 16], WireError> {
    let canonical = match request {
        Request::Access(sealed) => wire::canonical(&Request::Access(without_ciphertext(sealed.clone())))?,
        request => wire::canonical(request)?,
    };
    Ok(shortened(blake3::hash(&canonical)))
}

/// A command as it is whenever it is asked for. A repeat is sealed under other nonces, a password has another salt, and a
/// request made again has another id; what was sealed counts by the digest that came with it.
fn without_ciphertext(sealed: SealedCommand) -> SealedCommand {
    let SealedCommand { command: AccessCommand { scope, origin: _, action }, digest } = sealed;
    SealedCommand { command: AccessCommand { scope, origin: None, action: action_without_ciphertext(action) }, digest }
}

fn action_without_ciphertext(action: AccessAction) -> AccessAction {
    use AccessAction::*;
    let empty = |envelope: Envelope| Envelope { sealed: Sealed(Box::default()), ..envelope };
    let of_user = |user: NewUser| NewUser { identity: empty(user.identity), verifier: empty(user.verifier), ..user };
    match action {
        Bootstrap(user) => Bootstrap(of_user(user)),
        CreateUser(user) => CreateUser(of_user(user)),
        CreateTenant { tenant, name, region, partition } => {
            CreateTenant { tenant, name: empty(name), region, partition }
        }
        RenameTenant { tenant, name } => RenameTenant { tenant, name: empty(name) },
        SetPassword { user, verifier } => SetPassword { user, verifier: empty(verifier) },
        EnrolTotp { user, secret } => EnrolTotp { user, secret: empty(secret) },
        // The hash counts: a request made again brings another key, which must not be taken for the one that was kept.
        CreateKey(key) => CreateKey(NewKey { label: empty(key.label), ..key }),
        Note { mut entries, counts } => {
            for entry in &mut entries {
                entry.source.sealed = Sealed(Box::default());
            }
            Note { entries, counts }
        }
        plain @ (SuspendTenant { .. }
        | ResumeTenant { .. }
        | SetLimits { .. }
        | SetAllowed { .. }
        | SetRoles { .. }
        | DisableUser { .. }
        | EnableUser { .. }
        | EraseUser { .. }
        | CompleteUserErasure { .. }
        | EraseTenant { .. }
        | CompleteTenantErasure { .. }
        | UnlockUser { .. }
        | ConfirmTotp { .. }
        | RemoveTotp { .. }
        | AttemptLogin { .. }
        | ConcludeLogin { .. }
        | RefreshSession { .. }
        | EndSession { .. }
        | RevokeKey { .. }
        | Review { .. }
        | BlockAddresses { .. }
        | UnblockAddresses { .. }
        | Tick) => plain,
    }
}

/// What of one message is fingerprinted, under a key of its recipient: what the tenant chose, and not the message id,
/// which the edge may draw anew each time.
pub(crate) fn payload(message: &PlainMessage) -> zeroize::Zeroizing<Vec<u8>> {
    let PlainMessage { message: _, sender, recipient, body, lane, validity, on_doubt, whole } = message;
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(43 + body.len()));
    bytes.extend_from_slice(&sender.digits().to_be_bytes());
    bytes.extend_from_slice(&recipient.digits().to_be_bytes());
    bytes.extend_from_slice(&validity.0.to_be_bytes());
    bytes.push(match lane {
        Lane::Otp => 0,
        Lane::Transactional => 1,
        Lane::Bulk => 2,
    });
    bytes.push(match on_doubt {
        DoubtPolicy::Fail => 0,
        DoubtPolicy::Resend => 1,
    });
    bytes.push(u8::from(whole.is_some()));
    bytes.extend_from_slice(whole.as_ref().map_or(&[], |digest| &digest[..]));
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// One fingerprint for all items of a command; that of the item where there is one only.
pub(crate) fn combined(items: &[[u8; 16]]) -> [u8; 16] {
    match items {
        [single] => *single,
        many => shortened(blake3::hash(many.as_flattened())),
    }
}

fn shortened(hash: blake3::Hash) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hash.as_bytes()[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::golden_access::{actions, new_key, new_user};
    use peyk_domain::RequestId;
    use peyk_domain::access::{KeyHash, Origin, Role, Scope};
    use peyk_domain::messages::Lane;
    use peyk_domain::numbering::NumberingCommand;
    use peyk_domain::{LeaseId, MessageId, Msisdn, Span, TenantId};

    fn message() -> PlainMessage {
        PlainMessage {
            message: MessageId::from_bytes([1; 16]),
            sender: Msisdn::from_digits(93_700_000_001).unwrap(),
            recipient: Msisdn::from_digits(93_700_000_002).unwrap(),
            body: "salaam".to_owned(),
            lane: Lane::Otp,
            validity: Span::minutes(5),
            on_doubt: DoubtPolicy::Fail,
            whole: None,
        }
    }

    #[test]
    fn whatever_the_tenant_chose_counts_and_the_message_id_does_not() {
        let same = PlainMessage { message: MessageId::from_bytes([2; 16]), ..message() };
        assert_eq!(*payload(&message()), *payload(&same));
        let others = [
            PlainMessage { sender: Msisdn::from_digits(93_700_000_009).unwrap(), ..message() },
            PlainMessage { recipient: Msisdn::from_digits(93_700_000_009).unwrap(), ..message() },
            PlainMessage { body: "salaam!".to_owned(), ..message() },
            PlainMessage { lane: Lane::Bulk, ..message() },
            PlainMessage { validity: Span::minutes(6), ..message() },
            PlainMessage { on_doubt: DoubtPolicy::Resend, ..message() },
            PlainMessage { whole: Some([1; 16]), ..message() },
            PlainMessage { whole: Some([2; 16]), ..message() },
        ];
        for other in &others {
            assert_ne!(*payload(&message()), *payload(other), "{other:?}");
        }
    }

    #[test]
    fn the_payload_is_written_down() {
        let hex: String = payload(&message()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "00000015d0f4890100000015d0f4890200000000000493e000000073616c61616d");
    }

    #[test]
    fn items_count_in_their_order() {
        let (one, two) = ([1; 16], [2; 16]);
        assert_eq!(combined(&[one]), one);
        assert_ne!(combined(&[one, two]), combined(&[two, one]));
        assert_ne!(combined(&[one, two]), combined(&[one]));
    }

    #[test]
    fn a_command_has_one_fingerprint_and_another_command_another() {
        let reserve = |ttl| {
            Request::Numbering(NumberingCommand::Reserve {
                number: "+93700000001".parse().unwrap(),
                lease: LeaseId::from_bytes([3; 16]),
                tenant: TenantId::from_bytes([4; 16]),
                ttl,
                vanity: false,
            })
        };
        assert_eq!(fingerprint_of(&reserve(Span::hours(1))), fingerprint_of(&reserve(Span::hours(1))));
        assert_ne!(fingerprint_of(&reserve(Span::hours(1))), fingerprint_of(&reserve(Span::hours(2))));
    }

    #[test]
    fn time_does_not_travel() {
        assert!(fingerprint_of(&Request::Numbering(NumberingCommand::Tick)).is_err());
    }

    fn access(action: AccessAction) -> SealedCommand {
        AccessCommand { scope: Scope::Platform, origin: None, action }.into()
    }

    fn of(sealed: &SealedCommand) -> [u8; 16] {
        fingerprint_of(&Request::Access(sealed.clone())).unwrap()
    }

    /// What a repeat cannot bring again counts for nothing: nonces, the salt of a password, the request's id.
    #[test]
    fn a_command_sealed_anew_is_the_same() {
        let other = |envelope: &Envelope| Envelope { sealed: Sealed(vec![0x77; 60].into()), ..envelope.clone() };
        let user = new_user();
        let again = NewUser { identity: other(&user.identity), verifier: other(&user.verifier), ..user.clone() };
        let origin = Origin { request: RequestId::from_bytes([1; 16]), source: user.identity.clone() };
        let mut asked_again = access(AccessAction::CreateUser(again));
        asked_again.command.origin = Some(origin);
        assert_eq!(of(&access(AccessAction::CreateUser(user))), of(&asked_again));
    }

    /// Two access keys are two, whatever they are called; a repeat must not get the hash of a key it does not hold.
    #[test]
    fn what_is_asked_for_counts_and_so_does_the_digest() {
        let (user, key) = (new_user(), new_key());
        let named = |digest| SealedCommand { digest, ..access(AccessAction::CreateUser(user.clone())) };
        assert_ne!(of(&named([1; 16])), of(&named([2; 16])));
        let roles = NewUser { roles: vec![Role::AccountReader], ..user.clone() };
        assert_ne!(of(&named([0; 16])), of(&access(AccessAction::CreateUser(roles))));
        let another = NewKey { hash: KeyHash([1; 32]), ..key.clone() };
        assert_ne!(of(&access(AccessAction::CreateKey(key))), of(&access(AccessAction::CreateKey(another))));
        let fingerprints: std::collections::HashSet<_> =
            actions().into_iter().map(|(_, action)| of(&access(action))).collect();
        assert_eq!(fingerprints.len(), actions().len());
    }
}
