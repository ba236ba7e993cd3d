//! The fair queue: round-robin over surfaces, and within each surface round-robin over identities.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::{Identity, Surface, Who};

/// Waiting questions. No queue inside is empty.
#[derive(Default)]
pub(super) struct Turns {
    surfaces: VecDeque<(Surface, Identities)>,
    len: usize,
}

/// The identities of one surface that have waiting questions, in the order of their turns.
type Identities = VecDeque<(Who, VecDeque<Ticket>)>;

/// One waiting question.
pub(super) struct Ticket {
    /// Unique number of the ticket.
    pub number: u64,
    /// Signals the question that it may run.
    pub granted: oneshot::Sender<()>,
}

impl Turns {
    /// Number of waiting questions.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Number of waiting questions of `who`.
    pub fn len_of(&self, who: &Identity) -> usize {
        let mut surfaces = self.surfaces.iter();
        let surface = surfaces.find(|(surface, _)| *surface == who.surface);
        let mut identities = surface.into_iter().flat_map(|(_, identities)| identities);
        identities.find(|(waiting, _)| *waiting == who.who).map_or(0, |(_, tickets)| tickets.len())
    }

    /// Adds a question after the other questions of `who`. A new identity is the last of its
    /// surface, and a new surface is the last of all.
    pub fn push(&mut self, who: &Identity, ticket: Ticket) {
        let identities = entry(&mut self.surfaces, who.surface);
        entry(identities, who.who).push_back(ticket);
        self.len += 1;
    }

    /// Removes the question whose turn is next among those whose asker `may_run`. Its surface, and
    /// its identity within the surface, move to the end. Whoever is passed over keeps its place.
    pub fn pop(&mut self, may_run: impl Fn(&Who) -> bool) -> Option<(Who, Ticket)> {
        let (at, next) = self.surfaces.iter().enumerate().find_map(|(at, (_, identities))| {
            Some((at, identities.iter().position(|(asking, _)| may_run(asking))?))
        })?;
        let (surface, mut identities) = self.surfaces.remove(at)?;
        let (asking, mut tickets) = identities.remove(next)?;
        let ticket = tickets.pop_front()?;
        if !tickets.is_empty() {
            identities.push_back((asking, tickets));
        }
        if !identities.is_empty() {
            self.surfaces.push_back((surface, identities));
        }
        self.len -= 1;
        Some((asking, ticket))
    }

    /// Removes the ticket with that number; false when the ticket was removed before.
    pub fn remove(&mut self, who: &Identity, number: u64) -> bool {
        let before = self.len;
        self.surfaces.retain_mut(|(surface, identities)| {
            if *surface == who.surface {
                identities.retain_mut(|(asking, tickets)| {
                    if *asking == who.who {
                        let waiting = tickets.len();
                        tickets.retain(|ticket| ticket.number != number);
                        self.len -= waiting - tickets.len();
                    }
                    !tickets.is_empty()
                });
            }
            !identities.is_empty()
        });
        self.len < before
    }
}

/// The value of `key`. A missing key is added at the end.
fn entry<K: PartialEq, V: Default>(ring: &mut VecDeque<(K, V)>, key: K) -> &mut V {
    let index = ring.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        ring.push_back((key, V::default()));
        ring.len() - 1
    });
    &mut ring[index].1
}
