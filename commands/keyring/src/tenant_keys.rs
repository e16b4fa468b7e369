use crate::cache::Cache;
use crate::erasure::EraseError;
use crate::error::{OpenError, SealError};
use crate::field::{AccessField, Field, Subject, of_access, of_message};
use crate::keyring::{Keyring, Purpose, TreeKey};
use crate::limits::{Budget, Limits, Permit};
use crate::{random, seal};
use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use peyk_domain::access::{Envelope, LoginToken};
use peyk_domain::messages::{Generation, Leaf, MonthKey, RecipientToken, RetentionClass, Sealed, SealedFor};
use peyk_domain::privacy::{Erased, LeafKey};
use peyk_domain::{ActorId, MessageId, Msisdn, TenantId};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::{Arc, LazyLock};
use zeroize::{Zeroize, Zeroizing};

const TOKEN_CONTEXT: &[u8] = b"peyk.recipient.token.v1";
/// One derivation gives both keys of a recipient's data: 32 bytes to seal under, 32 to fingerprint under.
const DATA_CONTEXT: &str = "peyk 2026-11 recipient data keys v2";

static DATA_CONTEXT_KEY: LazyLock<ContextKey> = LazyLock::new(|| hash_derive_key_context(DATA_CONTEXT));

/// What a tenant's keyring is for: naming recipients, sealing what is personal and opening it again.
///
/// Keeps the keys it derived lately, bounded by [`Limits`]; all are wiped when it is dropped.
pub struct TenantKeys {
    tenant: TenantId,
    keyring: Keyring,
    budget: Arc<Budget>,
    tokens: Cache<Leaf, Arc<KnownToken>>,
    data_keys: Cache<SealedFor, Arc<DataKeys>>,
}

struct KnownToken {
    token: RecipientToken,
    _permit: Permit,
}

/// The keys to one recipient's data of one month.
struct DataKeys {
    sealing: Zeroizing<[u8; 32]>,
    fingerprint: Zeroizing<[u8; 32]>,
    _permit: Option<Permit>,
}

impl DataKeys {
    fn derived(key: &LeafKey, permit: Option<Permit>) -> Self {
        let (mut sealing, mut fingerprint) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        let mut hasher = Hasher::new_from_context_key(&DATA_CONTEXT_KEY);
        let mut output = hasher.update(key.expose()).finalize_xof();
        output.fill(sealing.as_mut_slice());
        output.fill(fingerprint.as_mut_slice());
        output.zeroize();
        hasher.zeroize();
        Self { sealing, fingerprint, _permit: permit }
    }
}

impl TenantKeys {
    /// Keys on their own, as tests and tools want them; [`crate::Keyrings`] is where a process gets them.
    #[must_use]
    pub fn new(tenant: TenantId, keyring: Keyring) -> Self {
        let limits = Limits::default();
        Self::within(tenant, keyring, limits, Budget::new(limits.derived_keys))
    }

    pub(crate) fn within(tenant: TenantId, keyring: Keyring, limits: Limits, budget: Arc<Budget>) -> Self {
        let tokens = Cache::new(limits.recipients_of_a_tenant);
        let data_keys = Cache::new(limits.recipients_of_a_tenant);
        Self { tenant, keyring, budget, tokens, data_keys }
    }

    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn serves(&self, purpose: Purpose) -> bool {
        self.keyring.serves(purpose)
    }

    pub(crate) fn has_tree(&self, tree: &TreeKey) -> bool {
        self.keyring.data_trees.contains_key(tree)
    }

    /// The leaf of a number in all of this tenant's trees.
    #[must_use]
    pub fn leaf(&self, msisdn: Msisdn) -> Leaf {
        self.keyring.leaf(msisdn)
    }

    /// How state knows the recipient: the first 16 bytes of BLAKE3 keyed with its leaf of the token tree.
    ///
    /// # Errors
    /// [`SealError::NoKey`] if it was erased in every generation.
    pub fn token(&self, msisdn: Msisdn) -> Result<RecipientToken, SealError> {
        let leaf = self.leaf(msisdn);
        if let Some(known) = self.tokens.get(&leaf) {
            return Ok(known.token);
        }
        let key = self.keyring.token_key(leaf).map_err(|Erased| SealError::NoKey)?;
        let token = RecipientToken(first_16(&blake3::keyed_hash(key.expose(), TOKEN_CONTEXT)));
        if let Some(permit) = self.budget.permit() {
            self.tokens.insert(leaf, Arc::new(KnownToken { token, _permit: permit }));
        }
        Ok(token)
    }

    /// Under which key the recipient's data of that class and month is sealed.
    ///
    /// # Errors
    /// [`SealError::NoKey`] if the keyring has no such month, see [`crate::Keyrings::for_writing`].
    pub fn sealed_for(&self, class: RetentionClass, month: MonthKey, msisdn: Msisdn) -> Result<SealedFor, SealError> {
        let leaf = self.leaf(msisdn);
        let generation = self.keyring.generation_of(leaf).map_err(|Erased| SealError::NoKey)?;
        let sealed_for = SealedFor { class, month, generation, leaf };
        if self.has_tree(&(&sealed_for).into()) { Ok(sealed_for) } else { Err(SealError::NoKey) }
    }

    /// Seals one field of one message under a random nonce. Bound to tenant, message and field: it opens nowhere else.
    ///
    /// # Errors
    /// [`SealError::TooLong`] beyond [`crate::PLAINTEXT_BYTES_MAX`], [`SealError::NoKey`] if the key is gone.
    pub fn seal(
        &self,
        to: &SealedFor,
        field: Field,
        message: MessageId,
        plaintext: &[u8],
    ) -> Result<Sealed, SealError> {
        let nonce = random::nonce()?;
        let keys = self.data_keys(to).map_err(|Erased| SealError::NoKey)?;
        seal::seal(&keys.sealing, nonce, &of_message(self.tenant, message, field), plaintext)
    }

    /// Opens what [`Self::seal`] sealed.
    ///
    /// # Errors
    /// [`OpenError::Erased`] if the key is gone for good (with keys from [`crate::Keyrings::for_opening`]),
    /// [`OpenError::Broken`] if this was sealed as something else or altered.
    pub fn open(
        &self,
        to: &SealedFor,
        field: Field,
        message: MessageId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let keys = self.data_keys(to).map_err(|Erased| OpenError::Erased)?;
        seal::open(&keys.sealing, &of_message(self.tenant, message, field), sealed)
    }

    /// How state knows a login name: BLAKE3 under the index key, of the name as it is compared. One deployment has one name
    /// space, so only the platform's keys, those of the nil tenant, give tokens that mean anything.
    #[must_use]
    pub fn login_token(&self, name: &str) -> LoginToken {
        self.keyring.login_token(name.as_bytes())
    }

    /// Seals what the directory says of `subject`, to be kept as long as it is there. Bound to tenant, subject and field:
    /// it opens nowhere else.
    ///
    /// # Errors
    /// As [`Self::seal`]; [`SealError::NoKey`] also without [`crate::Keyrings::for_access`].
    pub fn seal_entry(&self, subject: Subject, field: AccessField, plaintext: &[u8]) -> Result<Envelope, SealError> {
        self.seal_access(RetentionClass::Directory, MonthKey::ALWAYS, subject, field, plaintext)
    }

    /// Seals where a request of `actor` in `month` came from, to be kept as the audit trail is.
    ///
    /// # Errors
    /// As [`Self::seal_entry`].
    pub fn seal_source(&self, actor: ActorId, month: MonthKey, plaintext: &[u8]) -> Result<Envelope, SealError> {
        self.seal_access(RetentionClass::Audit, month, Subject::Actor(actor), AccessField::Source, plaintext)
    }

    /// Opens what [`Self::seal_entry`] or [`Self::seal_source`] sealed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_access(
        &self,
        subject: Subject,
        field: AccessField,
        envelope: &Envelope,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let keys = self.data_keys(&envelope.sealed_for).map_err(|Erased| OpenError::Erased)?;
        seal::open(&keys.sealing, &of_access(self.tenant, subject, field), &envelope.sealed)
    }

    fn seal_access(
        &self,
        class: RetentionClass,
        month: MonthKey,
        subject: Subject,
        field: AccessField,
        plaintext: &[u8],
    ) -> Result<Envelope, SealError> {
        let nonce = random::nonce()?;
        let leaf = self.keyring.leaf_of(subject);
        let sealed_for = SealedFor { class, month, generation: Generation(0), leaf };
        let keys = self.data_keys(&sealed_for).map_err(|Erased| SealError::NoKey)?;
        let sealed = seal::seal(&keys.sealing, nonce, &of_access(self.tenant, subject, field), plaintext)?;
        Ok(Envelope { sealed_for, sealed })
    }

    /// Tells whether two payloads for a recipient are the same, and tells nothing once the recipient was erased.
    ///
    /// # Errors
    /// [`SealError::NoKey`] if the key is gone.
    pub fn fingerprint(&self, to: &SealedFor, payload: &[u8]) -> Result<[u8; 16], SealError> {
        let keys = self.data_keys(to).map_err(|Erased| SealError::NoKey)?;
        Ok(first_16(&blake3::keyed_hash(&keys.fingerprint, payload)))
    }

    /// What logs and read models may know of a number besides its mask: SHA-256 of the number in E.164 form with plus
    /// sign, in lower case, a colon, and the tenant's salt.
    #[must_use]
    pub fn msisdn_hash(&self, msisdn: Msisdn) -> [u8; 32] {
        // Digits have no case, so lower case is as it is.
        let e164 = Zeroizing::new(msisdn.e164());
        let hash =
            Sha256::new().chain_update(e164.as_bytes()).chain_update(b":").chain_update(self.keyring.salt.as_slice());
        hash.finalize().into()
    }

    /// Erases a recipient here, from the keyring and from what was derived; see [`Keyring::erase_recipient`].
    ///
    /// # Errors
    /// [`EraseError`]; nothing changed.
    pub fn erase_recipient(&mut self, leaf: Leaf) -> Result<(), EraseError> {
        self.keyring.erase_recipient(leaf)?;
        self.tokens.forget(|known| *known == leaf);
        self.data_keys.forget(|known| known.leaf == leaf);
        Ok(())
    }

    /// Lets go of derived keys that were not used lately.
    pub(crate) fn age(&self) {
        self.tokens.age();
        self.data_keys.age();
    }

    fn data_keys(&self, to: &SealedFor) -> Result<Arc<DataKeys>, Erased> {
        if let Some(known) = self.data_keys.get(to) {
            return Ok(known);
        }
        let key = self.keyring.data_key(to)?;
        let permit = self.budget.permit();
        let is_kept = permit.is_some();
        let keys = Arc::new(DataKeys::derived(&key, permit));
        if is_kept {
            self.data_keys.insert(*to, Arc::clone(&keys));
        }
        Ok(keys)
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TenantKeys")
            .field("tenant", &self.tenant)
            .field("keyring", &self.keyring)
            .finish_non_exhaustive()
    }
}

fn first_16(hash: &blake3::Hash) -> [u8; 16] {
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has more than 16 bytes");
    *first
}

#[cfg(test)]
#[path = "tenant_keys_tests.rs"]
mod tests;
