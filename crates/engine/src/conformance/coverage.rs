//! The coverage timeline: records of an agent's minutes are durable, add up, and expire with spans.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_trace::red::Protocol;
use coral_trace::{Collector, TimeRange, UnixNanos};
use proptest::prelude::*;

use super::{NOON, Subject, run};
use crate::{
    AgentMinute, Budget, BudgetError, Engine, EngineError, Minute, PageWriter, PolledMinute,
    RequestCounts, Retention, SpanRetention, TraceReader,
};

/// An action of a test on the timeline.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<AgentMinute>),
    Restart,
}

/// Whatever the order of records and restarts, a read returns each minute of each agent in the
/// range once, with the sum of its records.
pub fn records_of_one_minute_add_up_and_survive_restarts<S: Subject>() {
    let step = prop_oneof![
        5 => prop::collection::vec(any_record(), 0..6).prop_map(Step::Append),
        1 => Just(Step::Restart),
    ];
    run(48, (prop::collection::vec(step, 1..14), 0..6u32, 0..6u32), |(steps, from, length)| {
        let (mut subject, mut expected) = (S::new(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Append(records) => {
                    subject.engine().append_agent_minutes(records.clone()).expect("it is stored");
                    for record in records {
                        let key = (record.minute, record.agent_id.clone());
                        let empty = || AgentMinute {
                            agent_id: record.agent_id.clone(),
                            minute: record.minute,
                            ..AgentMinute::default()
                        };
                        expected.entry(key).or_insert_with(empty).absorb(record);
                    }
                }
                Step::Restart => subject.restart(),
            }
        }
        let first = Minute(Minute::at(NOON).0 + from);
        let range = TimeRange { start: first.start(), end: Minute(first.0 + length).start() };
        let found = minutes(subject.engine(), range);
        let expected = expected.into_values().filter(|record| record.minute.touches(range));
        prop_assert_eq!(found, expected.collect::<Vec<_>>());
        Ok(())
    });
}

/// A read of the timeline ends when its budget is cancelled, has passed its deadline, or allows
/// fewer rows than there are records.
pub fn a_reader_of_the_timeline_ends_with_its_budget<S: Subject>() {
    let mut subject = S::new();
    let records = (0..20).map(|number| record(Minute(Minute::at(NOON).0 + number)));
    subject.engine().append_agent_minutes(records.collect()).expect("it is stored");
    for restarted in [false, true] {
        if restarted {
            subject.restart();
        }
        let ask = |budget: Budget| subject.engine().agent_minutes(TimeRange::ALL, &budget);
        assert_eq!(ask(Budget::unlimited()).expect("it is read").len(), 20);
        let few = ask(Budget::unlimited().with_max_rows(10));
        assert!(matches!(few, Err(EngineError::OverBudget(BudgetError::Rows { limit: 10 }))));
        let late = ask(Budget::unlimited().with_timeout(Duration::ZERO));
        assert!(matches!(late, Err(EngineError::OverBudget(BudgetError::Deadline))));
    }
}

/// Records are kept as long as spans, and removed when the retention has passed.
pub fn records_expire_with_the_retention_of_spans<S: Subject>() {
    let mut subject = S::new();
    subject.engine().append_agent_minutes(vec![record(Minute::at(NOON))]).expect("it is stored");
    let maintain = |engine: &S::Engine, age, now| {
        let keep = SpanRetention { age, bytes: u64::MAX };
        engine.maintain(keep, now).expect("it is maintained");
        minutes(engine, TimeRange::ALL).len()
    };
    let hour = Duration::from_secs(3_600);
    assert_eq!(maintain(subject.engine(), hour, NOON), 1);
    // Restarted within the retention, and after it.
    subject.restart();
    let soon = NOON.later(hour / 2);
    assert_eq!(maintain(subject.engine(), hour, soon), 1);
    assert_eq!(maintain(subject.engine(), Duration::ZERO, soon), 0);
}

fn minutes(engine: &impl Engine, range: TimeRange) -> Vec<AgentMinute> {
    engine.agent_minutes(range, &Budget::unlimited()).expect("the timeline is read")
}

fn record(minute: Minute) -> AgentMinute {
    let range = TimeRange { start: UnixNanos(1), end: minute.end() };
    AgentMinute {
        agent_id: "web-1".to_owned(),
        minute,
        polled: Some(PolledMinute {
            reachable: true,
            complete: Some(range),
            instrumenting: Some(true),
            sampling_ratio: Some(0.1),
        }),
        services: [(("shop".to_owned(), Collector::Ebpf), 7)].into(),
        services_cut: false,
        requests: [(("shop".to_owned(), Protocol::Http), RequestCounts { spans: 3, counted: 30 })]
            .into(),
    }
}

prop_compose! {
    fn any_polled()(
        reachable: bool,
        complete in prop::option::of((any::<u64>(), any::<u64>())),
        instrumenting: Option<bool>,
        sampling_ratio in prop::option::of(0.001..1.0f64),
    ) -> PolledMinute {
        let complete = complete
            .map(|(start, end)| TimeRange { start: UnixNanos(start), end: UnixNanos(end) });
        PolledMinute { reachable, complete, instrumenting, sampling_ratio }
    }
}

prop_compose! {
    fn any_record()(
        agent in 0..3u8,
        after in 0..8u32,
        polled in prop::option::of(any_polled()),
        services in prop::collection::btree_map(("[ab]", any::<bool>()), any::<u32>(), 0..4),
        services_cut: bool,
        requests in prop::collection::btree_map(
            ("[ab]", any::<bool>()),
            (any::<u32>(), any::<u32>()),
            0..4,
        ),
    ) -> AgentMinute {
        let collector = |ebpf| if ebpf { Collector::Ebpf } else { Collector::Sdk };
        AgentMinute {
            agent_id: format!("agent-{agent}"),
            minute: Minute(Minute::at(NOON).0 + after),
            polled,
            services: services
                .into_iter()
                .map(|((name, ebpf), spans)| ((name, collector(ebpf)), u64::from(spans)))
                .collect(),
            services_cut,
            requests: requests
                .into_iter()
                .map(|((name, http), (spans, counted))| {
                    let protocol = if http { Protocol::Http } else { Protocol::Grpc };
                    let (spans, counted) = (u64::from(spans), u64::from(counted));
                    ((name, protocol), RequestCounts { spans, counted })
                })
                .collect(),
        }
    }
}
