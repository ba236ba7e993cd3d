//! `coral colony status` and `coral agent status`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::beyla;
use super::exports::exports;
use coral_agent::status::{AgentSelfStatus, ColonyLinkStatus};
use coral_query::answer::{
    AgentStatus, ColonyStatus, Problem, ShardStatus, SqlLibrary, StoreStatus,
};
use coral_text::beginning::as_of;
use coral_text::table::table;
use coral_trace::UnixNanos;
use coral_trace::sanitize::{ends, line, whole};
use coral_trace::units::{count, counted, instant};

/// A verdict, one line per agent, and the size of the store. With `with_counters`, also the
/// colony's counters.
pub fn colony(status: &ColonyStatus, now: UnixNanos, with_counters: bool) -> String {
    let mut text = verdict(status, now);
    if status.agents.is_empty() {
        text.push_str(match status.encryption.as_str() {
            "tls" => "Hint: `coral colony token create --agent NAME` prints the command for another host.\n",
            _ => "Hint: name agents in `colony.agents`, or start one with --set agent.colony=URL.\n",
        });
    } else {
        let columns = [
            "Agent",
            "State",
            "Spans/s",
            "Last stored",
            "Stored",
            "Missed",
            "Behind",
            "Beyla",
            "Version",
        ];
        let rows: Vec<Vec<String>> =
            status.agents.iter().map(|agent| agent_row(agent, now)).collect();
        let _ = write!(text, "\n{}", table(&columns, &rows));
        let details: String = status.agents.iter().map(|agent| details(agent, now)).collect();
        if !details.is_empty() {
            let _ = write!(text, "\n{details}");
        }
    }
    text += &exports(&status.exports);
    text += &store(status, now);
    text += &shards(&status.store.shards);
    text += encryption(&status.encryption);
    text += &sql_library(&status.sql_library);
    if with_counters {
        text += &counters(&status.counters);
    }
    text
}

/// `Healthy: …`, or a line for each problem.
fn verdict(status: &ColonyStatus, now: UnixNanos) -> String {
    let agents = counted(status.agents.len() as u64, "agent");
    match &*status.problems {
        [] if status.store.spans == 0 => {
            format!(
                "Healthy: {agents}, all polled; no span has been stored yet (Coral {}).\n",
                status.version
            )
        }
        [] => format!("Healthy: {agents}, all polled (Coral {}).\n", status.version),
        [problem] => format!("Degraded: {}.\n", words(problem, now)),
        problems => {
            let lines: String =
                problems.iter().map(|problem| format!("  - {}\n", words(problem, now))).collect();
            let count = counted(problems.len() as u64, "problem");
            format!("Degraded: {count}, {agents}:\n{lines}")
        }
    }
}

fn words(problem: &Problem, now: UnixNanos) -> String {
    match problem {
        Problem::NoAgents => "no agent is known, so nothing is collected".to_owned(),
        Problem::AgentNotPolled { agent_id } => {
            format!("agent {} has not been polled yet", line(agent_id))
        }
        Problem::AgentUnreachable { agent_id, answered_at } => {
            let since = answered_at.map_or_else(
                || "since this colony started".to_owned(),
                |at| format!("since {} ({} ago)", instant(at.as_micros()), ago(at, now)),
            );
            format!("agent {} has been unreachable {since}", line(agent_id))
        }
        Problem::AgentUnusable { agent_id, state } => {
            let what = match state.as_str() {
                "refuses" => "refuses to be polled",
                "too_old" => "runs a version of Coral that is too old",
                _ => "sends replies that are not an agent's",
            };
            format!("agent {} {what}", line(agent_id))
        }
        Problem::CannotStore { agent_id } => {
            format!("this colony cannot store the spans of agent {}", line(agent_id))
        }
        Problem::AgentBehind { agent_id, seconds } => {
            let behind = seconds_text(*seconds);
            format!("this colony is {behind} behind agent {}", line(agent_id))
        }
        Problem::BeylaNotWorking { agent_id, beyla } => {
            format!("Beyla does not work on agent {}: {}", line(agent_id), ends(beyla))
        }
        Problem::ShardUnavailable { url, error } => format!(
            "{} does not answer ({}): nothing is stored, and questions about its traces fail",
            line(url),
            ends(error)
        ),
        Problem::SpansDamaged { spans } => {
            format!("{} cannot be read: a file is damaged", counted(*spans, "stored span"))
        }
    }
}

/// How much is stored, the limit, and the age of the oldest spans.
fn store(status: &ColonyStatus, now: UnixNanos) -> String {
    let StoreStatus { spans, bytes, max_bytes, oldest_received, keep_seconds, .. } = status.store;
    let oldest = oldest_received
        .map(|at| format!(", the oldest received {} ago", ago(at, now)))
        .unwrap_or_default();
    let kept = seconds_text(keep_seconds as f64);
    let (used, max) = (byte_count(bytes), byte_count(max_bytes));
    let spans = counted(spans, "span");
    let answers = |shard: &ShardStatus| shard.last_error.is_none();
    // The spans of a server that does not answer are not counted.
    let least = if status.store.shards.iter().all(answers) { "" } else { "at least " };
    format!("\nStore: {least}{spans}{oldest} (kept for {kept}); {least}{used} of {max} on disk\n")
}

/// One line for each ClickHouse server.
fn shards(shards: &[ShardStatus]) -> String {
    if shards.is_empty() {
        return String::new();
    }
    let unknown = || "-".to_owned();
    let row = |shard: &ShardStatus| {
        let state = if shard.last_error.is_some() { "does not answer" } else { "ok" };
        vec![
            line(&shard.url),
            state.to_owned(),
            shard.spans.map_or_else(unknown, count),
            shard.bytes.map_or_else(unknown, byte_count),
            shard.free_bytes.map_or_else(unknown, byte_count),
            shard.version.as_deref().map_or_else(unknown, line),
        ]
    };
    let rows: Vec<Vec<String>> = shards.iter().map(row).collect();
    let columns = ["ClickHouse", "State", "Rows of spans", "Disk", "Free", "Version"];
    format!("\n{}", table(&columns, &rows))
}

fn agent_row(agent: &AgentStatus, now: UnixNanos) -> Vec<String> {
    let unknown = || "-".to_owned();
    vec![
        line(&agent.agent_id),
        line(&agent.state.replace('_', " ")),
        agent.spans_per_second.map_or_else(unknown, |rate| format!("{rate:.1}")),
        agent.spans_at.map_or_else(unknown, |at| format!("{} ago", ago(at, now))),
        count(agent.spans_stored),
        count(agent.spans_missed),
        agent.lag_seconds.map_or_else(unknown, seconds_text),
        agent.beyla.as_deref().map_or_else(unknown, |beyla| {
            let was = if agent.reachable { "" } else { "was " };
            format!("{was}{}", line(beyla_state(beyla)))
        }),
        agent.version.as_deref().map_or_else(|| "not known yet".to_owned(), line),
    ]
}

/// Lines below the table: an agent's address and error if a poll failed, its Beyla (of an unreachable
/// agent, with the time of the last answer), and why spans were refused.
fn details(agent: &AgentStatus, now: UnixNanos) -> String {
    let id = line(&agent.agent_id);
    let mut text = String::new();
    if let Some(error) = &agent.last_error {
        let _ = writeln!(text, "{id} at {}: {}", line(&agent.address), line(error));
    }
    let is_news = |beyla: &&str| !["off", beyla].contains(&beyla_state(beyla));
    match (agent.beyla.as_deref(), agent.answered_at) {
        (Some(beyla), Some(heard)) if !agent.reachable && beyla_state(beyla) != "off" => {
            let _ = writeln!(text, "{id}: Beyla was {} {}", ends(beyla), as_of(heard, now));
        }
        (Some(beyla), _) if is_news(&beyla) => {
            let _ = writeln!(text, "{id}: Beyla is {}", ends(beyla));
        }
        _ => {}
    }
    if let Some(reason) = &agent.last_refusal {
        let refused = counted(agent.spans_refused, "span");
        let _ = writeln!(text, "{id}: {refused} refused; the last reason: {}", line(reason));
    }
    text
}

/// The state in a status line of Beyla, without the reason or the error in parentheses.
fn beyla_state(line: &str) -> &str {
    line.split(' ').next().unwrap_or(line)
}

fn ago(time: UnixNanos, now: UnixNanos) -> String {
    seconds_text(now.since(time).as_secs_f64())
}

/// Whole seconds as `42s`, `3m 5s`, `2h 4m` or `6d 3h`.
pub(super) fn seconds_text(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m {}s", seconds % 60),
        3_600..86_400 => format!("{hours}h {}m", minutes % 60),
        _ if hours % 24 == 0 => format!("{days}d"),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// Bytes in decimal units: `512 B`, `1.5 MB`, `50.0 GB`.
fn byte_count(bytes: u64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = UNITS.iter().find(|(size, _)| bytes as f64 >= *size);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(size, unit)| format!("{:.1} {unit}", bytes as f64 / size),
    )
}

/// The DuckDB library for SQL, or why there is none.
fn sql_library(library: &SqlLibrary) -> String {
    match (&library.path, &library.reason) {
        (Some(path), _) => {
            let by = library.found_by.as_deref().unwrap_or("found");
            let program = if by.starts_with("storage.") { "ClickHouse" } else { "DuckDB" };
            format!("SQL: {program} at {}, {}\n", whole(path), line(by))
        }
        (None, Some(reason)) => format!("SQL: {}\n", whole(reason)),
        (None, None) => String::new(),
    }
}

/// The agent's Beyla and its colony, then its counters.
pub fn agent(status: &AgentSelfStatus, now: UnixNanos) -> String {
    let heading = format!("Coral {} agent {}\n", status.version, line(&status.agent_id));
    let beyla = status.beyla.as_ref().map(beyla::status).unwrap_or_default();
    let colony = status.colony.as_ref().map(|link| colony_link(link, now)).unwrap_or_default();
    let encryption = encryption(&status.encryption);
    heading + &beyla + &colony + encryption + &counters(&status.counters)
}

/// A line about encryption, where something leaves the host.
fn encryption(encryption: &str) -> &'static str {
    match encryption {
        "tls" => "Encryption: TLS 1.3\n",
        "insecure_plaintext" => {
            "Encryption: none: `insecure_plaintext` is set, and everybody on the network can read along\n"
        }
        _ => "",
    }
}

/// Whether a colony knows the agent, and whether one polls it.
pub fn colony_link(link: &ColonyLinkStatus, now: UnixNanos) -> String {
    let ago = |micros: i64| ago(UnixNanos::from_micros(micros), now);
    let polled = link.polled_at_unix_us.map_or_else(
        || "no colony has polled this agent yet".to_owned(),
        |at| format!("last polled {} ago", ago(at)),
    );
    let Some(url) = &link.url else {
        return format!("Colony: `agent.colony` is not set; {polled}\n");
    };
    let registered = match (&link.last_error, link.registered_at_unix_us) {
        (Some(error), _) => format!("not registered: {}", line(error)),
        (None, Some(at)) => format!("registered {} ago", ago(at)),
        (None, None) => "not registered yet".to_owned(),
    };
    format!("Colony: {}, {registered}; {polled}\n", line(url))
}

/// The counters, one line for each. Those of requests and of Beyla are left out if they are zero.
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
