//! Sorts durations.

/// The number of bits by which values are sorted in one pass.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Fewer values are sorted faster by comparison.
const MIN_VALUES: usize = 2_048;

/// Sorts `values` in rising order, by radix sort: 131,072 durations below 4 s take 1 ms, and 4 ms by
/// comparison.
pub(super) fn rising(values: &mut Vec<u64>) {
    if values.len() < MIN_VALUES {
        values.sort_unstable();
        return;
    }
    let most = values.iter().copied().max().unwrap_or(0);
    let mut sorted = vec![0; values.len()];
    let mut shift = 0;
    while shift < u64::BITS && most >> shift > 0 {
        let digit = |value: u64| (value >> shift) as usize % DIGITS;
        let mut places = [0; DIGITS];
        for value in values.iter() {
            places[digit(*value)] += 1;
        }
        let mut begin = 0;
        for place in &mut places {
            begin += std::mem::replace(place, begin);
        }
        for value in values.iter() {
            let place = &mut places[digit(*value)];
            sorted[*place] = *value;
            *place += 1;
        }
        std::mem::swap(values, &mut sorted);
        shift += DIGIT_BITS;
    }
}
