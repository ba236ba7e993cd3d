//! Readers that query continuously during a test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Ages, Ledger};
use crate::Failure;
use crate::ask::Ask;
use crate::latency::Latencies;
use crate::traffic::question::ListQuery;
use coral_scenario::mix;

/// A reader that asks one process for traces by id and by window, and checks the answers.
pub struct Reader {
    /// The process that is queried.
    pub ask: Ask,
    /// The record of acknowledged exports.
    pub ledger: Arc<Ledger>,
    /// How long ago a trace was acknowledged if it must be stored: long enough to have arrived, and
    /// not long enough to have expired.
    pub certain: Ages,
    /// The range of start times from which windows are chosen, in Unix seconds.
    pub seconds: (i64, i64),
    /// The seed for choosing questions.
    pub seed: u64,
    /// Whether file operations fail at random. Then an answer may be an error, but it must not be
    /// wrong.
    pub with_faults: bool,
}

/// The results of a reader.
#[derive(Default)]
pub struct ReaderResult {
    /// The latencies of the answers.
    pub latencies: Latencies,
    /// How many traces in answers were compared.
    pub checked: u64,
    /// How many answers were errors, because of injected faults.
    pub errors: u64,
}

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(20);
/// The length of a window, in seconds.
const WINDOW: i64 = 20;

impl Reader {
    /// Asks random questions until `deadline`.
    ///
    /// # Errors
    /// A wrong answer, a window with more traces than an answer holds, or no answer where no fault
    /// is injected.
    pub async fn run(mut self, deadline: Instant) -> Result<ReaderResult, Failure> {
        let (mut read, mut random) = (ReaderResult::default(), mix(self.seed));
        while Instant::now() < deadline {
            random = mix(random);
            match random % 4 {
                0 => self.window(random, &mut read).await?,
                _ => self.trace(random, &mut read).await?,
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(read)
    }

    async fn trace(&mut self, random: u64, read: &mut ReaderResult) -> Result<(), Failure> {
        let Some(expected) = self.ledger.any(self.certain, random) else { return Ok(()) };
        let begin = Instant::now();
        let found = match self.ask.trace(&expected.trace_id).await {
            Err(_) if self.with_faults => {
                read.errors += 1;
                return Ok(());
            }
            outcome => outcome?,
        };
        read.latencies.add(begin.elapsed());
        read.checked += 1;
        match found.as_ref() == Some(&expected) {
            true => Ok(()),
            false => Err(format!("a wrong trace: {found:?}, not {expected:?}").into()),
        }
    }

    /// Asks for the traces of a random window. The answer must contain every trace that must be
    /// stored, with exactly the right facts.
    async fn window(&mut self, random: u64, read: &mut ReaderResult) -> Result<(), Failure> {
        let (first, last) = self.seconds;
        let since = first + (random >> 8) as i64 % (last - first - WINDOW).max(1);
        let (since_us, until_us) = (since * 1_000_000, (since + WINDOW) * 1_000_000);
        let expected = self.ledger.within(self.certain, since_us, until_us);
        let begin = Instant::now();
        let query = ListQuery::Newest { since_us, until_us, limit: 1_000 };
        let found = match self.ask.list(&query).await {
            Err(_) if self.with_faults => {
                read.errors += 1;
                return Ok(());
            }
            outcome => outcome?,
        };
        read.latencies.add(begin.elapsed());
        if found.more {
            return Err("a window holds more traces than an answer; lower the rate".into());
        }
        read.checked += expected.len() as u64;
        match expected.iter().find(|facts| !found.traces.contains(facts)) {
            None => Ok(()),
            Some(facts) => {
                let other = found.traces.iter().find(|other| other.trace_id == facts.trace_id);
                Err(format!("a window answers {other:?}, not {facts:?}").into())
            }
        }
    }
}
