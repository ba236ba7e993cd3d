//! A scripted Beyla. Tokio's clock is paused, so waits take no time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::*;
use crate::lines::OutputLine;
use crate::process::Pipe;

/// The behaviour of a scripted Beyla.
#[derive(Clone, Copy)]
enum Script {
    /// Exits with 255 after this many seconds.
    Ends(u64),
    /// Exits with this code after SIGTERM.
    Obeys(i32),
    /// Ends only after SIGKILL.
    Hangs,
    /// Logs an error, and continues.
    Complains,
    /// Ends after a signal like a real one: the leader exits with 255 after this many seconds, and
    /// the kernel detaches its probes for as many seconds as the second number says.
    Detaches(u64, u64),
    /// Ends after this many seconds; the kernel detaches its probes for 34 s.
    Dies(u64),
    /// Cannot be started.
    Missing,
}

struct Stage {
    monitor: Arc<BeylaMonitor>,
    received: Arc<AtomicU64>,
    change: watch::Sender<u64>,
    stop: CancellationToken,
    /// The time of each start, in seconds since the beginning.
    starts: Arc<Mutex<Vec<u64>>>,
    /// The signals that were sent.
    signals: Arc<Mutex<Vec<Signal>>>,
    tasks: JoinSet<()>,
}

/// Starts a supervisor whose Beylas follow `script`, one after the other; the last one repeats.
fn stage(script: &[Script]) -> Stage {
    stage_on(script, None)
}

/// As [`stage`]; the health checks go to `health_port`.
fn stage_on(script: &[Script], health_port: Option<u16>) -> Stage {
    let received = Arc::new(AtomicU64::new(0));
    let monitor = Arc::new(BeylaMonitor::new(received.clone()));
    let (change, changes) = watch::channel(0);
    let stop = CancellationToken::new();
    let starts: Arc<Mutex<Vec<u64>>> = Arc::default();
    let signals: Arc<Mutex<Vec<Signal>>> = Arc::default();
    let (script, begin) = (script.to_vec(), Instant::now());
    let (log, sent) = (starts.clone(), signals.clone());
    let start: Start = Box::new(move || {
        let at = log.lock().unwrap().len();
        log.lock().unwrap().push(begin.elapsed().as_secs());
        let does = script[at.min(script.len() - 1)];
        let sent = sent.clone();
        Box::pin(async move {
            scripted(does, sent).map(|started| StartedBeyla { health_port, ..started })
        })
    });
    let supervisor = Supervisor {
        start,
        changes,
        monitor: monitor.clone(),
        stop_within: Duration::from_secs(120),
        check_interval: Duration::from_secs(10),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(supervisor.run(stop.clone()));
    Stage { monitor, received, change, stop, starts, signals, tasks }
}

fn scripted(does: Script, sent: Arc<Mutex<Vec<Signal>>>) -> Result<StartedBeyla, CannotStart> {
    if matches!(does, Script::Missing) {
        return Err(CannotStart::Unavailable("no Beyla is installed".to_owned()));
    }
    let (say, events) = mpsc::channel(8);
    let (told, mut hears) = mpsc::channel(8);
    let line =
        |text: &str| Event::Said(Pipe::Out, OutputLine { text: text.to_owned(), cut: false });
    let complaint =
        line("level=ERROR msg=\"Unable to load eBPF watcher for process events\" error=x");
    #[expect(clippy::disallowed_methods, reason = "the supervisor joins it as a process's thread")]
    let attendant = tokio::spawn(async move {
        if matches!(does, Script::Complains) {
            let _ = say.send(complaint).await;
        }
        let exit = match does {
            Script::Ends(seconds) => {
                sleep(Duration::from_secs(seconds)).await;
                Exit::Code(255)
            }
            Script::Obeys(code) => {
                let _ = hears.recv().await;
                Exit::Code(code)
            }
            Script::Detaches(seconds, _) => {
                let _ = hears.recv().await;
                sleep(Duration::from_secs(seconds)).await;
                Exit::Code(255)
            }
            Script::Dies(seconds) => {
                sleep(Duration::from_secs(seconds)).await;
                Exit::Signal(9)
            }
            Script::Hangs | Script::Complains | Script::Missing => {
                while hears.recv().await != Some(Signal::Kill) {}
                Exit::Signal(9)
            }
        };
        let _ = say.send(Event::Left(exit)).await;
        match does {
            Script::Detaches(_, seconds) => sleep(Duration::from_secs(seconds)).await,
            Script::Dies(_) => sleep(Duration::from_secs(34)).await,
            _ => {}
        }
        let _ = say.send(Event::Gone).await;
    });
    let signal = Box::new(move |signal| {
        sent.lock().unwrap().push(signal);
        let _ = told.try_send(signal);
    });
    let running =
        Running { release: "3.31.0".parse().unwrap(), path: "beyla".into(), pid: 1, notes: vec![] };
    let is_outdated = Box::new(|| false);
    let process = Process { pid: 1, events, signal, attendant };
    Ok(StartedBeyla { process, running, is_outdated, health_port: None })
}

impl Stage {
    async fn after(&self, seconds: u64) -> String {
        // Waits a millisecond longer, so that timers due at that time have run.
        sleep(Duration::from_millis(1_000 * seconds + 1)).await;
        self.monitor.status().line()
    }

    fn starts(&self) -> Vec<u64> {
        self.starts.lock().unwrap().clone()
    }

    fn counter(&self, name: &str) -> u64 {
        let name = format!("coral.agent.beyla.{name}");
        self.monitor.counters().into_iter().find(|(known, _)| *known == name).unwrap().1
    }

    async fn stopped(&mut self) -> Duration {
        let begin = Instant::now();
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap();
        begin.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_beyla_that_always_ends_at_once_is_a_crashloop_and_starts_once_a_minute() {
    let mut stage = stage(&[Script::Ends(0)]);
    assert_eq!(
        stage.after(0).await,
        "degraded (it ended with exit code 255 after 0 s; restarts in 1 s)"
    );
    let line = stage.after(600).await;
    assert_eq!(line, "crashloop (it ended with exit code 255 after 0 s; restarts in 60 s)");
    assert_eq!(stage.starts()[..8], [0, 1, 3, 7, 15, 31, 63, 123]);
    assert!(stage.stopped().await < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_beyla_that_ends_after_ten_minutes_is_always_restarted_after_a_second() {
    let stage = stage(&[Script::Ends(600)]);
    assert_eq!(stage.after(2).await, "starting");
    assert_eq!(stage.after(2).await, "running (no data yet)");
    stage.after(3_000).await;
    assert_eq!(stage.starts(), [0, 601, 1_202, 1_803, 2_404]);
}

#[tokio::test(start_paused = true)]
async fn a_beyla_that_does_not_stop_is_killed_after_two_minutes() {
    let mut stage = stage(&[Script::Hangs]);
    stage.after(5).await;
    assert_eq!(stage.stopped().await, Duration::from_secs(120));
    assert_eq!(*stage.signals.lock().unwrap(), [Signal::Terminate, Signal::Kill]);
}

#[tokio::test(start_paused = true)]
async fn exit_code_255_after_sigterm_is_clean() {
    let mut stage = stage(&[Script::Obeys(255)]);
    stage.after(5).await;
    stage.stopped().await;
    assert_eq!(stage.starts(), [0]);
    assert_eq!(stage.counter("exits"), 0, "no end by itself");
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_running_beyla_is_degraded_until_spans_are_received() {
    let stage = stage(&[Script::Complains]);
    assert_eq!(
        stage.after(30).await,
        "degraded (Unable to load eBPF watcher for process events: x)"
    );
    stage.received.store(1, Ordering::Relaxed);
    let line = stage.after(1).await;
    assert!(line.starts_with("instrumenting (error since "), "{line}");
    assert!(line.ends_with(" UTC: Unable to load eBPF watcher for process events: x)"), "{line}");
    let last = stage.monitor.status().last_error;
    assert_eq!(last.as_deref(), Some("Unable to load eBPF watcher for process events: x"));
}

#[tokio::test(start_paused = true)]
async fn an_error_is_gone_when_beyla_was_started_again() {
    let stage = stage(&[Script::Complains, Script::Obeys(0)]);
    stage.after(5).await;
    stage.received.store(1, Ordering::Relaxed);
    stage.change.send_replace(1);
    // A second of debounce, and two minutes until the first one is killed.
    stage.after(130).await;
    stage.received.store(2, Ordering::Relaxed);
    assert_eq!(stage.after(1).await, "instrumenting");
}

#[tokio::test(start_paused = true)]
async fn ten_changes_in_two_seconds_make_one_restart() {
    let stage = stage(&[Script::Obeys(0)]);
    stage.after(10).await;
    for number in 1..=10 {
        stage.change.send_replace(number);
        sleep(Duration::from_millis(200)).await;
    }
    stage.after(60).await;
    assert_eq!(stage.starts(), [0, 12]);
}

#[tokio::test(start_paused = true)]
async fn repeated_changes_delay_a_restart_by_at_most_five_seconds() {
    let stage = stage(&[Script::Obeys(0)]);
    stage.after(10).await;
    for number in 1..=40 {
        stage.change.send_replace(number);
        sleep(Duration::from_millis(200)).await;
    }
    stage.after(60).await;
    assert_eq!(stage.starts(), [0, 15, 18]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_beyla_is_searched_for_regularly_and_at_once_after_a_change() {
    let stage = stage(&[Script::Missing, Script::Missing, Script::Missing, Script::Obeys(0)]);
    assert_eq!(stage.after(0).await, "unavailable (no Beyla is installed)");
    stage.after(11).await;
    stage.change.send_replace(1);
    stage.after(30).await;
    assert_eq!(stage.starts(), [0, 10, 12, 22]);
    assert_eq!(stage.monitor.status().line(), "running (no data yet)");
}

#[tokio::test(start_paused = true)]
async fn a_crashloop_is_over_when_it_settles() {
    let stage = stage(&[Script::Ends(0), Script::Ends(0), Script::Ends(0), Script::Obeys(0)]);
    assert!(stage.after(5).await.starts_with("crashloop"));
    assert!(stage.after(3).await.starts_with("crashloop"), "started, not settled");
    assert_eq!(stage.after(4).await, "running (no data yet)");
}

#[tokio::test(start_paused = true)]
async fn a_beyla_that_dies_is_replaced_while_the_kernel_detaches_its_probes() {
    let stage = stage(&[Script::Dies(10), Script::Obeys(0)]);
    assert_eq!(
        stage.after(10).await,
        "degraded (it ended with signal 9 after 10 s; restarts in 1 s)"
    );
    assert_eq!((stage.counter("exits"), stage.counter("detaching")), (1, 1));
    stage.after(33).await;
    assert_eq!(stage.starts(), [0, 11]);
    assert_eq!((stage.counter("detaching"), stage.counter("detached")), (1, 0));
    stage.after(1).await;
    assert_eq!((stage.counter("detaching"), stage.counter("detached")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_beyla_that_dies_again_and_again_is_not_started_beside_more_than_two_predecessors() {
    let stage = stage(&[Script::Dies(1)]);
    let line = stage.after(11).await;
    assert_eq!(
        line,
        "crashloop (the kernel still detaches the probes of 3 earlier ones; it starts when one is gone)"
    );
    assert_eq!(stage.counter("detaching"), 3);
    stage.after(35).await;
    assert_eq!(stage.starts(), [0, 2, 5, 35, 44]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_waits_for_the_leader_and_not_for_the_kernel() {
    let mut stage = stage(&[Script::Detaches(4, 34), Script::Detaches(4, 300)]);
    stage.after(10).await;
    stage.change.send_replace(1);
    assert_eq!(stage.after(2).await, "restarting (its settings have changed)");
    stage.after(8).await;
    assert_eq!(stage.starts(), [0, 15], "a second of debounce, and 4 s until the leader ends");
    assert_eq!(stage.counter("detaching"), 1);
    assert_eq!(stage.stopped().await, Duration::from_secs(4), "the agent does not wait either");
}

#[tokio::test(start_paused = true)]
async fn a_beyla_runs_on_until_the_kernel_has_detached_one_of_two_predecessors() {
    let stage = stage(&[Script::Detaches(0, 100)]);
    for change in 1..=3 {
        stage.after(10).await;
        stage.change.send_replace(change);
    }
    stage.after(30).await;
    assert_eq!(stage.starts(), [0, 11, 21]);
    assert_eq!(stage.monitor.status().line(), "running (no data yet)");
    stage.after(60).await;
    assert_eq!(stage.starts(), [0, 11, 21, 111]);
    assert_eq!(stage.counter("detaching"), 2);
}

#[tokio::test(start_paused = true)]
async fn the_gap_of_a_restart_is_at_least_ten_seconds_and_longer_if_the_last_one_was() {
    let stage = stage(&[Script::Detaches(4, 34), Script::Obeys(0)]);
    assert_eq!(stage.monitor.restart_gap(), None, "nothing runs that could be missed");
    stage.after(10).await;
    assert_eq!(stage.monitor.restart_gap(), Some(Duration::from_secs(10)));
    stage.change.send_replace(1);
    // A second of debounce, and 4 s until the leader ends.
    stage.after(14).await;
    let line = "level=INFO msg=\"instrumenting process\"";
    let line = OutputLine { text: line.to_owned(), cut: false };
    stage.monitor.said(Pipe::Out, &line, clock::now());
    assert_eq!(stage.monitor.restart_gap(), Some(Duration::from_millis(13_001)));
}

#[tokio::test(start_paused = true)]
async fn a_beyla_that_dies_is_noticed_while_its_port_accepts_a_health_check_and_does_not_answer() {
    // Nobody accepts its connections, as nobody does those of a process that the kernel detaches.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    // The health check at 10 s waits for an answer until 12 s.
    let stage = stage_on(&[Script::Dies(11)], Some(port));
    assert_eq!(
        stage.after(11).await,
        "degraded (it ended with signal 9 after 11 s; restarts in 1 s)"
    );
}
