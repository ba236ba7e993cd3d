//! `coral colony status` and `coral agent status`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::beyla;
use coral_agent::status::AgentSelfStatus;
use coral_query::answer::{AgentStatus, ColonyStatus, SqlLibrary};
use coral_text::table::table;
use coral_trace::sanitize::{line, whole};
use coral_trace::units::{count, counted};

/// One line an agent, then the colony's own counters.
pub fn colony(status: &ColonyStatus) -> String {
    let mut text = format!(
        "Coral {} colony, {}\n",
        status.version,
        counted(status.agents.len() as u64, "agent")
    );
    if status.agents.is_empty() {
        text.push_str(
            "Hint: name agents in `colony.agents`, or start one with --set agent.colony=URL.\n",
        );
    } else {
        let columns = [
            "Agent",
            "Address",
            "State",
            "Lag",
            "Behind",
            "Stored",
            "Missed",
            "Refused",
            "Beyla",
            "Last error",
        ];
        let rows: Vec<Vec<String>> = status.agents.iter().map(agent_row).collect();
        let _ = write!(text, "\n{}", table(&columns, &rows));
        text.extend(status.agents.iter().filter_map(refusal));
    }
    text + &sql_library(&status.sql_library) + &counters(&status.counters)
}

/// Which library SQL would be answered with, or why it cannot be.
fn sql_library(library: &SqlLibrary) -> String {
    match (&library.path, &library.reason) {
        (Some(path), _) => {
            let by = library.found_by.as_deref().unwrap_or("found");
            format!("\nSQL: DuckDB at {}, {}\n", whole(path), line(by))
        }
        (None, Some(reason)) => format!("\nSQL: {}\n", whole(reason)),
        (None, None) => String::new(),
    }
}

fn agent_row(agent: &AgentStatus) -> Vec<String> {
    let unknown = || "-".to_owned();
    vec![
        line(&agent.agent_id),
        line(&agent.address),
        line(&agent.state.replace('_', " ")),
        agent.lag_receipts.map_or_else(unknown, |lag| format!("{} receipts", count(lag))),
        agent.lag_seconds.map_or_else(unknown, |seconds| format!("{seconds:.1}s")),
        count(agent.spans_stored),
        count(agent.spans_missed),
        count(agent.spans_refused),
        agent.beyla.as_deref().map_or_else(unknown, line),
        agent.last_error.as_deref().map_or_else(unknown, line),
    ]
}

/// Why something of an agent is not here.
fn refusal(agent: &AgentStatus) -> Option<String> {
    let (id, reason) = (line(&agent.agent_id), line(agent.last_refusal.as_deref()?));
    Some(format!("\nLast refused of {id}: {reason}\n"))
}

/// The agent's Beyla, then its counters.
pub fn agent(status: &AgentSelfStatus) -> String {
    let heading = format!("Coral {} agent {}\n", status.version, line(&status.agent_id));
    let beyla = status.beyla.as_ref().map(beyla::status).unwrap_or_default();
    heading + &beyla + &counters(&status.counters)
}

/// Counters that are not zero, and those that a reader looks for even then.
fn counters(counters: &BTreeMap<String, u64>) -> String {
    let mut text = String::new();
    let width = counters.keys().map(String::len).max().unwrap_or(0);
    for (name, value) in counters {
        if *value > 0 || !(name.contains(".requests.") || name.contains(".beyla.")) {
            let _ = writeln!(text, "{name:width$}  {}", count(*value));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}
