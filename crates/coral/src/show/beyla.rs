//! `coral beyla doctor`, and Beyla's part of `coral agent status`.

use std::fmt::Write as _;

use coral_beyla::status::{BeylaStatus, Finding, Verdict};
use coral_beyla::survey::{ListeningService, ListeningServices};
use coral_text::table::table;
use coral_trace::sanitize::{ends, line, whole};

/// One line per finding, and one for its consequence.
pub fn findings(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Finding { what, verdict, found, costs } in findings {
        let verdict = match verdict {
            Verdict::Fine => "ok",
            Verdict::Lacking => "lacking",
            Verdict::Unknown => "unknown",
        };
        let _ = writeln!(text, "{verdict:7}  {what:width$}  {}", whole(found));
        if let Some(costs) = costs {
            let _ = writeln!(text, "{:7}  {:width$}  → {}", "", "", whole(costs));
        }
    }
    text
}

/// The page of `coral connect` without a service: the services of this host that listen.
pub fn listening(found: &ListeningServices) -> String {
    let Some(first) = found.services.first() else {
        return format!("No service was found that Beyla could trace. {NOT_LISTED}\n");
    };
    let example = found.untraced().next().unwrap_or(first);
    let port = example.ports.first().copied().unwrap_or_default();
    let is_word =
        !example.name.contains(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c));
    let name = if is_word { &*example.name } else { "NAME" };
    let row = |of: &ListeningService| {
        let traced = match of.traced {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        let ports = of.ports.iter().take(MAX_PORTS).map(u16::to_string);
        let mut ports = ports.collect::<Vec<_>>().join(",");
        if of.ports.len() > MAX_PORTS {
            ports.push_str(",…");
        }
        vec![traced.to_owned(), line(&of.name), ports, line(&of.program)]
    };
    let rows: Vec<Vec<String>> = found.services.iter().map(row).collect();
    format!(
        "{}\nTo select a service, or to name it: `sudo coral connect {name}:{port}`.\n{NOT_LISTED}\n",
        table(&["Selected", "Name", "Ports", "Program"], &rows),
    )
}

/// Ports of a service that the list shows.
const MAX_PORTS: usize = 4;
/// What the list of listening services leaves out.
const NOT_LISTED: &str = "Programs of the system, data stores, and processes that the agent may not see, are not listed.";

/// Beyla's part of `coral agent status`: the state, then other known values.
pub fn status(status: &BeylaStatus) -> String {
    let mut text = format!("Beyla: {}\n", whole(&status.line()));
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {name}: {}", ends(&value));
        }
    };
    // An agent of an older version runs Beyla only, and does not name it.
    let name = status.program.as_deref().unwrap_or("Beyla");
    let program = status.version.as_ref().zip(status.path.as_ref());
    add("program", program.map(|(version, path)| format!("{name} {version}, {path}")));
    add("pid", status.pid.map(|pid| pid.to_string()));
    let instrumented = (status.instrumented > 0).then(|| status.instrumented.to_string());
    add("processes instrumented", instrumented);
    add("last error", status.last_error.clone());
    for note in &status.notes {
        add("note", Some(note.clone()));
    }
    text
}
