//! What a monitor concludes from the lines of Beyla's log.

use super::*;

fn monitor() -> BeylaMonitor {
    let monitor = BeylaMonitor::new(Arc::default());
    monitor.started(Running {
        release: "3.31.0".parse().unwrap(),
        path: "beyla".to_owned(),
        pid: 1,
        notes: Vec::new(),
    });
    monitor
}

fn say(monitor: &BeylaMonitor, pipe: Pipe, text: &str) {
    monitor.said(pipe, &OutputLine { text: text.to_owned(), cut: false }, UnixNanos(0));
}

fn reason_of_end(lines: &[(Pipe, &str)]) -> String {
    let monitor = monitor();
    for (pipe, line) in lines {
        say(&monitor, *pipe, line);
    }
    monitor.ended("it ended", Duration::from_secs(1), false);
    monitor.status().reason.unwrap()
}

#[test]
fn the_reason_of_an_end_is_the_last_error_or_the_last_line_on_stderr() {
    let info = (Pipe::Out, "level=INFO msg=\"Starting main node\"");
    let error = (Pipe::Out, "level=ERROR msg=\"cannot start\" error=\"no port\"");
    let panic = (Pipe::Err, "fatal error: out of memory");
    assert_eq!(reason_of_end(&[info]), "it ended; restarts in 1 s");
    assert_eq!(
        reason_of_end(&[panic, info, (Pipe::Err, info.1)]),
        "it ended: fatal error: out of memory; restarts in 1 s"
    );
    assert_eq!(
        reason_of_end(&[error, panic, info]),
        "it ended: cannot start: no port; restarts in 1 s"
    );
}

#[test]
fn what_the_host_lacks_is_counted_and_noted_until_the_next_start() {
    let monitor = monitor();
    let warning = r#"level=WARN msg="Required system capabilities not present, Beyla may malfunction" error="the following capabilities are required: CAP_BPF""#;
    say(&monitor, Pipe::Out, warning);
    say(&monitor, Pipe::Out, warning);
    let count = || {
        let name = "coral.agent.beyla.log.lacks.capabilities";
        monitor.counters().into_iter().find(|(known, _)| known == name).unwrap().1
    };
    assert_eq!(count(), 2);
    assert_eq!(
        monitor.status().notes,
        ["the log says: Required system capabilities not present, Beyla may malfunction: the \
          following capabilities are required: CAP_BPF (`coral beyla doctor` names what each \
          missing one costs)"]
    );
    let running = monitor.lock().running.clone().unwrap();
    monitor.started(running);
    assert_eq!((monitor.status().notes.len(), count()), (0, 2));
}
