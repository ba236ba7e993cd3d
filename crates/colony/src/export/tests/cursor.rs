//! What a cursor promises: each span arrives at least once, whatever fails in between.

use coral_config::ExportFrom;
use coral_store::{SpanRetention, Store};
use proptest::prelude::*;

use super::super::cursor::{Cursor, Restart};
use super::*;

/// What happens between a store and a target.
#[derive(Clone, Debug)]
enum Event {
    Receive(u64),
    Answer(Answer),
    /// The exporter ends without notice after so many requests, and a new one begins.
    Crash(usize),
    /// What is in memory is sealed.
    Seal,
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Take),
        (0_u64..3).prop_map(Answer::TakeBut),
        Just(Answer::Refuse(Remedy::Repeat(None))),
        Just(Answer::Refuse(Remedy::Repeat(Some(Duration::from_secs(5))))),
        Just(Answer::Refuse(Remedy::SmallerLater)),
        Just(Answer::Refuse(Remedy::Change)),
        Just(Answer::TakeAndBreak),
        Just(Answer::TakeAndHang),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1_u64..40).prop_map(Event::Receive),
        answer().prop_map(Event::Answer),
        (0_usize..4).prop_map(Event::Crash),
        Just(Event::Seal),
    ]
}

/// The cursor on disk.
fn stored(world: &World) -> Option<Cursor> {
    Cursor::load(&world.dir.path().join("export/tempo.json")).unwrap()
}

/// Exports until the target has read `requests` more requests, or has everything, or hangs.
async fn crash_after(world: &World, requests: usize) {
    let before = world.receiver.0.lock().unwrap().requests.len();
    let mut running = JoinSet::new();
    running.spawn(world.exporter().run(CancellationToken::new()));
    for _ in 0..2_000 {
        let read = world.receiver.0.lock().unwrap().requests.len() - before;
        if read > requests || world.status().lag_receipts == Some(0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    running.shutdown().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_span_arrives_and_no_cursor_is_ahead_of_its_target(events in prop::collection::vec(event(), 1..12)) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().start_paused(true).build().unwrap().block_on(async {
            let mut world = World::new(r#", "from": "beginning""#);
            for event in events {
                match event {
                    Event::Receive(count) => world.receive(count),
                    Event::Answer(answer) => world.answers([answer]),
                    Event::Crash(requests) => crash_after(&world, requests).await,
                    Event::Seal => {
                        let keep = SpanRetention { age: Duration::from_secs(9_999), bytes: u64::MAX };
                        world.store.maintain(keep, NOON).unwrap();
                    }
                }
                // What the cursor has passed, the target has read.
                let taken = world.taken();
                let passed = stored(&world).map_or(0, |cursor| cursor.next_receipt);
                for receipt in 1..=passed {
                    assert!(taken.binary_search(&receipt).is_ok(), "{receipt} of {passed}");
                }
            }
            // A target that hangs is noticed by the client, which this one has not.
            world.receiver.0.lock().unwrap().answers.clear();
            world.catch_up().await;
            let all: Vec<u64> = (1..world.next).collect();
            assert_eq!(world.taken(), all);
            let cursor = stored(&world).unwrap();
            assert_eq!(cursor.next_receipt, world.next - 1);
            assert_eq!(cursor.exported + cursor.rejected, world.next - 1, "{cursor:?}");
        });
    }
}

fn resumed(saved: Option<Cursor>, store: &Store, from: ExportFrom) -> (u64, Option<Restart>) {
    let (cursor, why) = Cursor::resumed(saved, store, from).unwrap();
    assert_eq!(cursor.store_id, store.id());
    (cursor.next_receipt, why)
}

#[test]
fn an_export_begins_where_its_setting_says() {
    let mut world = World::new("");
    world.receive(10);
    let first = |from| resumed(None, &world.store, from);
    assert_eq!(first(ExportFrom::Now), (10, Some(Restart::First)));
    assert_eq!(first(ExportFrom::Beginning), (0, Some(Restart::First)));
    assert_eq!(first(ExportFrom::At(NOON)), (0, Some(Restart::First)));
    let later = UnixNanos(NOON.0 + 1_000_000);
    assert_eq!(first(ExportFrom::At(later)), (10, Some(Restart::First)));
}

#[test]
fn a_cursor_of_another_store_begins_anew_and_one_of_an_older_copy_goes_on_after_it() {
    let mut world = World::new("");
    world.receive(10);
    let saved = |store_id: &str, next_receipt| {
        Some(Cursor { store_id: store_id.to_owned(), next_receipt, ..Cursor::default() })
    };
    let id = world.store.id();
    for from in [ExportFrom::Now, ExportFrom::Beginning] {
        assert_eq!(resumed(saved(id, 7), &world.store, from), (7, None));
        let another = resumed(saved("another", 7), &world.store, from);
        assert_eq!(another, (0, Some(Restart::AnotherStore)));
        let older = resumed(saved(id, 70), &world.store, from);
        assert_eq!(older, (10, Some(Restart::OlderCopy)));
    }
}

#[test]
fn a_damaged_cursor_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tempo.json");
    for damage in [&b"{\"store_id\":"[..], b"\xff\xff", b""] {
        std::fs::write(&file, damage).unwrap();
        assert_eq!(Cursor::load(&file).unwrap(), None);
        assert!(dir.path().join("tempo.json.damaged").exists() && !file.exists());
    }
    let cursor = Cursor { next_receipt: 5, ..Cursor::default() };
    cursor.save(&file).unwrap();
    assert_eq!(Cursor::load(&file).unwrap(), Some(cursor));
}
