//! The series of each export target on a colony's `/metrics`, with the label `target`.

use std::fmt::Write as _;

use coral_colony::export::health::{ExportState, ExportStatus};

use super::agent_series::label;

/// One metric, with a value for each target that has one.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&ExportStatus) -> Option<f64>,
}

const FAMILIES: [Family; 7] = [
    Family {
        name: "coral_colony_export_up",
        kind: "gauge",
        help: "1 when the target took the last request, else 0.",
        value: |target| Some(f64::from(u8::from(target.state == ExportState::Ok))),
    },
    Family {
        name: "coral_colony_export_lag_receipts",
        kind: "gauge",
        help: "Stored spans that the target has not acknowledged.",
        value: |target| target.lag_receipts.map(|lag| lag as f64),
    },
    Family {
        name: "coral_colony_export_lag_seconds",
        kind: "gauge",
        help: "Seconds since the oldest span was received that the target has not acknowledged.",
        value: |target| target.lag_seconds,
    },
    Family {
        name: "coral_colony_export_spans_exported_total",
        kind: "counter",
        help: "Spans that the target took.",
        value: |target| Some(target.exported as f64),
    },
    Family {
        name: "coral_colony_export_spans_rejected_total",
        kind: "counter",
        help: "Spans that the target rejected for good.",
        value: |target| Some(target.rejected as f64),
    },
    Family {
        name: "coral_colony_export_spans_missed_total",
        kind: "counter",
        help: "Spans that expired before the target took them.",
        value: |target| Some(target.missed as f64),
    },
    Family {
        name: "coral_colony_export_requests_failed_total",
        kind: "counter",
        help: "Requests to the target that failed.",
        value: |target| Some(target.failures as f64),
    },
];

/// The exposition of `targets`; empty if there is none.
///
/// Source: Prometheus text exposition format 0.0.4.
pub(super) fn exposition(targets: &[ExportStatus]) -> String {
    let mut text = String::new();
    if targets.is_empty() {
        return text;
    }
    for Family { name, kind, help, value } in &FAMILIES {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for target in targets {
            if let Some(value) = value(target) {
                let _ = writeln!(text, "{name}{{target=\"{}\"}} {value}", label(&target.name));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_a_series_and_what_is_not_known_has_none() {
        let target = ExportStatus {
            name: "tempo".to_owned(),
            url: "http://127.0.0.1:4317".to_owned(),
            protocol: "grpc",
            state: ExportState::Retrying,
            lag_receipts: Some(7),
            lag_seconds: None,
            exported: 12,
            rejected: 1,
            missed: 0,
            filtered: 0,
            returned: 0,
            failures: 3,
            last_error: None,
            last_rejection: None,
        };
        let text = exposition(&[target]);
        for line in [
            r#"coral_colony_export_up{target="tempo"} 0"#,
            r#"coral_colony_export_lag_receipts{target="tempo"} 7"#,
            r#"coral_colony_export_spans_exported_total{target="tempo"} 12"#,
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("lag_seconds{"), "{text}");
        assert_eq!(exposition(&[]), "");
    }
}
