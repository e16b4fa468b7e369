/// Sequence numbers of requests: 1 to 0x7FFFFFFF, then from 1 again (SMPP 3.4 section 5.1.4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sequence(u32);

const LAST: u32 = 0x7FFF_FFFF;

impl Sequence {
    pub const fn new() -> Self {
        Self(0)
    }

    /// The next number that `taken` does not hold. After a wrap a very old request may still be waiting.
    pub fn next(&mut self, taken: impl Fn(u32) -> bool) -> u32 {
        loop {
            self.0 = if self.0 >= LAST { 1 } else { self.0 + 1 };
            if !taken(self.0) {
                return self.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_below_the_sign_bit_and_pass_over_those_in_use() {
        let mut sequence = Sequence(LAST - 2);
        let numbers: Vec<u32> = (0..4).map(|_| sequence.next(|number| number == 1)).collect();
        assert_eq!(numbers, [LAST - 1, LAST, 2, 3]);
        assert_eq!(Sequence::new().next(|_| false), 1);
    }
}
