//! The deployment's own keys, as files readable by their owner only: the Ed25519 root of all ledgers and the RSA key that
//! signs what a regulator gets.
use anyhow::{Context, Result, bail};
use ed25519_dalek::{SigningKey, VerifyingKey};
use jwt_simple::prelude::PS256KeyPair;
use peyk_projections::exports::RegulatorPublicKey;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const REGULATOR_KEY_BITS: usize = 3_072;

/// Where the keys lie.
#[derive(Debug, Clone)]
pub struct KeyDirectory(PathBuf);

impl KeyDirectory {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub fn deployment_secret(&self) -> PathBuf {
        self.0.join("deployment.key")
    }

    /// The public half, for auditors to pin.
    pub fn deployment_public(&self) -> PathBuf {
        self.0.join("deployment.pub")
    }

    pub fn regulator_secret(&self) -> PathBuf {
        self.0.join("regulator.key.pem")
    }

    pub fn regulator_public(&self) -> PathBuf {
        self.0.join("regulator.pub.pem")
    }

    /// The public halves of the key exports are signed with and of those they were signed with before.
    pub fn regulator_publics(&self) -> Result<Vec<RegulatorPublicKey>> {
        let failed = || format!("reading {}", self.0.display());
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0).with_context(failed)? {
            let name = entry.with_context(failed)?.file_name().to_string_lossy().into_owned();
            if name.starts_with("regulator") && name.ends_with(".pub.pem") {
                names.push(name);
            }
        }
        names.sort();
        let read = |name: String| {
            let path = self.0.join(name);
            let pem = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            RegulatorPublicKey::from_pem(&pem).with_context(|| format!("{} is damaged", path.display()))
        };
        names.into_iter().map(read).collect()
    }

    /// Makes the key that exports are signed with from now on. The public half of the one before is kept under its fingerprint, so
    /// that what was signed with it still verifies; its private half is gone.
    pub fn rotate_regulator(&self) -> Result<String> {
        let before = fs::read(self.regulator_public())
            .with_context(|| format!("{}; `peyk keys generate` makes it", self.regulator_public().display()))?;
        let fingerprint = RegulatorPublicKey::from_pem(&before)?.fingerprint();
        let kept = self.0.join(format!("regulator-{}.pub.pem", &fingerprint[..16]));
        if !kept.exists() {
            write(&kept, 0o644, before.trim_ascii_end())?;
        }
        let (secret, public) = (self.0.join("regulator.key.pem.new"), self.0.join("regulator.pub.pem.new"));
        for unfinished in [&secret, &public] {
            if unfinished.exists() {
                fs::remove_file(unfinished).with_context(|| format!("removing {}", unfinished.display()))?;
            }
        }
        make_regulator(&secret, &public)?;
        // The public half first: whoever reads the new private half finds what it verifies with.
        fs::rename(&public, self.regulator_public()).context("replacing the regulator's public key")?;
        fs::rename(&secret, self.regulator_secret()).context("replacing the regulator's key")?;
        Ok(RegulatorPublicKey::from_pem(&fs::read(self.regulator_public())?)?.fingerprint())
    }

    /// Where the wrapping keys of tenants lie, a file each.
    pub fn tenants(&self) -> PathBuf {
        self.0.join("tenants")
    }

    /// Makes all keys; refuses where there are some.
    pub fn generate(&self) -> Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).context("creating the directory of keys")?;
        if self.deployment_secret().exists() {
            bail!(
                "{} holds a deployment key already; whoever replaces it disowns every ledger signed under it",
                self.0.display()
            );
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).context("drawing a key")?;
        let root = SigningKey::from_bytes(&seed);
        make_regulator(&self.regulator_secret(), &self.regulator_public())?;
        write(&self.deployment_public(), 0o644, hex(root.verifying_key().as_bytes()).as_bytes())?;
        write(&self.deployment_secret(), 0o600, hex(&seed).as_bytes())
    }

    pub fn deployment_key(&self) -> Result<SigningKey> {
        let path = self.deployment_secret();
        let text =
            fs::read_to_string(&path).with_context(|| format!("{}; `peyk keys generate` makes it", path.display()))?;
        Ok(SigningKey::from_bytes(&unhex(text.trim()).with_context(|| format!("{} is damaged", path.display()))?))
    }

    pub fn deployment_verifying_key(&self) -> Result<VerifyingKey> {
        read_verifying_key(&self.deployment_public())
    }
}

fn make_regulator(secret: &Path, public: &Path) -> Result<()> {
    let key = PS256KeyPair::generate(REGULATOR_KEY_BITS).context("making the regulator key")?;
    write(secret, 0o600, key.to_pem().context("encoding the regulator key")?.as_bytes())?;
    write(public, 0o644, key.public_key().to_pem().context("encoding the regulator key")?.as_bytes())
}

/// Reads a file as `deployment.pub`.
pub fn read_verifying_key(path: &Path) -> Result<VerifyingKey> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{}; `peyk keys generate` makes it", path.display()))?;
    let bytes = unhex(text.trim()).with_context(|| format!("{} is damaged", path.display()))?;
    VerifyingKey::from_bytes(&bytes).with_context(|| format!("{} holds no Ed25519 key", path.display()))
}

fn write(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| format!("creating {}", path.display()))?;
    file.write_all(bytes)?;
    file.write_all(b"\n")?;
    Ok(file.sync_all()?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        bail!("expected 64 hexadecimal digits");
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).context("expected hexadecimal digits")?;
    }
    Ok(bytes)
}
