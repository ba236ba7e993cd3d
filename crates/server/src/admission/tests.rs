//! Admission is fair and counts exactly, in whatever order questions are asked, end, time out or
//! are cancelled.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http_body_util::BodyExt as _;
use proptest::prelude::*;

use super::*;
use crate::refusal::ApiError;

const LIMITS: AdmissionLimits = AdmissionLimits {
    max_running: 3,
    max_running_per_identity: 2,
    max_waiting: 12,
    max_waiting_per_identity: 4,
    wait_timeout: Duration::from_secs(10),
};

fn identity(surface: Surface, host: u8) -> Identity {
    Identity::new(surface, Some([10, 0, 0, host].into()))
}

fn json(host: u8) -> Identity {
    identity(Surface::Json, host)
}

type Asking = Pin<Box<dyn Future<Output = Result<Permit, NotAdmitted>>>>;

fn ask(admission: &Admission, who: Identity) -> Asking {
    let admission = admission.clone();
    Box::pin(async move { admission.admit(&who).await })
}

fn poll(asking: &mut Asking) -> Option<Result<Permit, NotAdmitted>> {
    match asking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

fn counted(admission: &Admission) -> [u64; 5] {
    admission.counters("colony").map(|(_, value)| value)
}

/// One step of a test.
#[derive(Clone, Debug)]
enum Step {
    Ask(Identity),
    End(prop::sample::Index),
    CancelRunning(prop::sample::Index),
    GoAway(prop::sample::Index),
    Pass(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    let surface = prop_oneof![Just(Surface::Json), Just(Surface::Sql)];
    let ask = (surface, 0..4u8).prop_map(|(surface, host)| Step::Ask(identity(surface, host)));
    prop_oneof![
        6 => ask,
        4 => any::<prop::sample::Index>().prop_map(Step::End),
        1 => any::<prop::sample::Index>().prop_map(Step::CancelRunning),
        2 => any::<prop::sample::Index>().prop_map(Step::GoAway),
        1 => (0..6u64).prop_map(|seconds| Step::Pass(Duration::from_secs(seconds))),
    ]
}

/// All running and waiting questions, and how many turns others had while one waited.
struct Crowd {
    admission: Admission,
    running: Vec<Permit>,
    waiting: Vec<(Identity, Asking)>,
    /// Turns that the second identity had while the first one waits. Both are of the same surface.
    overtaken: HashMap<(Identity, Identity), u32>,
    /// Turns that the second surface had while the first one waits.
    surfaces_overtaken: HashMap<(Surface, Surface), u32>,
    asked: u64,
}

impl Crowd {
    async fn take(&mut self, step: Step) {
        match step {
            Step::Ask(who) => {
                self.asked += 1;
                self.waiting.push((who, ask(&self.admission, who)));
            }
            Step::End(index) if !self.running.is_empty() => {
                drop(self.running.swap_remove(index.index(self.running.len())));
            }
            Step::CancelRunning(index) if !self.running.is_empty() => {
                self.running.swap_remove(index.index(self.running.len())).cancel();
            }
            Step::GoAway(index) if !self.waiting.is_empty() => {
                drop(self.waiting.remove(index.index(self.waiting.len())));
            }
            Step::Pass(time) => tokio::time::advance(time).await,
            _ => {}
        }
        self.admit();
        self.check();
    }

    /// Polls every waiting question, and moves those that were granted a permit to the running
    /// ones.
    fn admit(&mut self) {
        let asking = std::mem::take(&mut self.waiting);
        let mut came = Vec::new();
        for (who, mut asking) in asking {
            match poll(&mut asking) {
                None => self.waiting.push((who, asking)),
                Some(Ok(permit)) => {
                    self.running.push(permit);
                    came.push(who);
                }
                Some(Err(_)) => {}
            }
        }
        let share = LIMITS.max_running_per_identity;
        let running = |who: Who| self.running.iter().filter(|permit| permit.who == who).count();
        let waits = |who: &Identity| self.waiting.iter().any(|(waiting, _)| waiting == who);
        let surface_waits =
            |which: Surface| self.waiting.iter().any(|(waiting, _)| waiting.surface == which);
        for turn in &came {
            // Who had its share when the turn was given is passed over.
            let could_run =
                |other: &Identity| running(other.who) - usize::from(other.who == turn.who) < share;
            let surface_could_run = |which: Surface| {
                let mut waiting = self.waiting.iter().map(|(other, _)| other);
                waiting.any(|other| other.surface == which && could_run(other))
            };
            for (other, _) in &self.waiting {
                if other.surface == turn.surface && other != turn {
                    self.overtaken.entry((*other, *turn)).or_insert(0);
                }
                if other.surface != turn.surface {
                    self.surfaces_overtaken.entry((other.surface, turn.surface)).or_insert(0);
                }
            }
            for ((other, by), times) in &mut self.overtaken {
                *times += u32::from(by == turn && could_run(other));
            }
            for ((other, by), times) in &mut self.surfaces_overtaken {
                *times += u32::from(*by == turn.surface && surface_could_run(*other));
            }
            self.overtaken.retain(|(other, _), _| other != turn);
            self.surfaces_overtaken.retain(|(other, _), _| *other != turn.surface);
        }
        self.overtaken.retain(|(other, _), _| waits(other));
        self.surfaces_overtaken.retain(|(other, _), _| surface_waits(*other));
    }

    fn check(&self) {
        let [running, waiting, answered, refused, cancelled] = counted(&self.admission);
        assert_eq!(running, self.running.len() as u64, "a permit is lost or made twice");
        assert!(self.running.len() <= LIMITS.max_running);
        assert_eq!(waiting, self.waiting.len() as u64, "somebody who has gone still waits");
        let share = LIMITS.max_running_per_identity;
        let of = |who: Who| self.running.iter().filter(|permit| permit.who == who).count();
        let has_share = |who: &Identity| of(who.who) == share;
        assert!(self.running.iter().all(|permit| of(permit.who) <= share));
        let is_full = self.running.len() == LIMITS.max_running;
        assert!(is_full || self.waiting.iter().all(|(who, _)| has_share(who)));
        assert_eq!(self.asked, running + waiting + answered + refused + cancelled);
        for ((waits, other), times) in &self.overtaken {
            assert!(*times <= 1, "{other:?} had {times} turns while {waits:?} waited");
        }
        for ((waits, other), times) in &self.surfaces_overtaken {
            assert!(*times <= 1, "{other:?} had {times} turns while {waits:?} waited");
        }
    }
}

proptest! {
    #[test]
    fn nobody_who_waits_sees_another_identity_take_two_turns_and_no_permit_is_lost(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut paused = tokio::runtime::Builder::new_current_thread();
        let paused = paused.enable_time().start_paused(true).build().unwrap();
        paused.block_on(async {
            let mut crowd = Crowd {
                admission: Admission::new(LIMITS),
                running: Vec::new(),
                waiting: Vec::new(),
                overtaken: HashMap::new(),
                surfaces_overtaken: HashMap::new(),
                asked: 0,
            };
            for step in steps {
                crowd.take(step).await;
            }
            crowd.waiting.clear();
            crowd.running.clear();
            crowd.check();
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_asks_all_the_time_delays_another_identity_by_one_question() {
    let admission = Admission::new(AdmissionLimits { max_running: 1, ..LIMITS });
    let page = json(1);
    let running = admission.admit(&page).await.unwrap();
    let mut of_page = [(); 3].map(|()| ask(&admission, page));
    assert!(of_page.iter_mut().all(|asking| poll(asking).is_none()));
    let mut other = ask(&admission, json(2));
    assert!(poll(&mut other).is_none());
    drop(running);
    let of_page_runs = poll(&mut of_page[0]).expect("the turn of the page").unwrap();
    drop(of_page_runs);
    assert!(poll(&mut other).is_some_and(|outcome| outcome.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn one_token_with_slow_questions_on_every_surface_leaves_a_turn_for_another() {
    let limits = AdmissionLimits { max_running: 4, max_running_per_identity: 2, ..LIMITS };
    let admission = Admission::new(limits);
    let [json_of, sql_of] = [Surface::Json, Surface::Sql]
        .map(|surface| move |hash| Identity { surface, who: Who::Token([hash; 4]) });
    let slow = [ask(&admission, json_of(1)), ask(&admission, sql_of(1))];
    let slow = slow.map(|mut asking| poll(&mut asking).expect("two run at once").unwrap());
    let mut more = [ask(&admission, json_of(1)), ask(&admission, sql_of(1))];
    assert!(more.iter_mut().all(|asking| poll(asking).is_none()));
    // Another token is answered at once, also twice, and however often the first one asks.
    let other = [(); 2].map(|()| poll(&mut ask(&admission, json_of(2))).expect("waits").unwrap());
    assert_eq!(counted(&admission), [4, 2, 0, 0, 0]);
    drop(other);
    assert!(more.iter_mut().all(|asking| poll(asking).is_none()));
    // The questions that waited run when those of the same token end.
    drop(slow);
    assert!(more.iter_mut().all(|asking| poll(asking).is_some_and(|outcome| outcome.is_ok())));
    assert_eq!(counted(&admission), [0, 0, 6, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_granted_to_somebody_who_has_just_gone_is_passed_on() {
    let admission = Admission::new(AdmissionLimits { max_running: 1, ..LIMITS });
    let running = admission.admit(&json(1)).await.unwrap();
    let (mut gone, mut stays) = (ask(&admission, json(2)), ask(&admission, json(3)));
    assert!(poll(&mut gone).is_none() && poll(&mut stays).is_none());
    drop(running);
    drop(gone);
    let permit = poll(&mut stays).expect("the turn was lost").unwrap();
    assert_eq!(counted(&admission), [1, 0, 1, 0, 1]);
    drop(permit);
    assert_eq!(counted(&admission), [0, 0, 2, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_in_the_last_moment_is_taken() {
    let admission = Admission::new(AdmissionLimits { max_running: 1, ..LIMITS });
    let running = admission.admit(&json(1)).await.unwrap();
    let mut waiting = ask(&admission, json(2));
    assert!(poll(&mut waiting).is_none());
    tokio::time::advance(LIMITS.wait_timeout).await;
    drop(running);
    assert!(poll(&mut waiting).expect("no outcome").is_ok());
    assert_eq!(counted(&admission), [0, 0, 2, 0, 0]);
}

/// Status, presence of `Retry-After`, and body of the response to a question that was not admitted.
async fn told(refused: NotAdmitted) -> (u16, bool, ApiError) {
    use axum::response::IntoResponse as _;
    let response = refused.into_response();
    let status = response.status().as_u16();
    let retry = response.headers().contains_key(http::header::RETRY_AFTER);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, retry, serde_json::from_slice(&body).unwrap())
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_often_gets_429_and_who_waits_too_long_or_in_too_large_a_crowd_503() {
    let admission = Admission::new(LIMITS);
    let mut running = Vec::new();
    for host in [0, 0, 1] {
        running.push(admission.admit(&json(host)).await.unwrap());
    }
    assert_eq!(running.len(), LIMITS.max_running);
    let per_identity = LIMITS.max_waiting_per_identity;
    let mut waiting: Vec<Asking> =
        (0..12).map(|n| ask(&admission, json(n / per_identity as u8))).collect();
    assert!(waiting.iter_mut().all(|asking| poll(asking).is_none()));
    for (who, status) in [(json(0), 429), (json(9), 503)] {
        let refused = admission.admit(&who).await.err().expect("admitted");
        let (found, retry, body) = told(refused).await;
        assert_eq!((found, retry, body.hint.is_some()), (status, true, true), "{body:?}");
    }
    tokio::time::advance(LIMITS.wait_timeout).await;
    let late = poll(&mut waiting[0]).expect("still waits").err().expect("admitted");
    assert_eq!(late, NotAdmitted::TimedOut { after: LIMITS.wait_timeout });
    assert_eq!(told(late).await.0, 503);
    assert_eq!(counted(&admission), [3, 11, 0, 3, 0]);
}

#[test]
fn the_addresses_that_one_host_has_are_one_identity() {
    let of = |address: &str| Identity::new(Surface::Sql, Some(address.parse().unwrap()));
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
}
