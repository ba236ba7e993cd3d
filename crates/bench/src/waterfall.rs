//! Measures what the page of one very large trace asks of a colony: its waterfall, a search in it and
//! the details of a span, each as JSON.

use std::sync::Arc;
use std::time::Instant;

use coral_query::answer::ColonyStatus;
use coral_query::{
    Ask, Budget, FindQuestion, FleetState, SharedSources, Source, SpanQuestion, WaterfallQuestion,
};
use coral_text::json::Projection;
use coral_trace::{SpanId, UnixNanos};

use crate::Failure;
use crate::figures::Figures;
use crate::large_trace::{SPANS, stored};
use crate::latency::Latencies;
use crate::process::Process;

/// How often each question is asked.
const ROUNDS: usize = 10;
/// The limit of the median time of a waterfall, in milliseconds, and of its size, in bytes for each
/// span before compression. The span id takes 16 of them.
const TIME_LIMIT: f64 = 400.0;
const SIZE_LIMIT: f64 = 48.0;
/// The limit of the median time of the details of a span, in milliseconds.
const SPAN_LIMIT: f64 = 100.0;

struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

/// Measures the questions about one trace of 100,000 spans. A wrong answer becomes a failed row.
pub fn measure(figures: &mut Figures) {
    if let Err(error) = try_measure(figures) {
        figures.fail("waterfall of 100,000 spans", &error);
    }
}

fn try_measure(figures: &mut Figures) -> Result<(), Failure> {
    let (_dir, store, trace) = stored()?;
    let store = Arc::new(store);
    let from = SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoAgents) };
    let (id, source) = (trace.into(), Source::All);
    let waterfall = WaterfallQuestion { id, source, adjust_clocks: false };
    let moved = WaterfallQuestion { adjust_clocks: true, ..waterfall.clone() };
    let by_attribute = "tenant.id:7 duration>1ms".to_owned();
    let find = FindQuestion { id, q: by_attribute, source, adjust_clocks: false };
    let by_name = FindQuestion { q: "name~orders/7 critical:false".to_owned(), ..find.clone() };
    let span = SpanQuestion { id, span: SpanId::try_from(SPANS / 2)? };

    let bytes = ask(&from, &waterfall, "waterfall of 100,000 spans", Some(TIME_LIMIT), figures)?;
    figures.at_most("waterfall, JSON", bytes as f64 / SPANS as f64, "B/span", SIZE_LIMIT);
    ask(&from, &moved, "waterfall of 100,000 spans, clocks adjusted", Some(TIME_LIMIT), figures)?;
    ask(&from, &find, "find by attribute in 100,000 spans", None, figures)?;
    ask(&from, &by_name, "find by name in 100,000 spans", None, figures)?;
    ask(&from, &span, "one span of 100,000", Some(SPAN_LIMIT), figures)?;
    Ok(())
}

/// Asks `question` as a colony does, adds its latency and its CPU time, and returns the bytes of its
/// JSON.
fn ask<Q: Ask<Answer: Projection>>(
    from: &SharedSources,
    question: &Q,
    what: &str,
    bar: Option<f64>,
    figures: &mut Figures,
) -> Result<usize, Failure> {
    let (process, mut latencies, mut bytes) = (Process::this(), Latencies::default(), 0);
    let cpu = process.cpu_seconds();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let answer = question.answer(&from.at(UnixNanos(u64::MAX)), &Budget::unlimited())?;
        if Q::rows(&answer) == 0 {
            return Err(format!("{what}: nothing was found").into());
        }
        bytes = answer.json()?.len();
        latencies.add(begin.elapsed());
    }
    let cpu = (process.cpu_seconds() - cpu) * 1e3 / ROUNDS as f64;
    figures.latency(what, &latencies.percentiles(), [bar, None]);
    figures.add(format!("{what}, CPU"), cpu, "ms");
    Ok(bytes)
}
