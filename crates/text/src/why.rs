//! A cause, as `coral why` prints it: the verdict, evidence, other suspects, and how many traces
//! were compared.

pub(crate) mod words;

use std::fmt::Write as _;

use self::words::{as_in_baseline, difference, meaning, reason, suspicion};
use crate::beginning::{coverage, since_time, stored_since};
use crate::duration::duration;
use crate::percent::percent;
use crate::sampling::compared;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Table, name, whole};
use crate::wrap::folded;
use coral_query::answer::{CauseKind, Verdict, Why, WhyRate, WhyStandout, WhySuspect};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

/// Largest number of suspects that are listed.
const MAX_SUSPECTS: usize = 5;

/// The page of `coral why`. `windows` is the window and its baseline in words:
/// `last 15 minutes, against the 1 hour before`. `until` is the end of the window.
pub fn why(why: &Why, windows: &str, until: UnixNanos, screen: Screen) -> String {
    let mut text = format!("{} ({windows})\n\n", question(why));
    text.push_str(&verdict(why, until, screen));
    if let Some(cause) = why.ranking.first().filter(|_| why.verdict == Verdict::Cause) {
        text.push_str(&standouts(why));
        text.push_str(&further_causes(why, screen));
        text.push_str(&evidence(cause, screen));
    }
    text.push_str(&suspects(why, screen));
    if why.traces > 0 || why.baseline_traces > 0 {
        let _ = writeln!(text, "\n{}", basis(why));
    }
    for sentence in coverage(&why.coverage, until).into_iter().chain(compared(&why.sampled)) {
        let _ = writeln!(text, "{sentence}");
    }
    folded(&text, screen)
}

fn question(why: &Why) -> String {
    let who = match (&why.trace_id, &why.route, why.service.as_str()) {
        (Some(trace), ..) => format!("trace {trace}"),
        (None, Some(route), "") => line(route),
        (None, Some(route), service) => format!("{} of {}", line(route), line(service)),
        (None, None, "") => "everything".to_owned(),
        (None, None, service) => line(service),
    };
    let cause = why.ranking.first().filter(|_| why.verdict == Verdict::Cause);
    match cause.map(|cause| cause.kind) {
        Some(CauseKind::Error) if who == "everything" => "Why do requests fail?".to_owned(),
        Some(CauseKind::Error) => format!("Why does {who} fail?"),
        _ => format!("Why is {who} slow?"),
    }
}

fn verdict(why: &Why, until: UnixNanos, screen: Screen) -> String {
    match (why.verdict, why.ranking.first()) {
        (Verdict::Cause, Some(cause)) => {
            let service = line(&cause.service);
            let mut text = format!("Cause: {}", named(cause, screen));
            if why.slowdown_us > 0 && cause.kind != CauseKind::Error {
                let _ = write!(text, ", {:.0}% of the added time", cause.share * 100.0);
            }
            if let Some(began) = why.began {
                let _ = write!(text, ", {}", since_time(began, until));
            }
            let _ = writeln!(text, "\n{}", sentence(cause, &why.standouts));
            text + &counterfactual(why, &as_in_baseline(cause.kind, &service))
        }
        (Verdict::NoCause, _) => format!("No cause: {}.\n", reason(why.because)),
        _ if is_unknown(why) => unknown(why),
        _ => {
            let mut text = format!("Not enough evidence: {}.\n", reason(why.because));
            if !why.other_routes.is_empty() {
                text.push_str(&other_routes(why));
            } else if why.traces == 0 {
                text.push_str(
                    "Hint: `coral query beyla traces` lists stored traces; try a longer --since.\n",
                );
            } else if let Some(oldest) = why.stored_since {
                text.push_str(&young_store(oldest, until));
            } else if why.baseline_traces == 0 {
                text.push_str(
                    "Hint: try a longer --baseline, or a shorter --since, which moves traces into the baseline.\n",
                );
            }
            text
        }
    }
}

/// The hint for a baseline that begins before the oldest stored span.
pub(crate) fn young_store(oldest: UnixNanos, until: UnixNanos) -> String {
    format!(
        "Hint: {}. Try a shorter --since, which moves traces into the baseline.\n",
        stored_since(oldest, until)
    )
}

/// What the cause does, and on a second line how that differs from the baseline.
fn sentence(cause: &WhySuspect, standouts: &[WhyStandout]) -> String {
    let (service, what) = (line(&cause.service), suspicion(cause, &line(&cause.component)));
    let difference = difference(cause, standouts, line);
    // The difference starts with a colon.
    let (sign, rest) = difference.split_once(' ').unwrap_or_default();
    let second = if rest.is_empty() { String::new() } else { format!("\n  {rest}") };
    format!("  {service} {what}{sign}{second}.")
}

/// The service to blame: `cart`, or `between front and cart`.
fn named(cause: &WhySuspect, screen: Screen) -> String {
    let service = screen.strong(&line(&cause.service));
    match &cause.or_service {
        Some(other) => format!("between {} and {service}", line(other)),
        None => service,
    }
}

/// Whether the service of the question is unknown: no trace of the window or the baseline has a
/// span of it.
fn is_unknown(why: &Why) -> bool {
    let is_found = why.traces > 0 || why.baseline_traces > 0 || !why.other_routes.is_empty();
    !is_found && !why.service.is_empty() && why.trace_id.is_none()
}

fn unknown(why: &Why) -> String {
    let text =
        format!("Unknown service: no trace of this time has a span of {}.\n", line(&why.service));
    text + &did_you_mean(&why.did_you_mean).unwrap_or_else(|| {
        "Hint: `coral query topology` lists the services with traces.\n".to_owned()
    })
}

/// A hint with the names of similar services; `None` if there are none.
pub(crate) fn did_you_mean(names: &[String]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| line(name)).collect();
    let last = names.last()?;
    let all = match &names[..names.len() - 1] {
        [] => last.clone(),
        others => format!("{} or {last}", others.join(", ")),
    };
    Some(format!("Hint: did you mean {all}?\n"))
}

/// How long the requests of the window, or the trace, take now and would take under `condition`.
fn counterfactual(why: &Why, condition: &str) -> String {
    let (now, without) = (duration(why.p95_us), duration(why.counterfactual_p95_us));
    if why.counterfactual_p95_us >= why.p95_us || now == without {
        return String::new();
    }
    match why.trace_id {
        Some(_) => format!("  The trace took {now}.\n  It would take {without} {condition}.\n"),
        None => format!("  P95 is {now}.\n  P95 would be {without} {condition}.\n"),
    }
}

/// The hint for a question whose route no trace has: the routes that traces have.
fn other_routes(why: &Why) -> String {
    let who = match why.service.as_str() {
        "" => "no trace in this window has".to_owned(),
        service => format!("{} has traces in this window, but none with", line(service)),
    };
    let route = why.route.as_ref().map(|route| line(route)).unwrap_or_default();
    let routes: Vec<String> = why.other_routes.iter().map(|route| line(route)).collect();
    format!("Hint: {who} {route}. Its routes are {}.\n", routes.join(", "))
}

/// The causes beside the first, each with one sentence.
fn further_causes(why: &Why, screen: Screen) -> String {
    let mut text = String::new();
    for cause in &why.further_causes {
        let _ = writeln!(text, "Another cause: {}", named(cause, screen));
        let _ = writeln!(text, "{}", sentence(cause, &[]));
    }
    text
}

/// Attribute values that the slow or failing spans of the cause have and its other spans do not.
fn standouts(why: &Why) -> String {
    let affected = if is_failing(why) { "failing" } else { "slow" };
    let mut text = String::new();
    for found in &why.standouts {
        let values = std::iter::once((&found.key, &found.value))
            .chain(found.also.iter().map(|also| (&also.key, &also.value)));
        let values: Vec<String> =
            values.map(|(key, value)| format!("{}={}", line(key), line(value))).collect();
        let _ = writeln!(
            text,
            "  Stands out: {}, on {} {affected} spans and on {} other spans.",
            values.join(" and "),
            numbers(found.affected_spans, found.affected),
            numbers(found.other_spans, found.others),
        );
    }
    text
}

/// Whether the standouts are of failing spans.
fn is_failing(why: &Why) -> bool {
    why.ranking.first().is_some_and(|cause| cause.kind == CauseKind::Error)
}

/// `98% of 60`; `98% of the` for an answer without numbers, from before they were counted.
fn numbers(spans: WhyRate, part: f64) -> String {
    match spans.of {
        0 => format!("{} of the", percent(part)),
        all => format!("{} of {}", percent(part), count(all)),
    }
}

fn evidence(cause: &WhySuspect, screen: Screen) -> String {
    let mut text = "\nSee it in:\n".to_owned();
    for seen in &cause.evidence {
        let span = screen.faint(&format!("# span {}", seen.span_id));
        let _ = writeln!(text, "  coral query beyla traces --trace-id {}    {span}", seen.trace_id);
    }
    text
}

fn suspects(why: &Why, screen: Screen) -> String {
    if why.ranking.is_empty() {
        return String::new();
    }
    let is_cause = why.verdict == Verdict::Cause;
    let cells = |(at, suspect): (usize, &WhySuspect)| {
        let emphasis = if is_cause && at == 0 { Emphasis::Strong } else { Emphasis::None };
        vec![
            Cell::emphasised(line(&suspect.service), emphasis),
            format!("{:.0}%", suspect.share * 100.0).into(),
            format!("{:.2}", suspect.score).into(),
            suspect.kind.as_str().into(),
            line(&suspect.component).into(),
        ]
    };
    let shown = &why.ranking[..why.ranking.len().min(MAX_SUSPECTS)];
    let columns = [
        name("Suspect"),
        whole("Added time").optional(2),
        whole("Score").optional(0),
        whole("Kind").optional(1),
        name("Where"),
    ];
    let table = Table::new(columns, shown.iter().enumerate().map(cells).collect());
    let mut text = format!("\n{}", table.text(screen));
    let others = &why.ranking[shown.len()..];
    let rest = others.iter().map(|suspect| suspect.share).sum::<f64>() + why.unattributed;
    if rest >= 0.005 {
        let _ = writeln!(text, "(other suspects and unattributed time: {:.0}%)", rest * 100.0);
    }
    text + &screen.faint(&legend(shown))
}

/// The legend: explains the columns, and each kind among `suspects`.
fn legend(suspects: &[WhySuspect]) -> String {
    let mut text =
        "Added time: a service's share of all time that components took beyond the baseline.\n\
         Score: see `coral help why`.\n"
            .to_owned();
    let mut explained: Vec<&str> = Vec::new();
    for suspect in suspects {
        let kind = suspect.kind.as_str();
        if !explained.contains(&kind) {
            let _ = writeln!(text, "{kind}: {}.", meaning(suspect.kind));
            explained.push(kind);
        }
    }
    text
}

/// How many traces were compared, how much slower they became, and how many are complete.
fn basis(why: &Why) -> String {
    let slower = match why.slowdown_us {
        slower if slower > 0 => format!(": {} slower (mean of P50, P75 and P90)", duration(slower)),
        faster if faster < 0 => {
            format!(": {} faster (mean of P50, P75 and P90)", duration(-faster))
        }
        _ => String::new(),
    };
    let mut text = format!(
        "Compared {} with {} of the baseline{slower}.",
        counted(why.traces, "trace"),
        counted(why.baseline_traces, "trace"),
    );
    if why.traces > 0 {
        let _ = write!(
            text,
            "\n{:.0}% of the window's traces have every parent span; `coral doctor traces` checks \
                 more.",
            why.completeness * 100.0
        );
    }
    if why.clocks_adjusted > 0 {
        let traces = counted(why.clocks_adjusted, "trace");
        let _ = write!(
            text,
            "\nIn {traces}, server spans lay outside their calls and were moved into them: host clocks differ, or \
                 work went on after the call."
        );
    }
    if why.cut {
        text.push_str(SAMPLED);
    }
    text
}

/// The note for an answer that was computed from only a part of the matching traces.
pub(crate) const SAMPLED: &str = "\nMore traces match; these are a sample of the whole time range.";
