use crate::Http;
use anyhow::{Result, ensure};
use bytes::Bytes;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::json;
use std::fmt;
use std::sync::LazyLock;
use uuid::Uuid;

const BITS: usize = 2_048;

static TEST: LazyLock<Operator> = LazyLock::new(|| Operator::new("Test"));

/// A mobile operator that hands over files of numbers and signs them (RSASSA-PKCS1-v1_5 with SHA-256).
pub struct Operator {
    name: &'static str,
    key_id: Uuid,
    key: RsaPrivateKey,
}

impl fmt::Debug for Operator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Operator").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Operator {
    /// With a key of its own.
    ///
    /// # Panics
    /// If no key can be made.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, BITS).expect("a key");
        Self { name, key_id: Uuid::new_v4(), key }
    }

    /// The one whose numbers most tests need.
    #[must_use]
    pub fn test() -> &'static Self {
        &TEST
    }

    /// The id its key is registered under.
    #[must_use]
    pub const fn key_id(&self) -> Uuid {
        self.key_id
    }

    /// Its public key in PEM.
    ///
    /// # Errors
    /// If the key cannot be written so.
    pub fn public_key_pem(&self) -> Result<String> {
        Ok(self.key.to_public_key().to_public_key_pem(LineEnding::LF)?)
    }

    /// The same in DER.
    ///
    /// # Errors
    /// As [`Self::public_key_pem`].
    pub fn public_key_der(&self) -> Result<Vec<u8>> {
        Ok(self.key.to_public_key().to_public_key_der()?.into_vec())
    }

    /// Lets its key count; once more is no error.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn register(&self, platform: &Http) -> Result<()> {
        let body = json!({
            "id": self.key_id.to_string(), "operator": self.name, "scheme": "rsa-pkcs1-sha256",
            "public_key": self.public_key_pem()?,
        });
        let key = Uuid::new_v4().to_string();
        let reply = platform.post("/v1/numbering/import-keys", &key, &body).await?;
        ensure!(reply.status == 201 || reply.code() == "CONFLICT", "{}", reply.body);
        Ok(())
    }

    /// # Panics
    /// If the key does not sign.
    #[must_use]
    pub fn sign(&self, file: &str) -> Vec<u8> {
        self.key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(file)).expect("a signature")
    }

    /// What [`Http::post_form`] takes to import the file, signed.
    #[must_use]
    pub fn form(&self, file: &str) -> Vec<(&'static str, Bytes)> {
        vec![
            ("operator", self.name.into()),
            ("key", self.key_id.to_string().into()),
            ("signature", self.sign(file).into()),
            ("file", file.to_owned().into()),
        ]
    }

    /// Registers its key and hands over `count` numbers from `first` on.
    ///
    /// # Errors
    /// If they are not all imported.
    pub async fn import(&self, platform: &Http, first: u64, count: u64) -> Result<()> {
        self.register(platform).await?;
        let form = self.form(&number_file(first, count));
        let reply = platform.post_form("/v1/numbering/imports", &form).await?.expect(201)?;
        ensure!(reply.number("/rows") == Some(count), "{}", reply.body);
        Ok(())
    }
}

/// A file with `count` numbers from `first` on.
#[must_use]
pub fn number_file(first: u64, count: u64) -> String {
    (first..first + count).fold("number\n".to_owned(), |file, number| file + &format!("+{number}\n"))
}
