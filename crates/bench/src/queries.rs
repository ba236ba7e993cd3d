//! Asks questions many times, measures how long each answer takes, and checks each answer.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::ask::Ask;
use crate::exporter::{Answer, Exporter, Protocol};
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::traffic::question::{ListQuery, Question};
use coral_scenario::mix;

/// How many trace ids are looked up; also, how many unknown trace ids.
const LOOKUPS: u64 = 400;
/// How many list queries of one kind are measured, if there is time; each runs at least once.
const LIST_ROUNDS: usize = 40;
/// How many traces are sent one by one, to measure how soon each is found.
const NEW_TRACES: u64 = 20;
const NEW_TRACE_SPANS: u64 = 10;
/// How many spans [`findable`] sends.
pub const FINDABLE_SPANS: u64 = NEW_TRACES * NEW_TRACE_SPANS;
/// The time after which no list query of a kind runs again, once each has run.
const MAX_QUESTION_TIME: Duration = Duration::from_secs(20);

/// A kind of list query: its name, which questions are of the kind (given their index), and its
/// limits for P50 and P99 in milliseconds.
type Kind = (&'static str, fn(&Question, usize) -> bool, [Option<f64>; 2]);

/// The kinds of list queries. The first question of the bench is about the whole range of times;
/// questions about windows follow.
const KINDS: [Kind; 4] = [
    ("newest 20", |question, at| at == 0 && is_newest(question), [None, None]),
    (
        "newest 20 of a window of the hour",
        |question, at| at > 0 && is_newest(question),
        [None, None],
    ),
    (
        "slowest 20 of a service, 1 h",
        |question, _| matches!(question.query, ListQuery::Slowest { .. }),
        [Some(25.0), None],
    ),
    (
        "attribute equality",
        |question, _| matches!(question.query, ListQuery::Path { .. }),
        [None, None],
    ),
];

fn is_newest(question: &Question) -> bool {
    matches!(question.query, ListQuery::Newest { .. })
}

/// Asks all questions that `ask` supports, of a store that has exactly the spans of `traffic`.
///
/// A kind of list query with an error or a wrong answer becomes a failed row.
///
/// # Errors
/// A trace that is wrong or missing.
pub async fn measure(
    ask: &mut Ask,
    traffic: &Traffic,
    questions: &[Question],
) -> Result<Figures, Failure> {
    let mut figures = Figures::default();
    let known = stored_traces(ask, traffic).await?;
    figures.latency("trace by id", &known.percentiles(), [Some(3.0), Some(10.0)]);
    let unknown = unknown_traces(ask, traffic).await?;
    figures.latency("unknown trace id", &unknown.percentiles(), [Some(3.0), Some(10.0)]);
    for (name, is_of_kind, mut bars) in KINDS {
        let of_kind = questions.iter().enumerate().filter(|(at, q)| is_of_kind(q, *at));
        let of_kind: Vec<&Question> =
            of_kind.map(|(_, question)| question).filter(|q| ask.supports(&q.query)).collect();
        if of_kind.is_empty() {
            continue;
        }
        if name == "attribute equality" {
            bars[0] = Some(10.0 * traffic.spans as f64 / 1e6);
        }
        match lists(ask, &of_kind).await {
            Ok(latencies) => figures.latency(name, &latencies.percentiles(), bars),
            Err(error) => figures.fail(name, &error),
        }
    }
    Ok(figures)
}

async fn stored_traces(ask: &mut Ask, traffic: &Traffic) -> Result<Latencies, Failure> {
    let mut latencies = Latencies::default();
    for round in 0..LOOKUPS {
        let expected = traffic.facts(&traffic.trace(mix(round) % traffic.traces()));
        let begin = Instant::now();
        let found = ask.trace(&expected.trace_id).await?;
        latencies.add(begin.elapsed());
        if found.as_ref() != Some(&expected) {
            return Err(format!("a wrong trace: {found:?}, not {expected:?}").into());
        }
    }
    Ok(latencies)
}

async fn unknown_traces(ask: &mut Ask, traffic: &Traffic) -> Result<Latencies, Failure> {
    let other = Traffic { seed: mix(traffic.seed), ..traffic.clone() };
    let mut latencies = Latencies::default();
    for round in 0..LOOKUPS {
        let id = format!("{:032x}", other.trace(round % other.traces()).id);
        let begin = Instant::now();
        let found = ask.trace(&id).await?;
        latencies.add(begin.elapsed());
        if found.is_some() {
            return Err(format!("a trace that was never sent: {found:?}").into());
        }
    }
    Ok(latencies)
}

async fn lists(ask: &mut Ask, questions: &[&Question]) -> Result<Latencies, Failure> {
    let (mut latencies, all) = (Latencies::default(), Instant::now());
    let rounds = LIST_ROUNDS.max(questions.len());
    for (round, question) in questions.iter().cycle().take(rounds).enumerate() {
        if round >= questions.len() && all.elapsed() > MAX_QUESTION_TIME {
            break;
        }
        let begin = Instant::now();
        let found = ask.list(&question.query).await?;
        latencies.add(begin.elapsed());
        found.check(question)?;
    }
    Ok(latencies)
}

/// Sends single traces, and measures how long after its acknowledgement each is found by id, and by
/// a search.
///
/// # Errors
/// A trace that is not found within ten seconds.
pub async fn findable(ask: &mut Ask, otlp_grpc: &str) -> Result<Figures, Failure> {
    let exporter = Exporter::new(otlp_grpc, Protocol::Grpc)?;
    let (mut by_id, mut by_search) = (Latencies::default(), Latencies::default());
    for seed in 0..NEW_TRACES {
        let traffic = one_trace(seed + 1_000_000);
        let body = Encoder::new(&traffic).export(0).0;
        let answer = exporter.export(body.into()).await;
        let begin = Instant::now();
        if !matches!(answer, Answer::Acknowledged { rejected: 0 }) {
            return Err(format!("a single trace was not accepted: {answer:?}").into());
        }
        let facts = traffic.facts(&traffic.trace(0));
        until(
            || begin.elapsed(),
            async || Ok(ask.trace(&facts.trace_id).await?.as_ref() == Some(&facts)),
        )
        .await?;
        by_id.add(begin.elapsed());
        let second = facts.start_us / 1_000_000 * 1_000_000;
        let query =
            ListQuery::Newest { since_us: second, until_us: second + 1_000_000, limit: 100 };
        until(|| begin.elapsed(), async || Ok(ask.list(&query).await?.traces.contains(&facts)))
            .await?;
        by_search.add(begin.elapsed());
    }
    let mut figures = Figures::default();
    let worst = |latencies: Latencies| latencies.percentiles().max_ms;
    figures.at_most("findable by id after its acknowledgement", worst(by_id), "ms", 1_000.0);
    figures.at_most("findable by search after that", worst(by_search), "ms", 1_000.0);
    Ok(figures)
}

/// A single trace that has just ended.
fn one_trace(seed: u64) -> Traffic {
    Traffic {
        spans: NEW_TRACE_SPANS,
        services: 20,
        spans_per_trace: NEW_TRACE_SPANS,
        attributes: 10,
        errors: 0.0,
        slow: 0.0,
        seed,
        spread: 8_000_000_000,
        spans_per_export: NEW_TRACE_SPANS,
        end: crate::clock::now(),
    }
}

/// Calls `is_so` every 5 ms until it returns true. Fails after 10 s.
async fn until(
    elapsed: impl Fn() -> Duration,
    mut is_so: impl AsyncFnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    while !is_so().await? {
        if elapsed() > Duration::from_secs(10) {
            return Err("an acknowledged trace is not found after 10 s".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
