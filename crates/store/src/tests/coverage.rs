//! The coverage timeline after crashes, faults and restarts.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_engine::{AgentMinute, Budget, Minute, PageWriter as _, PolledMinute, TraceReader as _};
use coral_trace::{Collector, TimeRange};
use tempfile::TempDir;

use super::faults::reopened;
use super::{NOON, config, store};
use crate::clock::Uptime;
use crate::disk::Operation;
use crate::disk::faults::{self, EIO, Fault};
use crate::{SpanRetention, Store};

/// A record of `agent`, `after` minutes after noon, with one span.
fn record(agent: &str, after: u32) -> AgentMinute {
    AgentMinute {
        agent_id: agent.to_owned(),
        minute: Minute(Minute::at(NOON).0 + after),
        polled: Some(PolledMinute { reachable: true, ..PolledMinute::default() }),
        services: [(("shop".to_owned(), Collector::Ebpf), 1)].into(),
        ..AgentMinute::default()
    }
}

/// All records: minutes after noon, and number of spans.
fn all(store: &Store) -> Vec<(u32, u64)> {
    let found = store.agent_minutes(TimeRange::ALL, &Budget::unlimited()).unwrap();
    let after = |record: &AgentMinute| record.minute.0 - Minute::at(NOON).0;
    found.iter().map(|record| (after(record), record.services.values().sum())).collect()
}

fn logs(dir: &TempDir) -> Vec<PathBuf> {
    let logs = std::fs::read_dir(dir.path().join("store/coverage")).unwrap();
    let mut logs: Vec<PathBuf> = logs.map(|log| log.unwrap().path()).collect();
    logs.sort();
    logs
}

#[test]
fn a_process_that_is_killed_loses_at_most_the_minute_that_it_was_writing() {
    for cut in [1, 20, 40] {
        let (dir, store) = store();
        (0..3).for_each(|after| store.append_agent_minutes(vec![record("web-1", after)]).unwrap());
        drop(store);
        let log = logs(&dir).pop().unwrap();
        let bytes = std::fs::read(&log).unwrap();
        std::fs::write(&log, &bytes[..bytes.len() - cut]).unwrap();
        let store = Store::open(config(&dir)).unwrap();
        assert_eq!(all(&store), [(0, 1), (1, 1)], "{cut} bytes cut");
        store.append_agent_minutes(vec![record("web-1", 3)]).unwrap();
        assert_eq!(all(&reopened(store, &dir)), [(0, 1), (1, 1), (3, 1)]);
    }
}

#[test]
fn only_the_damaged_commit_of_a_log_is_lost() {
    let (dir, store) = store();
    let mut ends = Vec::new();
    for after in 0..4 {
        store.append_agent_minutes(vec![record("web-1", after)]).unwrap();
        ends.push(std::fs::metadata(logs(&dir).pop().unwrap()).unwrap().len() as usize);
    }
    drop(store);
    let log = logs(&dir).pop().unwrap();
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[ends[1] + 30] ^= 0x55;
    std::fs::write(&log, bytes).unwrap();
    assert_eq!(all(&Store::open(config(&dir)).unwrap()), [(0, 1), (1, 1), (3, 1)]);
}

#[test]
fn a_log_with_a_damaged_header_costs_its_own_minutes_and_is_set_aside() {
    for (byte, costs) in [(0, false), (7, false), (8, true), (21, true)] {
        let (dir, store) = store();
        store.append_agent_minutes(vec![record("web-1", 0)]).unwrap();
        drop(store);
        let log = logs(&dir).pop().unwrap();
        let mut bytes = std::fs::read(&log).unwrap();
        bytes[byte] ^= 0x40;
        std::fs::write(&log, bytes).unwrap();
        let store = Store::open(config(&dir)).unwrap();
        let before: &[(u32, u64)] = if costs { &[] } else { &[(0, 1)] };
        assert_eq!(all(&store), before, "byte {byte}");
        store.append_agent_minutes(vec![record("web-1", 1)]).unwrap();
        assert_eq!(all(&reopened(store, &dir)), [before, &[(1, 1)]].concat(), "byte {byte}");
        assert_eq!(log.with_extension("damaged").exists(), costs, "byte {byte}");
    }
}

#[test]
fn a_commit_that_failed_is_stored_once_when_it_is_repeated() {
    for operation in [Operation::Write, Operation::Sync] {
        let (dir, store) = store();
        store.append_agent_minutes(vec![record("web-1", 0)]).unwrap();
        faults::plan(Some(operation), 0, Fault::CutShort(EIO));
        store.append_agent_minutes(vec![record("web-1", 1)]).unwrap_err();
        assert_eq!(all(&store), [(0, 1)], "{operation:?}");
        store.append_agent_minutes(vec![record("web-1", 1)]).unwrap();
        assert_eq!(all(&store), [(0, 1), (1, 1)], "{operation:?}");
        assert_eq!(all(&reopened(store, &dir)), [(0, 1), (1, 1)], "{operation:?}");
    }
}

#[test]
fn restarts_leave_one_log_and_a_log_that_could_not_be_removed_counts_once() {
    let (dir, mut store) = store();
    for after in 0..5 {
        store.append_agent_minutes(vec![record("web-1", after)]).unwrap();
        store = reopened(store, &dir);
    }
    assert_eq!(logs(&dir).len(), 1);
    faults::plan(Some(Operation::Remove), 0, Fault::Fails(EIO));
    store.append_agent_minutes(vec![record("web-1", 5)]).unwrap();
    assert_eq!(logs(&dir).len(), 2);
    let expected: Vec<(u32, u64)> = (0..6).map(|after| (after, 1)).collect();
    assert_eq!(all(&store), expected);
    let store = reopened(store, &dir);
    assert_eq!(all(&store), expected);
    store.append_agent_minutes(vec![record("web-1", 6)]).unwrap();
    assert_eq!((logs(&dir).len(), all(&store).len()), (1, 7));
}

#[test]
fn an_agent_that_makes_up_services_fills_the_share_of_the_timeline_and_no_more() {
    let (dir, store) = store();
    let keep = SpanRetention { age: Duration::from_secs(7 * 24 * 3_600), bytes: 160 << 20 };
    let size =
        || -> u64 { logs(&dir).iter().map(|log| std::fs::metadata(log).unwrap().len()).sum() };
    for after in 0..400 {
        let services = (0..AgentMinute::MAX_SERVICES)
            .map(|number| ((format!("{after}-{number:0>250}"), Collector::Sdk), 1));
        let services = services.collect();
        store
            .append_agent_minutes(vec![AgentMinute { services, ..record("web-1", after) }])
            .unwrap();
        store.maintain(keep, Minute(Minute::at(NOON).0 + after).end()).unwrap();
        assert!(size() <= keep.bytes / 16 + (9 << 20), "{} bytes", size());
    }
    let left = all(&store);
    assert!(left[0].0 > 100 && left.last().unwrap().0 == 399, "{} minutes", left.len());
    assert_eq!(all(&reopened(store, &dir)), left);
}

#[test]
fn a_week_of_minutes_is_in_few_logs_and_the_oldest_are_removed_first() {
    const AGENTS: usize = 5;
    let (dir, uptime) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(0)));
    let open = || {
        Store::open_with(
            config(&dir),
            crate::StoreConfig::COLONY_SEGMENT_BYTES,
            Uptime::Controlled(uptime.clone()),
        )
        .unwrap()
    };
    let store = open();
    let week = 7 * 24 * 60;
    for hour in 0..week / 60 {
        let minutes = (60 * hour..60 * (hour + 1))
            .flat_map(|after| (0..AGENTS).map(move |agent| record(&format!("web-{agent}"), after)));
        store.append_agent_minutes(minutes.collect()).unwrap();
    }
    let bytes: u64 = logs(&dir).iter().map(|log| std::fs::metadata(log).unwrap().len()).sum();
    assert!(logs(&dir).len() <= 8 && bytes < 2_500_000, "{} logs, {bytes} bytes", logs(&dir).len());
    drop(store);
    let store = open();
    let keep = SpanRetention { age: Duration::from_secs(4 * 24 * 3_600), bytes: u64::MAX };
    let now = Minute(Minute::at(NOON).0 + week).start();
    store.maintain(keep, now).unwrap();
    let left = all(&store);
    let kept = 4 * 24 * 60;
    assert!(left[0].0 <= week - kept, "a record was removed too early");
    assert!(left[0].0 > week - kept - 8_192 / AGENTS as u32, "an old log is kept");
    uptime.store((4 * 24 * 60 + 1) * 60_000_000_000, Ordering::Relaxed);
    store.maintain(keep, now).unwrap();
    assert_eq!((all(&store).len(), logs(&dir).len()), (0, 0));
}
