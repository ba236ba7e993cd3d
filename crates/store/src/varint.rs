//! Numbers as variable-length bytes (LEB128): seven bits in each byte, the lowest first.

/// Appends `value`.
pub(crate) fn put(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Takes a number from the front of `from`; `None` if there is none.
pub(crate) fn take(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Takes a number that is an index below `end`, or a number of things below `end`.
pub(crate) fn take_below(from: &mut &[u8], end: usize) -> Option<usize> {
    take(from).and_then(|value| usize::try_from(value).ok()).filter(|value| *value < end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(shifted in prop::collection::vec((any::<u64>(), 0..64_u32), 0..20)) {
            let values: Vec<u64> = shifted.into_iter().map(|(value, shift)| value >> shift).collect();
            let mut bytes = Vec::new();
            values.iter().for_each(|value| put(&mut bytes, *value));
            let mut rest = bytes.as_slice();
            for value in values {
                prop_assert_eq!(take(&mut rest), Some(value));
            }
            prop_assert_eq!(take(&mut rest), None);
        }
    }

    #[test]
    fn a_number_that_does_not_end_is_none() {
        assert_eq!(take(&mut [0xff; 20].as_slice()), None);
        assert_eq!(take_below(&mut [5].as_slice(), 5), None);
    }
}
