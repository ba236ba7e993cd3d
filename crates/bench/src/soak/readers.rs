//! Those who ask while everything else goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Ages, Ledger};
use crate::Failure;
use crate::ask::Ask;
use crate::latency::Latencies;
use crate::traffic::question::Asked;
use crate::traffic::trace::mix;

/// One who asks for traces by id and by window, and knows what must be answered.
pub struct Reader {
    /// Who answers.
    pub ask: Ask,
    /// What was sent.
    pub ledger: Arc<Ledger>,
    /// What certainly is there: old enough to have arrived, young enough not to have gone.
    pub certain: Ages,
    /// Begin and end of all start times, Unix seconds, when the soak began.
    pub seconds: (i64, i64),
    /// Another one asks other things.
    pub seed: u64,
    /// Files fail now and then: an answer may be an error, but never wrong.
    pub with_faults: bool,
}

/// What a reader saw.
#[derive(Default)]
pub struct Read {
    /// How long each answer took.
    pub latencies: Latencies,
    /// Traces in answers that were compared.
    pub checked: u64,
    /// Questions that were answered with an error, because a file failed.
    pub errors: u64,
}

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(20);
/// Seconds of a window.
const WINDOW: i64 = 20;

impl Reader {
    /// Asks until `deadline`.
    ///
    /// # Errors
    /// A wrong answer, or none.
    pub async fn run(mut self, deadline: Instant) -> Result<Read, Failure> {
        let (mut read, mut random) = (Read::default(), mix(self.seed));
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

    async fn trace(&mut self, random: u64, read: &mut Read) -> Result<(), Failure> {
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

    /// A window anywhere in the hour: what certainly is there is in the answer, exactly.
    async fn window(&mut self, random: u64, read: &mut Read) -> Result<(), Failure> {
        let (first, last) = self.seconds;
        let since = first + (random >> 8) as i64 % (last - first - WINDOW).max(1);
        let (since_us, until_us) = (since * 1_000_000, (since + WINDOW) * 1_000_000);
        let expected = self.ledger.within(self.certain, since_us, until_us);
        let begin = Instant::now();
        let asked = Asked::Newest { since_us, until_us, limit: 1_000 };
        let found = match self.ask.list(&asked).await {
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
