//! The health of services, as `coral services` prints it.

mod csv;
mod detail;
mod verdict;

use std::fmt::Write as _;

use coral_query::answer::{Health, ServiceNumbers, ServiceState, Services, ValueList};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::counted;

pub use self::csv::services_csv;
pub use self::detail::detail;
pub use self::verdict::verdict;
pub(crate) use self::verdict::{problem, sentences};
use crate::beginning::{coverage, length, moment};
use crate::duration::percentile;
use crate::percent::{per_second, rate};
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Column, Table, name, whole};
use crate::why::did_you_mean;

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
        let left_out = counted(answer.services_left_out, "service");
        let _ = writeln!(text, "… {left_out} with fewer requests are not listed.");
    }
    let gaps = coverage(&answer.coverage, until);
    if !gaps.is_empty() {
        text.push('\n');
    }
    for sentence in gaps {
        let _ = writeln!(text, "{sentence}");
    }
    text
}

/// The page for a service that was not seen.
pub fn no_such_service(name: &str, answer: &Services, windows: &str) -> String {
    let hint = did_you_mean(&answer.did_you_mean);
    let hint = hint.unwrap_or_else(|| "Hint: `coral services` lists all services.\n".to_owned());
    format!("No service {} was seen ({windows}).\n{hint}", line(name))
}

/// A column that is left out where the screen is too narrow: those with the largest number first.
type Optional<'a> = (u32, Column<'a>, fn(&ServiceState, UnixNanos) -> Cell);

/// The columns of the table. Service and health are never left out.
fn columns() -> [Optional<'static>; 16] {
    [
        (0, name("Service"), |of, _| line(&of.name).into()),
        (0, whole("Health"), |of, _| Cell::emphasised(word(of.health), emphasis(of.health))),
        (3, whole("Since"), |of, until| {
            of.began.map_or_else(String::new, |began| moment(began, until)).into()
        }),
        (4, whole("Req/s"), |of, _| per_second(of.now.requests_per_second).into()),
        (8, whole("Before"), |of, _| before(of, |of| per_second(of.requests_per_second))),
        (1, whole("Errors"), |of, _| errors(&of.now)),
        (5, whole("Before"), |of, _| before(of, |of| rate(of.error_rate))),
        (7, whole("P50"), |of, _| p50(&of.now).into()),
        (10, whole("Before"), |of, _| before(of, p50)),
        (2, whole("P95"), |of, _| p95(&of.now).into()),
        (6, whole("Before"), |of, _| before(of, p95)),
        (9, name("Hosts"), |of, _| values(&of.hosts).into()),
        (11, name("Version"), |of, _| values(&of.versions).into()),
        (12, whole("Instances"), |of, _| of.instances.count.to_string().into()),
        (13, whole("Last seen"), |of, until| last_seen(of, until).into()),
        (14, whole("From"), |of, _| {
            of.requests.first().map_or("-", |kind| kind.source.as_str()).into()
        }),
    ]
}

fn table(answer: &Services, screen: Screen) -> String {
    let until = UnixNanos::from_micros(answer.until_unix_us);
    let (all, mut last) = (columns(), u32::MAX);
    let table = |last: u32| {
        let shown = || all.iter().filter(|(place, _, _)| *place <= last);
        let row = |of: &ServiceState| shown().map(|(_, _, cell)| cell(of, until)).collect();
        let rows = answer.services.iter().map(row).collect();
        Table::new(shown().map(|(_, column, _)| *column), rows)
    };
    while last > 0 && !table(last).fits(screen) {
        last = all.iter().map(|(place, _, _)| *place).filter(|at| *at < last).max().unwrap_or(0);
    }
    let mut text = table(last).text(screen);
    let left_out = all.iter().filter(|(place, _, _)| *place > last).count();
    if left_out > 0 {
        let columns = counted(left_out as u64, "column");
        let _ = writeln!(text, "{}", screen.faint(&format!("… {columns} left out to fit.")));
    }
    text
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
