use crate::Hash;
use crate::cbor::{CborError, Reader, Writer};
use peyk_domain::At;
use std::fmt;

/// That a ledger was taken up again behind records that were acknowledged and are not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// The newest record the witness saw.
    pub witnessed: u64,
    pub witnessed_hash: Hash,
    pub witnessed_at: At,
    /// The last record that was found, which this one is chained to; 0 if there was none.
    pub found: u64,
    pub found_hash: Hash,
}

impl Recovered {
    /// How many positions are known to be lost; 0 where the log is as long as the witness saw, with other records.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.witnessed.saturating_sub(self.found)
    }

    /// Whether a record that was acknowledged at `position` may be among the lost ones.
    #[must_use]
    pub const fn may_have_lost(&self, position: u64) -> bool {
        position <= self.witnessed && (position > self.found || self.found >= self.witnessed)
    }

    /// Eight hexadecimal digits that stand for exactly this loss: who repeats them has read what is lost.
    #[must_use]
    pub fn code(&self) -> String {
        let mut out = Writer::with_capacity(128);
        self.write(&mut out);
        Hash::of(out.as_slice()).to_string().chars().take(8).collect()
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.array(5)
            .unsigned(self.witnessed)
            .bytes(&self.witnessed_hash.0)
            .unsigned(self.witnessed_at.0)
            .unsigned(self.found)
            .bytes(&self.found_hash.0);
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, CborError> {
        input.array_of(5)?;
        Ok(Self {
            witnessed: input.unsigned()?,
            witnessed_hash: Hash(input.fixed()?),
            witnessed_at: At(input.unsigned()?),
            found: input.unsigned()?,
            found_hash: Hash(input.fixed()?),
        })
    }
}

impl fmt::Display for Recovered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { witnessed, found, .. } = self;
        match self.lost() {
            0 => write!(out, "the records up to position {witnessed} are not those that were acknowledged"),
            1 => write!(out, "the record at position {witnessed} is lost"),
            lost => write!(out, "{lost} positions are lost, {} to {witnessed}", found + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovered(witnessed: u64, found: u64) -> Recovered {
        let (witnessed_hash, found_hash) = (Hash([1; 32]), Hash([2; 32]));
        Recovered { witnessed, witnessed_hash, witnessed_at: At(3), found, found_hash }
    }

    #[test]
    fn it_says_what_is_lost() {
        let shorter = recovered(60, 41);
        assert_eq!((shorter.lost(), shorter.to_string()), (19, "19 positions are lost, 42 to 60".to_owned()));
        assert_eq!([41, 42, 60, 61].map(|position| shorter.may_have_lost(position)), [false, true, true, false]);
        // As long as before, or longer, but not the same: where it parted is not known.
        let other = recovered(41, 50);
        assert_eq!(other.lost(), 0);
        assert_eq!([1, 41, 42, 51].map(|position| other.may_have_lost(position)), [true, true, false, false]);
    }

    #[test]
    fn another_loss_has_another_code() {
        assert_eq!(recovered(60, 41).code().len(), 8);
        assert_ne!(recovered(60, 41).code(), recovered(60, 42).code());
    }
}
