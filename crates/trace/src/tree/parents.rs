//! Which span stands under which, before nodes are made.

use std::collections::HashMap;

use super::{Hop, Place};
use crate::ids::SpanId;
use crate::span::SpanKind;
use crate::work;

/// The parent of every span, by index.
pub(super) struct Parents {
    /// `None` at the top, and for spans that repeat an id.
    pub of: Vec<Option<usize>>,
    /// Why each span stands where it stands.
    pub place: Vec<Place>,
    /// Virtual hops that are seen through.
    pub inside: Vec<bool>,
    /// Spans whose id an earlier one has already, in their order.
    pub duplicates: Vec<usize>,
}

impl Parents {
    /// Without circles, and as seen through virtual hops.
    pub fn find(hops: &[Hop]) -> Self {
        let (index, duplicates) = index(hops);
        let mut parents = Self::as_sent(hops, &index, duplicates);
        parents.cut_cycles(hops);
        parents.see_through(hops);
        parents
    }

    /// For each client span, the only server span below it: the other side of the same call.
    pub fn only_servers(&self, hops: &[Hop]) -> Vec<Option<usize>> {
        let mut servers: Vec<Option<usize>> = vec![None; hops.len()];
        let mut several = vec![false; hops.len()];
        let is_server = |at: &usize| hops[*at].kind == SpanKind::Server && !self.inside[*at];
        for at in (0..hops.len()).filter(is_server) {
            let client = self.of[at].filter(|parent| hops[*parent].kind == SpanKind::Client);
            if let Some(client) = client {
                several[client] |= servers[client].replace(at).is_some();
            }
        }
        let only = servers.into_iter().zip(several);
        only.map(|(server, several)| server.filter(|_| !several)).collect()
    }

    fn as_sent(hops: &[Hop], index: &HashMap<SpanId, usize>, duplicates: Vec<usize>) -> Self {
        let mut of: Vec<Option<usize>> =
            hops.iter().map(|hop| hop.parent.and_then(|id| index.get(&id).copied())).collect();
        let place = hops
            .iter()
            .zip(&of)
            .map(|(hop, found)| match (hop.parent, found) {
                (None, _) => Place::Root,
                (Some(_), Some(_)) => Place::Child,
                (Some(missing), None) => Place::Orphan(missing),
            })
            .collect();
        for duplicate in &duplicates {
            of[*duplicate] = None;
        }
        Self { of, place, inside: vec![false; hops.len()], duplicates }
    }

    /// Cuts every circle at its earliest span.
    fn cut_cycles(&mut self, hops: &[Hop]) {
        // 0: not seen; otherwise the walk that saw it first.
        let mut seen_by = vec![0usize; hops.len()];
        for start in 0..hops.len() {
            let walk = start + 1;
            let mut at = start;
            while seen_by[at] == 0 {
                work::step();
                seen_by[at] = walk;
                match self.of[at] {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            if seen_by[at] == walk && self.of[at].is_some() {
                self.cut_cycle_through(hops, at);
            }
        }
    }

    /// `at` may lie on a circle: if walking up from it leads back to it, cuts that circle.
    fn cut_cycle_through(&mut self, hops: &[Hop], at: usize) {
        let mut earliest = at;
        let mut next = self.of[at];
        while let Some(above) = next.filter(|above| *above != at) {
            work::step();
            if hops[above].order() < hops[earliest].order() {
                earliest = above;
            }
            next = self.of[above];
        }
        if next == Some(at) {
            self.of[earliest] = None;
            self.place[earliest] = Place::Cycle;
        }
    }

    /// Hangs the children of virtual hops under the nearest real ancestor. A virtual hop whose parent
    /// was not received has nothing to be seen through to, and counts as a span like any other.
    fn see_through(&mut self, hops: &[Hop]) {
        let seen_through =
            hops.iter().zip(&self.of).map(|(hop, of)| hop.virtual_hop && of.is_some());
        self.inside = seen_through.collect();
        for at in 0..hops.len() {
            let mut path = vec![];
            let mut above = self.of[at];
            while let Some(inner) = above.filter(|above| self.inside[*above]) {
                work::step();
                path.push(inner);
                above = self.of[inner];
            }
            self.of[at] = above;
            // Walked once: a long chain of virtual hops stays linear.
            for inner in path {
                self.of[inner] = above;
            }
        }
    }
}

/// Where each id stands first, and the spans that repeat one.
fn index(hops: &[Hop]) -> (HashMap<SpanId, usize>, Vec<usize>) {
    let mut index = HashMap::with_capacity(hops.len());
    let mut duplicates = Vec::new();
    for (at, hop) in hops.iter().enumerate() {
        if *index.entry(hop.span_id).or_insert(at) != at {
            duplicates.push(at);
        }
    }
    (index, duplicates)
}
