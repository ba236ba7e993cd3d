//! The columns of a waterfall, from its rows.

use std::collections::HashMap;

use coral_engine::StoredSpan;
use coral_trace::waterfall::{Row, RowPlace};
use coral_trace::{SpanKind, UnixNanos};

use super::answer::{ClockMove, ServiceTime, Waterfall};
use super::rows::Rows;

/// The service of redacted hops.
const HIDDEN: &str = "hidden service";
/// The largest number of clock moves in an answer.
const MAX_MOVES: usize = 1_000;

const ERROR: u16 = 1;
const ORPHAN: u16 = 1 << 1;
const MOVED: u16 = 1 << 3;
const CRITICAL: u16 = 1 << 4;
const REDACTED: u16 = 1 << 5;
const OUTLIVES_PARENT: u16 = 1 << 6;
const DUPLICATE: u16 = 1 << 7;
const CYCLE: u16 = 1 << 8;
const ANSWERED: u16 = 1 << 9;

impl Waterfall {
    /// The answer with `rows`.
    pub(super) fn of(rows: &Rows) -> Self {
        let (start, end) = extent(rows);
        let mut answer = Self {
            trace_id: rows.trace_id.to_string(),
            start,
            trace_duration_us: end.as_micros() - start.as_micros(),
            span_count: rows.stored.span_count,
            error_count: rows.stored.error_count,
            complete: rows.complete,
            spans_left_out: rows.stored.span_count.saturating_sub(rows.stored.spans.len() as u64),
            virtual_hops: (rows.hops.len() - rows.waterfall.rows.len()) as u64,
            redacted: rows.redacted,
            clock_moves: clock_moves(rows),
            ..Self::default()
        };
        answer.add_rows(rows);
        answer.add_critical_path(rows);
        answer.service_times = service_times(rows, &answer);
        answer
    }

    fn add_rows(&mut self, rows: &Rows) {
        let (mut services, mut names) = (Table::default(), Table::default());
        let mut hidden = None;
        let all = &rows.waterfall.rows;
        self.reserve(all.len());
        for row in all {
            let hop = &rows.hops[row.span];
            let stored = rows.span(row);
            let service = match stored {
                Some(one) => services.place(one.span.origin.service_name()),
                // A service may have this name too, so redacted hops have a place of their own.
                None => *hidden.get_or_insert_with(|| services.add(HIDDEN)),
            };
            self.depth.push(row.depth);
            self.start_us.push(self.since_start(hop.start));
            self.duration_us.push(micros(hop.end.since(hop.start)));
            self.self_us.push(micros(row.own));
            self.service.push(service);
            self.name.push(names.place(stored.map_or("", |one| &one.span.name)));
            self.kind.push(kind(hop.kind));
            self.flags.push(flags(rows, row, stored));
            push_hex(&mut self.span_ids, stored.map_or(0, |one| one.span.span_id.as_u64()));
        }
        self.services = services.texts;
        self.names = names.texts;
    }

    fn reserve(&mut self, rows: usize) {
        self.depth.reserve(rows);
        self.start_us.reserve(rows);
        self.duration_us.reserve(rows);
        self.self_us.reserve(rows);
        self.service.reserve(rows);
        self.name.reserve(rows);
        self.kind.reserve(rows);
        self.flags.reserve(rows);
        self.span_ids.reserve(16 * rows);
    }

    fn add_critical_path(&mut self, rows: &Rows) {
        for segment in &rows.waterfall.critical {
            let (start, end) = (self.since_start(segment.start), self.since_start(segment.end));
            // A segment may be shorter than a microsecond.
            if start < end {
                self.critical_row.push(segment.row as u32);
                self.critical_start_us.push(start);
                self.critical_end_us.push(end);
            }
        }
    }

    fn since_start(&self, time: UnixNanos) -> i64 {
        time.as_micros().saturating_sub(self.start.as_micros())
    }
}

/// The start of the first row and the end of the last. Spans without a row count too, unless times
/// were moved.
fn extent(rows: &Rows) -> (UnixNanos, UnixNanos) {
    let starts = rows.hops.iter().map(|hop| hop.start);
    let ends = rows.hops.iter().map(|hop| hop.end.max(hop.start));
    let all = (rows.stored.start, rows.stored.end);
    match (starts.min(), ends.max()) {
        (Some(start), Some(end)) if rows.deltas.is_empty() => (start.min(all.0), end.max(all.1)),
        (Some(start), Some(end)) => (start, end),
        _ => all,
    }
}

fn flags(rows: &Rows, row: &Row, stored: Option<&StoredSpan>) -> u16 {
    let outlives = |above: usize| {
        let [own, parent] = [row, &rows.waterfall.rows[above]].map(|row| &rows.hops[row.span]);
        own.end.max(own.start).as_micros() > parent.end.max(parent.start).as_micros()
    };
    let has = [
        (ERROR, stored.is_some_and(|one| one.span.is_error())),
        (ORPHAN, row.place == RowPlace::Orphan),
        (MOVED, rows.moved_us(row) != 0),
        (CRITICAL, row.is_critical),
        (REDACTED, stored.is_none()),
        (OUTLIVES_PARENT, row.above.is_some_and(outlives)),
        (DUPLICATE, row.place == RowPlace::Duplicate),
        (CYCLE, row.place == RowPlace::Cycle),
        (ANSWERED, row.is_answered),
    ];
    has.into_iter().filter(|(_, has)| *has).map(|(flag, _)| flag).sum()
}

const fn kind(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Unspecified | SpanKind::Internal => 0,
        SpanKind::Server => 1,
        SpanKind::Client => 2,
        SpanKind::Producer => 3,
        SpanKind::Consumer => 4,
    }
}

fn service_times(rows: &Rows, answer: &Waterfall) -> Vec<ServiceTime> {
    let time = |service: &String| ServiceTime {
        service: service.clone(),
        spans: 0,
        errors: 0,
        self_us: 0,
        critical_us: 0,
    };
    let mut times: Vec<ServiceTime> = answer.services.iter().map(time).collect();
    let all = &rows.waterfall.rows;
    // The network between the two sides of a call counts for the server, whose row is the next one.
    let payer = |row: usize| answer.service[row + usize::from(all[row].is_answered)] as usize;
    for at in 0..all.len() {
        let own = &mut times[answer.service[at] as usize];
        own.spans += 1;
        own.errors += u64::from(answer.flags[at] & ERROR);
        let paid = &mut times[payer(at)].self_us;
        *paid = paid.saturating_add(answer.self_us[at]);
    }
    let segments = answer.critical_start_us.iter().zip(&answer.critical_end_us);
    for (row, (start, end)) in answer.critical_row.iter().zip(segments) {
        times[payer(*row as usize)].critical_us += end - start;
    }
    times.sort_by_key(|time| (-time.critical_us, -time.self_us));
    times
}

fn clock_moves(rows: &Rows) -> Vec<ClockMove> {
    let mut moves: HashMap<(&str, Option<&str>, &str), Vec<i64>> = HashMap::new();
    for row in &rows.waterfall.rows {
        let (moved_us, stored) = (rows.moved_us(row), rows.span(row));
        if let Some(one) = stored.filter(|_| moved_us != 0) {
            let host = one.span.origin.resource.attributes.text("host.name");
            let of = (one.span.origin.service_name(), host, &*one.agent_id);
            moves.entry(of).or_default().push(moved_us);
        }
    }
    let clock_move =
        |((service, host, agent_id), mut moved): ((&str, Option<&str>, &str), Vec<i64>)| {
            let median = moved.len() / 2;
            ClockMove {
                service: service.to_owned(),
                host: host.map(str::to_owned),
                agent_id: agent_id.to_owned(),
                moved_us: *moved.select_nth_unstable(median).1,
                spans: moved.len() as u64,
            }
        };
    let mut moves: Vec<ClockMove> = moves.into_iter().map(clock_move).collect();
    let key = |one: &ClockMove| {
        (std::cmp::Reverse(one.spans), one.service.clone(), one.host.clone(), one.agent_id.clone())
    };
    moves.sort_by_cached_key(key);
    moves.truncate(MAX_MOVES);
    moves
}

/// Texts, each once, in the order in which they were added.
#[derive(Default)]
struct Table<'a> {
    texts: Vec<String>,
    places: HashMap<&'a str, u32>,
}

impl<'a> Table<'a> {
    fn place(&mut self, text: &'a str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.add(text);
        self.places.insert(text, place);
        place
    }

    fn add(&mut self, text: &str) -> u32 {
        self.texts.push(text.to_owned());
        (self.texts.len() - 1) as u32
    }
}

fn push_hex(text: &mut String, id: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.extend((0..16).rev().map(|at| char::from(DIGITS[(id >> (at * 4)) as usize & 15])));
}

fn micros(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}
