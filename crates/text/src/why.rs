//! A cause, as `coral why` prints it: the verdict, where to see it, who else is suspected, and how much was
//! known.

pub(crate) mod words;

use std::fmt::Write as _;

use self::words::{reason, suspicion};
use super::table::{cut, table};
use crate::duration::duration;
use coral_query::answer::{Verdict, Why, WhySuspect};
use coral_trace::sanitize::line;
use coral_trace::units::counted;

/// Suspects that are listed.
const MAX_SUSPECTS: usize = 5;
/// The widest that a component is printed.
const MAX_COMPONENT_WIDTH: usize = 60;

/// `windows` is `last 15 minutes, against the 1 hour before`.
pub fn why(why: &Why, windows: &str) -> String {
    let mut text = format!("{} ({windows})\n\n", question(why));
    text.push_str(&verdict(why));
    if let Some(cause) = why.ranking.first().filter(|_| why.verdict == Verdict::Cause) {
        text.push_str(&standouts(why));
        text.push_str(&evidence(cause));
    }
    text.push_str(&suspects(why));
    let _ = writeln!(text, "\n{}", basis(why));
    text
}

fn question(why: &Why) -> String {
    let service = if why.service.is_empty() { "everything".to_owned() } else { line(&why.service) };
    match (&why.trace_id, &why.route) {
        (Some(trace), _) => format!("Why is trace {trace} as it is?"),
        (None, Some(route)) => format!("Why is {} of {service} slow?", line(route)),
        (None, None) => format!("Why is {service} slow?"),
    }
}

fn verdict(why: &Why) -> String {
    match (why.verdict, why.ranking.first()) {
        (Verdict::Cause, Some(cause)) => {
            let mut text = format!("Cause: {}", line(&cause.service));
            if why.slowdown_us > 0 {
                let _ = write!(text, ", {:.0}% of the added time", cause.share * 100.0);
            }
            text.push('\n');
            let component = cut(&line(&cause.component), MAX_COMPONENT_WIDTH);
            let _ = writeln!(text, "  {}", line(&suspicion(cause, &component)));
            let (now, without) = (duration(why.p95_us), duration(why.counterfactual_p95_us));
            if why.counterfactual_p95_us < why.p95_us {
                let took = if why.trace_id.is_some() { "It took" } else { "P95 is" };
                let _ = writeln!(text, "  {took} {now}; with that as it was, {without}.");
            }
            text
        }
        (Verdict::NoCause, _) => format!("No cause: {}.\n", reason(why.because)),
        _ => {
            let mut text = format!("Not enough evidence: {}.\n", reason(why.because));
            if !why.other_routes.is_empty() {
                text.push_str(&other_routes(why));
            } else if !why.did_you_mean.is_empty() {
                let names: Vec<String> = why.did_you_mean.iter().map(|name| line(name)).collect();
                let _ = writeln!(text, "Hint: services of a similar name: {}.", names.join(", "));
            } else if why.traces == 0 {
                text.push_str("Hint: `coral query beyla traces` shows what is stored; try a longer --since.\n");
            } else if why.baseline_traces == 0 {
                text.push_str("Hint: try a longer --baseline, or a shorter --since: then what came before it is the baseline.\n");
            }
            text
        }
    }
}

/// The service is there, the route is not.
fn other_routes(why: &Why) -> String {
    let who = match why.service.as_str() {
        "" => "no trace has".to_owned(),
        service => format!("{} has traces, and none with", line(service)),
    };
    let route = why.route.as_ref().map(|route| line(route)).unwrap_or_default();
    let routes: Vec<String> = why.other_routes.iter().map(|route| line(route)).collect();
    format!("Hint: {who} {route} in this window; there are {}.\n", routes.join(", "))
}

/// Attribute values that the cause's slow spans have and its others have not.
fn standouts(why: &Why) -> String {
    let mut text = String::new();
    for found in &why.standouts {
        let (key, value) = (line(&found.key), cut(&line(&found.value), MAX_COMPONENT_WIDTH));
        let percent = |part: f64| format!("{:.0}%", part * 100.0);
        let (affected, others) = (percent(found.affected), percent(found.others));
        let _ = writeln!(
            text,
            "  stands out: {key}={value}, in {affected} of its slow or failing spans and {others} of its others"
        );
    }
    text
}

fn evidence(cause: &WhySuspect) -> String {
    let mut text = "\nSee it in:\n".to_owned();
    for seen in &cause.evidence {
        let (trace, span) = (seen.trace_id, seen.span_id);
        let _ = writeln!(text, "  coral query beyla traces --trace-id {trace}    # span {span}");
    }
    text
}

fn suspects(why: &Why) -> String {
    if why.ranking.is_empty() {
        return String::new();
    }
    let cells = |suspect: &WhySuspect| {
        vec![
            line(&suspect.service),
            format!("{:.0}%", suspect.share * 100.0),
            format!("{:.2}", suspect.score),
            suspect.kind.as_str().to_owned(),
            cut(&line(&suspect.component), MAX_COMPONENT_WIDTH),
        ]
    };
    let rows: Vec<_> = why.ranking.iter().take(MAX_SUSPECTS).map(cells).collect();
    let mut text = "\n".to_owned();
    text.push_str(&table(&["Suspect", "Added", "Score", "Kind", "Where"], &rows));
    let others = &why.ranking[rows.len()..];
    let rest = others.iter().map(|suspect| suspect.share).sum::<f64>() + why.unattributed;
    if rest >= 0.005 {
        let _ = writeln!(text, "(others and unattributed: {:.0}%)", rest * 100.0);
    }
    text
}

/// How much was known.
fn basis(why: &Why) -> String {
    let slower = match why.slowdown_us {
        slower if slower > 0 => format!("{} slower", duration(slower)),
        faster if faster < 0 => format!("{} faster", duration(-faster)),
        _ => "as fast".to_owned(),
    };
    let mut text = format!(
        "{} against {} of the baseline, {slower}; {:.0}% are whole.",
        counted(why.traces, "trace"),
        counted(why.baseline_traces, "trace"),
        why.completeness * 100.0,
    );
    if why.clocks_adjusted > 0 {
        let traces = counted(why.clocks_adjusted, "trace");
        let _ =
            write!(text, " The clocks of {traces} disagreed; servers are moved into their calls.");
    }
    if why.cut {
        text.push_str(" There are more; these are from all of the time.");
    }
    text
}
