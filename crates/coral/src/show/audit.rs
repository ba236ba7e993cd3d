//! Text output of the audit log.

use std::fmt::Write as _;

use coral_server::audit::{AuditRecord, Decision, Verified, rfc3339};
use coral_text::csv;
use coral_text::duration::duration;
use coral_text::screen::{Emphasis, Screen};
use coral_text::table::{Cell, Table, name, whole};
use coral_trace::sanitize::{line, sentences};
use coral_trace::units::{LocalTime, count, counted, zone_name};
use jiff::tz::TimeZone;

use crate::command::audit::{NumberedQuestion, QuestionList};

/// The page of `coral audit list`.
pub fn list(found: &QuestionList, zone: &TimeZone, screen: Screen) -> String {
    let mut text = String::new();
    match found.questions.back() {
        None => text.push_str("No such question is recorded.\n"),
        Some(newest) => {
            let columns = [
                whole("Time"),
                name("Who"),
                name("From").optional(1),
                whole("Decision"),
                whole("Duration").optional(2),
                whole("Rows").optional(0),
                name("Question"),
            ];
            let rows = found.questions.iter().map(|question| row(&question.record, zone));
            text.push_str(&Table::new(columns, rows.collect()).text(screen));
            let zone = zone_name(newest.record.time.as_micros(), zone);
            let _ = writeln!(
                text,
                "{}. Times are {zone}.",
                counted(found.questions.len() as u64, "question")
            );
        }
    }
    if let Some(sentence) = unreadable(found.unreadable) {
        let _ = writeln!(text, "{sentence}");
    }
    text
}

fn row(record: &AuditRecord, zone: &TimeZone) -> Vec<Cell> {
    let time = LocalTime::of(record.time.as_micros(), zone);
    let time = time.map(|time| format!("{} {}", time.date, time.time)).unwrap_or_default();
    let who = match (record.requester.name.as_str(), record.requester.proof.as_str()) {
        ("", "") => "unknown".to_owned(),
        ("", proof) => proof.to_owned(),
        (name, "") => name.to_owned(),
        (name, proof) => format!("{name} ({proof})"),
    };
    let from = record.remote_address.map(|address| address.ip().to_string()).unwrap_or_default();
    let emphasis = match record.decision {
        Decision::Denied | Decision::Failed => Emphasis::Error,
        _ => Emphasis::None,
    };
    let question = if record.question.is_empty() { &record.path } else { &record.question };
    vec![
        time.into(),
        line(&who).into(),
        from.into(),
        Cell::emphasised(record.decision.as_str(), emphasis),
        duration(record.duration_us.try_into().unwrap_or(i64::MAX)).into(),
        count(record.rows).into(),
        line(question).into(),
    ]
}

/// The sentence about lines that cannot be read.
pub fn unreadable(lines: u64) -> Option<String> {
    let lines = (lines > 0).then(|| counted(lines, "line"))?;
    Some(format!("The log has {lines} that cannot be read: `coral audit verify` names them."))
}

/// The first line of `coral audit export --format csv`.
pub const CSV_HEADER: &str = "seq,time,requester,role,proof,remote_address,surface,method,path,\
                              question,services,since,until,trace_ids,filters,rows,bytes,\
                              duration_us,decision,reason,status\r\n";

/// One CSV line. Services and trace ids are separated by spaces, filters by `; `.
pub fn csv_row(question: &NumberedQuestion) -> String {
    let NumberedQuestion { seq, record } = question;
    let time = |time: Option<_>| time.map(rfc3339).unwrap_or_default();
    let cells = [
        seq.to_string(),
        rfc3339(record.time),
        record.requester.name.clone(),
        record.requester.role.clone(),
        record.requester.proof.clone(),
        record.remote_address.map(|address| address.to_string()).unwrap_or_default(),
        record.surface.as_str().to_owned(),
        record.method.clone(),
        record.path.clone(),
        record.question.clone(),
        record.services.join(" "),
        time(record.since),
        time(record.until),
        record.trace_ids.join(" "),
        record.filters.join("; "),
        record.rows.to_string(),
        record.bytes.to_string(),
        record.duration_us.to_string(),
        record.decision.as_str().to_owned(),
        record.reason.clone().unwrap_or_default(),
        record.status.map(|status| status.to_string()).unwrap_or_default(),
    ];
    cells.map(|cell| csv::quoted(&cell)).join(",") + "\r\n"
}

/// The page of `coral audit verify`.
pub fn verified(found: &Verified) -> String {
    let mut text = format!(
        "{}, {}, {}",
        counted(found.files, "file"),
        counted(found.lines, "line"),
        counted(found.questions, "question")
    );
    if let (Some(first), Some(last)) = (found.first, found.last) {
        let _ = write!(text, ", from {} to {}", rfc3339(first), rfc3339(last));
    }
    text.push_str(".\n");
    for (files, what) in [
        (found.signed, "with a right signature"),
        (
            found.unchecked,
            "with a signature that was not checked: there is no key to check it with",
        ),
        (found.unsigned, "without a signature: the colony had no key"),
    ] {
        if files > 0 {
            let _ = writeln!(text, "{} {what}.", counted(files, "finished file"));
        }
    }
    for note in &found.notes {
        let _ = writeln!(text, "Note: {}.", sentences(&note.to_string()));
    }
    for finding in &found.damage {
        let _ = writeln!(text, "Damage: {}.", sentences(&finding.to_string()));
    }
    if found.more_damage > 0 {
        let _ = writeln!(text, "Damage: {} more.", counted(found.more_damage, "place"));
    }
    text.push_str(match found.is_whole() {
        true => "No line was changed, removed, inserted or reordered.\n",
        false => "The audit log was changed or is damaged.\n",
    });
    text
}
