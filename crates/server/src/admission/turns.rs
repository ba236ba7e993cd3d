//! The order in which waiting questions get their turns: round-robin over surfaces, and within each over identities.

use std::collections::VecDeque;
use std::net::IpAddr;

use tokio::sync::oneshot;

use super::{Identity, Surface};

/// Questions that wait. No queue in here is empty.
#[derive(Default)]
pub(super) struct Turns {
    surfaces: VecDeque<(Surface, Identities)>,
    len: usize,
}

/// The identities of one surface whose questions wait; the first one's turn is next.
type Identities = VecDeque<(Option<IpAddr>, VecDeque<Ticket>)>;

/// One question that waits.
pub(super) struct Ticket {
    /// Different for every ticket.
    pub number: u64,
    /// Tells the question that its turn has come.
    pub granted: oneshot::Sender<()>,
}

impl Turns {
    /// How many questions wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many questions of `who` wait.
    pub fn len_of(&self, who: &Identity) -> usize {
        let mut surfaces = self.surfaces.iter();
        let surface = surfaces.find(|(surface, _)| *surface == who.surface);
        let mut identities = surface.into_iter().flat_map(|(_, identities)| identities);
        identities.find(|(peer, _)| *peer == who.peer).map_or(0, |(_, tickets)| tickets.len())
    }

    /// Adds a question behind the other ones of `who`. A new identity is the last one of its surface, and a new
    /// surface the last one of all.
    pub fn push(&mut self, who: &Identity, ticket: Ticket) {
        let identities = entry(&mut self.surfaces, who.surface);
        entry(identities, who.peer).push_back(ticket);
        self.len += 1;
    }

    /// Takes the question whose turn is next. Its surface, and within that its identity, go to the end of the line.
    pub fn pop(&mut self) -> Option<Ticket> {
        let (surface, mut identities) = self.surfaces.pop_front()?;
        let (peer, mut tickets) = identities.pop_front()?;
        let ticket = tickets.pop_front()?;
        if !tickets.is_empty() {
            identities.push_back((peer, tickets));
        }
        if !identities.is_empty() {
            self.surfaces.push_back((surface, identities));
        }
        self.len -= 1;
        Some(ticket)
    }

    /// Takes the ticket of that number away; false when the ticket has been taken before.
    pub fn remove(&mut self, who: &Identity, number: u64) -> bool {
        let before = self.len;
        self.surfaces.retain_mut(|(surface, identities)| {
            if *surface == who.surface {
                identities.retain_mut(|(peer, tickets)| {
                    if *peer == who.peer {
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

/// The value of `key`, which is added at the end when there is none.
fn entry<K: PartialEq, V: Default>(ring: &mut VecDeque<(K, V)>, key: K) -> &mut V {
    let index = ring.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        ring.push_back((key, V::default()));
        ring.len() - 1
    });
    &mut ring[index].1
}
