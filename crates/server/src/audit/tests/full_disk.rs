//! Failed writes, as on a full disk.

use std::fs::File;
use std::io::{self, Write as _};

use super::*;
use crate::audit::writer::{WriteCall, write_once};

/// Half of the bytes fit.
fn write_half(mut file: &File, bytes: &[u8]) -> io::Result<usize> {
    file.write(&bytes[..bytes.len() / 2])
}

/// Nothing fits.
fn no_room(_: &File, _: &[u8]) -> io::Result<usize> {
    Err(io::ErrorKind::StorageFull.into())
}

fn set_write(log: &AuditLog, write: WriteCall) {
    log.writer().write = write;
}

#[test]
fn a_question_that_does_not_fit_is_refused_and_leaves_no_trace_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.append(&record(1)).unwrap();
    let before = lines_of(dir.path());
    for write in [write_half as WriteCall, no_room] {
        set_write(&log, write);
        let error = log.append(&record(2)).unwrap_err();
        assert!(matches!(error, AuditError::Write { .. }), "{error}");
        assert_eq!(lines_of(dir.path()), before);
    }
    set_write(&log, write_once);
    log.append(&record(3)).unwrap();
    let counters = counters(&log);
    assert_eq!((counters["coral.audit.refused"], counters["coral.audit.unrecorded"]), (2, 0));
    assert_eq!(damage(dir.path()), Vec::<String>::new());
    let said = notes(dir.path());
    assert!(said[0].contains("0 answered and 2 refused questions before"), "{said:?}");
    assert_eq!(check(dir.path()).questions, 2);
}

#[test]
fn without_refusal_a_question_is_counted_as_unrecorded_and_the_log_says_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_with(AuditSettings { refuse_when_full: false, ..settings(dir.path()) });
    set_write(&log, no_room);
    (1..=3).for_each(|number| log.append(&record(number)).unwrap());
    set_write(&log, write_once);
    log.append(&record(4)).unwrap();
    let counters = counters(&log);
    assert_eq!((counters["coral.audit.refused"], counters["coral.audit.unrecorded"]), (0, 3));
    let said = notes(dir.path());
    assert!(said[0].contains("3 answered and 0 refused questions before"), "{said:?}");
}

#[test]
fn a_new_file_that_cannot_be_begun_refuses_questions_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_with(AuditSettings { max_file_bytes: 1, ..settings(dir.path()) });
    log.append(&record(1)).unwrap();
    set_write(&log, write_half);
    for number in 2..4 {
        log.append(&record(number)).unwrap_err();
        assert_eq!(files(dir.path()).unwrap().len(), 1);
    }
    set_write(&log, write_once);
    log.append(&record(4)).unwrap();
    assert_eq!((damage(dir.path()), check(dir.path()).questions), (vec![], 2));
}
