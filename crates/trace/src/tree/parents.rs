//! Finds the parent of each span, before the nodes of the tree are made.

use std::collections::HashMap;

use super::{Hop, Place};
use crate::ids::SpanId;
use crate::span::SpanKind;
use crate::work;

/// The parent and the place of every span, by the span's index.
pub(super) struct Parents {
    /// The parent's index; `None` for roots, and for spans that repeat an id.
    pub parent: Vec<Option<usize>>,
    /// Why each span is at its place in the tree.
    pub place: Vec<Place>,
    /// Whether each span is a virtual hop with a parent. Such a span becomes part of its ancestor's
    /// node.
    pub inside: Vec<bool>,
    /// Spans that repeat the id of an earlier span, by rising index.
    pub duplicates: Vec<usize>,
}

impl Parents {
    /// Finds the parents, cuts cycles, and skips virtual hops.
    pub fn find(hops: &[Hop]) -> Self {
        let (index, duplicates) = index(hops);
        let mut parents = Self::from_ids(hops, &index, duplicates);
        parents.cut_cycles(hops);
        parents.skip_virtual_hops(hops);
        parents
    }

    /// By span: the server child of a client span, if it has exactly one. The two spans are the
    /// sides of one call.
    pub fn only_servers(&self, hops: &[Hop]) -> Vec<Option<usize>> {
        let mut servers: Vec<Option<usize>> = vec![None; hops.len()];
        let mut several = vec![false; hops.len()];
        let is_server = |at: &usize| hops[*at].kind == SpanKind::Server && !self.inside[*at];
        for at in (0..hops.len()).filter(is_server) {
            let client = self.parent[at].filter(|parent| hops[*parent].kind == SpanKind::Client);
            if let Some(client) = client {
                several[client] |= servers[client].replace(at).is_some();
            }
        }
        let only = servers.into_iter().zip(several);
        only.map(|(server, several)| server.filter(|_| !several)).collect()
    }

    fn from_ids(hops: &[Hop], index: &HashMap<SpanId, usize>, duplicates: Vec<usize>) -> Self {
        let mut parent: Vec<Option<usize>> =
            hops.iter().map(|hop| hop.parent.and_then(|id| index.get(&id).copied())).collect();
        let place = hops
            .iter()
            .zip(&parent)
            .map(|(hop, found)| match (hop.parent, found) {
                (None, _) => Place::Root,
                (Some(_), Some(_)) => Place::Child,
                (Some(missing), None) => Place::Orphan(missing),
            })
            .collect();
        for duplicate in &duplicates {
            parent[*duplicate] = None;
        }
        Self { parent, place, inside: vec![false; hops.len()], duplicates }
    }

    /// Cuts every cycle at its earliest span.
    fn cut_cycles(&mut self, hops: &[Hop]) {
        // By span: 0 if no walk has visited the span, else the number of the first walk that did.
        let mut seen_by = vec![0usize; hops.len()];
        for start in 0..hops.len() {
            let walk = start + 1;
            let mut at = start;
            while seen_by[at] == 0 {
                work::step();
                seen_by[at] = walk;
                match self.parent[at] {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            if seen_by[at] == walk && self.parent[at].is_some() {
                self.cut_cycle_through(hops, at);
            }
        }
    }

    /// Cuts the cycle through `at`, if the walk up from `at` leads back to `at`.
    fn cut_cycle_through(&mut self, hops: &[Hop], at: usize) {
        let mut earliest = at;
        let mut next = self.parent[at];
        while let Some(above) = next.filter(|above| *above != at) {
            work::step();
            if hops[above].order() < hops[earliest].order() {
                earliest = above;
            }
            next = self.parent[above];
        }
        if next == Some(at) {
            self.parent[earliest] = None;
            self.place[earliest] = Place::Cycle;
        }
    }

    /// Attaches the children of virtual hops to their nearest ancestor that is not virtual. A
    /// virtual hop whose parent was not received has no such ancestor, and is treated like any
    /// other span.
    fn skip_virtual_hops(&mut self, hops: &[Hop]) {
        let is_virtual =
            hops.iter().zip(&self.parent).map(|(hop, of)| hop.virtual_hop && of.is_some());
        self.inside = is_virtual.collect();
        for at in 0..hops.len() {
            let mut path = vec![];
            let mut above = self.parent[at];
            while let Some(inner) = above.filter(|above| self.inside[*above]) {
                work::step();
                path.push(inner);
                above = self.parent[inner];
            }
            self.parent[at] = above;
            // Path compression: each virtual hop is walked once, so long chains of virtual hops
            // take linear time.
            for inner in path {
                self.parent[inner] = above;
            }
        }
    }
}

/// The index of the first span with each id, and the indices of the spans that repeat an id.
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
