//! Links of web pages that show what commands print.

use std::time::Duration;

use super::Failure;
use super::asked_at::{AskedAt, Window};
use crate::args::{
    AnomaliesArgs, AskArgs, BeylaCommand, ColonyArgs, ColonyCommand, Command, CompareArgs, Earlier,
    QueryCommand, RedArgs, ServicesArgs, Since, SqlArgs, TopologyArgs, TraceCommand, TraceFormat,
    TracesArgs, WhyArgs, attribute_condition,
};
use coral_query::{Sort, Source, SpanStatus};
use coral_trace::UnixNanos;
use coral_trace::units::{When, flag, instant};

/// The window of `coral why` and `coral services` without --since.
const SHORT_WINDOW: When = When::Ago(Duration::from_secs(15 * 60));

/// A page of the web UI with its parameters. Times are absolute, so that the link shows the same
/// whenever it is opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Link {
    page: &'static str,
    parameters: Vec<(&'static str, String)>,
}

/// The link that `command` is asked to print instead of an answer, and the colony that serves the
/// page; `None` if it prints an answer. The link of `coral why` is made after the answer, which tells
/// when a change began.
pub(super) fn asked_for<'a>(
    command: &'a Command,
    asked: &AskedAt,
) -> Result<Option<(Link, &'a ColonyArgs)>, Failure> {
    let (link, colony) = match command {
        Command::Services(args) if args.link.link => (services(args, asked)?, &args.colony),
        Command::Trace(TraceCommand::Compare(args)) if args.link.link => {
            (compare(args, asked)?, &args.colony)
        }
        Command::Query(QueryCommand::Beyla(BeylaCommand::Traces(args))) if args.link.link => {
            (traces(args, asked)?, &args.colony)
        }
        Command::Query(QueryCommand::Beyla(
            BeylaCommand::Http(args) | BeylaCommand::Grpc(args) | BeylaCommand::Sql(args),
        )) if args.link.link => (red(args, asked)?, &args.colony),
        Command::Query(QueryCommand::Topology(args)) if args.link.link => {
            (topology(args, asked)?, &args.colony)
        }
        Command::Query(QueryCommand::Anomalies(args)) if args.link.link => {
            (anomalies(args, asked)?, &args.colony)
        }
        Command::Query(QueryCommand::Sql(args)) | Command::Sql(args) if args.link.link => {
            (sql(args, asked)?, &args.colony)
        }
        Command::Ask(args) if args.link.link => (ask(args), &args.colony),
        Command::Colony(ColonyCommand::Status(args)) if args.link.link => {
            (Link::to("status"), &args.colony)
        }
        _ => return Ok(None),
    };
    Ok(Some((link, colony)))
}

/// The page of `coral why`, whose window begins with the change that `began`, if one was found.
pub(super) fn why(args: &WhyArgs, window: &Window, began: Option<UnixNanos>) -> Link {
    let link = Link::to("why").with("service", args.service.clone());
    if args.trace_id.is_some() {
        return link.with("trace", args.trace_id.clone());
    }
    let since_us = began.map_or(window.since_us, UnixNanos::as_micros);
    link.with("route", args.route.clone()).between(since_us, window.until_us)
}

fn services(args: &ServicesArgs, asked: &AskedAt) -> Result<Link, Failure> {
    let window = asked.window(Some(args.since.unwrap_or(SHORT_WINDOW)), args.until)?;
    let link = match &args.service {
        Some(service) => Link::to("service").with("name", Some(service.clone())),
        None => Link::to(""),
    };
    link.of(&window).since_baseline(args.baseline, &window, asked)
}

fn anomalies(args: &AnomaliesArgs, asked: &AskedAt) -> Result<Link, Failure> {
    let window = asked.window(args.since, args.until)?;
    Link::to("").of(&window).since_baseline(args.baseline, &window, asked)
}

fn traces(args: &TracesArgs, asked: &AskedAt) -> Result<Link, Failure> {
    if let Some(id) = args.trace_id {
        let view = match args.format {
            Some(TraceFormat::Flamegraph | TraceFormat::Folded) => Some("flame"),
            Some(TraceFormat::Table | TraceFormat::Csv) => Some("table"),
            Some(TraceFormat::Json) => Some("json"),
            _ => None,
        };
        return Ok(Link::to("trace")
            .with("id", Some(id.to_string()))
            .with("span", args.span.clone())
            .with("view", view.map(str::to_owned))
            .with_source(args.source));
    }
    let window = asked.window(args.since, args.until)?;
    let sort = args.sort.filter(|sort| *sort == Sort::Slowest);
    Ok(Link::to("traces")
        .with("q", Some(search(args)).filter(|q| !q.is_empty()))
        .with("sort", sort.map(|_| "slowest".to_owned()))
        .of(&window)
        .with_source(args.source))
}

/// The options of a list of traces as one search.
fn search(args: &TracesArgs) -> String {
    let words = args.search.join(" ");
    let mut conditions: Vec<String> = Vec::new();
    conditions.extend(args.service.iter().map(|name| format!("service:{}", quoted(name))));
    conditions.extend(args.name.iter().map(|name| format!("name:{}", quoted(name))));
    conditions.extend(args.status.map(|status| match status {
        SpanStatus::Error => "trace.errors>0".to_owned(),
        SpanStatus::Ok => "trace.errors:0".to_owned(),
    }));
    conditions.extend(args.min_duration.map(|least| format!("trace.duration>={}", flag(least))));
    for attribute in &args.attr {
        let equal = || {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            format!("{}:{}", quoted(key), quoted(value))
        };
        conditions.push(attribute_condition(attribute).unwrap_or_else(equal));
    }
    match (words.trim(), conditions.is_empty()) {
        ("", _) => conditions.join(" "),
        (words, true) => words.to_owned(),
        // The search may have alternatives, so that it is a group of its own.
        (words, false) => format!("({words}) {}", conditions.join(" ")),
    }
}

/// A value of a search, in quotation marks.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn red(args: &RedArgs, asked: &AskedAt) -> Result<Link, Failure> {
    let window = asked.window(args.since, args.until)?;
    let link = Link::to("service").with("name", Some(args.service.clone())).of(&window);
    link.since_baseline(args.compare, &window, asked)
}

fn topology(args: &TopologyArgs, asked: &AskedAt) -> Result<Link, Failure> {
    let window = asked.window(args.since, args.until)?;
    let diff = args.diff.map(|earlier| asked.length_before(&window, earlier)).transpose()?;
    Ok(Link::to("map")
        .with("focus", args.focus.clone())
        .with("depth", args.depth.map(|depth| depth.to_string()))
        .with("diff", diff.map(flag))
        .of(&window)
        .with_source(args.source))
}

fn compare(args: &CompareArgs, asked: &AskedAt) -> Result<Link, Failure> {
    let link = Link::to("compare").with("a", Some(args.a.clone())).with("b", args.b.clone());
    let is_search = |text: &String| text.starts_with("q:");
    let has_search = is_search(&args.a) || args.b.as_ref().is_some_and(is_search);
    let link = match has_search {
        true => link.of(&asked.window(args.since, args.until)?),
        false => link,
    };
    Ok(link.with_source(args.source))
}

fn ask(args: &AskArgs) -> Link {
    Link::to("ask").with("q", Some(args.question.join(" ")))
}

fn sql(args: &SqlArgs, asked: &AskedAt) -> Result<Link, Failure> {
    let since = match args.since {
        Since::All => None,
        Since::When(when) => Some(instant(asked.instant(when)?)),
    };
    Ok(Link::to("sql").with("q", Some(args.sql.join(" "))).with("from", since))
}

impl Link {
    fn to(page: &'static str) -> Self {
        Self { page, parameters: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.parameters.extend(value.map(|value| (name, value)));
        self
    }

    fn of(self, window: &Window) -> Self {
        self.between(window.since_us, window.until_us)
    }

    /// From a time to another, in microseconds since the Unix epoch. The page has whole seconds.
    fn between(self, since_us: i64, until_us: i64) -> Self {
        let until_us = until_us.saturating_add(999_999);
        self.with("from", Some(instant(since_us))).with("to", Some(instant(until_us)))
    }

    fn with_source(self, source: Source) -> Self {
        self.with("source", (source != Source::All).then(|| source.as_str().to_owned()))
    }

    /// The length of the baseline, if it was given.
    pub(super) fn since_baseline(
        self,
        baseline: Option<Earlier>,
        window: &Window,
        asked: &AskedAt,
    ) -> Result<Self, Failure> {
        let length = baseline.map(|earlier| asked.length_before(window, earlier)).transpose()?;
        Ok(self.with("baseline", length.map(flag)))
    }

    /// The URL of the page at the server with the URL `base`.
    pub(super) fn url(&self, base: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        self.parameters.iter().for_each(|(name, value)| {
            query.append_pair(name, value);
        });
        // Both may stand in a query, and times and routes are readable with them.
        let query = query.finish().replace("%3A", ":").replace("%2F", "/");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{base}/ui/{}{mark}{query}", self.page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::parse;

    /// 2026-11-25T14:00:00Z.
    const NOW_US: i64 = 1_795_615_200_000_000;

    fn link(line: &str) -> String {
        // Every second part is within quotation marks, and is one word.
        let words = line.split('\'').enumerate().flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        let words = ["coral"].into_iter().chain(words).chain(["--link"]);
        let cli = parse(words.map(Into::into)).unwrap();
        let asked = AskedAt::at(NOW_US);
        let link = match &cli.command {
            Command::Why(args) => {
                let window = asked.window(Some(args.since.unwrap_or(SHORT_WINDOW)), args.until);
                let began = UnixNanos::from_micros(NOW_US - 4_000_000_000);
                let window = window.unwrap();
                let link = why(args, &window, args.since.is_none().then_some(began));
                link.since_baseline(args.baseline, &window, &asked).unwrap()
            }
            command => asked_for(command, &asked).unwrap().unwrap().0,
        };
        link.url("http://127.0.0.1:9000").replace("http://127.0.0.1:9000/ui/", "")
    }

    #[test]
    fn each_command_has_the_link_of_the_page_that_shows_the_same() {
        const HOUR: &str = "from=2026-11-25T13:00:00Z&to=2026-11-25T14:00:01Z";
        const QUARTER: &str = "from=2026-11-25T13:45:00Z&to=2026-11-25T14:00:01Z";
        for (line, expected) in [
            ("services", format!("?{QUARTER}")),
            ("services --since 1h --baseline 6h", format!("?{HOUR}&baseline=6h")),
            ("services pay", format!("service?name=pay&{QUARTER}")),
            (
                "query anomalies --since 02:40 --until 03:00",
                "?from=2026-11-25T02:40:00Z&to=2026-11-25T03:00:00Z".to_owned(),
            ),
            ("query beyla traces", format!("traces?{HOUR}")),
            (
                "query beyla traces 'status:error OR name~x' --service pay --sort slowest",
                format!(
                    "traces?q=%28status:error+OR+name%7Ex%29+service:%22pay%22&sort=slowest&{HOUR}"
                ),
            ),
            (
                "query beyla traces --min-duration 500ms --status ok --attr host.name=web-3",
                format!(
                    "traces?q=trace.errors:0+trace.duration%3E%3D500ms+%22host.name%22:%22web-3%22&{HOUR}"
                ),
            ),
            (
                "query beyla traces --trace-id 4bf9 --span 00f0 --source sdk",
                "trace?id=4bf9&span=00f0&source=sdk".to_owned(),
            ),
            (
                "query beyla traces --trace-id 4bf9 --format flamegraph",
                "trace?id=4bf9&view=flame".to_owned(),
            ),
            ("query beyla http pay --compare 2h", format!("service?name=pay&{HOUR}&baseline=2h")),
            ("query beyla grpc pay", format!("service?name=pay&{HOUR}")),
            ("query beyla sql pay", format!("service?name=pay&{HOUR}")),
            (
                "query topology --focus pay --depth 2 --diff 1h --source ebpf",
                format!("map?focus=pay&depth=2&diff=1h&{HOUR}&source=ebpf"),
            ),
            ("trace compare 4bf9", "compare?a=4bf9".to_owned()),
            (
                "trace compare 4bf9 'q:duration<1s' --since 15m",
                format!("compare?a=4bf9&b=q:duration%3C1s&{QUARTER}"),
            ),
            ("ask why is pay slow", "ask?q=why+is+pay+slow".to_owned()),
            ("sql 'select 1'", "sql?q=select+1&from=2026-11-25T13:00:00Z".to_owned()),
            ("query sql 'select 1' --since all", "sql?q=select+1".to_owned()),
            ("colony status", "status".to_owned()),
            (
                "why pay --route /pay/{id} --since 1h --baseline 30m",
                format!("why?service=pay&route=/pay/%7Bid%7D&{HOUR}&baseline=30m"),
            ),
            ("why", "why?from=2026-11-25T12:53:20Z&to=2026-11-25T14:00:01Z".to_owned()),
            ("why --trace-id 4bf9", "why?trace=4bf9".to_owned()),
        ] {
            assert_eq!(link(line), expected, "{line}");
        }
    }

    #[test]
    fn without_the_option_an_answer_is_printed() {
        let cli = parse(["coral", "services"].map(Into::into)).unwrap();
        assert_eq!(asked_for(&cli.command, &AskedAt::at(NOW_US)).unwrap().map(|link| link.0), None);
    }
}
