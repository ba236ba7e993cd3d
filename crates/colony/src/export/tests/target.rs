//! Targets that refuse, reject and return spans.

use coral_engine::filter::{Comparison, Field, Literal, SpanField, TraceField};
use coral_store::SpanRetention;
use coral_trace::{Attributes, Value};

use super::super::health::ExportState;
use super::super::selection::EXPORTED_BY;
use super::super::target::TargetError;
use super::*;

const FROM_BEGINNING: &str = r#", "from": "beginning""#;

#[tokio::test(start_paused = true)]
async fn spans_that_a_target_rejects_are_counted_with_its_reason_and_not_sent_again() {
    let mut world = World::new(FROM_BEGINNING);
    world.receive(10);
    world.answers([Answer::TakeBut(3)]);
    world.catch_up().await;
    let status = world.status();
    assert_eq!((status.exported, status.rejected), (7, 3));
    assert_eq!(status.last_rejection.as_deref(), Some("too old"));
    assert_eq!(world.receiver.0.lock().unwrap().requests.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_refuses_is_asked_again_and_the_status_says_why() {
    for (remedy, state) in [
        (Remedy::Repeat(None), ExportState::Retrying),
        (Remedy::Change, ExportState::Refused),
        (Remedy::SmallerLater, ExportState::Refused),
    ] {
        let mut world = World::new(FROM_BEGINNING);
        world.receive(10);
        world.answers([Answer::Refuse(remedy), Answer::Refuse(remedy)]);
        world.export_until(|status| status.failures == 2, 10).await;
        let status = world.status();
        assert_eq!((status.state, status.exported), (state, 0));
        assert_eq!(status.last_error.as_deref(), Some("not today"));
        assert_eq!(status.lag_receipts, Some(10));
        world.catch_up().await;
        let status = world.status();
        assert_eq!((status.state, status.last_error), (ExportState::Ok, None));
        assert_eq!(world.taken(), (1..=10).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_is_left_alone_for_the_time_that_it_asks_for() {
    let mut world = World::new(FROM_BEGINNING);
    world.receive(1);
    world.answers([Answer::Refuse(Remedy::Repeat(Some(Duration::from_secs(120))))]);
    let begin = tokio::time::Instant::now();
    world.catch_up().await;
    assert!(begin.elapsed() >= Duration::from_secs(120), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_too_large_is_sent_in_parts() {
    let mut world = World::new(FROM_BEGINNING);
    world.receive(50);
    world.receiver.0.lock().unwrap().most_spans = Some(3);
    world.catch_up().await;
    assert_eq!(world.taken(), (1..=50).collect::<Vec<_>>());
    assert_eq!((world.status().exported, world.status().rejected), (50, 0));
}

#[tokio::test(start_paused = true)]
async fn a_span_that_is_too_large_alone_is_rejected_and_holds_up_no_other() {
    let mut world = World::new(FROM_BEGINNING);
    world.receive(30);
    world.receiver.0.lock().unwrap().giant = Some(17);
    world.catch_up().await;
    assert_eq!((world.status().exported, world.status().rejected), (29, 1));
    assert_eq!(world.taken(), (1..=30).filter(|number| *number != 17).collect::<Vec<_>>());
    assert_eq!(world.status().last_rejection.as_deref(), Some("too large"));
}

#[tokio::test(start_paused = true)]
async fn spans_that_expired_before_their_export_are_counted() {
    let mut world = World::new(FROM_BEGINNING);
    world.receive(1_000);
    world.answers([Answer::Refuse(Remedy::Change)]);
    world.export_until(|status| status.failures == 1, 1_000).await;
    // The sealed rows are more than the limit of bytes.
    let keep = |bytes| SpanRetention { age: Duration::from_secs(3_600), bytes };
    world.store.maintain(keep(u64::MAX), NOON).unwrap();
    world.store.maintain(keep(1), NOON).unwrap();
    world.receive(5);
    world.catch_up().await;
    let status = world.status();
    assert_eq!((status.missed, status.exported), (1_000, 5));
}

#[tokio::test(start_paused = true)]
async fn a_colony_does_not_export_again_what_it_has_exported() {
    let mut world = World::new(FROM_BEGINNING);
    world.receive(1);
    world.catch_up().await;
    let mut back = world.receiver.0.lock().unwrap().last.clone();
    let ids = back[0].origin.resource.attributes.text(EXPORTED_BY).map(str::to_owned);
    assert_eq!(ids.as_deref(), Some(world.store.id()));
    back[0].span_id = SpanId::try_from(99).unwrap();
    world.store.append(&[back.clone()], NOON).unwrap();
    // What another colony exported is passed on, with the ids of both.
    let mut origin = back[0].origin.as_ref().clone();
    origin.resource.attributes = [(EXPORTED_BY, "another")].into_iter().collect();
    (back[0].origin, back[0].span_id) = (Arc::new(origin), SpanId::try_from(100).unwrap());
    world.store.append(&[back], NOON).unwrap();
    world.catch_up().await;
    assert_eq!((world.taken(), world.status().returned), (vec![1, 100], 1));
    let last = world.receiver.0.lock().unwrap().last.clone();
    let ids = last[0].origin.resource.attributes.text(EXPORTED_BY).map(str::to_owned);
    assert_eq!(ids.as_deref(), Some(format!("another {}", world.store.id()).as_str()));
}

fn named(name: &str) -> Filter {
    let (op, value) = (Comparison::Equal, Literal::Text(name.to_owned()));
    Filter::Compare { field: Field::Span(SpanField::Name), op, value }
}

#[tokio::test(start_paused = true)]
async fn a_filter_selects_spans_and_moves_the_cursor_past_the_others() {
    let mut world = World::with_filter(FROM_BEGINNING, Some(named("wanted")));
    let mut wanted = numbered(1);
    wanted.name = "wanted".to_owned();
    world.store.append(&[vec![wanted]], NOON).unwrap();
    world.next = 2;
    world.receive(9);
    world.catch_up().await;
    assert_eq!((world.taken(), world.status().filtered), (vec![1], 9));
}

#[test]
fn a_filter_on_whole_traces_is_refused() {
    let field = Field::Trace(TraceField::Duration);
    let filter = Filter::Not(Box::new(Filter::AnySpan(Box::new(Filter::Exists(field)))));
    let refused = Target::open(&settings(""), Some(filter), false);
    assert!(matches!(refused, Err(TargetError::TraceFilter { .. })));
}

#[tokio::test(start_paused = true)]
async fn attributes_that_are_dropped_leave_the_span_its_events_and_its_resource() {
    let world = World::new(r#", "from": "beginning", "drop": ["user.email"]"#);
    let mut span = numbered(1);
    let private = || Attributes::from_iter([("user.email", "a@example.com"), ("kept", "yes")]);
    span.attributes = private();
    let event = coral_trace::Event { attributes: private(), ..Default::default() };
    span.events = vec![event];
    let mut origin = span.origin.as_ref().clone();
    (origin.resource.attributes, origin.scope.attributes) = (private(), private());
    span.origin = Arc::new(origin);
    world.store.append(&[vec![span]], NOON).unwrap();
    world.catch_up().await;
    let last = world.receiver.0.lock().unwrap().last.clone();
    let span = &last[0];
    for attributes in [
        &span.attributes,
        &span.events[0].attributes,
        &span.origin.resource.attributes,
        &span.origin.scope.attributes,
    ] {
        assert_eq!(attributes.get("user.email"), None);
        assert_eq!(attributes.get("kept"), Some(&Value::from("yes")));
    }
}

#[test]
fn a_target_off_this_host_without_tls_is_refused_unless_a_setting_allows_it() {
    let with = |more: &str| {
        let text = format!(r#"[{{"name": "a", "otlp": "http://192.0.2.1:4317"{more}}}]"#);
        export_targets(&serde_json::from_str(&text).unwrap()).unwrap().remove(0)
    };
    assert!(matches!(Target::open(&with(""), None, false), Err(TargetError::Plaintext(_))));
    assert!(Target::open(&with(""), None, true).is_ok());
    let allowed = with(r#", "tls": {"insecure_plaintext": true}"#);
    assert!(Target::open(&allowed, None, false).is_ok());
}

#[tokio::test]
async fn a_target_at_which_this_process_listens_is_refused() {
    let targets = [Target::open(&settings(""), None, false).unwrap()];
    for own in ["127.0.0.1:4318", "0.0.0.0:4318", "[::]:4318"] {
        let refused = super::super::own_address::refuse(&targets, &[own.parse().unwrap()]).await;
        assert!(matches!(refused, Err(TargetError::OwnAddress { .. })), "{own}");
    }
    let others = ["127.0.0.1:4317".parse().unwrap(), "127.0.0.2:4318".parse().unwrap()];
    super::super::own_address::refuse(&targets, &others).await.unwrap();
}
