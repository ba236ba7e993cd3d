//! The questions of `questions.txt`: how each is understood, or which words of it are not.

use coral_trace::dependency::NodeKind;
use jiff::tz::TimeZone;

use super::super::super::understanding::{By, Intent, Period, Understanding, Window};
use super::super::{Names, understand};
use super::NOON;
use crate::topology::answer::TopologyNode;

const QUESTIONS: &str = include_str!("../questions.txt");
const SERVICES: [&str; 7] =
    ["frontend", "checkout", "payments", "cart", "inventory", "user", "shipping"];
const PEERS: [(&str, NodeKind); 3] = [
    ("postgresql pg-cards", NodeKind::Database),
    ("redis redis-stock", NodeKind::Database),
    ("api.stripe.com", NodeKind::External),
];

#[test]
fn each_question_of_the_list_is_understood_as_the_list_says_or_refused_with_its_words() {
    let (mut answered, mut refused) = (0, 0);
    let mut wrong = Vec::new();
    for line in QUESTIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (question, expected) = line.rsplit_once(" => ").unwrap();
        let found = read(question);
        if found != expected {
            wrong.push(format!("{question}\n  expected {expected}\n  found    {found}"));
        }
        match expected.starts_with("refused") {
            true => refused += 1,
            false => answered += 1,
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(answered >= 80 && refused >= 40, "{answered} understood, {refused} refused");
}

/// How `question` is understood, in the form of `questions.txt`.
fn read(question: &str) -> String {
    let services = SERVICES.map(str::to_owned);
    let peers = PEERS.map(|(name, kind)| TopologyNode { name: name.to_owned(), kind });
    let names = Names { services: &services, peers: &peers };
    match understand(question, names, NOON, &TimeZone::UTC) {
        Ok(understanding) => understood(&understanding),
        Err(refusal) => format!("refused: {}", refusal.words.join(", ")),
    }
}

fn understood(found: &Understanding) -> String {
    let mut words = vec![intent(found.intent)];
    let mut add = |slot: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("{slot}={value}")));
    };
    let trace_id = found.trace_id.map(|id| id.to_string());
    let peers = found.peers.join(", ");
    add("service", found.service.clone());
    add("unknown", found.unknown_service.clone());
    add("peer", Some(peers).filter(|peers| !peers.is_empty()));
    add("route", found.route.clone());
    add("method", found.method.clone());
    add("trace", trace_id.or_else(|| found.trace_id_prefix.clone()));
    add("host", found.host.clone());
    add("version", found.version.clone());
    add("status", found.status.clone());
    add("over", found.min_duration_us.map(duration));
    add("quantile", found.quantile.map(|quantile| quantile.to_string()));
    add("by", found.by.map(|by| by_word(by).to_owned()));
    format!("{} | {}", words.join(" "), window(&found.window))
}

fn intent(intent: Intent) -> String {
    match intent {
        Intent::Traces { slow, failed } => {
            let order = if slow { "slowest" } else { "newest" };
            format!("traces {order}{}", if failed { " failed" } else { "" })
        }
        other => format!("{other:?}").to_lowercase(),
    }
}

fn by_word(by: By) -> &'static str {
    match by {
        By::Service => "service",
        By::Call => "call",
        By::Endpoint => "endpoint",
        By::Host => "host",
        By::Version => "version",
    }
}

fn window(window: &Window) -> String {
    let clock = |micros: i64| {
        let text = coral_trace::units::instant(micros);
        format!("{} {}", &text[8..10], &text[11..16])
    };
    match window.period {
        Period::Last { length_us } => {
            let prefix = if window.is_default { "default" } else { "last" };
            format!("{prefix} {}", duration(length_us))
        }
        Period::Today => "today".to_owned(),
        Period::Yesterday => "yesterday".to_owned(),
        Period::SinceYesterday => "since yesterday".to_owned(),
        Period::Since => format!("since {}", clock(window.since_unix_us)),
        Period::Between | Period::SinceChange => {
            format!("{} to {}", clock(window.since_unix_us), clock(window.until_unix_us))
        }
    }
}

fn duration(micros: i64) -> String {
    coral_trace::units::flag(std::time::Duration::from_micros(micros.unsigned_abs()))
}
