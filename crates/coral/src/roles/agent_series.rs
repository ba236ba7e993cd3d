//! The series of each agent on a colony's `/metrics`, with the label `agent`.

use std::fmt::Write as _;

use coral_colony::poll::PollState;
use coral_colony::poll::status::AgentStatus;
use coral_trace::UnixNanos;

/// One metric, with a value for each agent that has one.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&AgentStatus, UnixNanos) -> Option<f64>,
}

const FAMILIES: [Family; 7] = [
    Family {
        name: "coral_colony_agent_up",
        kind: "gauge",
        help: "1 when the last poll of the agent brought its data, else 0; absent while another \
               colony polls the agent.",
        value: |agent, _| match agent.state {
            PollState::PolledElsewhere => None,
            state => Some(f64::from(u8::from(state == PollState::Ok))),
        },
    },
    Family {
        name: "coral_colony_agent_lag_seconds",
        kind: "gauge",
        help: "Seconds since the colony last held everything that the agent had stored.",
        value: |agent, _| agent.lag_seconds,
    },
    Family {
        name: "coral_colony_agent_silent_seconds",
        kind: "gauge",
        help: "Seconds since the agent last replied to a poll.",
        value: |agent, now| agent.answered_at.map(|at| now.since(at).as_secs_f64()),
    },
    Family {
        name: "coral_colony_agent_spans_stored_total",
        kind: "counter",
        help: "Spans of the agent that the colony stored.",
        value: |agent, _| Some(agent.spans_stored as f64),
    },
    Family {
        name: "coral_colony_agent_spans_missed_total",
        kind: "counter",
        help: "Spans that expired on the agent before the colony polled them.",
        value: |agent, _| Some(agent.spans_missed as f64),
    },
    Family {
        name: "coral_colony_agent_spans_refused_total",
        kind: "counter",
        help: "Spans of the agent that can never be stored.",
        value: |agent, _| Some(agent.spans_refused as f64),
    },
    Family {
        name: "coral_colony_agent_beyla_working",
        kind: "gauge",
        help: "1 when the agent's Beyla instruments processes, else 0; absent while the agent is \
               unreachable.",
        value: |agent, _| {
            let beyla = agent.beyla.as_ref().filter(|_| agent.reachable)?;
            Some(f64::from(u8::from(beyla.starts_with("instrumenting"))))
        },
    },
];

/// The exposition of `agents` at `now`.
///
/// Source: Prometheus text exposition format 0.0.4.
pub(super) fn exposition(agents: &[AgentStatus], now: UnixNanos) -> String {
    let mut text = String::new();
    for Family { name, kind, help, value } in &FAMILIES {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for agent in agents {
            if let Some(value) = value(agent, now) {
                let _ = writeln!(text, "{name}{{agent=\"{}\"}} {value}", label(&agent.agent_id));
            }
        }
    }
    text
}

/// The escaped value of a label.
pub(super) fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use coral_colony::registry::KnownBy;

    #[test]
    fn each_agent_has_a_series_and_its_id_is_escaped() {
        let agent = AgentStatus {
            agent_id: "web\"1\\".to_owned(),
            address: "http://web-1:9001".to_owned(),
            known_by: KnownBy::Registration,
            state: PollState::Unreachable,
            version: None,
            answered_at: Some(UnixNanos(1_000_000_000)),
            spans_at: None,
            spans_per_second: None,
            reachable: false,
            lag_receipts: None,
            lag_seconds: None,
            last_error: None,
            spans_stored: 12,
            spans_missed: 0,
            spans_refused: 0,
            last_refusal: None,
            beyla: Some("instrumenting".to_owned()),
            untraced: Vec::new(),
        };
        let text = exposition(&[agent], UnixNanos(3_500_000_000));
        for line in [
            r#"coral_colony_agent_up{agent="web\"1\\"} 0"#,
            r#"coral_colony_agent_silent_seconds{agent="web\"1\\"} 2.5"#,
            r#"coral_colony_agent_spans_stored_total{agent="web\"1\\"} 12"#,
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
        // What is not known has no series: also whether Beyla still works on a host that is silent.
        for name in ["lag_seconds{", "beyla_working{"] {
            assert!(!text.contains(name), "{name} is in\n{text}");
        }
    }
}
