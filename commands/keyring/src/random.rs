use zeroize::Zeroizing;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

/// A fresh secret of 32 bytes.
pub(crate) fn secret() -> Result<Zeroizing<[u8; 32]>, NoRandomness> {
    let mut secret = Zeroizing::new([0; 32]);
    fill(secret.as_mut_slice())?;
    Ok(secret)
}
