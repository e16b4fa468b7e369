//! Keys of operators and approvals: what may be asked, and what follows.
use super::approval::{APPROVAL_LASTS_MAX, APPROVAL_LASTS_MIN, APPROVALS_MAX};
use super::key::{KEY_LASTS_MAX, KEY_LASTS_MIN, KEYS_MAX, rsa_key};
use super::{Approval, FileHash, ImportKey, SignatureScheme};
use crate::numbering::{Inventory, NumberingError, NumberingEvent, Reason, mno_name};
use crate::{ActorId, ApprovalId, At, ImportKeyId, Span};

type Decided = Result<Vec<NumberingEvent>, NumberingError>;

impl Inventory {
    /// A key an operator signs or signed with.
    #[must_use]
    pub fn import_key(&self, key: ImportKeyId) -> Option<&ImportKey> {
        self.desk.keys.get(&key)
    }

    /// Every key there was, by id.
    pub fn import_keys(&self) -> impl Iterator<Item = (ImportKeyId, &ImportKey)> {
        self.desk.keys.iter().map(|(id, key)| (*id, key))
    }

    /// An approval that was not used; it may have expired.
    #[must_use]
    pub fn import_approval(&self, approval: ApprovalId) -> Option<&Approval> {
        self.desk.approvals.get(&approval)
    }

    pub(super) fn register_key(
        &self,
        at: At,
        key: ImportKeyId,
        mno: String,
        scheme: SignatureScheme,
        public_key: Vec<u8>,
        (valid_from, lasts): (Option<At>, Span),
    ) -> Decided {
        mno_name(&mno)?;
        if rsa_key(&public_key).is_none() {
            return Err(NumberingError::InvalidValue(
                "expected an RSA key of 2048 to 4096 bits as SubjectPublicKeyInfo in DER",
            ));
        }
        if lasts < KEY_LASTS_MIN || lasts > KEY_LASTS_MAX {
            return Err(NumberingError::InvalidValue("a key counts for an hour at least and 400 days at most"));
        }
        let valid_from = valid_from.unwrap_or(at);
        if valid_from < at || valid_from.since(at) > KEY_LASTS_MAX {
            return Err(NumberingError::InvalidValue("a key counts from now on or from an instant within 400 days"));
        }
        if self.desk.keys.len() >= KEYS_MAX {
            return Err(NumberingError::InvalidTransition("there are as many keys as there may be"));
        }
        // One that was revoked is somebody else's by now, as far as anybody knows.
        if self.desk.keys.contains_key(&key)
            || self
                .import_keys()
                .any(|(_, known)| known.public_key == public_key && (known.revoked.is_some() || at < known.expires))
        {
            return Err(NumberingError::BatchConflict("this key is registered already, or was revoked"));
        }
        let expires = valid_from.plus(lasts);
        Ok(vec![NumberingEvent::ImportKeyRegistered { key, mno, scheme, public_key, valid_from, expires }])
    }

    pub(super) fn revoke_key(&self, at: At, key: ImportKeyId, reason: Reason) -> Decided {
        let reason = reason.given()?;
        match self.import_key(key) {
            None => Err(NumberingError::NoSuch("key")),
            Some(ImportKey { revoked: Some(_), .. }) => Err(NumberingError::InvalidTransition("it is revoked already")),
            Some(_) => Ok(vec![NumberingEvent::ImportKeyRevoked { key, at, reason }]),
        }
    }

    pub(super) fn approve_import(
        &self,
        at: At,
        approval: ApprovalId,
        file: FileHash,
        lasts: Span,
        justification: Reason,
        approver: ActorId,
    ) -> Decided {
        let justification = justification.justifies()?;
        if lasts < APPROVAL_LASTS_MIN || lasts > APPROVAL_LASTS_MAX {
            return Err(NumberingError::InvalidValue("an approval lasts from a minute to 24 hours"));
        }
        if self.desk.closed.contains_key(&file) {
            return Err(NumberingError::DuplicateBatch);
        }
        if self.desk.approvals.contains_key(&approval) {
            return Err(NumberingError::BatchConflict("there is an approval of this id"));
        }
        if self.desk.approvals.values().filter(|one| at < one.expires).count() >= APPROVALS_MAX {
            return Err(NumberingError::InvalidTransition("there are as many approvals as there may be"));
        }
        let expires = at.plus(lasts);
        Ok(vec![NumberingEvent::ImportApproved { approval, file, approver, at, expires, justification }])
    }
}
