//! Exports of given spans, once.

use super::super::one_off::{Counts, OneOff};
use super::*;

/// Sends 20 spans to a target with this script.
async fn sent(script: Script) -> (Result<(), Refusal>, Counts, Vec<u64>) {
    let receiver = ScriptedTarget(Arc::new(Mutex::new(script)));
    let target = Arc::new(Target::open(&settings(""), None, false).unwrap());
    let mut export = OneOff::through(receiver.clone(), target);
    let outcome = export.send((1..=20).map(numbered).collect()).await;
    let taken = receiver.0.lock().unwrap().taken.clone();
    (outcome, export.counts, taken)
}

#[tokio::test(start_paused = true)]
async fn a_busy_target_is_asked_again_and_what_it_rejects_is_counted() {
    let answers = [Answer::Refuse(Remedy::Repeat(None)), Answer::TakeBut(2)];
    let script = Script { answers: answers.into(), ..Script::default() };
    let (outcome, counts, taken) = sent(script).await;
    assert_eq!((outcome, counts.exported, counts.rejected), (Ok(()), 18, 2));
    assert_eq!((counts.last_rejection.as_str(), taken.len()), ("too old", 20));
}

#[tokio::test(start_paused = true)]
async fn requests_shrink_until_they_fit_and_a_giant_span_is_rejected() {
    let script = Script { most_spans: Some(6), giant: Some(3), ..Script::default() };
    let (outcome, counts, taken) = sent(script).await;
    assert_eq!((outcome, counts.exported, counts.rejected), (Ok(()), 19, 1));
    assert!(!taken.contains(&3), "{taken:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_refuses_for_good_ends_the_export_and_so_does_one_that_stays_away() {
    for remedy in [Remedy::Change, Remedy::SmallerLater, Remedy::Repeat(None)] {
        let answers = std::iter::repeat_n(Answer::Refuse(remedy), 6).collect();
        let script = Script { answers, ..Script::default() };
        let (outcome, counts, taken) = sent(script).await;
        assert_eq!(outcome.unwrap_err().remedy, remedy);
        assert_eq!((counts, taken.len()), (Counts::default(), 0));
    }
}

/// A target that never answers.
struct Silent;

impl Receiver for Silent {
    async fn deliver(&mut self, _: Bytes) -> Result<PartialSuccess, Refusal> {
        tokio::time::sleep(Duration::from_secs(30)).await;
        Err(Refusal::unanswered("the target did not answer within 30s"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_silent_for_a_minute_ends_the_export() {
    let target = Arc::new(Target::open(&settings(""), None, false).unwrap());
    let begin = tokio::time::Instant::now();
    let mut export = OneOff::through(Silent, target);
    let refusal = export.send((1..=20).map(numbered).collect()).await.unwrap_err();
    assert_eq!(refusal.reason, "the target did not answer within 30s (after 2 attempts)");
    assert!(begin.elapsed() < Duration::from_secs(65), "{:?}", begin.elapsed());
    assert_eq!(export.counts, Counts::default());
}
