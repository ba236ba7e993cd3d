//! One sum as bytes.

use std::collections::HashMap;

use coral_trace::dependency::{
    AddressCounts, CallSums, Counts, Dependencies, EdgeKey, EdgeSums, Latencies, LatencyParts,
    ServiceSums,
};

use super::{Ids, Numbers};
use crate::varint::{self, take_below};

/// Appends `sums`. `None` if a number is too large for the form.
pub(super) fn put(to: &mut Vec<u8>, sums: &CallSums, numbers: &Numbers) -> Option<()> {
    let Counts { traces, spans, orphans, unnamed, left_out } = sums.counts;
    [traces, spans, orphans, unnamed, left_out].into_iter().for_each(|n| varint::put(to, n));
    let mut services: Vec<(u32, &ServiceSums)> =
        sums.services.iter().map(|(node, service)| (numbers.nodes[node], service)).collect();
    services.sort_unstable_by_key(|(node, _)| *node);
    varint::put(to, services.len() as u64);
    for (node, service) in services {
        varint::put(to, node.into());
        varint::put(to, service.spans);
        varint::put(to, service.own_spans);
        if service.own_spans < service.spans {
            service.stands_for.into_iter().for_each(|spans| varint::put(to, spans));
        }
        put_addresses(to, &service.addresses, numbers);
    }
    let number = |key: &EdgeKey| {
        [numbers.nodes[&key.from], numbers.nodes[&key.to], numbers.protocols[key.protocol].into()]
    };
    let mut edges: Vec<([u32; 3], &EdgeSums)> =
        sums.edges.iter().map(|(key, edge)| (number(key), edge)).collect();
    edges.sort_unstable_by_key(|(key, _)| *key);
    varint::put(to, edges.len() as u64);
    for (key, edge) in edges {
        key.into_iter().for_each(|number| varint::put(to, number.into()));
        varint::put(to, edge.errors);
        put_addresses(to, &edge.addresses, numbers);
        put_latencies(to, &edge.latencies)?;
    }
    Some(())
}

/// Takes what [`put`] appended.
pub(super) fn take(from: &mut &[u8], ids: &Ids) -> Option<CallSums> {
    let mut counts = [0; 5];
    for count in &mut counts {
        *count = varint::take(from)?;
    }
    let [traces, spans, orphans, unnamed, left_out] = counts;
    let counts = Counts { traces, spans, orphans, unnamed, left_out };
    // A service takes more than one byte, and so does an edge.
    let services = take_below(from, from.len())?;
    let mut sums =
        CallSums { counts, services: HashMap::with_capacity(services), edges: HashMap::new() };
    for _ in 0..services {
        let node = ids.nodes[take_below(from, ids.nodes.len())?];
        let mut service = ServiceSums {
            spans: varint::take(from)?,
            own_spans: varint::take(from)?,
            ..ServiceSums::default()
        };
        if service.own_spans < service.spans {
            for spans in &mut service.stands_for {
                *spans = varint::take(from)?;
            }
        }
        service.addresses = take_addresses(from, ids)?;
        sums.services.insert(node, service);
    }
    let edges = take_below(from, Dependencies::MAX_EDGES + 1)?;
    sums.edges.reserve(edges);
    for _ in 0..edges {
        let [from_node, to] =
            [take_below(from, ids.nodes.len())?, take_below(from, ids.nodes.len())?];
        let protocol = ids.protocols[take_below(from, ids.protocols.len())?];
        let key = EdgeKey { from: ids.nodes[from_node], to: ids.nodes[to], protocol };
        let errors = varint::take(from)?;
        let addresses = take_addresses(from, ids)?;
        let latencies = take_latencies(from)?;
        sums.edges.insert(key, EdgeSums { calls: latencies.count(), errors, latencies, addresses });
    }
    Some(sums)
}

fn put_addresses(to: &mut Vec<u8>, addresses: &AddressCounts, numbers: &Numbers) {
    let mut numbered: Vec<(u32, u64)> =
        addresses.iter().map(|(node, count)| (numbers.nodes[&node], count)).collect();
    numbered.sort_unstable();
    varint::put(to, numbered.len() as u64);
    for (node, count) in numbered {
        varint::put(to, node.into());
        varint::put(to, count);
    }
}

fn take_addresses(from: &mut &[u8], ids: &Ids) -> Option<AddressCounts> {
    let mut addresses = AddressCounts::default();
    for _ in 0..varint::take(from)? {
        let node = ids.nodes[take_below(from, ids.nodes.len())?];
        addresses.add(node, varint::take(from)?);
    }
    Some(addresses)
}

/// Appends durations: the bits of buckets plus one, or 0 if the durations are exact; the bounds of
/// durations in buckets; then each distinct duration as its distance from the one before. The lowest
/// bit of a distance says whether a number of equal durations follows.
fn put_latencies(to: &mut Vec<u8>, latencies: &Latencies) -> Option<()> {
    let LatencyParts { distinct, bucket_bits, bounds } = latencies.parts();
    varint::put(to, bucket_bits.map_or(0, |bits| u64::from(bits) + 1));
    if bucket_bits.is_some() {
        varint::put(to, bounds.0);
        varint::put(to, bounds.1);
    }
    varint::put(to, distinct.len() as u64);
    let mut before = 0;
    for (micros, count) in distinct {
        let distance = (micros - before).checked_mul(2)?;
        varint::put(to, distance | u64::from(count > 1));
        if count > 1 {
            varint::put(to, count);
        }
        before = micros;
    }
    Some(())
}

fn take_latencies(from: &mut &[u8]) -> Option<Latencies> {
    let bucket_bits = match varint::take(from)? {
        0 => None,
        bits => Some(u32::try_from(bits - 1).ok()?),
    };
    let read = match bucket_bits {
        Some(_) => Some((varint::take(from)?, varint::take(from)?)),
        None => None,
    };
    let number = take_below(from, from.len())?;
    let mut distinct = Vec::with_capacity(number);
    let mut micros = 0_u64;
    for _ in 0..number {
        let distance = varint::take(from)?;
        micros = micros.checked_add(distance / 2)?;
        distinct.push((micros, if distance % 2 == 1 { varint::take(from)? } else { 1 }));
    }
    let ends = || Some((distinct.first()?.0, distinct.last()?.0));
    let bounds = read.or_else(ends).unwrap_or_default();
    Latencies::of_parts(LatencyParts { distinct, bucket_bits, bounds })
}
