//! The same question, asked of running processes: OTLP into an agent, a colony that polls it, `why` over HTTP.

use std::time::{Duration, Instant};

use clap::Args;
use coral_trace::{Span, TraceId, UnixNanos};
use coral_wire::otlp_out;
use serde_json::Value;
use tokio::runtime::Handle;

use super::Trace;
use super::told::{Suspect, Told};
use crate::Failure;
use crate::exporter::{Answer, Exporter, Protocol};
use crate::program::Program;
use crate::server::Server;
use crate::traffic::trace::mix;

/// Which program is asked.
#[derive(Args)]
pub struct ProductArgs {
    #[command(flatten)]
    program: Program,
}

/// An agent and a colony that polls it.
pub struct Product {
    runtime: Handle,
    agent: Server,
    colony: Server,
    exporter: Exporter,
    /// Questions so far: each has hours of its own.
    asked: u64,
}

/// Unix seconds of the first question's hours.
const BEGIN: u64 = 1_700_000_000;
/// A question's baseline has this hour, its window the next, and the third keeps it from the next question.
const HOUR: Duration = Duration::from_secs(3_600);
/// Spans in one export, at least.
const EXPORT: usize = 2_000;

impl Product {
    /// Starts both.
    ///
    /// # Errors
    /// When one does not start.
    pub fn start(args: &ProductArgs) -> Result<Self, Failure> {
        let runtime = Handle::current();
        let (agent, colony) = runtime.block_on(async {
            let agent = args.program.agent(&["log=warn"]).await?;
            let settings = ["colony.poll_interval=20ms", "log=warn"];
            let colony = args.program.colony(&agent, &settings).await?;
            Ok::<_, Failure>((agent, colony))
        })?;
        let exporter = runtime.block_on(async {
            let endpoint = agent.url("otlp_grpc")?;
            Exporter::new(&endpoint, Protocol::Grpc)
        })?;
        Ok(Self { runtime, agent, colony, exporter, asked: 0 })
    }

    /// Stores the traces of two cohorts, and asks why the second is as it is.
    ///
    /// # Errors
    /// When a span is refused, is not polled, or the colony does not answer.
    pub fn ask(&mut self, baseline: &[Trace], window: &[Trace]) -> Result<Told, Failure> {
        let begin = BEGIN + self.asked * 3 * HOUR.as_secs();
        self.asked += 1;
        let hours = [begin, begin + HOUR.as_secs()];
        let spans: Vec<Span> = [baseline, window]
            .into_iter()
            .zip(hours)
            .flat_map(|(traces, begin)| moved(traces, UnixNanos(begin * 1_000_000_000), self.asked))
            .collect();
        let since = hours[1] * 1_000_000;
        let hour = HOUR.as_micros();
        let question = format!(
            "/api/v1/why?since_unix_us={since}&until_unix_us={}&baseline_us={hour}",
            u128::from(since) + hour,
        );
        self.runtime.clone().block_on(async {
            self.store(&spans).await?;
            let begin = Instant::now();
            let answer = self.colony.get(&question).await?;
            let told = told(&answer, begin.elapsed())?;
            let read = answer["traces"].as_u64().unwrap_or(0);
            let given = window.iter().filter(|trace| !trace.is_empty()).count() as u64;
            if read != given && answer["cut"] != true {
                return Err(format!("{read} traces were read of {given}").into());
            }
            Ok(told)
        })
    }

    async fn store(&self, spans: &[Span]) -> Result<(), Failure> {
        for export in spans.chunks(EXPORT) {
            match self.exporter.export(otlp_out::encode(export).into()).await {
                Answer::Acknowledged { rejected: 0 } => {}
                other => return Err(format!("an export was not taken: {other:?}").into()),
            }
        }
        let stored = self.agent.counter("coral.agent.store.spans").await?;
        self.colony.until_counter("coral.colony.store.spans", |polled| polled >= stored).await?;
        Ok(())
    }
}

/// The spans of `traces`, later or earlier by the same, so that the first starts at `begin`, with ids of the
/// question's own.
fn moved(traces: &[Trace], begin: UnixNanos, question: u64) -> Vec<Span> {
    let first = traces.iter().flatten().map(|span| span.start).min().unwrap_or_default();
    let at = |time: UnixNanos| UnixNanos(time.0.saturating_sub(first.0) + begin.0);
    let own = u128::from(mix(question)) << 64 | u128::from(mix(!question));
    let moved = |span: &Span| Span {
        trace_id: TraceId::try_from(span.trace_id.as_u128() ^ own).unwrap_or(span.trace_id),
        start: at(span.start),
        end: at(span.end),
        ..span.clone()
    };
    traces.iter().flatten().map(moved).collect()
}

fn told(answer: &Value, took: Duration) -> Result<Told, Failure> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let suspects = answer["ranking"].as_array().ok_or("the answer has no ranking")?;
    let suspect = |suspect: &Value| Suspect {
        service: text(&suspect["service"]),
        kind: text(&suspect["kind"]),
        score: suspect["score"].as_f64().unwrap_or(f64::NAN),
        share: suspect["share"].as_f64().unwrap_or(f64::NAN),
    };
    Ok(Told {
        verdict: text(&answer["verdict"]),
        ranking: suspects.iter().map(suspect).collect(),
        took,
    })
}
