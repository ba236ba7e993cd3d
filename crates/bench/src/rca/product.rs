//! Asks running processes of Coral why a window is slow: spans are sent to an agent over OTLP,
//! polled by a colony, and explained over HTTP.

use std::time::{Duration, Instant};

use clap::Args;
use coral_trace::{Span, TraceId, UnixNanos};
use coral_wire::otlp_out;
use serde_json::Value;
use tokio::runtime::Handle;

use super::Trace;
use super::answer::{Suspect, WhyAnswer};
use crate::Failure;
use crate::exporter::{Answer, Exporter, Protocol};
use crate::program::Program;
use crate::server::Server;
use coral_scenario::mix;

/// The program that is asked.
#[derive(Args)]
pub struct ProductArgs {
    #[command(flatten)]
    program: Program,
}

/// An agent, and a colony that polls it.
pub struct Product {
    runtime: Handle,
    agent: Server,
    colony: Server,
    exporter: Exporter,
    /// Number of questions so far. Each question uses hours of its own.
    questions: u64,
}

/// The start of the hours of the first question, in Unix seconds.
const BEGIN: u64 = 1_700_000_000;
/// The length of a baseline and of a window. The window follows the baseline; an empty hour follows
/// the window, before the baseline of the next question.
const HOUR: Duration = Duration::from_secs(3_600);
/// The number of spans in one export.
const EXPORT: usize = 2_000;

impl Product {
    /// Starts the agent and the colony.
    ///
    /// # Errors
    /// A process does not start.
    pub fn start(args: &ProductArgs) -> Result<Self, Failure> {
        let runtime = Handle::current();
        let (agent, colony) = runtime.block_on(async {
            let agent = args.program.agent(&["log=warn"]).await?;
            let settings = ["colony.poll_interval=20ms", "log=warn"];
            let colony = args.program.colony(&agent, &settings).await?;
            Ok::<_, Failure>((agent, colony))
        })?;
        let exporter = runtime
            .block_on(async { Exporter::new(agent.target("otlp_grpc")?, Protocol::Grpc) })?;
        Ok(Self { runtime, agent, colony, exporter, questions: 0 })
    }

    /// Stores the traces of a baseline and of a window, and asks the colony why the window is slow.
    ///
    /// # Errors
    /// A span is refused or not polled, or the colony does not answer.
    pub fn ask(&mut self, baseline: &[Trace], window: &[Trace]) -> Result<WhyAnswer, Failure> {
        let begin = BEGIN + self.questions * 3 * HOUR.as_secs();
        self.questions += 1;
        let hours = [begin, begin + HOUR.as_secs()];
        let spans: Vec<Span> = [baseline, window]
            .into_iter()
            .zip(hours)
            .flat_map(|(traces, begin)| {
                move_spans(traces, UnixNanos(begin * 1_000_000_000), self.questions)
            })
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
            let parsed = parse_answer(&answer, begin.elapsed())?;
            let read = answer["traces"].as_u64().unwrap_or(0);
            let given = window.iter().filter(|trace| !trace.is_empty()).count() as u64;
            if read != given && answer["cut"] != true {
                return Err(format!("{read} traces were read of {given}").into());
            }
            Ok(parsed)
        })
    }

    async fn store(&self, spans: &[Span]) -> Result<(), Failure> {
        for export in spans.chunks(EXPORT) {
            match self.exporter.export(otlp_out::encode(export).into()).await {
                Answer::Acknowledged { rejected: 0 } => {}
                other => return Err(format!("an export was not accepted: {other:?}").into()),
            }
        }
        let stored = self.agent.counter("coral.agent.store.spans").await?;
        self.colony.until_counter("coral.colony.store.spans", |polled| polled >= stored).await?;
        Ok(())
    }
}

/// The spans of `traces`, moved in time so that the earliest one starts at `begin`, with trace ids
/// that no other question uses.
fn move_spans(traces: &[Trace], begin: UnixNanos, question: u64) -> Vec<Span> {
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

fn parse_answer(answer: &Value, duration: Duration) -> Result<WhyAnswer, Failure> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let suspects = answer["ranking"].as_array().ok_or("the answer has no ranking")?;
    let suspect = |suspect: &Value| Suspect {
        service: text(&suspect["service"]),
        kind: text(&suspect["kind"]),
        score: suspect["score"].as_f64().unwrap_or(f64::NAN),
        share: suspect["share"].as_f64().unwrap_or(f64::NAN),
        rates: String::new(),
    };
    Ok(WhyAnswer {
        verdict: text(&answer["verdict"]),
        ranking: suspects.iter().map(suspect).collect(),
        duration,
    })
}
