use crate::bucket::BLOB_BYTES_MAX;
use crate::error::KeyringError;
use crate::field::Subject;
use crate::random::{self, NoRandomness};
use peyk_domain::Msisdn;
use peyk_domain::access::LoginToken;
use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass, SealedFor};
use peyk_domain::privacy::{Erased, KeyTree, LeafKey};
use serde_bytes::{ByteBuf, Bytes};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

const VERSION: u8 = 1;
const CLASSES: [RetentionClass; 3] = [RetentionClass::Message, RetentionClass::Directory, RetentionClass::Audit];
/// What stands before the id that is hashed into a leaf; a number begins with a digit.
const TENANT_LEAF: &[u8] = b"peyk.leaf.tenant.v1";
const ACTOR_LEAF: &[u8] = b"peyk.leaf.actor.v1";
/// What stands before the login name that is hashed into a token.
const LOGIN_TOKEN: &[u8] = b"peyk.login.token.v1";

/// What is to be sealed, and therefore which trees there have to be. A keyring gets a tree when it is first needed, so one
/// from before there was a class works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Messages of that month.
    Messages(MonthKey),
    /// The directory, and where requests of that month came from.
    Access(MonthKey),
}

/// Which of a tenant's data trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeKey {
    pub class: RetentionClass,
    pub month: MonthKey,
    pub generation: Generation,
}

impl From<&SealedFor> for TreeKey {
    fn from(sealed_for: &SealedFor) -> Self {
        Self { class: sealed_for.class, month: sealed_for.month, generation: sealed_for.generation }
    }
}

/// Every secret of one tenant. Wiped when dropped, and never shown.
#[derive(Clone)]
pub struct Keyring {
    pub(crate) index_key: Zeroizing<[u8; 32]>,
    pub(crate) salt: Zeroizing<[u8; 32]>,
    /// By generation; there is always one.
    pub(crate) token_trees: Vec<KeyTree>,
    pub(crate) data_trees: BTreeMap<TreeKey, KeyTree>,
}

impl Keyring {
    /// Fresh secrets and no month yet.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives none.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self {
            index_key: random::secret()?,
            salt: random::secret()?,
            token_trees: vec![KeyTree::new(random::secret()?)],
            data_trees: BTreeMap::new(),
        })
    }

    /// Whether everything can be sealed for `purpose`.
    #[must_use]
    pub fn serves(&self, purpose: Purpose) -> bool {
        self.trees_for(purpose).all(|tree| self.data_trees.contains_key(&tree))
    }

    /// Makes the trees that `purpose` lacks; says whether there were any.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives none.
    pub fn ensure(&mut self, purpose: Purpose) -> Result<bool, NoRandomness> {
        let missing: Vec<_> = self.trees_for(purpose).filter(|tree| !self.data_trees.contains_key(tree)).collect();
        for &tree in &missing {
            self.data_trees.insert(tree, KeyTree::new(random::secret()?));
        }
        Ok(!missing.is_empty())
    }

    fn trees_for(&self, purpose: Purpose) -> impl Iterator<Item = TreeKey> {
        let tree = |class, month, generation| TreeKey { class, month, generation: Generation(generation) };
        let generations = (0..).take(self.token_trees.len());
        let (messages, access) = match purpose {
            Purpose::Messages(month) => (Some(month), None),
            Purpose::Access(month) => (None, Some(month)),
        };
        let messages = messages.into_iter().flat_map(move |month| {
            generations.clone().map(move |generation| tree(RetentionClass::Message, month, generation))
        });
        // Only recipients come back after an erasure; a user or a key gets another id.
        let access = access.into_iter().flat_map(move |month| {
            [tree(RetentionClass::Directory, MonthKey::ALWAYS, 0), tree(RetentionClass::Audit, month, 0)]
        });
        messages.chain(access)
    }

    /// The leaf of a number in every tree of this tenant: keyed BLAKE3 of its digits, the first 8 bytes.
    #[must_use]
    pub fn leaf(&self, msisdn: Msisdn) -> Leaf {
        leaf_from(&blake3::keyed_hash(&self.index_key, msisdn.decimal().as_bytes()))
    }

    /// The leaf of a tenant, user or access key: keyed BLAKE3 of its kind and its id, the first 8 bytes.
    #[must_use]
    pub fn leaf_of(&self, subject: Subject) -> Leaf {
        let kind = match subject {
            Subject::Tenant(_) => TENANT_LEAF,
            Subject::Actor(_) => ACTOR_LEAF,
        };
        leaf_from(&self.indexed(kind, &subject.id()))
    }

    /// How state knows a login name that is as it is compared.
    pub(crate) fn login_token(&self, name: &[u8]) -> LoginToken {
        LoginToken(*self.indexed(LOGIN_TOKEN, name).as_bytes())
    }

    fn indexed(&self, kind: &[u8], what: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.index_key);
        let hash = hasher.update(kind).update(what).finalize();
        hasher.zeroize();
        hash
    }

    /// The generation in which a recipient is known now: the first that was not erased.
    pub(crate) fn generation_of(&self, leaf: Leaf) -> Result<Generation, Erased> {
        let living = self.token_trees.iter().position(|tree| !tree.is_erased(leaf)).ok_or(Erased)?;
        u32::try_from(living).map(Generation).map_err(|_| Erased)
    }

    pub(crate) fn token_key(&self, leaf: Leaf) -> Result<LeafKey, Erased> {
        self.token_trees.iter().find_map(|tree| tree.derive(leaf).ok()).ok_or(Erased)
    }

    pub(crate) fn data_key(&self, sealed_for: &SealedFor) -> Result<LeafKey, Erased> {
        if sealed_for.class != RetentionClass::Message {
            return self.data_trees.get(&sealed_for.into()).ok_or(Erased)?.derive(sealed_for.leaf);
        }
        // A month begun after the erasure has an intact tree of the old generation too; nothing may be sealed there.
        let generation = usize::try_from(sealed_for.generation.0).map_err(|_| Erased)?;
        if self.token_trees.get(generation).is_none_or(|tree| tree.is_erased(sealed_for.leaf)) {
            return Err(Erased);
        }
        self.data_trees.get(&sealed_for.into()).ok_or(Erased)?.derive(sealed_for.leaf)
    }

    /// The keyring as deterministic CBOR: an array of version, index key, salt, token trees in the order of
    /// generations, and data trees, each an array of class, month, generation and tree, in that order.
    pub(crate) fn encode(&self) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let tokens: Vec<_> = self.token_trees.iter().map(KeyTree::to_bytes).collect();
        let data: Vec<_> = self.data_trees.iter().map(|(key, tree)| (key, tree.to_bytes())).collect();
        let size =
            tokens.iter().chain(data.iter().map(|(_, tree)| tree)).map(|tree| tree.len() + 24).sum::<usize>() + 128;
        if size > BLOB_BYTES_MAX {
            return Err(KeyringError::TooLarge);
        }
        let tokens: Vec<_> = tokens.iter().map(|tree| Bytes::new(tree)).collect();
        let data: Vec<_> = data
            .iter()
            .map(|(key, tree)| (class_number(key.class), key.month.0, key.generation.0, Bytes::new(tree)))
            .collect();
        let keyring = (VERSION, Bytes::new(self.index_key.as_slice()), Bytes::new(self.salt.as_slice()), tokens, data);
        // Reserved at once: growing would leave copies of secrets in freed memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        ciborium::into_writer(&keyring, &mut *bytes).map_err(|_| KeyringError::TooLarge)?;
        Ok(bytes)
    }

    pub(crate) fn decode(mut bytes: &[u8]) -> Result<Self, KeyringError> {
        type Stored = (u8, ByteBuf, ByteBuf, Vec<ByteBuf>, Vec<(u8, u32, u32, ByteBuf)>);
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(KeyringError::TooLarge);
        }
        let (version, index_key, salt, tokens, data): Stored =
            ciborium::from_reader(&mut bytes).map_err(|_| KeyringError::Corrupt)?;
        let [index_key, salt] = [index_key, salt].map(|secret| Zeroizing::new(secret.into_vec()));
        let tree =
            |bytes: ByteBuf| KeyTree::from_bytes(&Zeroizing::new(bytes.into_vec())).map_err(|_| KeyringError::Corrupt);
        let token_trees = tokens.into_iter().map(tree).collect::<Result<Vec<_>, _>>()?;
        let count = data.len();
        let mut data_trees = BTreeMap::new();
        for (class, month, generation, bytes) in data {
            let class = class_of(class).ok_or(KeyringError::Corrupt)?;
            data_trees
                .insert(TreeKey { class, month: MonthKey(month), generation: Generation(generation) }, tree(bytes)?);
        }
        if version != VERSION || token_trees.is_empty() || data_trees.len() != count || !bytes.is_empty() {
            return Err(KeyringError::Corrupt);
        }
        Ok(Self { index_key: secret(&index_key)?, salt: secret(&salt)?, token_trees, data_trees })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keyring({} generations, {} data trees)", self.token_trees.len(), self.data_trees.len())
    }
}

fn leaf_from(hash: &blake3::Hash) -> Leaf {
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has more than 8 bytes");
    Leaf(u64::from_be_bytes(*first))
}

fn secret(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
    let mut secret = Zeroizing::new([0; 32]);
    if bytes.len() != secret.len() {
        return Err(KeyringError::Corrupt);
    }
    secret.copy_from_slice(bytes);
    Ok(secret)
}

/// The stored number of a class.
const fn class_number(class: RetentionClass) -> u8 {
    match class {
        RetentionClass::Message => 1,
        RetentionClass::Directory => 2,
        RetentionClass::Audit => 3,
    }
}

fn class_of(number: u8) -> Option<RetentionClass> {
    CLASSES.into_iter().find(|&class| class_number(class) == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: MonthKey = MonthKey(2026 * 12 + 9);

    fn number(digits: u64) -> Msisdn {
        Msisdn::from_digits(digits).unwrap()
    }

    #[test]
    fn comes_back_as_it_was() {
        let mut keyring = Keyring::random().unwrap();
        assert!(
            keyring.ensure(Purpose::Messages(MONTH)).unwrap() && !keyring.ensure(Purpose::Messages(MONTH)).unwrap()
        );
        keyring.erase_recipient(keyring.leaf(number(93_700_000_001))).unwrap();
        keyring.ensure(Purpose::Messages(MONTH)).unwrap();
        keyring.ensure(Purpose::Messages(MonthKey(MONTH.0 + 1))).unwrap();
        let bytes = keyring.encode().unwrap();
        let read = Keyring::decode(&bytes).unwrap();
        assert_eq!(read.encode().unwrap(), bytes);
        assert!(read.serves(Purpose::Messages(MONTH)) && !read.serves(Purpose::Messages(MonthKey(MONTH.0 - 1))));
        assert_eq!(read.leaf(number(93_700_000_002)), keyring.leaf(number(93_700_000_002)));
    }

    #[test]
    fn refuses_damaged_bytes_without_panic() {
        let mut keyring = Keyring::random().unwrap();
        keyring.ensure(Purpose::Messages(MONTH)).unwrap();
        let bytes = keyring.encode().unwrap();
        for length in 0..bytes.len() {
            assert!(Keyring::decode(&bytes[..length]).is_err(), "cut at {length}");
        }
        assert!(Keyring::decode(&[&bytes[..], &[0]].concat()).is_err());
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x5a;
            // Secrets may be any bytes, so some changes still read; wrapping is what detects those.
            let _ = Keyring::decode(&damaged);
        }
    }

    #[test]
    fn the_leaf_is_a_known_function_of_key_and_digits() {
        let mut keyring = Keyring::random().unwrap();
        keyring.index_key = Zeroizing::new([9; 32]);
        let hash = blake3::keyed_hash(&[9; 32], b"93700000001");
        assert_eq!(keyring.leaf(number(93_700_000_001)).0.to_be_bytes(), hash.as_bytes()[..8]);
    }

    #[test]
    fn no_secret_is_shown() {
        assert_eq!(format!("{:?}", Keyring::random().unwrap()), "Keyring(1 generations, 0 data trees)");
    }
}
