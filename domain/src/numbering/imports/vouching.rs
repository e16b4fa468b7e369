use super::{FileHash, SIGNATURE_BYTES_MAX};
use crate::numbering::{Inventory, NumberingError};
use crate::{ActorId, ApprovalId, At, ImportKeyId};
use serde::{Deserialize, Serialize};

/// Who answers for a file: its operator by a signature, or in an emergency a second person of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Voucher {
    Signature { key: ImportKeyId, signature: Vec<u8> },
    Approval(ApprovalId),
}

impl Inventory {
    /// # Errors
    /// [`NumberingError::SignatureInvalid`] or [`NumberingError::ApprovalInvalid`] if it does not count for the file.
    pub(super) fn vouches(
        &self,
        at: At,
        voucher: &Voucher,
        file: FileHash,
        mno: &str,
        importer: ActorId,
    ) -> Result<(), NumberingError> {
        match voucher {
            Voucher::Signature { key, signature } => {
                let invalid = |why| Err(NumberingError::SignatureInvalid(why));
                if signature.len() > SIGNATURE_BYTES_MAX {
                    return invalid("no key that counts makes one so long");
                }
                let Some(key) = self.import_key(*key) else { return invalid("no such key is registered") };
                if key.mno != mno {
                    return invalid("the key is another operator's");
                }
                if let Some(why) = key.flaw(at) {
                    return invalid(why);
                }
                if !key.scheme.verifies(&key.public_key, file, signature) {
                    return invalid("it is not the key's signature of this file");
                }
                Ok(())
            }
            Voucher::Approval(approval) => {
                let invalid = |why| Err(NumberingError::ApprovalInvalid(why));
                let Some(approval) = self.import_approval(*approval) else {
                    return invalid("there is none of this id that was not used");
                };
                if approval.file != file {
                    return invalid("it is for another file");
                }
                if at >= approval.expires {
                    return invalid("it has expired");
                }
                if approval.approver == importer {
                    return invalid("whoever imports cannot be who approved");
                }
                Ok(())
            }
        }
    }
}
