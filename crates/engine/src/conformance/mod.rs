//! The conformance suite: tests of properties that hold for every engine. The tests of an engine
//! implement [`Subject`], and call each public function of these modules. A function panics, if
//! possible with a minimal case, when the engine breaks the contract.

pub mod budget;
pub mod colonies;
pub mod coverage;
pub mod dependencies;
pub mod once;
pub mod reading;
pub mod search;
mod spans;

use coral_trace::{Collector, Span, UnixNanos};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fleet::Checkpoint;
use crate::page::{AppendedPage, Page, PageContent};
use crate::{Engine, EngineError, TraceReader};

/// An engine under test, with its data.
pub trait Subject {
    /// The engine.
    type Engine: Engine;

    /// An engine without data.
    fn new() -> Self;

    /// The current engine.
    fn engine(&self) -> &Self::Engine;

    /// Stops the engine, and starts it again on the same data.
    fn restart(&mut self);

    /// Does half of what the engine does to seal rows, that is, to move them from memory to their
    /// final place. May do nothing.
    fn half_seal(&self) {}

    /// Seals all rows: moves them from memory to their final place. May do nothing.
    fn seal(&self) {}
}

/// When the pages of the tests are received: noon (UTC) of 25 November 2026.
pub const NOON: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

/// An action of a test on an engine.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Span>),
    HalfSeal,
    Seal,
    Restart,
}

fn steps(span: impl Strategy<Value = Span>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(span, 1..6).prop_map(Step::Append),
        2 => Just(Step::HalfSeal),
        2 => Just(Step::Seal),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..14)
}

/// Runs `step`, and adds its new spans to `stored`. If `step` appends a page, returns the number of
/// new spans, and what the engine answered.
///
/// An engine that does not count duplicates gets a span whose ids are stored as it is stored: of two
/// different spans with the same ids it may keep either.
fn take<S: Subject>(
    subject: &mut S,
    step: Step,
    stored: &mut Vec<Span>,
) -> Option<(usize, AppendedPage)> {
    match step {
        Step::Append(mut spans) => {
            if !subject.engine().capabilities().counts_duplicates {
                repeat_exactly(&mut spans, stored);
            }
            let appended = append(subject.engine(), spans.clone()).expect("a page is stored");
            let before = stored.len();
            for span in spans {
                let known =
                    |other: &Span| (other.trace_id, other.span_id) == (span.trace_id, span.span_id);
                if !stored.iter().any(known) {
                    stored.push(span);
                }
            }
            return Some((stored.len() - before, appended));
        }
        Step::HalfSeal => subject.half_seal(),
        Step::Seal => subject.seal(),
        Step::Restart => subject.restart(),
    }
    None
}

/// Replaces each span whose ids `stored` or an earlier span has by that span.
fn repeat_exactly(spans: &mut [Span], stored: &[Span]) {
    for at in 0..spans.len() {
        let (before, rest) = spans.split_at_mut(at);
        let is_same =
            |other: &&Span| (other.trace_id, other.span_id) == (rest[0].trace_id, rest[0].span_id);
        if let Some(same) = stored.iter().chain(&*before).find(is_same).cloned() {
            rest[0] = same;
        }
    }
}

fn append(engine: &impl Engine, spans: Vec<Span>) -> Result<AppendedPage, EngineError> {
    let known = engine.checkpoints()?;
    let spans_stored = known.iter().map(|checkpoint| checkpoint.spans_stored).max();
    let page = page("agent", spans, spans_stored.unwrap_or_default());
    engine.append_pages(vec![page]).remove(0)
}

fn page(agent: &str, spans: Vec<Span>, spans_stored: u64) -> Page {
    let checkpoint = Checkpoint {
        agent_id: agent.to_owned(),
        collector: Collector::Ebpf,
        store_id: "store".to_owned(),
        next_receipt: spans.len() as u64,
        spans_stored,
        spans_missed: 0,
    };
    Page { content: PageContent::Spans(spans), received: NOON, checkpoint }
}

/// Runs `test` with `cases` random inputs of `strategy`.
fn run<T: Strategy>(cases: u32, strategy: T, test: impl Fn(T::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    if let Err(error) = TestRunner::new(config).run(&strategy, test) {
        panic!("{error}");
    }
}
