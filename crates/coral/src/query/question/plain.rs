//! Questions in plain English, by a small grammar; no model is asked.
//!
//! | said | asked |
//! | --- | --- |
//! | `why …`, `root cause …` | why a service, or a route of it, is as it is |
//! | `what changed …`, `anomalies …`, `what is different …` | what is otherwise than it was |
//! | `what calls X`, `what does X call`, `… depend …`, `map`, `topology`; nothing slow or failing | who calls whom |
//! | `show me [slow, failing] traces …` | traces |
//! | `slowest endpoints …`, `… slow …`, `… latency …` | the slowest routes of a service, or calls of all |
//! | `errors …`, `what fails …` | what fails |
//!
//! The first line that fits counts. A service is named as it names itself; a route begins with `/`; time is `today`,
//! `yesterday`, or `last 15 minutes`, `past 2h`, `last hour`: the last hour, when it is not said.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::value::parse_duration;
use crate::units::{flag, instant};

/// A question in words.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainFilter {
    /// It.
    pub question: String,
    /// When it was asked: microseconds since the Unix epoch.
    pub now_unix_us: i64,
}

/// What was understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// What is wanted.
    pub intent: Intent,
    /// Of which service; of all, when none was named.
    pub service: Option<String>,
    /// A word that looks like a service's name, and is none.
    pub unknown: Option<String>,
    /// Of which route.
    pub route: Option<String>,
    /// When.
    pub window: Window,
}

/// What can be wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intent {
    /// Why it is slow, or fails.
    Why,
    /// What is otherwise than it was.
    Changed,
    /// Who calls whom.
    Calls,
    /// Traces: slow ones, failed ones.
    Traces {
        /// The slowest first.
        slow: bool,
        /// With a failed span.
        failed: bool,
    },
    /// What is slowest.
    Slowest,
    /// What fails.
    Errors,
}

/// A time in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    /// Microseconds since the Unix epoch; from this on.
    pub since_unix_us: i64,
    /// Until before this.
    pub until_unix_us: i64,
    /// `last 15 minutes`
    pub words: String,
    /// `--since 15m`
    pub flags: String,
}

const DAY_US: i64 = 86_400_000_000;
/// More words are not read.
const MOST_WORDS: usize = 200;
/// Words after which a name stands.
const BEFORE_NAMES: [&str; 7] = ["is", "of", "in", "for", "does", "calls", "are"];
/// Words that stand there too.
const NO_NAMES: [&str; 21] = [
    "a",
    "all",
    "an",
    "anything",
    "did",
    "each",
    "everything",
    "in",
    "it",
    "last",
    "me",
    "my",
    "our",
    "past",
    "requests",
    "the",
    "this",
    "today",
    "whom",
    "wrong",
    "yesterday",
];

/// What `question` asks, where `services` are known; `None` when it is none of what can be asked.
pub fn understand(question: &str, services: &[String], now_unix_us: i64) -> Option<Asked> {
    let said: Vec<&str> = question
        .split_whitespace()
        .take(MOST_WORDS)
        .map(|word| word.trim_matches(|sign| "?!.,;:'\"`()".contains(sign)))
        .filter(|word| !word.is_empty())
        .collect();
    let words: Vec<String> = said.iter().map(|word| word.to_lowercase()).collect();
    let intent = intent(&words)?;
    let known = |word: &&str| services.iter().find(|name| name.eq_ignore_ascii_case(word)).cloned();
    let service = said.iter().find_map(known);
    let unknown = if service.is_none() { unknown(&said, &words) } else { None };
    Some(Asked {
        intent,
        service,
        unknown,
        route: said.iter().find(|word| word.starts_with('/')).map(|word| (*word).to_owned()),
        window: window(&words, now_unix_us),
    })
}

/// Beginnings of words that say what is wanted.
const WHY: &[&str] = &["why", "root", "cause"];
const CHANGED: &[&str] = &["chang", "anomal", "different", "otherwise", "happen"];
const CALLS: &[&str] = &["call", "depend", "topology", "map", "talk"];
const TRACES: &[&str] = &["trace"];
const SLOW: &[&str] = &["slow", "latency", "longest", "p95", "p99"];
const PLACES: &[&str] = &["endpoint", "route"];
const FAILED: &[&str] = &["error", "fail", "5xx", "broken", "500"];

fn intent(words: &[String]) -> Option<Intent> {
    let says = |stems: &[&str]| words.iter().any(|word| begins(word, stems));
    let (slow, failed) = (says(SLOW), says(FAILED));
    Some(if says(&["why"]) || (says(&["root"]) && says(&["cause"])) {
        Intent::Why
    } else if says(CHANGED) {
        Intent::Changed
    } else if says(CALLS) && !slow && !failed {
        Intent::Calls
    } else if says(TRACES) {
        Intent::Traces { slow, failed }
    } else if slow || says(PLACES) && !failed {
        Intent::Slowest
    } else if failed {
        Intent::Errors
    } else {
        return None;
    })
}

fn begins(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}

/// A word that stands where a name does, or looks like one.
fn unknown(said: &[&str], words: &[String]) -> Option<String> {
    let is_name = |at: &usize| {
        let word = words[*at].as_str();
        let after = at.checked_sub(1).map(|before| words[before].as_str());
        let asks = [WHY, CHANGED, CALLS, TRACES, SLOW, PLACES, FAILED];
        let plain = !word.starts_with('/')
            && !NO_NAMES.contains(&word)
            && !asks.iter().any(|stems| begins(word, stems))
            && word.chars().next().is_some_and(char::is_alphabetic);
        plain
            && (word.contains(['-', '_']) || after.is_some_and(|word| BEFORE_NAMES.contains(&word)))
    };
    (0..said.len()).find(is_name).map(|at| said[at].to_owned())
}

fn window(words: &[String], now: i64) -> Window {
    let midnight = now - now.rem_euclid(DAY_US);
    let between = |since: i64, until: i64, words: &str| Window {
        since_unix_us: since,
        until_unix_us: until,
        words: words.to_owned(),
        flags: format!("--since {} --until {}", instant(since), instant(until)),
    };
    if words.iter().any(|word| word == "yesterday") {
        return between(midnight - DAY_US, midnight, "yesterday, UTC");
    }
    if words.iter().any(|word| word == "today") {
        let flags = format!("--since {}", instant(midnight));
        return Window { flags, ..between(midnight, now.saturating_add(1), "today, UTC") };
    }
    let at = words.iter().position(|word| word == "last" || word == "past");
    let length = at.and_then(|at| length(words.get(at + 1)?, words.get(at + 2)));
    let length = length.unwrap_or(Duration::from_secs(3_600));
    let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    let flag = flag(length);
    Window {
        since_unix_us: now.saturating_sub(micros),
        until_unix_us: now.saturating_add(1),
        words: format!("last {flag}"),
        flags: format!("--since {flag}"),
    }
}

/// `15 minutes`, `15m`, `hour`.
fn length(first: &str, second: Option<&String>) -> Option<Duration> {
    let seconds = |unit: &str| match unit.trim_end_matches('s') {
        "second" | "sec" => Some(1),
        "minute" | "min" | "m" => Some(60),
        "hour" | "h" | "hr" => Some(3_600),
        "day" | "d" => Some(86_400),
        "week" => Some(7 * 86_400),
        _ => None,
    };
    if let Some(one) = seconds(first) {
        return Some(Duration::from_secs(one));
    }
    let counted = first.parse::<u64>().ok().zip(second.and_then(|unit| seconds(unit)));
    let length = match counted {
        Some((count, unit)) => Duration::from_secs(count.checked_mul(unit)?),
        None => parse_duration(first).ok()?,
    };
    (length.as_secs() > 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25T12:00:00Z.
    const NOON: i64 = 1_795_608_000_000_000;

    fn asked(question: &str) -> Option<Asked> {
        let services = ["payments-api", "cart", "is"].map(str::to_owned);
        understand(question, &services[..2], NOON)
    }

    #[track_caller]
    fn check(question: &str, intent: Intent, service: Option<&str>, flags: &str) {
        let asked = asked(question).unwrap_or_else(|| panic!("{question}: not understood"));
        assert_eq!(asked.intent, intent, "{question}");
        assert_eq!(asked.service.as_deref(), service, "{question}");
        assert_eq!(asked.window.flags, flags, "{question}");
    }

    #[test]
    fn each_kind_of_question_is_recognised() {
        let slow = Intent::Traces { slow: true, failed: false };
        check("Why is payments-api slow?", Intent::Why, Some("payments-api"), "--since 1h");
        check("why does Cart fail", Intent::Why, Some("cart"), "--since 1h");
        check("root cause of errors in `cart`?", Intent::Why, Some("cart"), "--since 1h");
        check(
            "slowest endpoints of cart, last 15 minutes",
            Intent::Slowest,
            Some("cart"),
            "--since 15m",
        );
        check("errors in the last hour", Intent::Errors, None, "--since 1h");
        check("which endpoints fail", Intent::Errors, None, "--since 1h");
        check("what calls cart?", Intent::Calls, Some("cart"), "--since 1h");
        check(
            "What does payments-api call in the past 2h",
            Intent::Calls,
            Some("payments-api"),
            "--since 2h",
        );
        check("what changed in the last 90s", Intent::Changed, None, "--since 90s");
        check("show me slow traces for cart", slow, Some("cart"), "--since 1h");
        check(
            "show me traces yesterday",
            Intent::Traces { slow: false, failed: false },
            None,
            "--since 2026-11-24T00:00:00Z --until 2026-11-25T00:00:00Z",
        );
        check("slowest calls", Intent::Slowest, None, "--since 1h");
        check("errors today", Intent::Errors, None, "--since 2026-11-25T00:00:00Z");
        assert_eq!(asked("what is the meaning of life"), None);
        assert_eq!(asked(""), None);
    }

    #[test]
    fn a_route_and_a_name_that_nobody_has_are_told() {
        let route = asked("why is /checkout of cart slow").unwrap();
        assert_eq!((route.route.as_deref(), route.unknown), (Some("/checkout"), None));
        for (question, unknown) in [
            ("why is payment-api slow?", Some("payment-api")),
            ("what calls kart", Some("kart")),
            ("why is everything slow", None),
            ("what is slow", None),
            ("what is slowest", None),
        ] {
            assert_eq!(asked(question).unwrap().unknown.as_deref(), unknown, "{question}");
        }
    }

    #[test]
    fn times_that_make_no_sense_are_the_last_hour() {
        for question in
            ["errors last 0 minutes", "errors last 99999999999999999999 days", "errors last x"]
        {
            check(question, Intent::Errors, None, "--since 1h");
        }
        check("errors in the last 18446744073709551615 hours", Intent::Errors, None, "--since 1h");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(
            words in proptest::collection::vec("why|last|past|[0-9]{1,20}|hours|/[a-z]*|today|\\PC{0,8}", 0..12),
            now in proptest::prelude::any::<i32>(),
        ) {
            let now = i64::from(now) * 1_000_000;
            let asked = understand(&words.join(" "), &["cart".to_owned()], now);
            let forward = |asked: Asked| asked.window.since_unix_us < asked.window.until_unix_us;
            proptest::prop_assert!(asked.is_none_or(forward));
        }
    }
}
