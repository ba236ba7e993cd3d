//! The dictionary of resources and scopes that hot rows refer to.

use std::sync::Arc;

use coral_trace::Origin;
use hashbrown::HashMap;

use crate::row::record::write_origin;

/// How many origins are remembered. A hostile exporter makes a new one for every span; then the memory
/// is emptied, and an origin may be written twice, which costs bytes and nothing else.
const MAX_REMEMBERED: usize = 65_536;

/// Numbers the origins of one generation, and collects those that a commit has to write.
#[derive(Default)]
pub(crate) struct Origins {
    numbers: HashMap<Arc<Origin>, u32>,
    /// How many are written.
    written: u32,
    unwritten: Vec<String>,
}

impl Origins {
    /// A dictionary in which so many are written already.
    pub(crate) fn starting_at(written: u32) -> Self {
        Self { written, ..Self::default() }
    }

    /// The number of `origin`; a new one is due to be written with this commit.
    pub(crate) fn number(&mut self, origin: &Arc<Origin>) -> u32 {
        if let Some(number) = self.numbers.get(origin) {
            return *number;
        }
        if self.numbers.len() >= MAX_REMEMBERED {
            self.numbers.clear();
        }
        let number = self.next();
        self.numbers.insert(origin.clone(), number);
        self.unwritten.push(write_origin(origin));
        number
    }

    /// The number of the next new one.
    fn next(&self) -> u32 {
        self.written + self.unwritten.len() as u32
    }

    /// The texts that this commit has to write, and the number of the first.
    pub(crate) fn unwritten(&self) -> (u32, &[String]) {
        (self.written, &self.unwritten)
    }

    /// The commit succeeded.
    pub(crate) fn written(&mut self) {
        self.written = self.next();
        self.unwritten.clear();
    }

    /// The commit failed: what it was to write has no number.
    pub(crate) fn forget(&mut self) {
        self.numbers.clear();
        self.unwritten.clear();
    }
}
