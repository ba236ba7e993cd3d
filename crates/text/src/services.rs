//! The health of services, as `coral services` prints it.

mod csv;
mod detail;
mod verdict;

use std::fmt::Write as _;

use coral_query::answer::{
    Health, ServiceNumbers, ServiceState, Services, UntracedServices, ValueList,
};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::counted;

pub use self::csv::services_csv;
pub use self::detail::detail;
pub use self::verdict::verdict;
pub(crate) use self::verdict::{cause, problem, sentences};
use crate::beginning::{coverage, length, listed, moment};
use crate::duration::percentile;
use crate::percent::rate;
use crate::sampling;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Column, Table, name, whole};
use crate::why::did_you_mean;
use crate::wrap::folded;

/// The agents that are named because Beyla does not trace a service there.
const MAX_UNTRACED_AGENTS: usize = 3;
/// Values of an attribute that a cell has at most.
const MAX_VALUES: usize = 2;

/// The page of `coral services`: the verdict, and a table with one line for each service. `windows`
/// is the window and its baseline in words: `last 15 minutes, against the 1 hour before`.
pub fn services(answer: &Services, windows: &str, screen: Screen) -> String {
    let mut text = format!("{}\n", verdict(answer));
    let until = UnixNanos::from_micros(answer.until_unix_us);
    if answer.services.is_empty() {
        text.push_str(
            "Hint: try an earlier --since. `coral colony status` shows which agents are polled, and \
             how many spans are stored.\n",
        );
    } else {
        let _ = writeln!(text, "\nServices ({windows}):\n\n{}", table(answer, screen).trim_end());
    }
    if answer.services_left_out > 0 {
        let left_out = counted(answer.services_left_out, "more service");
        let verb = if answer.services_left_out == 1 { "is" } else { "are" };
        let _ = writeln!(text, "… {left_out} {verb} not listed, no worse than the last one here.");
    }
    let gaps = coverage(&answer.coverage, until);
    if !gaps.is_empty() {
        text.push('\n');
    }
    for sentence in gaps {
        let _ = writeln!(text, "{sentence}");
    }
    for sentence in sampling::estimates(&answer.sampled) {
        let _ = writeln!(text, "\n{sentence}");
    }
    for of in answer.untraced.iter().take(MAX_UNTRACED_AGENTS) {
        let _ = writeln!(text, "\n{}", untraced(of));
    }
    folded(&text, screen)
}

/// `Beyla on web-1 does not trace 2 services that listen there: cart:8080 and web:80. …`.
fn untraced(of: &UntracedServices) -> String {
    let agent = line(&of.agent_id);
    let count = of.services.len();
    let named: Vec<String> =
        of.services.iter().map(|service| format!("{}:{}", service.name, service.port)).collect();
    let listen = if count == 1 { "listens" } else { "listen" };
    format!(
        "Beyla on {agent} does not trace {} that {listen} there: {}. `sudo coral connect NAME:PORT` \
         on that host adds one.",
        counted(count as u64, "service"),
        listed(&named)
    )
}

/// The page for a service that was not seen.
pub fn no_such_service(name: &str, answer: &Services, windows: &str) -> String {
    let hint = did_you_mean(&answer.did_you_mean);
    let hint = hint.unwrap_or_else(|| "Hint: `coral services` lists all services.\n".to_owned());
    format!("No service {} was seen ({windows}).\n{hint}", line(name))
}

/// Whether the answer names a change: a cause, or a service that is not well.
pub fn names_change(answer: &Services) -> bool {
    let is_sick = |of: &ServiceState| !matches!(of.health, Health::Well | Health::Unknown);
    answer.cause.is_some() || answer.services.iter().any(is_sick)
}

/// A column, and its cell for a service.
type ServiceColumn = (Column<'static>, fn(&ServiceState, UnixNanos) -> Cell);

/// The columns of the table. Service and health are never left out.
fn columns() -> [ServiceColumn; 16] {
    [
        (name("Service"), |of, _| line(&of.name).into()),
        (whole("Health"), |of, _| Cell::emphasised(word(of.health), emphasis(of.health))),
        (whole("Since").optional(11), |of, until| {
            of.began.map_or_else(String::new, |began| moment(began, until)).into()
        }),
        (whole("Req/s").optional(10), |of, _| per_second(&of.now).into()),
        (whole("Before").optional(6), |of, _| before(of, per_second)),
        (whole("Errors").optional(13), |of, _| errors(&of.now)),
        (whole("Before").optional(9), |of, _| before(of, |of| rate(of.error_rate))),
        (whole("P50").optional(7), |of, _| p50(&of.now).into()),
        (whole("Before").optional(4), |of, _| before(of, p50)),
        (whole("P95").optional(12), |of, _| p95(&of.now).into()),
        (whole("Before").optional(8), |of, _| before(of, p95)),
        (name("Hosts").optional(5), |of, _| values(&of.hosts).into()),
        (name("Version").optional(3), |of, _| values(&of.versions).into()),
        (whole("Instances").optional(2), |of, _| of.instances.count.to_string().into()),
        (whole("Last seen").optional(1), |of, until| last_seen(of, until).into()),
        (whole("From").optional(0), |of, _| {
            of.requests.first().map_or("-", |kind| kind.source.as_str()).into()
        }),
    ]
}

fn table(answer: &Services, screen: Screen) -> String {
    let until = UnixNanos::from_micros(answer.until_unix_us);
    let columns = columns();
    let row = |of: &ServiceState| columns.iter().map(|(_, cell)| cell(of, until)).collect();
    let rows = answer.services.iter().map(row).collect();
    Table::new(columns.iter().map(|(column, _)| *column), rows).text(screen)
}

/// The health in one or two words, as tables and JSON have it.
pub(crate) const fn word(health: Health) -> &'static str {
    match health {
        Health::Failing => "failing",
        Health::Slow => "slow",
        Health::NotSeen => "not seen",
        Health::FewerRequests => "fewer requests",
        Health::Unknown => "unknown",
        Health::Well => "well",
    }
}

const fn emphasis(health: Health) -> Emphasis {
    match health {
        Health::Failing | Health::Slow | Health::NotSeen => Emphasis::Error,
        Health::FewerRequests | Health::Unknown => Emphasis::Strong,
        Health::Well => Emphasis::None,
    }
}

fn before(of: &ServiceState, text: impl Fn(&ServiceNumbers) -> String) -> Cell {
    of.before.as_ref().map_or_else(|| "-".to_owned(), text).into()
}

fn errors(of: &ServiceNumbers) -> Cell {
    if of.requests == 0 {
        return "-".into();
    }
    let failed = if of.errors > 0 { Emphasis::Error } else { Emphasis::None };
    Cell::emphasised(rate(of.error_rate), failed)
}

/// The requests per second: `3.4`; `~3.4` if they are an estimate.
pub(crate) fn per_second(of: &ServiceNumbers) -> String {
    sampling::rate(of.requests_per_second, of.estimate)
}

fn p50(of: &ServiceNumbers) -> String {
    percentile(of.p50_us, of.exact, of.beyond_us, "-")
}

pub(crate) fn p95(of: &ServiceNumbers) -> String {
    percentile(of.p95_us, of.exact, of.beyond_us, "-")
}

/// `web-1`, `web-1, web-2 and 3 more`; `-` without values.
fn values(list: &ValueList) -> String {
    let shown: Vec<String> = list.values.iter().take(MAX_VALUES).map(|text| line(text)).collect();
    match (shown.len() as u64, list.count) {
        (0, _) => "-".to_owned(),
        (shown_count, count) if shown_count < count => {
            format!("{} and {} more", shown.join(", "), count - shown_count)
        }
        _ => shown.join(", "),
    }
}

fn last_seen(of: &ServiceState, until: UnixNanos) -> String {
    match of.last_seen {
        None => "-".to_owned(),
        Some(at) if at >= until => moment(at, until),
        Some(at) => format!("{} ago", length(at, until)),
    }
}
