//! One service, as `coral services NAME` prints it.

use std::fmt::Write as _;

use coral_query::RedSource;
use coral_query::answer::{
    Group, Groups, Health, RedNumbers, RequestKind, ServiceCall, ServiceDetail, ServiceOperation,
    ServiceState, ServiceStatement, Services, TopologyEdge,
};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

use super::{last_seen, problem, values, verdict};
use crate::beginning::{coverage, since};
use crate::duration::{duration, percentile};
use crate::percent::rate;
use crate::sampling;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Column, Table, name, whole};
use crate::wrap::folded;

/// The page of one service: what is wrong, its operations, callers, callees, statements, hosts and
/// versions, and the next commands. `windows` is the window and its baseline in words, and `flags`
/// are the window as flags of a command: `--since 15m`.
pub fn detail(answer: &Services, windows: &str, flags: &str, screen: Screen) -> String {
    let until = UnixNanos::from_micros(answer.until_unix_us);
    let (Some(service), Some(detail)) = (answer.services.first(), &answer.detail) else {
        return folded(&format!("{}\n", verdict(answer)), screen);
    };
    let began = service.began.map(|began| format!(", {}", since(began, until)));
    let first = match &answer.cause {
        Some(_) => verdict(answer),
        None => {
            let (name, problem) = (line(&service.name), problem(service));
            format!("{name} {problem}{}.", began.unwrap_or_default())
        }
    };
    let mut text = format!("{first}\n\nRequests ({windows}):\n\n");
    text.push_str(&operations(service, detail, screen));
    text.push_str(&section("Callers", &calls(&detail.callers, |edge| &edge.from, "From", screen)));
    text.push_str(&section("Callees", &calls(&detail.callees, |edge| &edge.to, "To", screen)));
    text.push_str(&section("Statements, most time first", &statements(detail, screen)));
    for (title, groups) in [("Hosts", &detail.hosts), ("Versions", &detail.versions)] {
        let groups = groups.as_ref().map(|groups| values_table(groups, screen));
        text.push_str(&section(title, &groups.unwrap_or_default()));
    }
    let instances = match service.instances.count {
        0 => String::new(),
        _ => format!("Instances: {}. ", values(&service.instances)),
    };
    let _ = writeln!(text, "\n{instances}Last seen: {}.", last_seen(service, until));
    let sampled = sampling::estimates(&answer.sampled);
    for sentence in coverage(&answer.coverage, until).into_iter().chain(sampled) {
        let _ = writeln!(text, "{sentence}");
    }
    let _ = write!(text, "\nNext:\n{}", next(service, flags));
    folded(&text, screen)
}

/// The commands that show more: the cause, and failing requests, or the slowest if none fails.
fn next(service: &ServiceState, flags: &str) -> String {
    let name = crate::english::quoted(&service.name);
    let kind = match service.decisive().map(|of| of.kind) {
        Some(RequestKind::Messages) => "consumer",
        _ => "server",
    };
    let which = match service.health {
        Health::Failing => format!("'kind:{kind} status:error'"),
        _ => "--sort slowest".to_owned(),
    };
    format!("  coral why {name}\n  coral query beyla traces --service {name} {which} {flags}\n")
}

/// A title with a table below; nothing without a table.
fn section(title: &str, table: &str) -> String {
    if table.is_empty() { String::new() } else { format!("\n{title}:\n\n{table}") }
}

fn operations(service: &ServiceState, detail: &ServiceDetail, screen: Screen) -> String {
    if detail.operations.is_empty() {
        return "No requests.\n".to_owned();
    }
    let source = |of: &ServiceOperation| {
        let kind = service.requests.iter().find(|kind| kind.kind == of.kind);
        kind.map_or("-", |kind| kind.source.as_str())
    };
    let row = |of: &ServiceOperation| {
        let name = if of.name.is_empty() { "(no name)".to_owned() } else { line(&of.name) };
        let mut cells = vec![name.into(), sampling::calls(of.now.requests, of.now.estimate).into()];
        cells.extend(numbers(&of.now, of.before.as_ref()));
        cells.push(source(of).into());
        cells
    };
    let columns =
        [name("Operation"), whole("Requests").optional(6)].into_iter().chain(number_columns());
    let rows = detail.operations.iter().map(row).collect();
    let mut text = Table::new(columns.chain([whole("From").optional(0)]), rows).text(screen);
    if detail.operations_left_out > 0 {
        let left_out = counted(detail.operations_left_out, "operation");
        let _ = writeln!(text, "… {left_out} with fewer requests are not listed.");
    }
    text
}

fn number_columns() -> [Column<'static>; 6] {
    [("Errors", 8), ("Before", 4), ("P50", 5), ("Before", 2), ("P95", 7), ("Before", 3)]
        .map(|(heading, rank)| whole(heading).optional(rank))
}

/// Share of errors, P50 and P95, each now and before.
fn numbers(now: &RedNumbers, before: Option<&RedNumbers>) -> [Cell; 6] {
    let p50 = |of: &RedNumbers| percentile(of.p50_us, of.exact, of.beyond_us, "-");
    let p95 = |of: &RedNumbers| percentile(of.p95_us, of.exact, of.beyond_us, "-");
    let was = |text: &dyn Fn(&RedNumbers) -> String| {
        Cell::from(before.map_or_else(|| "-".to_owned(), text))
    };
    [
        errors(now.errors, now.requests),
        was(&|of| rate(of.error_rate)),
        p50(now).into(),
        was(&p50),
        p95(now).into(),
        was(&p95),
    ]
}

fn errors(errors: u64, of: u64) -> Cell {
    let failed = if errors > 0 { Emphasis::Error } else { Emphasis::None };
    Cell::emphasised(share(errors, of), failed)
}

fn share(errors: u64, of: u64) -> String {
    if of == 0 { "-".to_owned() } else { rate(errors as f64 / of as f64) }
}

fn calls(
    calls: &[ServiceCall],
    other: fn(&TopologyEdge) -> &String,
    heading: &'static str,
    screen: Screen,
) -> String {
    if calls.is_empty() {
        return String::new();
    }
    let micros = |edge: &TopologyEdge, micros: u64| {
        if edge.calls == 0 {
            return "-".to_owned();
        }
        percentile(Some(i64::try_from(micros).unwrap_or(i64::MAX)), edge.exact, None, "-")
    };
    let row = |call: &ServiceCall| {
        let (now, before) = (&call.edge, call.before.as_ref());
        let was = |text: &dyn Fn(&TopologyEdge) -> String| {
            Cell::from(before.map_or_else(|| "-".to_owned(), text))
        };
        let node = match call.kind {
            coral_query::answer::NodeKind::Service => line(other(now)),
            kind => format!("{} [{}]", line(other(now)), kind.as_str()),
        };
        vec![
            node.into(),
            line(&now.protocol).into(),
            sampling::calls(now.calls, now.estimate).into(),
            errors(now.errors, now.calls),
            was(&|edge| share(edge.errors, edge.calls)),
            micros(now, now.p50_us).into(),
            was(&|edge| micros(edge, edge.p50_us)),
            micros(now, now.p95_us).into(),
            was(&|edge| micros(edge, edge.p95_us)),
        ]
    };
    let columns = [name(heading), whole("Protocol").optional(0), whole("Calls").optional(6)];
    let rows = calls.iter().map(row).collect();
    Table::new(columns.into_iter().chain(number_columns()), rows).text(screen)
}

fn statements(detail: &ServiceDetail, screen: Screen) -> String {
    if detail.statements.is_empty() {
        return String::new();
    }
    let row = |of: &ServiceStatement| {
        let words = [&of.row.operation, &of.row.table].into_iter().flatten();
        let words: Vec<&str> = words.map(String::as_str).filter(|word| !word.is_empty()).collect();
        let estimate = of.row.numbers.estimate;
        let ratio = estimate.and_then(|of| of.sampling_ratio);
        let time = match (of.total_us, ratio) {
            (0, _) => "-".to_owned(),
            (micros, None) => duration(i64::try_from(micros).unwrap_or(i64::MAX)),
            (micros, Some(ratio)) => format!("~{}", duration((micros as f64 / ratio) as i64)),
        };
        let mut cells = vec![
            line(&words.join(" ")).into(),
            sampling::calls(of.row.numbers.requests, estimate).into(),
            time.into(),
        ];
        cells.extend(numbers(&of.row.numbers, of.row.before.as_ref()));
        cells
    };
    let columns = [name("Statement"), whole("Calls").optional(6), whole("Time").optional(9)];
    let rows = detail.statements.iter().map(row).collect();
    let table = Table::new(columns.into_iter().chain(number_columns()), rows).text(screen);
    let source = detail.statements_source.map_or("spans", RedSource::as_str);
    format!("{table}Counted from {source}.\n")
}

/// Spans by the value of a resource attribute; nothing if no span has it.
fn values_table(groups: &Groups, screen: Screen) -> String {
    if groups.groups.iter().all(|group| group.value.is_none()) {
        return String::new();
    }
    let row = |of: &Group| {
        vec![
            of.value.as_deref().map_or_else(|| "(without)".to_owned(), line).into(),
            count(of.spans).into(),
            errors(of.errors, of.spans),
            duration(of.p50_us).into(),
            duration(of.p95_us).into(),
        ]
    };
    let key = line(&groups.by);
    let columns = [
        name(&key),
        whole("Spans").optional(1),
        whole("Errors").optional(3),
        whole("P50").optional(0),
        whole("P95").optional(2),
    ];
    let mut text = Table::new(columns, groups.groups.iter().map(row).collect()).text(screen);
    if groups.left_out > 0 {
        let left_out = counted(groups.left_out, "further value");
        let _ = writeln!(text, "… {left_out} with fewer errors or spans.");
    }
    if groups.more {
        let traces = counted(groups.traces, "trace");
        let _ = writeln!(text, "… only the spans of {traces} were counted.");
    }
    text
}
