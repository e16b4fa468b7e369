//! What stands for a tenant that was erased.
use crate::TenantId;

/// Bytes of a tombstone that are zero; behind them stands a hash.
const ZEROS: usize = 10;

impl TenantId {
    /// The id that stands for the tenant once it is erased: `00000000-0000-0000-0000-` and 47 bits of a hash of its id
    /// (BLAKE3 in key derivation mode). A function of the id alone, so it is the same wherever the ledger is folded, and it
    /// leads back to nobody who does not know the id already.
    #[must_use]
    pub fn tombstone(self) -> Self {
        let hash = blake3::derive_key("peyk 2026-11 tombstone of a tenant v1", &self.to_bytes());
        let mut bytes = [0; 16];
        bytes[ZEROS..].copy_from_slice(&hash[..16 - ZEROS]);
        // Never the nil id, which is the platform.
        bytes[ZEROS] |= 0x80;
        Self::from_bytes(bytes)
    }

    /// Whether it has the form of a tombstone. No tenant gets such an id: it would be taken for one that is gone.
    #[must_use]
    pub fn is_tombstone(self) -> bool {
        let bytes = self.to_bytes();
        bytes[..ZEROS] == [0; ZEROS] && bytes[ZEROS] & 0x80 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_what_it_was() {
        let tombstone = TenantId::from_bytes([7; 16]).tombstone();
        assert_eq!(tombstone.to_string(), "00000000-0000-0000-0000-d576d5bb0c98");
    }

    proptest! {
        #[test]
        fn it_is_known_as_one_and_never_nil(id: [u8; 16], other: [u8; 16]) {
            let tombstone = TenantId::from_bytes(id).tombstone();
            prop_assert!(tombstone.is_tombstone() && !tombstone.is_nil());
            prop_assert_eq!(tombstone, TenantId::from_bytes(id).tombstone());
            prop_assert!(id == other || tombstone != TenantId::from_bytes(other).tombstone());
        }
    }

    #[test]
    fn other_ids_are_none() {
        assert!(!TenantId::NIL.is_tombstone());
        assert!(!TenantId::from_bytes(1_u128.to_be_bytes()).is_tombstone());
        assert!(!TenantId::from_bytes([0xff; 16]).is_tombstone());
    }
}
