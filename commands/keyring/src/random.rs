use std::cell::RefCell;
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

/// Nonces drawn at once: a system call for each would cost as much as sealing a short field.
const NONCES: usize = 64;

thread_local! {
    static DRAWN: RefCell<Vec<[u8; 24]>> = const { RefCell::new(Vec::new()) };
}

/// A nonce of XChaCha20-Poly1305, fresh from the operating system and given out once. Nonces are no secrets.
pub(crate) fn nonce() -> Result<[u8; 24], NoRandomness> {
    DRAWN.with_borrow_mut(|drawn| {
        if let Some(nonce) = drawn.pop() {
            return Ok(nonce);
        }
        let mut fresh = vec![[0; 24]; NONCES];
        fill(fresh.as_flattened_mut())?;
        let nonce = fresh.pop().ok_or(NoRandomness)?;
        *drawn = fresh;
        Ok(nonce)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_nonce_is_given_out_twice() {
        let drawn: Result<HashSet<_>, _> = (0..NONCES * 3).map(|_| nonce()).collect();
        assert_eq!(drawn.map(|drawn| drawn.len()), Ok(NONCES * 3));
    }
}
