//! The window of a question in words and as flags, and the first line of a page.

use std::time::Duration;

use coral_query::answer::{Period, Understanding, Window};
use coral_trace::UnixNanos;
use coral_trace::units::{self, instant};

use super::number::short;
use crate::beginning::{since, since_time};
use crate::duration::duration;

/// The first line of a page: `Analyzing GET /list of shop on web-2, last 1h`. The time is since the
/// change `began`, if a beginning was found. The line names the route of the question only if the
/// answer `is_narrowed` to it.
pub fn understood(
    understanding: &Understanding,
    began: Option<UnixNanos>,
    is_narrowed: bool,
) -> String {
    let trace_id = understanding.trace_id.map(|id| id.to_string());
    if let Some(trace_id) = trace_id.or_else(|| understanding.trace_id_prefix.clone()) {
        return format!("Analyzing trace {trace_id}, against the traces before it");
    }
    let route = understanding.route.as_ref().filter(|_| is_narrowed);
    let method = understanding.method.iter().map(|method| format!("{method} ")).collect::<String>();
    let route = route.map(|route| format!("{method}{} of ", short(route))).unwrap_or_default();
    let peers = understanding.peers.join(", ");
    let service = match &understanding.service {
        Some(service) => service.as_str(),
        None if !peers.is_empty() => &peers,
        None => "everything",
    };
    let window = match began {
        Some(began) => since(began, end(&understanding.window)),
        None => words(&understanding.window),
    };
    let narrowed: String = [
        understanding.host.as_ref().map(|host| format!(" on {}", short(host))),
        understanding.version.as_ref().map(|version| format!(", version {}", short(version))),
        understanding.status.as_ref().map(|status| format!(", status {status}")),
        understanding.min_duration_us.map(|least| format!(", at least {}", duration(least))),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("Analyzing {route}{service}{narrowed}, {window}")
}

/// The end of the window.
pub const fn end(window: &Window) -> UnixNanos {
    UnixNanos::from_micros(window.until_unix_us)
}

/// The window in words: `last 15m`.
pub fn words(window: &Window) -> String {
    match window.period {
        Period::Last { length_us } => format!("last {}", flag(length_us)),
        Period::Today => "today, UTC".to_owned(),
        Period::Yesterday => "yesterday, UTC".to_owned(),
        Period::SinceYesterday => "since yesterday, UTC".to_owned(),
        Period::Since => format!("since {}", instant(window.since_unix_us)),
        Period::Between => {
            let [since, until] = [window.since_unix_us, window.until_unix_us].map(instant);
            format!("from {since} to {until}")
        }
        Period::SinceChange => {
            let [began, until] =
                [window.since_unix_us, window.until_unix_us].map(UnixNanos::from_micros);
            since_time(began, until)
        }
    }
}

/// The window as flags of a command: `--since 15m`.
pub fn flags(window: &Window) -> String {
    let since = instant(window.since_unix_us);
    match window.period {
        Period::Last { length_us } => format!("--since {}", flag(length_us)),
        Period::Today | Period::SinceYesterday | Period::Since | Period::SinceChange => {
            format!("--since {since}")
        }
        Period::Yesterday | Period::Between => {
            format!("--since {since} --until {}", instant(window.until_unix_us))
        }
    }
}

/// A duration in microseconds as the value of a flag: `15m`.
pub fn flag(micros: i64) -> String {
    units::flag(Duration::from_micros(micros.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_period_has_words_and_flags() {
        let noon = 1_795_608_000_000_000;
        let half_a_day = 43_200_000_000;
        let midnight = noon - half_a_day;
        let both = |period, since_unix_us, until_unix_us| {
            let window = Window {
                since_unix_us,
                until_unix_us,
                period,
                unread: Vec::new(),
                is_default: false,
            };
            (words(&window), flags(&window))
        };
        let check = |(words, flags): (String, String), expected: [&str; 2]| {
            assert_eq!([words.as_str(), flags.as_str()], expected);
        };
        let last = Period::Last { length_us: 5_400_000_000 };
        check(both(last, noon - 5_400_000_000, noon + 1), ["last 90m", "--since 90m"]);
        check(
            both(Period::Today, midnight, noon + 1),
            ["today, UTC", "--since 2026-11-25T00:00:00Z"],
        );
        check(
            both(Period::SinceYesterday, midnight - 2 * half_a_day, noon + 1),
            ["since yesterday, UTC", "--since 2026-11-24T00:00:00Z"],
        );
        check(
            both(Period::SinceChange, noon - 1_140_000_000, noon + 1),
            ["since 11:41 UTC", "--since 2026-11-25T11:41:00Z"],
        );
        check(
            both(Period::Since, noon - 1_140_000_000, noon + 1),
            ["since 2026-11-25T11:41:00Z", "--since 2026-11-25T11:41:00Z"],
        );
        check(
            both(Period::Between, midnight, noon),
            [
                "from 2026-11-25T00:00:00Z to 2026-11-25T12:00:00Z",
                "--since 2026-11-25T00:00:00Z --until 2026-11-25T12:00:00Z",
            ],
        );
        check(
            both(Period::Yesterday, midnight - 2 * half_a_day, midnight),
            ["yesterday, UTC", "--since 2026-11-24T00:00:00Z --until 2026-11-25T00:00:00Z"],
        );
    }
}
