use peyk_domain::TenantId;

/// The `messages` partition a tenant lives in: the first 8 bytes of BLAKE3 of its id, as a big-endian number, modulo
/// `partitions`. Fixed for good when the deployment is created.
#[must_use]
pub fn partition_of(tenant: TenantId, partitions: u16) -> u16 {
    let hash = blake3::hash(&tenant.to_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    let partition = u64::from_be_bytes(first) % u64::from(partitions.max(1));
    u16::try_from(partition).expect("a remainder of a division by a u16 fits one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_never_moves() {
        let places: Vec<u16> = (0u8..12).map(|seed| partition_of(TenantId::from_bytes([seed; 16]), 4)).collect();
        assert_eq!(places, PLACES);
    }

    /// Written down once; another value would send tenants to a partition that does not know them.
    const PLACES: [u16; 12] = [3, 1, 2, 3, 2, 0, 1, 0, 0, 2, 3, 1];

    #[test]
    fn one_partition_takes_all_and_none_counts_as_one() {
        for seed in 0u8..50 {
            assert_eq!(partition_of(TenantId::from_bytes([seed; 16]), 1), 0);
            assert_eq!(partition_of(TenantId::from_bytes([seed; 16]), 0), 0);
        }
    }

    #[test]
    fn tenants_spread_over_all_partitions() {
        let mut count = [0u32; 4];
        for number in 0u128..4_000 {
            count[usize::from(partition_of(TenantId::from_bytes(number.to_be_bytes()), 4))] += 1;
        }
        assert!(count.iter().all(|tenants| (800..1_200).contains(tenants)), "{count:?}");
    }
}
