//! Who may see some services only has the series of these services.

use coral_trace::UnixNanos;

use super::{NOON_MS, text};
use crate::promql::{LabelQuestion, TimeSpan, label_values};
use crate::tests::shop::{NOON, shop};
use crate::{Budget, ServiceScope};

#[test]
fn a_limited_caller_sees_no_series_and_no_label_of_other_services() {
    let (_dir, all) = shop();
    let scope = ServiceScope::new(["cart".to_owned()]).unwrap();
    let from = all.limited_to(scope);
    for metric in ["traces_spanmetrics_calls_total", "traces_service_graph_request_total"] {
        let expression = format!("count by (service, client, server) (increase({metric}[1h]))");
        let found = text(&from, &expression);
        assert!(found.contains("cart") && !found.contains("shop"), "{found}");
        assert!(text(&all, &expression).contains("shop"), "{metric}");
    }
    let named = text(&from, "sum(increase(traces_spanmetrics_calls_total{service=\"shop\"}[1h]))");
    assert_eq!(named, "");
    let within = TimeSpan { start: NOON_MS - 3_600_000, end: NOON_MS };
    let question = LabelQuestion { within, selectors: Vec::new() };
    let at_noon = from.at(UnixNanos(NOON));
    for (label, expected) in [("service", "cart"), ("server", "cart"), ("client", "user")] {
        let found = label_values(label, &question, &at_noon, &Budget::unlimited()).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [expected], "{label}");
    }
}
