use super::sample::*;
use super::*;
use crate::kept::kept;
use crate::numbering::{
    Counts, Inventory, LeaseVerdict, Lifecycle, Listing, Numbering, NumberingCommand, NumberingError, NumberingEvent,
    Reason,
};
use crate::testing::{Given, given};
use crate::{ApprovalId, At, BlockId, Dated, ImportKeyId, LeaseId, SenderId, Span, TenantId};

/// A file, the key that signed it, and its signatures, made by OpenSSL.
const FILE: &[u8] = include_bytes!("../../../golden/import/file.csv");
const PUBLIC_KEY: &[u8] = include_bytes!("../../../golden/import/key.der");
const PSS: &[u8] = include_bytes!("../../../golden/import/pss.sig");
const PKCS1: &[u8] = include_bytes!("../../../golden/import/pkcs1.sig");
/// RSA of 1024 bits.
const SMALL_KEY: &[u8] = include_bytes!("../../../golden/import/small.der");

const NOW: u64 = 1_790_000_000_000;
const DAY: u64 = 86_400_000;

fn numbers() -> Vec<Listing> {
    vec![number(1), number(2)]
}

fn registered(scheme: SignatureScheme) -> NumberingEvent {
    NumberingEvent::ImportKeyRegistered {
        key: KEY,
        mno: "Roshan".to_owned(),
        scheme,
        public_key: PUBLIC_KEY.to_vec(),
        valid_from: At(NOW),
        expires: At(NOW).plus(KEY_LASTS),
    }
}

fn register(key: ImportKeyId, public_key: &[u8], lasts: Span) -> ImportCommand {
    let (mno, scheme) = ("Roshan".to_owned(), SignatureScheme::PssSha256);
    ImportCommand::RegisterKey { key, mno, scheme, public_key: public_key.to_vec(), valid_from: None, lasts }
}

fn signed(signature: &[u8]) -> BatchOpening {
    opening(&numbers(), block(1), Voucher::Signature { key: KEY, signature: signature.to_vec() })
}

fn staged(numbers: &[Listing]) -> NumberingEvent {
    NumberingEvent::RowsStaged { file: file_of(&self::numbers()), numbers: numbers.to_vec() }
}

fn stage(first: u32, numbers: &[Listing]) -> ImportCommand {
    ImportCommand::Stage { file: file_of(&self::numbers()), first, numbers: numbers.to_vec() }
}

/// With the file's batch open, and so many of its rows staged.
fn under_way(rows: usize) -> Given<Numbering> {
    let opened = opened(&signed(PSS), NOW);
    let mut past = vec![registered(SignatureScheme::PssSha256), opened];
    past.extend((rows > 0).then(|| staged(&numbers()[..rows])));
    given::<Numbering>(past)
}

fn is_empty(inventory: &Inventory) -> bool {
    inventory.is_empty()
        && inventory.iter().next().is_none()
        && inventory.counts() == Counts::default()
        && numbers().into_iter().all(|number| {
            let number = number.number();
            inventory.entry(number).is_none()
                && inventory.lifecycle(number).is_none()
                && inventory.validate(number, TenantId::NIL, At(NOW)) == LeaseVerdict::NotRegistered
        })
}

#[test]
fn what_openssl_signed_is_verified_from_the_hash_alone() {
    let file = file_of(&numbers());
    assert_eq!(FILE, b"number\n+93700000001\n+93700000002\n");
    for (scheme, right, wrong) in [(SignatureScheme::PssSha256, PSS, PKCS1), (SignatureScheme::Pkcs1Sha256, PKCS1, PSS)]
    {
        assert!(scheme.verifies(PUBLIC_KEY, file, right));
        assert!(!scheme.verifies(PUBLIC_KEY, file, wrong), "of the other scheme");
        assert!(!scheme.verifies(PUBLIC_KEY, file_of(&[number(1)]), right), "of another file");
        assert!(!scheme.verifies(SMALL_KEY, file, right), "of another key");
        for place in [0, 100, 255] {
            let mut altered = right.to_vec();
            altered[place] ^= 1;
            assert!(!scheme.verifies(PUBLIC_KEY, file, &altered));
        }
        for other in [&right[1..], &[], &[0; 256], &[0xff; 256], &[0; 512], &[right, &[0]].concat()] {
            assert!(!scheme.verifies(PUBLIC_KEY, file, other));
        }
    }
}

#[test]
fn a_signed_file_joins_the_inventory_with_its_last_step() {
    for (scheme, signature) in [(SignatureScheme::PssSha256, PSS), (SignatureScheme::Pkcs1Sha256, PKCS1)] {
        let (open, file) = (signed(signature), file_of(&numbers()));
        let ledger = given::<Numbering>([registered(scheme)])
            .when(at(NOW, ImportCommand::Open(open.clone())))
            .then([opened(&open, NOW)])
            .when(at(NOW, stage(0, &numbers()[..1])))
            .then([staged(&numbers()[..1])])
            .when(at(NOW, stage(1, &numbers()[1..])))
            .then([staged(&numbers()[1..])]);
        assert!(is_empty(ledger.state()), "all rows are staged, and nobody sees one");
        assert_eq!(ledger.state().staged(file), numbers());
        let ledger = ledger.when(at(NOW, ImportCommand::Close { file })).then([NumberingEvent::BatchClosed { file }]);
        let inventory = ledger.state();
        assert_eq!(inventory.counts(), Counts { available: 2, ..Counts::default() });
        assert_eq!((inventory.len(), inventory.mno(block(1))), (2, Some("Roshan")));
        assert!(
            inventory
                .iter()
                .map(|(number, entry)| (entry.listing(number), entry.block))
                .eq(numbers().into_iter().map(|it| (it, Some(block(1)))))
        );
        assert_eq!(inventory.imported(file), Some(block(1)));
    }
}

#[test]
fn what_is_staged_can_be_neither_reserved_nor_listed() {
    let (lease, tenant, ttl) = (LeaseId::from_bytes([5; 16]), TenantId::from_bytes([6; 16]), Span::minutes(1));
    let reserve = NumberingCommand::Reserve { number: number(1).number(), lease, tenant, ttl, vanity: false };
    let import = |block, number| NumberingCommand::Import { block, mno: "Roshan".to_owned(), numbers: vec![number] };
    under_way(2)
        .when(Dated { at: At(NOW), command: reserve })
        .refused(NumberingError::NotRegistered)
        .when(Dated { at: At(NOW), command: import(block(9), number(1)) })
        .refused(NumberingError::InvalidRows { rows: vec![0], count: 1 })
        .when(Dated { at: At(NOW), command: import(block(1), number(7)) })
        .refused(NumberingError::InvalidValue("a file is being imported into the block; use a new block id"));
}

#[test]
fn a_file_brings_no_alphanumeric_sender_and_hides_none() {
    let (lease, tenant, ttl) = (LeaseId::from_bytes([5; 16]), TenantId::from_bytes([6; 16]), Span::minutes(1));
    let alpha: SenderId = "Acme".parse().expect("a sender");
    let reserve = NumberingCommand::Reserve { number: alpha, lease, tenant, ttl, vanity: false };
    let ledger = under_way(1)
        .when(at(NOW, stage(1, &[alpha.into()])))
        .refused(NumberingError::InvalidRows { rows: vec![1], count: 1 })
        .when(Dated { at: At(NOW), command: reserve })
        .committed();
    let inventory = ledger.state();
    assert_eq!(inventory.lifecycle(alpha).and_then(Lifecycle::lease), Some(lease));
    assert_eq!(inventory.iter().map(|(number, _)| number).collect::<Vec<_>>(), [alpha]);
    assert_eq!((inventory.len(), inventory.counts()), (1, Counts { reserved: 1, ..Counts::default() }));
}

#[test]
fn only_a_key_that_counts_vouches() {
    let invalid = |why| NumberingError::SignatureInvalid(why);
    let (open, key) = (|| ImportCommand::Open(signed(PSS)), || registered(SignatureScheme::PssSha256));
    given::<Numbering>([]).when(at(NOW, open())).refused(invalid("no such key is registered"));
    given::<Numbering>([key()])
        .when(at(NOW - 1, open()))
        .refused(invalid("the key does not count yet"))
        .when(at(NOW + 90 * DAY, open()))
        .refused(invalid("the key has expired"))
        .when(at(NOW, ImportCommand::Open(BatchOpening { mno: "Etisalat".to_owned(), ..signed(PSS) })))
        .refused(invalid("the key is another operator's"))
        .when(at(NOW, ImportCommand::Open(signed(PKCS1))))
        .refused(invalid("it is not the key's signature of this file"))
        .when(at(NOW, ImportCommand::Open(signed(&[0; 513]))))
        .refused(invalid("no key that counts makes one so long"))
        .when(at(NOW, ImportCommand::Open(BatchOpening { file: file_of(&[number(1)]), ..signed(PSS) })))
        .refused(invalid("it is not the key's signature of this file"))
        .when(at(NOW + 90 * DAY - 1, open()))
        .then([opened(&signed(PSS), NOW + 90 * DAY - 1)]);
    let reason = || Reason::new("It was lost with a laptop.").expect("a reason");
    given::<Numbering>([key()])
        .when(at(NOW + 1, ImportCommand::RevokeKey { key: KEY, reason: reason() }))
        .then([NumberingEvent::ImportKeyRevoked { key: KEY, at: At(NOW + 1), reason: reason() }])
        .when(at(NOW + 1, open()))
        .refused(invalid("the key was revoked"))
        .when(at(NOW + 2, ImportCommand::RevokeKey { key: KEY, reason: reason() }))
        .refused(NumberingError::InvalidTransition("it is revoked already"))
        .when(at(NOW + 2, register(ImportKeyId::from_bytes([1; 16]), PUBLIC_KEY, KEY_LASTS)))
        .refused(NumberingError::BatchConflict("this key is registered already, or was revoked"));
}

#[test]
fn a_key_is_sound_bounded_and_registered_once_at_a_time() {
    given::<Numbering>([])
        .when(at(NOW, register(KEY, PUBLIC_KEY, KEY_LASTS)))
        .then([registered(SignatureScheme::PssSha256)])
        .when(at(NOW, register(ImportKeyId::from_bytes([1; 16]), PUBLIC_KEY, KEY_LASTS)))
        .refused(NumberingError::BatchConflict("this key is registered already, or was revoked"));
    let trailing = [PUBLIC_KEY, &[0]].concat();
    for key in [SMALL_KEY, &[], &PUBLIC_KEY[1..], trailing.as_slice(), &[0x30; 1_025]] {
        let refused = given::<Numbering>([]).when(at(NOW, register(KEY, key, KEY_LASTS)));
        assert_eq!(refused.code(NumberingError::code), "INVALID_VALUE");
    }
    for (lasts, accepted) in [(59, false), (60, true), (400 * 24 * 60, true), (400 * 24 * 60 + 1, false)] {
        let decided = given::<Numbering>([]).when(at(NOW, register(KEY, PUBLIC_KEY, Span::minutes(lasts))));
        if accepted {
            decided.committed();
        } else {
            assert_eq!(decided.code(NumberingError::code), "INVALID_VALUE", "{lasts}");
        }
    }
}

#[test]
fn a_file_comes_in_once() {
    let file = file_of(&numbers());
    let ledger = under_way(2).when(at(NOW, ImportCommand::Close { file })).committed();
    let again = BatchOpening { block: block(2), ..signed(PSS) };
    ledger
        .when(at(NOW, ImportCommand::Open(again)))
        .refused(NumberingError::DuplicateBatch)
        .when(at(NOW, ImportCommand::Close { file }))
        .refused(NumberingError::DuplicateBatch)
        .when(at(NOW, approve(file, APPROVAL)))
        .refused(NumberingError::DuplicateBatch);
}

#[test]
fn a_request_that_broke_off_goes_on_where_it_ended() {
    let busy = NumberingError::BatchConflict(
        "another import of this file, or into this block, is under way; wait for its end or abandon it",
    );
    under_way(1)
        .when(at(NOW + 1, ImportCommand::Open(signed(PSS))))
        .then_nothing()
        .when(at(NOW + 1, stage(0, &numbers()[..1])))
        .then_nothing()
        .when(at(NOW + 1, stage(0, &[number(9)])))
        .refused(NumberingError::BatchConflict("other rows are staged there"))
        .when(at(NOW + 1, ImportCommand::Open(BatchOpening { block: block(2), ..signed(PSS) })))
        .refused(busy)
        .when(at(NOW + 1, stage(1, &numbers()[1..])))
        .then([staged(&numbers()[1..])]);
}

#[test]
fn rows_are_staged_in_order_and_none_twice() {
    let out_of_order = || NumberingError::InvalidTransition("these rows do not follow those that are staged");
    under_way(0)
        .when(at(NOW, stage(1, &numbers()[1..])))
        .refused(out_of_order())
        .when(at(NOW, stage(0, &[number(1), number(2), number(3)])))
        .refused(out_of_order())
        .when(at(NOW, stage(0, &[number(1), number(1)])))
        .refused(NumberingError::InvalidRows { rows: vec![1], count: 1 });
    under_way(1).when(at(NOW, stage(1, &[number(1)]))).refused(NumberingError::InvalidRows { rows: vec![1], count: 1 });
    for numbers in [vec![], (0..=STAGED_MAX as u64).map(number).collect()] {
        assert_eq!(under_way(0).when(at(NOW, stage(0, &numbers))).code(NumberingError::code), "INVALID_VALUE");
    }
}

/// Several commands are under way at once, and each may come twice, late, or before the one in front of it.
#[test]
fn rows_that_come_twice_or_early_change_nothing_else() {
    let rows: Vec<_> = (0..10).map(number).collect();
    let (file, open) = (file_of(&rows), opening(&rows, block(1), Voucher::Approval(APPROVAL)));
    let part = |from: usize, to: usize| {
        let first = u32::try_from(from).expect("a few");
        ImportCommand::Stage { file, first, numbers: rows[from..to].to_vec() }
    };
    let staged = |from: usize, to: usize| NumberingEvent::RowsStaged { file, numbers: rows[from..to].to_vec() };
    let early = || NumberingError::InvalidTransition("these rows do not follow those that are staged");
    let ledger = given::<Numbering>([approved(file, NOW), opened(&open, NOW)])
        .when(at(NOW, part(4, 8)))
        .refused(early())
        .when(at(NOW, part(8, 10)))
        .refused(early())
        .when(at(NOW, part(0, 4)))
        .then([staged(0, 4)])
        .when(at(NOW, part(0, 4)))
        .then_nothing()
        .when(at(NOW, part(4, 8)))
        .then([staged(4, 8)])
        .when(at(NOW, part(2, 6)))
        .then_nothing()
        // Of rows that were cut otherwise before, those that are not there yet follow.
        .when(at(NOW, part(6, 9)))
        .then([staged(8, 9)])
        .when(at(NOW, ImportCommand::Close { file }))
        .refused(NumberingError::InvalidTransition("rows of the file are not staged yet"))
        .when(at(NOW, ImportCommand::Stage { file, first: 8, numbers: vec![number(8), number(3)] }))
        .refused(NumberingError::InvalidRows { rows: vec![9], count: 1 })
        .when(at(NOW, ImportCommand::Stage { file, first: 8, numbers: vec![number(3), rows[9]] }))
        .refused(NumberingError::BatchConflict("other rows are staged there"))
        .when(at(NOW, part(8, 10)))
        .then([staged(9, 10)])
        .when(at(NOW, part(0, 10)))
        .then_nothing()
        .when(at(NOW, ImportCommand::Close { file }))
        .then([NumberingEvent::BatchClosed { file }]);
    assert_eq!(ledger.state().counts(), Counts { available: 10, ..Counts::default() });
    ledger.when(at(NOW, part(8, 10))).refused(NumberingError::DuplicateBatch);
}

#[test]
fn nothing_is_closed_but_the_whole_file_as_it_was_signed() {
    let file = file_of(&numbers());
    let missing = NumberingError::InvalidTransition("rows of the file are not staged yet");
    under_way(1).when(at(NOW, ImportCommand::Close { file })).refused(missing);
    let other = NumberingEvent::RowsStaged { file, numbers: vec![number(1), number(3)] };
    let ledger = given::<Numbering>([registered(SignatureScheme::PssSha256), opened(&signed(PSS), NOW), other])
        .when(at(NOW, ImportCommand::Close { file }))
        .refused(NumberingError::SignatureInvalid("the rows are not those of the file"));
    let forged = ledger.state().clone().evolve(NumberingEvent::BatchClosed { file });
    assert_eq!(forged.map_err(|error| error.code()), Err("CORRUPT_LEDGER"), "nor believed of a ledger that says so");
}

#[test]
fn what_is_abandoned_leaves_nothing_behind() {
    let file = file_of(&numbers());
    let removed = |numbers: &[Listing]| NumberingEvent::RowsRemoved { file, numbers: numbers.to_vec() };
    let abandoned = |reason| NumberingEvent::BatchAbandoned { file, reason };
    let tick = |at| Dated { at: At(at), command: NumberingCommand::Tick };
    let ledger = under_way(2)
        .when(at(NOW, ImportCommand::Abandon { file }))
        .then([abandoned(AbandonReason::Asked)])
        .when(at(NOW, ImportCommand::Open(signed(PSS))))
        .refused(NumberingError::BatchConflict("an abandoned import is being cleared away; try again in some seconds"))
        .when(at(NOW, ImportCommand::Close { file }))
        .refused(NumberingError::NoSuch("open import of this file"))
        .when(tick(NOW))
        .then([removed(&numbers())])
        .when(tick(NOW))
        .then_nothing();
    assert!(is_empty(ledger.state()));
    let before = given::<Numbering>([registered(SignatureScheme::PssSha256)]);
    assert!(kept(ledger.state()) == *before.state(), "as if it had never been");
    ledger.when(at(NOW, ImportCommand::Open(signed(PSS)))).then([opened(&signed(PSS), NOW)]);

    let lapses = NOW + BATCH_LASTS.0;
    under_way(1)
        .when(tick(lapses - 1))
        .then_nothing()
        .when(at(lapses, stage(1, &numbers()[1..])))
        .refused(NumberingError::NoSuch("open import of this file"))
        .when(tick(lapses))
        .then([abandoned(AbandonReason::Lapsed)])
        .when(tick(lapses))
        .then([removed(&numbers()[..1])]);
    let ledger = under_way(0).when(tick(lapses)).then([abandoned(AbandonReason::Lapsed)]);
    ledger.when(at(lapses, ImportCommand::Open(signed(PSS)))).committed();
}

#[test]
fn rows_are_taken_away_a_bounded_number_at_a_time() {
    let numbers: Vec<_> = (0..12_345).map(number).collect();
    let file = file_of(&numbers);
    let opening = opening(&numbers, block(1), Voucher::Approval(APPROVAL));
    let mut past = vec![approved(file, NOW), opened(&opening, NOW)];
    past.extend(numbers.chunks(STAGED_MAX).map(|chunk| NumberingEvent::RowsStaged { file, numbers: chunk.to_vec() }));
    past.push(NumberingEvent::BatchAbandoned { file, reason: AbandonReason::Asked });
    let mut ledger = given::<Numbering>(past);
    let mut left = numbers.len();
    while left > 0 {
        ledger = ledger.when(Dated { at: At(NOW), command: NumberingCommand::Tick }).committed();
        left = left.saturating_sub(REMOVED_PER_TICK);
        assert_eq!(ledger.state().staged(file).len(), left);
    }
    assert!(ledger.state().is_empty());
    ledger.when(Dated { at: At(NOW), command: NumberingCommand::Tick }).then_nothing();
}

#[test]
fn an_approval_is_somebody_elses_for_one_file_and_used_once() {
    let (file, other) = (file_of(&numbers()), file_of(&[number(7)]));
    let invalid = |why| NumberingError::ApprovalInvalid(why);
    let used = || opening(&numbers(), block(1), Voucher::Approval(APPROVAL));
    let none = "there is none of this id that was not used";
    given::<Numbering>([]).when(at(NOW, ImportCommand::Open(used()))).refused(invalid(none));
    let ledger = given::<Numbering>([])
        .when(at(NOW, approve(file, APPROVAL)))
        .then([approved(file, NOW)])
        .when(at(NOW, approve(file, APPROVAL)))
        .refused(NumberingError::BatchConflict("there is an approval of this id"))
        .when(at(NOW, ImportCommand::Open(BatchOpening { importer: OFFICER, ..used() })))
        .refused(invalid("whoever imports cannot be who approved"))
        .when(at(NOW, ImportCommand::Open(BatchOpening { file: other, ..used() })))
        .refused(invalid("it is for another file"))
        .when(at(NOW + 3_600_000, ImportCommand::Open(used())))
        .refused(invalid("it has expired"))
        .when(at(NOW + 3_599_999, ImportCommand::Open(used())))
        .then([opened(&used(), NOW + 3_599_999)]);
    let ledger = ledger.when(at(NOW, ImportCommand::Abandon { file })).committed();
    ledger.when(at(NOW, ImportCommand::Open(used()))).refused(invalid(none));
}

#[test]
fn an_approval_says_why_and_does_not_last() {
    let file = file_of(&numbers());
    let asked = |lasts, text: &str| {
        let justification = Reason::new(text).expect("a reason");
        let command = ImportCommand::Approve { approval: APPROVAL, file, lasts, justification, approver: OFFICER };
        given::<Numbering>([]).when(at(NOW, command))
    };
    let long = "Their key expired over the holiday.";
    assert_eq!(asked(Span::hours(1), "too short").code(NumberingError::code), "JUSTIFICATION_TOO_SHORT");
    assert_eq!(asked(Span::seconds(59), long).code(NumberingError::code), "INVALID_VALUE");
    assert_eq!(asked(Span(APPROVAL_LASTS_MAX.0 + 1), long).code(NumberingError::code), "INVALID_VALUE");
    asked(APPROVAL_LASTS_MAX, long).committed();
}

#[test]
fn what_can_be_under_way_is_bounded() {
    let id = |index: usize| u8::try_from(index).expect("a few");
    let mut ledger = given::<Numbering>([]);
    let one = |index: usize| (vec![number(index as u64)], ApprovalId::from_bytes([id(index) + 1; 16]));
    for index in 0..=BATCHES_MAX {
        let (numbers, approval) = one(index);
        ledger = ledger.when(at(NOW, approve(file_of(&numbers), approval))).committed();
        let open = opening(&numbers, BlockId::from_bytes([id(index); 16]), Voucher::Approval(approval));
        let decided = ledger.when(at(NOW, ImportCommand::Open(open)));
        if index == BATCHES_MAX {
            assert_eq!(decided.code(NumberingError::code), "CONFLICT");
            break;
        }
        ledger = decided.committed();
    }
    let mut ledger = given::<Numbering>([]);
    for index in 0..APPROVALS_MAX {
        let approval = ApprovalId::from_bytes([id(index) + 1; 16]);
        ledger = ledger.when(at(NOW, approve(file_of(&[number(1)]), approval))).committed();
    }
    let ledger = ledger
        .when(at(NOW, approve(file_of(&[number(1)]), ApprovalId::NIL)))
        .refused(NumberingError::InvalidTransition("there are as many approvals as there may be"));
    let later = ledger.when(at(NOW + DAY, approve(file_of(&[number(1)]), ApprovalId::NIL))).committed();
    assert!(later.state().import_approval(ApprovalId::from_bytes([1; 16])).is_none(), "what is over is forgotten");
}
