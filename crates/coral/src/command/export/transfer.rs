//! The pages of a colony on their way to a receiver, with a line of progress, until Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use coral_colony::export::Target;
use coral_colony::export::client::OtlpClient;
use coral_colony::export::one_off::{Counts, OneOff};
use coral_colony::export::refusal::Refusal;
use coral_query::TracesQuestion;
use coral_trace::units::counted;
use coral_trace::{Recogniser, Span, chain};
use coral_wire::otlp_in::{self, Encoding};
use tokio::time::{Instant, interval};

use super::super::Failure;
use crate::client::{Server, TracePage};
use crate::terminal::Tally;

/// How often the line of progress is renewed while nothing else happens.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// An export of one question.
pub(super) struct Transfer {
    colony: Arc<Server>,
    question: TracesQuestion,
    export: OneOff<OtlpClient>,
    tally: Tally,
    /// Traces of which all spans were sent.
    pub traces: u64,
    /// Spans of traces that are too large for a page.
    pub left_out: u64,
}

/// How an export ends.
pub(super) enum Ended {
    /// Everything was sent.
    Whole,
    /// The receiver did not take a request.
    Refused(Refusal),
    /// The colony did not answer.
    Failed(Failure),
    /// The user has pressed Ctrl-C.
    Interrupted,
}

impl Transfer {
    /// An export of what `colony` answers to `question`.
    pub fn new(colony: Server, question: TracesQuestion, target: Target) -> Self {
        Self {
            colony: Arc::new(colony),
            question,
            export: OneOff::new(target),
            tally: Tally::default(),
            traces: 0,
            left_out: 0,
        }
    }

    /// Sends everything, or until Ctrl-C.
    pub async fn run(&mut self) -> Ended {
        tokio::select! {
            sent = self.all() => match sent {
                Ok(()) => Ended::Whole,
                Err(ended) => ended,
            },
            Ok(()) = tokio::signal::ctrl_c() => Ended::Interrupted,
        }
    }

    /// What became of the spans, which ends the line of progress.
    pub fn end(self) -> Counts {
        self.export.counts
    }

    async fn all(&mut self) -> Result<(), Ended> {
        loop {
            let page = self.page().await.map_err(Ended::Failed)?;
            let decoded = otlp_in::decode(&page.otlp, Encoding::Protobuf, &Recogniser::default());
            let decoded = decoded.map_err(|error| {
                let error = format!("the colony's page is not OTLP: {}", chain(&error));
                Ended::Failed(Failure::new(error))
            })?;
            self.send(decoded.spans).await.map_err(Ended::Refused)?;
            (self.traces, self.left_out) =
                (self.traces + page.traces, self.left_out + page.left_out);
            match page.next {
                Some(next) => self.question.after = next,
                None => return Ok(()),
            }
        }
    }

    async fn page(&mut self) -> Result<TracePage, Failure> {
        let (colony, question) = (self.colony.clone(), self.question.clone());
        let page = tokio::task::spawn_blocking(move || colony.trace_page(&question));
        let done = done(&self.export.counts);
        let page = watched(page, &mut self.tally, &format!("{done}; waiting for the colony")).await;
        Ok(page.map_err(|error| Failure::new(chain(&error)))??)
    }

    async fn send(&mut self, spans: Vec<Span>) -> Result<(), Refusal> {
        let done = done(&self.export.counts);
        let waits = format!("{done}; waiting for the receiver");
        watched(self.export.send(spans), &mut self.tally, &waits).await
    }
}

fn done(counts: &Counts) -> String {
    format!("Exported {}", counted(counts.exported, "span"))
}

/// Awaits `work`, and says on the line of progress what is waited for, and how long.
async fn watched<T>(work: impl Future<Output = T>, tally: &mut Tally, waits: &str) -> T {
    let mut work = std::pin::pin!(work);
    let (begin, mut ticks) = (Instant::now(), interval(PROGRESS_INTERVAL));
    ticks.tick().await;
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => tally.show(&format!("{waits}, {}s", begin.elapsed().as_secs())),
        }
    }
}
