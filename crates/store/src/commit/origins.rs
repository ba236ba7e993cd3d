//! The dictionary of resources and scopes that hot rows refer to.

use std::sync::Arc;

use coral_trace::Origin;
use hashbrown::HashMap;

use coral_record::write_origin;

/// The most origins in the dictionary, because a hostile exporter can send a new origin with every
/// span. At the limit the dictionary is emptied. An origin may then be written twice, which only
/// costs space.
const MAX_REMEMBERED: usize = 65_536;

/// Numbers the origins of one generation, and collects new ones for the next commit.
#[derive(Default)]
pub(crate) struct Origins {
    numbers: HashMap<Arc<Origin>, u32>,
    /// How many origins of this generation are in the log.
    written: u32,
    unwritten: Vec<String>,
}

impl Origins {
    /// An empty dictionary whose next new origin gets the number `written`.
    pub(crate) fn starting_at(written: u32) -> Self {
        Self { written, ..Self::default() }
    }

    /// The number of `origin`. A new origin is added to those that the commit must write.
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

    /// The number of the next new origin.
    fn next(&self) -> u32 {
        self.written + self.unwritten.len() as u32
    }

    /// The number of the first origin that the next commit must write, and the texts of all of
    /// them.
    pub(crate) fn unwritten(&self) -> (u32, &[String]) {
        (self.written, &self.unwritten)
    }

    /// Records that the commit succeeded, so that its new origins are in the log.
    pub(crate) fn written(&mut self) {
        self.written = self.next();
        self.unwritten.clear();
    }

    /// Discards the new origins of a commit that failed, so that their numbers are used again.
    /// Empties the dictionary.
    pub(crate) fn forget(&mut self) {
        self.numbers.clear();
        self.unwritten.clear();
    }
}
