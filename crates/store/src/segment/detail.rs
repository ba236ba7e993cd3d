//! The `detail` of a row of a traces file, as bytes.
//!
//! What differs between traces comes first: times, span ids, rows. What many traces share comes
//! last: services, names and outcome. So compression finds the second half in a trace nearby.

use std::collections::BTreeSet;

use super::traces::TraceRow;
use crate::hot::part::{Named, TracePart};
use crate::varint::{put, take, take_below};

/// Flags: whether the trace has a root, and whether that is the earliest span.
const HAS_ROOT: u8 = 1;
const ROOT_IS_HEAD: u8 = 2;
/// Flags: whether the span that names the trace is a virtual hop.
const HEAD_IS_HOP: u8 = 4;
const ROOT_IS_HOP: u8 = 8;
const ALL_FLAGS: u8 = HAS_ROOT | ROOT_IS_HEAD | HEAD_IS_HOP | ROOT_IS_HOP;

/// The detail of a trace with this part, these rows in ascending order, and these segments with
/// other spans of it. No time of a part is before 1970 or before its first start.
pub(super) fn encode(part: &TracePart, rows: &[u32], split_with: &[u64]) -> Vec<u8> {
    debug_assert!(rows.is_sorted(), "a run of rows goes upwards");
    let mut to = Vec::with_capacity(128);
    let other_root = part.root.as_ref().filter(|root| **root != part.head);
    to.push(flags(part, other_root));
    put(&mut to, part.first_start as u64);
    put_later(&mut to, part.first_start, part.last_end);
    put(&mut to, part.spans);
    put(&mut to, part.errors);
    for named in std::iter::once(&part.head).chain(other_root) {
        put_later(&mut to, part.first_start, named.rank.0);
        to.extend(named.rank.2.to_le_bytes());
    }
    put_rows(&mut to, rows);
    put(&mut to, split_with.len() as u64);
    split_with.iter().for_each(|segment| put(&mut to, *segment));
    put(&mut to, part.services.len() as u64);
    part.services.iter().for_each(|service| put_text(&mut to, service));
    for named in std::iter::once(&part.head).chain(other_root) {
        put_named(&mut to, named, &part.services);
    }
    to
}

/// The row with the detail `from`; `None` if it is none. Its rows are below `end`.
pub(super) fn decode(mut from: &[u8], end: u32) -> Option<TraceRow> {
    let from = &mut from;
    let flags = take_byte(from).filter(|flags| flags & !ALL_FLAGS == 0)?;
    let first_start = take_later(from, 0)?;
    let last_end = take_later(from, first_start)?;
    let (spans, errors) = (take(from)?, take(from)?);
    let take_rank = |from: &mut &[u8], is_hop: bool| {
        let start = take_later(from, first_start)?;
        let (id, rest) = from.split_first_chunk()?;
        *from = rest;
        Some((start, is_hop, u64::from_le_bytes(*id)))
    };
    let head_rank = take_rank(from, flags & HEAD_IS_HOP != 0)?;
    let has_other_root = flags & (HAS_ROOT | ROOT_IS_HEAD) == HAS_ROOT;
    let root_rank = match has_other_root {
        true => Some(take_rank(from, flags & ROOT_IS_HOP != 0)?),
        false => None,
    };
    let rows = take_rows(from, end)?;
    // Each takes at least a byte, so a wrong number is noticed before memory is allocated.
    let split_with = take_below(from, from.len())?;
    let split_with = (0..split_with).map(|_| take(from)).collect::<Option<_>>()?;
    let services = take_below(from, from.len())?;
    let services = (0..services).map(|_| take_text(from)).collect::<Option<BTreeSet<_>>>()?;
    let head = take_named(from, head_rank, &services)?;
    let root = match root_rank {
        Some(rank) => Some(take_named(from, rank, &services)?),
        None => (flags & HAS_ROOT != 0).then(|| head.clone()),
    };
    let part = TracePart { first_start, last_end, spans, errors, services, head, root };
    from.is_empty().then_some(TraceRow { part, rows, split_with })
}

fn flags(part: &TracePart, other_root: Option<&Named>) -> u8 {
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    flag(part.root.is_some(), HAS_ROOT)
        | flag(part.root.is_some() && other_root.is_none(), ROOT_IS_HEAD)
        | flag(part.head.rank.1, HEAD_IS_HOP)
        | flag(other_root.is_some_and(|root| root.rank.1), ROOT_IS_HOP)
}

/// A time as its distance from an earlier one.
fn put_later(to: &mut Vec<u8>, earlier: i64, later: i64) {
    put(to, later.saturating_sub(earlier).max(0) as u64);
}

fn take_later(from: &mut &[u8], earlier: i64) -> Option<i64> {
    earlier.checked_add(i64::try_from(take(from)?).ok()?)
}

/// The number of runs of consecutive rows; of each run, twice the rows that lie between it and the run
/// before, and 1 more if it has several rows: then their number less 2 follows.
fn put_rows(to: &mut Vec<u8>, rows: &[u32]) {
    let runs: Vec<&[u32]> = rows.chunk_by(|row, next| *next == row.wrapping_add(1)).collect();
    put(to, runs.len() as u64);
    let mut after = 0;
    for run in runs {
        let gap = u64::from(run[0].wrapping_sub(after));
        put(to, gap << 1 | u64::from(run.len() > 1));
        if run.len() > 1 {
            put(to, run.len() as u64 - 2);
        }
        after = run[run.len() - 1].wrapping_add(1);
    }
}

fn take_rows(from: &mut &[u8], end: u32) -> Option<Vec<u32>> {
    let (mut rows, mut after) = (Vec::new(), 0_u32);
    for _ in 0..take_below(from, from.len())? {
        let gap = take(from)?;
        let more = if gap & 1 == 1 { take(from)?.checked_add(1)? } else { 0 };
        let first = after.checked_add(u32::try_from(gap >> 1).ok()?)?;
        after = first.checked_add(u32::try_from(more).ok()?)?.checked_add(1)?;
        if after > end {
            return None;
        }
        rows.extend(first..after);
    }
    Some(rows)
}

/// A span that names the trace: its service as a place among `services` from 1 on, its status from 1
/// on, and its name.
fn put_named(to: &mut Vec<u8>, named: &Named, services: &BTreeSet<Box<str>>) {
    match services.iter().position(|service| *service == named.service) {
        Some(place) => put(to, place as u64 + 1),
        None => {
            put(to, 0);
            put_text(to, &named.service);
        }
    }
    put(to, named.status.map_or(0, |status| u64::from(status) + 1));
    put_text(to, &named.name);
}

fn take_named(
    from: &mut &[u8],
    rank: (i64, bool, u64),
    services: &BTreeSet<Box<str>>,
) -> Option<Named> {
    let service = match take(from)?.checked_sub(1) {
        Some(place) => services.iter().nth(usize::try_from(place).ok()?)?.clone(),
        None => take_text(from)?,
    };
    let status = match take(from)?.checked_sub(1) {
        Some(status) => Some(u16::try_from(status).ok()?),
        None => None,
    };
    Some(Named { rank, service, name: take_text(from)?, status })
}

fn put_text(to: &mut Vec<u8>, text: &str) {
    put(to, text.len() as u64);
    to.extend(text.as_bytes());
}

fn take_text(from: &mut &[u8]) -> Option<Box<str>> {
    let length = usize::try_from(take(from)?).ok()?;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    std::str::from_utf8(text).ok().map(Into::into)
}

fn take_byte(from: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = from.split_first()?;
    *from = rest;
    Some(*byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named() -> impl Strategy<Value = Named> {
        let rank = (0..i64::MAX / 2, any::<bool>(), any::<u64>());
        (rank, "[a-c]{0,2}", ".{0,20}", any::<Option<u16>>()).prop_map(
            |(rank, service, name, status)| Named {
                rank,
                service: service.into(),
                name: name.into(),
                status,
            },
        )
    }

    fn parts() -> impl Strategy<Value = TracePart> {
        let numbers = (0..i64::MAX / 2, 0..i64::MAX / 2, any::<u64>(), any::<u64>());
        let services = prop::collection::btree_set("[a-c]{0,2}", 0..5);
        let root =
            prop_oneof![Just(None), Just(Some(None)), named().prop_map(|root| Some(Some(root)))];
        (numbers, services, named(), root).prop_map(|(numbers, services, mut head, root)| {
            let (first_start, duration, spans, errors) = numbers;
            head.rank.0 += first_start;
            // A root is absent, the earliest span, or another span.
            let root = root.map(|root| match root {
                None => head.clone(),
                Some(root) => {
                    Named { rank: (root.rank.0 + first_start, root.rank.1, root.rank.2), ..root }
                }
            });
            let services = services.into_iter().map(Into::into).collect();
            let last_end = first_start + duration;
            TracePart { first_start, last_end, spans, errors, services, head, root }
        })
    }

    fn rows() -> impl Strategy<Value = Vec<u32>> {
        let near = prop::collection::btree_set(0..40_u32, 0..30);
        let far = prop::collection::btree_set(
            any::<u32>().prop_filter("an end", |r| *r < u32::MAX),
            0..5,
        );
        (near, far).prop_map(|(near, far)| near.union(&far).copied().collect())
    }

    proptest! {
        #[test]
        fn a_detail_is_read_as_it_was_written(
            part in parts(),
            rows in rows(),
            split_with in prop::collection::vec(any::<u64>(), 0..4),
        ) {
            let bytes = encode(&part, &rows, &split_with);
            let read = decode(&bytes, u32::MAX).unwrap();
            prop_assert_eq!(&read.part, &part);
            prop_assert_eq!(&read.rows, &rows);
            prop_assert_eq!(&read.split_with, &split_with);
            let row = TraceRow { part, rows, split_with };
            let of_json = TraceRow::parse_json(&serde_json::to_string(&row).unwrap()).unwrap();
            prop_assert_eq!(of_json.part, read.part);
            prop_assert_eq!(of_json.rows, read.rows);
            prop_assert_eq!(of_json.split_with, read.split_with);
            for cut in 0..bytes.len() {
                prop_assert!(decode(&bytes[..cut], u32::MAX).is_none(), "cut at {}", cut);
            }
        }

        #[test]
        fn bytes_that_are_no_detail_are_refused_or_have_rows_of_the_segment(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            part in parts(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut damaged = encode(&part, &[1, 2, 3, 7, 9], &[]);
            *at.get_mut(&mut damaged) = byte;
            for bytes in [bytes, damaged] {
                if let Some(row) = decode(&bytes, 1_000) {
                    prop_assert!(0 <= row.part.first_start);
                    prop_assert!(row.part.first_start <= row.part.last_end);
                    prop_assert!(row.rows.iter().all(|row| *row < 1_000));
                    prop_assert!(row.rows.is_sorted());
                }
            }
        }
    }

    #[test]
    fn a_run_of_rows_takes_three_bytes_and_a_lone_row_one() {
        let bytes = |rows: &[u32]| {
            let mut to = Vec::new();
            put_rows(&mut to, rows);
            to.len()
        };
        assert_eq!(bytes(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 1 + 2);
        assert_eq!(bytes(&[3, 5, 7, 60]), 1 + 4);
    }

    #[test]
    fn a_run_beyond_the_segment_is_refused_before_it_is_in_memory() {
        let mut to = Vec::new();
        [1, 1, u64::from(u32::MAX) - 3].into_iter().for_each(|number| put(&mut to, number));
        assert_eq!(take_rows(&mut to.as_slice(), 262_144), None);
    }
}
