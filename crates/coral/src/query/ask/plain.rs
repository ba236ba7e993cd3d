//! Answers in plain English, put together from other answers: RFD 036 "CLI Commands". No number appears that none of
//! them has.

use std::time::Duration;

use coral_store::StoreError;
use coral_trace::TimeRange;

use super::{QueryError, Sources, answer};
use crate::query::answer::{Plain, PlainLine, PlainSection, RedNumbers, RedTable};
use crate::query::question::{
    AnomaliesFilter, Asked, Intent, PlainFilter, RedFilter, RedProtocol, RedSide, RedSource, Sort,
    Source, SpanStatus, TopologyFilter, TraceFilter, WhyFilter, Window, understand,
};
use crate::units::{self, count, counted, duration};

/// Findings of one kind that are told.
const MOST: usize = 5;
/// Suspects that are told, and the lowest score of one; a cause has 1.
const MOST_SUSPECTS: usize = 3;
const SUSPICIOUS: f64 = 0.3;
/// The widest that a name is told.
const WIDEST: usize = 80;
/// A shorter baseline has few traces.
const SHORTEST_BASELINE_US: i64 = 3_600_000_000;
/// What can be asked, by example.
const EXAMPLES: [&str; 6] = [
    "why is payments-api slow?",
    "slowest endpoints of payments-api, last 15 minutes",
    "errors today",
    "what calls payments-api?",
    "what changed in the last hour?",
    "show me slow traces for payments-api",
];

/// An answer that is being written.
#[derive(Default)]
struct Page(Plain);

impl Sources {
    /// What is asked in `filter`, in words.
    ///
    /// # Errors
    /// [`QueryError::Store`]; those of the questions that it is put together from.
    pub fn plain(&self, filter: &PlainFilter) -> Result<Plain, QueryError> {
        let services = self.known_services(TimeRange::ALL)?;
        let Some(asked) = understand(&filter.question, &services, filter.now_unix_us) else {
            return Ok(not_understood());
        };
        if let Some(unknown) = &asked.unknown {
            return Ok(self.no_such_service(unknown)?);
        }
        let mut page = Page::default();
        let about = asked.service.as_deref().unwrap_or("everything");
        let route = asked.route.as_ref().map(|route| format!("{} of ", short(route)));
        let about = format!("{}{about}", route.unwrap_or_default());
        page.0.understood = Some(format!("Analyzing {about}, {}", asked.window.words));
        match asked.intent {
            Intent::Why => self.tell_why(&asked, &mut page)?,
            Intent::Changed => self.tell_changes(&asked, &mut page)?,
            Intent::Calls => self.tell_calls(&asked, &mut page)?,
            Intent::Traces { slow, failed } => self.tell_traces(&asked, slow, failed, &mut page)?,
            Intent::Slowest => self.tell_rows(&asked, false, &mut page)?,
            Intent::Errors => self.tell_rows(&asked, true, &mut page)?,
        }
        Ok(page.0)
    }

    fn no_such_service(&self, unknown: &str) -> Result<Plain, StoreError> {
        let mut page = Page::default();
        page.section("No such service");
        page.remark(format!("no trace here has a service called {}", short(unknown)));
        let similar = self.similar(unknown, TimeRange::ALL)?;
        if !similar.is_empty() {
            page.remark(format!("services of a similar name: {}", similar.join(", ")));
        }
        Ok(page.0)
    }

    /// The RFD's layout: metrics, traces, cause, and what to do.
    fn tell_why(&self, asked: &Asked, page: &mut Page) -> Result<(), QueryError> {
        let window = &asked.window;
        if let Some(service) = &asked.service {
            page.section(format!("RED Metrics ({})", window.words));
            if !self.tell_red(service, window, true, page)? {
                page.remark(format!("no metrics of {service} in this window"));
            }
        }
        let filter = WhyFilter {
            service: asked.service.clone(),
            route: asked.route.clone(),
            trace_id: None,
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: baseline(window),
        };
        let why = self.why(&filter)?;
        let service = asked.service.iter().map(|service| format!(" {}", quoted(service)));
        let route = asked.route.iter().map(|route| format!(" --route {}", quoted(route)));
        let words: String = service.chain(route).collect();
        let query = page.query(format!(
            "coral why{words} {} --baseline {}",
            window.flags,
            flag(filter.baseline_us)
        ));
        page.section("Trace Analysis");
        page.line(
            query,
            format!(
                "Analyzed {} against {} of the baseline; {} whole",
                counted(why.traces, "trace"),
                count(why.baseline_traces),
                percent(why.completeness),
            ),
        );
        let suspects = why.ranking.iter().take(MOST_SUSPECTS);
        for suspect in
            suspects.filter(|suspect| suspect.share >= 0.01 && suspect.score >= SUSPICIOUS)
        {
            let what = suspect.in_words(&short(&suspect.component));
            let share = percent(suspect.share);
            page.line(
                query,
                format!("{share} of the added time: {} {what}", short(&suspect.service)),
            );
        }
        for found in &why.standouts {
            page.line(
                query,
                format!(
                    "{}={} in {} of its slow or failing spans and {} of its others",
                    short(&found.key),
                    short(&found.value),
                    percent(found.affected),
                    percent(found.others),
                ),
            );
        }
        let cause = why.ranking.first().filter(|_| why.verdict == "cause");
        if let Some(cause) = cause.filter(|cause| Some(&cause.service) != asked.service.as_ref()) {
            self.tell_red(&cause.service, window, false, page)?;
        }
        page.section("Root Cause");
        let Some(cause) = cause else {
            let verdict = if why.verdict == "no_cause" { "none" } else { "not enough evidence" };
            page.line(query, format!("{verdict}: {}", why.reason));
            return Ok(());
        };
        page.line(
            query,
            format!("{} {}", short(&cause.service), cause.in_words(&short(&cause.component))),
        );
        if why.counterfactual_p95_us < why.p95_us {
            let (now, without) = (duration(why.p95_us), duration(why.counterfactual_p95_us));
            page.line(query, format!("P95 is {now}; with that as it was, {without}"));
        }
        for seen in cause.evidence.iter().take(3) {
            page.line(
                query,
                format!("see `coral query beyla traces --trace-id {}`", seen.trace_id),
            );
        }
        page.section("Recommendation");
        recommendations(cause).into_iter().for_each(|advice| page.remark(advice));
        Ok(())
    }

    /// The requests that `service` serves, by whichever protocol; says whether there are any.
    fn tell_red(
        &self,
        service: &str,
        window: &Window,
        whole: bool,
        page: &mut Page,
    ) -> Result<bool, QueryError> {
        let Some(table) = self.requests(service, window)? else { return Ok(false) };
        let query = page.query(red_query(&table, window));
        let (now, before) = (&table.overall, table.overall_before.as_ref());
        let before = before.filter(|before| before.requests > 0);
        page.line(query, format!("{service} P95 latency: {}{}", p95(now), change(now, before)));
        if whole {
            let seconds = (window.until_unix_us - window.since_unix_us) as f64 / 1e6;
            let rate = now.requests as f64 / seconds.max(1.0);
            let requests = counted(now.requests, "request");
            page.line(query, format!("Request rate: {rate:.1} req/s ({requests})"));
            page.line(query, format!("Error rate: {}", percent(now.error_rate)));
        }
        Ok(true)
    }

    /// What `service` served over HTTP, or over gRPC if that is more; `None` when nothing is known.
    fn requests(&self, service: &str, window: &Window) -> Result<Option<RedTable>, QueryError> {
        let filter = RedFilter {
            service: service.to_owned(),
            side: RedSide::Server,
            source: RedSource::Metrics,
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            compare_us: Some(baseline(window)),
            slow: false,
            over_us: None,
        };
        let tables = [self.red(RedProtocol::Http, &filter)?, self.red(RedProtocol::Grpc, &filter)?];
        let most = tables.into_iter().max_by_key(|table| table.overall.requests);
        Ok(most.filter(|table| table.overall.requests > 0))
    }

    fn tell_changes(&self, asked: &Asked, page: &mut Page) -> Result<(), QueryError> {
        let window = &asked.window;
        let filter = AnomaliesFilter {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: baseline(window),
        };
        let found = self.anomalies(&filter)?;
        let before = flag(filter.baseline_us);
        let query =
            page.query(format!("coral query anomalies {} --baseline {before}", window.flags));
        page.section(format!("Changes against the {before} before"));
        let about = |anomaly: &&answer::Anomaly| {
            let service = asked.service.as_ref();
            service.is_none_or(|service| {
                anomaly.service == *service || anomaly.component.contains(service.as_str())
            })
        };
        for anomaly in found.anomalies.iter().filter(about).take(MOST) {
            let (before, now) = match anomaly.kind.as_str() {
                "slower" => (duration(anomaly.before as i64), duration(anomaly.now as i64)),
                "new_edge" | "vanished_edge" => {
                    (counted(anomaly.before as u64, "call"), counted(anomaly.now as u64, "call"))
                }
                _ => (percent(anomaly.before), percent(anomaly.now)),
            };
            let kind = anomaly.kind.replace('_', " ");
            let (service, component) = (short(&anomaly.service), short(&anomaly.component));
            page.line(
                query,
                format!("{service}: {kind}, {component} ({before} before, {now} now)"),
            );
        }
        page.or_nothing(query, "nothing that chance would not make as much otherwise");
        Ok(())
    }

    fn tell_calls(&self, asked: &Asked, page: &mut Page) -> Result<(), QueryError> {
        let (map, query) = self.map(asked, page)?;
        let told = |edge: &answer::TopologyEdge| {
            let failed = match edge.errors {
                0 => String::new(),
                errors => format!(", {} failed", count(errors)),
            };
            format!(
                "{} → {} over {}: {}{failed}, P95 {}",
                short(&edge.from),
                short(&edge.to),
                edge.protocol,
                counted(edge.calls, "call"),
                micros(edge.p95_us),
            )
        };
        let mut edges = map.edges;
        edges.sort_by_key(|edge| std::cmp::Reverse(edge.calls));
        match &asked.service {
            None => {
                page.section("Who calls whom, the most calls first");
                edges.iter().take(2 * MOST).for_each(|edge| page.line(query, told(edge)));
            }
            Some(service) => {
                page.section(format!("What calls {service}"));
                let callers = edges.iter().filter(|edge| edge.to == *service);
                callers.take(2 * MOST).for_each(|edge| page.line(query, told(edge)));
                page.or_nothing(query, "nobody whose spans are stored");
                page.section(format!("What {service} calls"));
                let callees = edges.iter().filter(|edge| edge.from == *service);
                callees.take(2 * MOST).for_each(|edge| page.line(query, told(edge)));
            }
        }
        page.or_nothing(query, "nothing");
        Ok(())
    }

    fn map(&self, asked: &Asked, page: &mut Page) -> Result<(answer::Topology, usize), QueryError> {
        let window = &asked.window;
        let map = self.topology(&TopologyFilter {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            source: Source::All,
            diff_us: None,
        })?;
        Ok((map, page.query(format!("coral query topology {}", window.flags))))
    }

    fn tell_traces(
        &self,
        asked: &Asked,
        slow: bool,
        failed: bool,
        page: &mut Page,
    ) -> Result<(), QueryError> {
        let window = &asked.window;
        let list = self.traces(&TraceFilter {
            service: asked.service.clone(),
            since_unix_us: Some(window.since_unix_us),
            until_unix_us: Some(window.until_unix_us),
            status: failed.then_some(SpanStatus::Error),
            sort: if slow { Sort::Slowest } else { Sort::Newest },
            limit: MOST as u32,
            causes: slow,
            ..TraceFilter::default()
        })?;
        let service = asked.service.iter().map(|service| format!(" --service {}", quoted(service)));
        let status = failed.then(|| " --status error".to_owned());
        let sort = slow.then(|| " --sort slowest".to_owned());
        let words: String = service.chain(status).chain(sort).collect();
        let query =
            page.query(format!("coral query beyla traces{words} {} --limit {MOST}", window.flags));
        page.section(if slow { "Traces, the slowest first" } else { "Traces, the newest first" });
        for trace in &list.traces {
            let cause = trace.root_cause.as_ref().map(|cause| format!(": {cause}"));
            let failed = if trace.error_count > 0 { " (ERROR)" } else { "" };
            page.line(
                query,
                format!(
                    "{} {} {}{failed}, {}{}",
                    trace.trace_id,
                    duration(trace.duration_us),
                    short(&trace.root_operation),
                    counted(trace.span_count, "span"),
                    cause.unwrap_or_default(),
                ),
            );
        }
        page.or_nothing(query, "none");
        Ok(())
    }

    /// The slowest routes of a service, or those that fail most; without one, calls between services.
    fn tell_rows(&self, asked: &Asked, failed: bool, page: &mut Page) -> Result<(), QueryError> {
        let what =
            if failed { "What fails, most often first" } else { "The slowest first, by P95" };
        let table = match &asked.service {
            Some(service) => self.requests(service, &asked.window)?,
            None => None,
        };
        let query = if let Some(table) = table {
            let query = page.query(red_query(&table, &asked.window));
            page.section(what);
            let mut rows: Vec<&answer::RedRow> = table.rows.iter().collect();
            rows.retain(|row| !failed || row.numbers.errors > 0);
            rows.sort_by_key(|row| {
                let slowest = row.numbers.p95_us.unwrap_or(i64::MAX);
                std::cmp::Reverse(if failed { row.numbers.errors as i64 } else { slowest })
            });
            for row in rows.into_iter().take(MOST) {
                let name = [&row.method, &row.route].into_iter().flatten().cloned();
                let name = name.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
                let numbers = &row.numbers;
                let (requests, rate) =
                    (counted(numbers.requests, "request"), percent(numbers.error_rate));
                let p95 = p95(numbers);
                page.line(query, format!("{}: P95 {p95}, {requests}, {rate} failed", short(&name)));
            }
            query
        } else {
            let (map, query) = self.map(asked, page)?;
            page.section(what);
            let mut edges = map.edges;
            edges.retain(|edge| {
                asked.service.as_ref().is_none_or(|service| edge.to == *service)
                    && (!failed || edge.errors > 0)
            });
            edges.sort_by_key(|edge| {
                std::cmp::Reverse(if failed { edge.errors } else { edge.p95_us })
            });
            for edge in edges.iter().take(MOST) {
                let (from, to) = (short(&edge.from), short(&edge.to));
                let (p95, calls) = (micros(edge.p95_us), counted(edge.calls, "call"));
                let errors = count(edge.errors);
                let text = format!("{from} → {to}: P95 {p95}, {calls}, {errors} failed");
                page.line(query, text);
            }
            query
        };
        page.or_nothing(query, "nothing in this window");
        Ok(())
    }
}

impl Page {
    fn section(&mut self, title: impl Into<String>) {
        self.0.sections.push(PlainSection { title: title.into(), lines: Vec::new() });
    }

    /// Its number, from 1 on.
    fn query(&mut self, command: String) -> usize {
        self.0.queries.push(command);
        self.0.queries.len()
    }

    fn line(&mut self, query: usize, text: String) {
        self.add(PlainLine { text, query: Some(query) });
    }

    fn remark(&mut self, text: String) {
        self.add(PlainLine { text, query: None });
    }

    /// A line for a section that has none.
    fn or_nothing(&mut self, query: usize, text: &str) {
        if self.0.sections.last().is_some_and(|section| section.lines.is_empty()) {
            self.line(query, text.to_owned());
        }
    }

    fn add(&mut self, line: PlainLine) {
        if let Some(section) = self.0.sections.last_mut() {
            section.lines.push(line);
        }
    }
}

fn not_understood() -> Plain {
    let mut page = Page::default();
    page.section("I cannot answer that. What can be asked");
    EXAMPLES.iter().for_each(|example| page.remark((*example).to_owned()));
    page.0
}

/// What to look at, by how the time is lost.
fn recommendations(cause: &answer::WhySuspect) -> Vec<String> {
    let who = short(&cause.service);
    let (first, second) = match cause.kind.as_str() {
        "own" => (
            format!("Check CPU, memory and locks of {who}, and what was deployed there last"),
            "Compare one of the traces above with a faster one of the same operation".to_owned(),
        ),
        "edge" => (
            format!("Check the network to {who}, its accept queue and its connection limits"),
            "Check whether its callers wait for a connection of their pool".to_owned(),
        ),
        "leaf" => (
            format!("Check {who}: load, locks, and the plan of the statement above"),
            "Consider a timeout, so that callers are not held up".to_owned(),
        ),
        "queue" => (
            format!("Give {who} more workers, or fewer requests: they wait before work begins"),
            "Check what its workers are busy with".to_owned(),
        ),
        "missing" | "error" => (
            format!("Read the errors of {who}: it fails or stops where nothing below it does"),
            "Check what was deployed or configured there last".to_owned(),
        ),
        "repeated" => (
            "Ask once for many: batch or cache the repeated call".to_owned(),
            "If it is retried, add backoff and a circuit breaker".to_owned(),
        ),
        _ => (
            format!("Check why {who} is asked more often: a cache that misses, a fallback"),
            "Compare one of the traces above with one of the baseline".to_owned(),
        ),
    };
    vec![first, second]
}

/// As long as the window, at least an hour.
fn baseline(window: &Window) -> i64 {
    let length = window.until_unix_us.saturating_sub(window.since_unix_us);
    // Whole seconds: the window includes the microsecond of the question.
    (length / 1_000_000 * 1_000_000).max(SHORTEST_BASELINE_US)
}

fn flag(micros: i64) -> String {
    units::flag(Duration::from_micros(micros.unsigned_abs()))
}

fn red_query(table: &RedTable, window: &Window) -> String {
    let (protocol, service) = (&table.protocol, quoted(&table.service));
    let compare = flag(baseline(window));
    format!("coral query beyla {protocol} {service} {} --compare {compare}", window.flags)
}

fn p95(numbers: &RedNumbers) -> String {
    match (numbers.p95_us, numbers.beyond_us) {
        (Some(p95), _) => duration(p95),
        (None, Some(beyond)) => format!(">{}", duration(beyond)),
        (None, None) => "unknown".to_owned(),
    }
}

/// ` (baseline: 150ms, +200%)`
fn change(now: &RedNumbers, before: Option<&RedNumbers>) -> String {
    let Some(before) = before else { return String::new() };
    let percent = now.p95_us.zip(before.p95_us.filter(|before| *before > 0));
    let percent = percent
        .map(|(now, before)| format!(", {:+.0}%", (now as f64 / before as f64 - 1.0) * 100.0));
    format!(" (baseline: {}{})", p95(before), percent.unwrap_or_default())
}

fn micros(micros: u64) -> String {
    duration(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 10.0 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// As a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_./:{}".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
