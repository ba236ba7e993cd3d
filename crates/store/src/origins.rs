//! The dictionary of resources and scopes that hot rows refer to.

use std::sync::Arc;

use coral_trace::Origin;
use hashbrown::HashMap;

use crate::record::write_origin;

/// How many origins are remembered. A hostile exporter makes a new one for every span; then the memory
/// is emptied, and an origin may be written twice, which costs bytes and nothing else.
const MOST_REMEMBERED: usize = 65_536;

/// Numbers origins, and collects those that a commit has to write.
#[derive(Default)]
pub(crate) struct Origins {
    numbers: HashMap<Arc<Origin>, u32>,
    next: u32,
    unwritten: Vec<(u32, String)>,
}

impl Origins {
    /// A dictionary whose numbers begin above those in use.
    pub(crate) fn starting_at(next: u32) -> Self {
        Self { next, ..Self::default() }
    }

    /// The number of `origin`; a new one is due to be written with this commit.
    pub(crate) fn number(&mut self, origin: &Arc<Origin>) -> u32 {
        if let Some(number) = self.numbers.get(origin) {
            return *number;
        }
        if self.numbers.len() >= MOST_REMEMBERED {
            self.numbers.clear();
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.numbers.insert(origin.clone(), number);
        self.unwritten.push((number, write_origin(origin)));
        number
    }

    /// The rows of `hot_origins` that this commit has to write.
    pub(crate) fn unwritten(&self) -> &[(u32, String)] {
        &self.unwritten
    }

    /// The commit succeeded.
    pub(crate) fn written(&mut self) {
        self.unwritten.clear();
    }

    /// Forgets all numbers: rows were rolled back or deleted.
    pub(crate) fn forget(&mut self) {
        self.numbers.clear();
        self.unwritten.clear();
    }
}
