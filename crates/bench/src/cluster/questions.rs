//! Asks both engines the same questions, and compares their answers.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use coral_engine::{Budget, Columns, Grid, Order, TraceQuery, TraceSummary};
use coral_query::traceql::MetricsQuestion;
use coral_query::{Ask as _, SharedSources};
use coral_scenario::mix;
use coral_trace::{TimeRange, TraceId, UnixNanos};

use super::both::{Both, Which};
use crate::Failure;
use crate::ask::ListAnswer;
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::red::RedCommand;
use crate::traffic::Traffic;
use crate::traffic::encode::service_name;
use crate::traffic::question::{ListQuery, Question};
use crate::traffic::truth::Facts;
use crate::why;

/// How often each engine answers each question, unless that takes too long.
const ROUNDS: usize = 11;
/// The time after which a question is not asked again.
const MAX_QUESTION_TIME: Duration = Duration::from_secs(120);
/// The largest number of spans that are read of one trace.
const MAX_SPANS: u32 = 1_000;
/// The steps of a series over an hour, as Grafana asks for them.
const STEP: Duration = Duration::from_secs(15);

/// The limits of the median times of ClickHouse, in milliseconds, for 2 million spans.
mod limit {
    pub const BY_ID: f64 = 20.0;
    pub const NEWEST: f64 = 50.0;
    pub const SLOWEST: f64 = 200.0;
    pub const ATTRIBUTE: f64 = 200.0;
    pub const MAP: f64 = 300.0;
    pub const RED: f64 = 100.0;
    pub const WHY: f64 = 1_000.0;
}

/// Asks what the spans of `traffic` answer, which both engines store.
///
/// # Errors
/// A question cannot be made. An engine that fails or answers wrongly becomes a failed row.
pub fn spans(both: &Both, traffic: &Traffic, figures: &mut Figures) -> Result<(), Failure> {
    let ids: Vec<TraceId> = (0..ROUNDS as u64)
        .map(|round| Ok(TraceId::try_from(traffic.trace(mix(round) % traffic.traces()).id)?))
        .collect::<Result<_, Failure>>()?;
    ask(both, "trace by id", Some(limit::BY_ID), figures, |from, round| {
        let budget = Budget::unlimited();
        let found = from.traces.trace(ids[round], None, Columns::ALL, MAX_SPANS, &budget)?;
        let spans = found.spans.into_iter().map(|stored| {
            let mut span = stored.span;
            // The embedded engine has attributes with columns first.
            span.attributes.0.sort_by(|one, other| one.key.cmp(&other.key));
            (stored.agent_id, span)
        });
        Ok(spans.collect::<Vec<_>>())
    });
    lists(both, traffic, figures);
    let all = TimeRange { start: UnixNanos(traffic.end - traffic.spread), end: UnixNanos::MAX };
    rare(both, all, figures);
    let grid = Grid {
        range: TimeRange { start: all.start, end: UnixNanos(traffic.end) },
        columns: 60,
        bounds_us: vec![1_000, 10_000, 100_000, 1_000_000],
    };
    ask(both, "histogram of an hour", None, figures, |from, _| {
        Ok(from.traces.histogram(&grid.query(), &grid, &Budget::unlimited())?)
    });
    ask(both, "services", None, figures, |from, _| {
        Ok(from.traces.services(all, &Budget::unlimited())?)
    });
    for (what, range) in [
        ("service map of everything", TimeRange::ALL),
        (
            "service map of the last 15 minutes",
            TimeRange { start: UnixNanos(traffic.end - traffic.spread / 4), end: UnixNanos::MAX },
        ),
    ] {
        ask(both, what, Some(limit::MAP), figures, |from, _| {
            Ok(from.traces.dependencies(range, None, &Budget::unlimited())?.topology())
        });
    }
    let question = MetricsQuestion {
        q: "{ } | rate() by (resource.service.name)".to_owned(),
        since: all.start,
        until: UnixNanos(traffic.end + 60_000_000_000),
        step: STEP,
        exemplars: 0,
    };
    ask(both, "TraceQL, rate by service", None, figures, |from, _| {
        let from = from.at(UnixNanos(traffic.end));
        Ok(question.range(&from, &Budget::unlimited())?.series)
    });
    Ok(())
}

/// Asks `coral why` at `now`.
pub fn why(both: &Both, now: u64, figures: &mut Figures) {
    for (what, find_beginning, bar) in
        [("why, with its beginning", true, Some(limit::WHY)), ("why, of a window", false, None)]
    {
        let question = why::question(UnixNanos(now), find_beginning);
        ask(both, what, bar, figures, |from, _| {
            let answer = question.answer(&from.at(UnixNanos(now)), &Budget::unlimited())?;
            why::check(&answer)?;
            Ok(answer)
        });
    }
}

/// Asks for RED metrics of services.
pub fn metrics(both: &Both, metrics: &RedCommand, now: u64, figures: &mut Figures) {
    for (hours, bar) in [(metrics.hours, Some(limit::RED)), (1, None)] {
        let what = format!("RED of a service, {hours} h");
        ask(both, &what, bar, figures, |from, round| {
            let service = round as u64 % metrics.services;
            let mut latencies = Latencies::default();
            let from = from.at(UnixNanos(now));
            // The table is compared with what was sent.
            metrics.table(&from, service, hours * 60, &mut latencies, &mut 0)
        });
    }
}

/// A kind of list: its name, which questions with their numbers are of the kind, and the limit.
type Kind = (&'static str, fn(&(usize, &Question)) -> bool, f64);

/// Asks for lists of traces, and compares each also with what was sent.
fn lists(both: &Both, traffic: &Traffic, figures: &mut Figures) {
    let questions = traffic.answer_all(ListQuery::for_bench(traffic));
    let kinds: [Kind; 4] = [
        ("newest 20", |(at, _)| *at == 0, limit::NEWEST),
        (
            "newest 20 of a window of the hour",
            |(at, question)| *at > 0 && matches!(question.query, ListQuery::Newest { .. }),
            limit::NEWEST,
        ),
        (
            "slowest 20 of a service, 1 h",
            |(_, question)| matches!(question.query, ListQuery::Slowest { .. }),
            limit::SLOWEST,
        ),
        (
            "rare attribute with a column",
            |(_, question)| matches!(question.query, ListQuery::Path { .. }),
            limit::ATTRIBUTE,
        ),
    ];
    ask(both, "newest 20 without a time", Some(limit::NEWEST), figures, |from, _| {
        list(from, &TraceQuery::newest(20))
    });
    for (what, is_of_kind, bar) in kinds {
        let some: Vec<(usize, &Question)> =
            questions.iter().enumerate().filter(is_of_kind).collect();
        ask(both, what, Some(bar), figures, |from, round| {
            // Windows are spread over the hour.
            let (_, question) = some[round * 7 % some.len()];
            let found = list(from, &query(&question.query))?;
            check(&found, question)?;
            Ok(found)
        });
    }
}

/// Asks for attributes that few spans have, or none, in the JSON of spans.
fn rare(both: &Both, all: TimeRange, figures: &mut Figures) {
    for (what, key, value) in [
        ("attribute in JSON", "db.query.text", "SELECT * FROM table_7 WHERE id = ?"),
        ("attribute that no span has", "user.id", "nobody"),
    ] {
        let attributes = vec![(key.to_owned(), value.to_owned())];
        let query = TraceQuery { attributes, started: all, ..TraceQuery::newest(20) };
        ask(both, what, Some(limit::ATTRIBUTE), figures, |from, _| list(from, &query));
    }
}

/// Asks both engines, and adds the median time of each. An error, or different answers, become a
/// failed row.
fn ask<T: PartialEq + Debug>(
    both: &Both,
    what: &str,
    bar: Option<f64>,
    figures: &mut Figures,
    question: impl Fn(&SharedSources, usize) -> Result<T, Failure>,
) {
    let all = |which| {
        let (from, begin) = (both.sources(which), Instant::now());
        let (mut answers, mut latencies) = (Vec::new(), Latencies::default());
        for round in 0..ROUNDS {
            let asked = Instant::now();
            answers.push(question(&from, round)?);
            latencies.add(asked.elapsed());
            if begin.elapsed() > MAX_QUESTION_TIME {
                break;
            }
        }
        Ok((answers, latencies.percentiles()))
    };
    let compared = all(Which::Embedded).and_then(|embedded| {
        let cluster = all(Which::Cluster)?;
        match embedded.0.iter().zip(&cluster.0).find(|(one, other)| one != other) {
            Some((one, other)) => Err(different(one, other)),
            None => Ok([cluster.1, embedded.1]),
        }
    });
    match compared {
        Ok([cluster, embedded]) => {
            let name = format!("{what}, p50 of {}", cluster.count);
            match bar {
                Some(bar) => figures.at_most(name, cluster.p50_ms, "ms", bar),
                None => figures.add(name, cluster.p50_ms, "ms"),
            }
            figures.add(format!("{what}, embedded, p50"), embedded.p50_ms, "ms");
        }
        Err(error) => figures.fail(what, &error),
    }
}

/// The error that two answers are different, with where their texts begin to differ.
fn different(one: &impl Debug, other: &impl Debug) -> Failure {
    const SHOWN: usize = 200;
    let texts = [format!("{one:?}"), format!("{other:?}")];
    let same = texts[0].chars().zip(texts[1].chars()).take_while(|(one, other)| one == other);
    let from = same.count().saturating_sub(SHOWN / 4);
    let [one, other] = texts.map(|text| text.chars().skip(from).take(SHOWN).collect::<String>());
    format!("the embedded engine says …{one}…, and ClickHouse …{other}…").into()
}

fn list(from: &SharedSources, query: &TraceQuery) -> Result<Vec<TraceSummary>, Failure> {
    Ok(from.traces.search(query, &Budget::unlimited())?)
}

/// Compares a list with what was sent.
fn check(found: &[TraceSummary], question: &Question) -> Result<(), Failure> {
    let limit = question.query.limit();
    let traces = found.iter().take(limit).map(|summary| Facts {
        trace_id: summary.trace_id.to_string(),
        start_us: summary.start.as_micros(),
        duration_us: summary.duration_us,
        spans: summary.spans,
        errors: summary.errors,
    });
    ListAnswer { traces: traces.collect(), more: found.len() > limit }.check(question)
}

/// A search for one trace more than the limit, which tells whether there are more.
fn query(query: &ListQuery) -> TraceQuery {
    let newest = TraceQuery::newest(query.limit() as u32 + 1);
    let started = |since_us, until_us| TimeRange {
        start: UnixNanos::from_micros(since_us),
        end: UnixNanos::from_micros(until_us),
    };
    match *query {
        ListQuery::Newest { since_us, until_us, .. } => {
            TraceQuery { started: started(since_us, until_us), ..newest }
        }
        ListQuery::Slowest { service, since_us, until_us, min_duration_us, .. } => TraceQuery {
            started: started(since_us, until_us),
            services: vec![service_name(service)],
            min_duration_us: Some(min_duration_us),
            order: Order::Slowest,
            ..newest
        },
        ListQuery::Path { .. } => {
            let path = query.path().map(|path| ("url.path".to_owned(), path));
            TraceQuery { attributes: path.into_iter().collect(), ..newest }
        }
    }
}
