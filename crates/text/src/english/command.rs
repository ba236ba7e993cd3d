//! The command lines that a page cites: each prints the data of one part of the answer.

use coral_query::answer::Window;
use coral_query::{
    AnomaliesQuestion, RedQuestion, RedSource, ServicesQuestion, Sort, SpanStatus,
    TopologyQuestion, TracesQuestion, WhyQuestion,
};

use super::window::{flag, flags};

/// `coral query beyla http cart --source spans --since 1h`
pub fn red(question: &RedQuestion, window: &Window) -> String {
    let (protocol, service) = (question.protocol.as_str(), quoted(&question.service));
    let source = match question.source {
        Some(RedSource::Spans) => " --source spans",
        Some(RedSource::Metrics) | None => "",
    };
    let compare = question.compare_us.map(|earlier| format!(" --compare {}", flag(earlier)));
    let (flags, compare) = (flags(window), compare.unwrap_or_default());
    format!("coral query beyla {protocol} {service}{source} {flags}{compare}")
}

/// `coral why shop --route /list --since 15m --baseline 1h`
pub fn why(question: &WhyQuestion, window: &Window) -> String {
    if let Some(trace_id) = &question.trace_id {
        return format!("coral why --trace-id {trace_id}");
    }
    let about = why_about(question.service.as_deref(), question.route.as_deref());
    if question.find_beginning {
        return about;
    }
    format!("{about} {} --baseline {}", flags(window), flag(question.baseline_us))
}

/// `coral why shop --route /list`
pub fn why_about(service: Option<&str>, route: Option<&str>) -> String {
    let service = service.map(|service| format!(" {}", quoted(service)));
    let route = route.map(|route| format!(" --route {}", quoted(route)));
    format!("coral why{}{}", service.unwrap_or_default(), route.unwrap_or_default())
}

/// `coral query anomalies --since 15m --baseline 1h`
pub fn anomalies(question: &AnomaliesQuestion, window: &Window) -> String {
    let baseline = flag(question.baseline_us);
    if question.find_beginning {
        return "coral query anomalies".to_owned();
    }
    format!("coral query anomalies {} --baseline {baseline}", flags(window))
}

/// `coral services cart --since 15m --baseline 1h`
pub fn services(question: &ServicesQuestion, window: &Window) -> String {
    let service = question.service.as_deref().map(|service| format!(" {}", quoted(service)));
    let service = service.unwrap_or_default();
    if question.find_beginning {
        return format!("coral services{service}");
    }
    format!("coral services{service} {} --baseline {}", flags(window), flag(question.baseline_us))
}

/// `coral query topology --since 1h`
pub fn topology(_: &TopologyQuestion, window: &Window) -> String {
    format!("coral query topology {}", flags(window))
}

/// `coral query beyla traces --service cart --attr http.route=/list --since 2m --limit 5`
pub fn traces(question: &TracesQuestion, window: &Window) -> String {
    let mut command = "coral query beyla traces".to_owned();
    if !question.q.is_empty() {
        command.push_str(&format!(" {}", quoted(&question.q)));
    }
    let mut add = |flag: &str, value: &str| command.push_str(&format!(" {flag} {value}"));
    if let Some(service) = &question.service {
        add("--service", &quoted(service));
    }
    question.attributes.lines().for_each(|pair| add("--attr", &quoted(pair)));
    if let Some(name) = &question.name {
        add("--name", &quoted(name));
    }
    if let Some(status) = question.status {
        add("--status", if status == SpanStatus::Error { "error" } else { "ok" });
    }
    if question.sort == Sort::Slowest {
        add("--sort", "slowest");
    }
    if let Some(least) = question.min_duration_us {
        add("--min-duration", &flag(least));
    }
    if let Some(most) = question.max_duration_us {
        add("--max-duration", &flag(most));
    }
    if !question.by.is_empty() {
        add("--by", &quoted(&question.by));
        return format!("{command} {}", flags(window));
    }
    format!("{command} {} --limit {}", flags(window), question.limit)
}

/// `coral query beyla traces --trace-id 4bf9…`
pub fn trace(trace_id: impl std::fmt::Display) -> String {
    format!("coral query beyla traces --trace-id {trace_id}")
}

/// `word` as a shell word: in single quotes if it has characters that a shell may interpret.
pub fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_./:{}=".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
