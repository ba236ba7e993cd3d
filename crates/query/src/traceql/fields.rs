//! Fields of spans, read by column.

use std::collections::HashMap;

use coral_engine::{SpanColumn, SpanColumns, WantedColumns};
use coral_trace::{SpanKind, StatusCode};
use coral_traceql::{Attribute, Intrinsic, Scope, Static};

/// The columns that hold the attributes of a query.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) wanted: WantedColumns,
}

impl Fields {
    /// Adds the columns of `attribute`; `false` if it has none.
    pub(super) fn add(&mut self, attribute: &Attribute) -> bool {
        let columns = match attribute {
            Attribute::Intrinsic(Intrinsic::Duration) => return true,
            Attribute::Intrinsic(Intrinsic::Name) => vec![SpanColumn::Name],
            Attribute::Intrinsic(Intrinsic::Kind) => vec![SpanColumn::Kind],
            Attribute::Intrinsic(Intrinsic::Status) => vec![SpanColumn::Status],
            Attribute::Key { scope: Scope::Span, key } => {
                vec![SpanColumn::SpanAttribute(key.clone())]
            }
            Attribute::Key { scope: Scope::Resource, key } => vec![resource(key)],
            Attribute::Key { scope: Scope::None, key } => {
                vec![SpanColumn::SpanAttribute(key.clone()), resource(key)]
            }
            _ => return false,
        };
        for column in columns {
            if !self.wanted.columns.contains(&column) {
                self.wanted.columns.push(column);
            }
        }
        true
    }

    /// The value of `attribute` in row `row`.
    pub(super) fn value(&self, spans: &SpanColumns, row: usize, attribute: &Attribute) -> Static {
        let of = |column: &SpanColumn| {
            let found =
                self.wanted.columns.iter().zip(&spans.columns).find(|(one, _)| *one == column);
            let value = found
                .and_then(|(_, coded)| coded.values.get(*coded.codes.get(row)? as usize)?.as_ref());
            value.map_or(Static::Nil, Static::of_attribute)
        };
        match attribute {
            Attribute::Intrinsic(Intrinsic::Duration) => {
                Static::Duration(i64::try_from(spans.durations[row]).unwrap_or(i64::MAX))
            }
            Attribute::Intrinsic(Intrinsic::Name) => of(&SpanColumn::Name),
            Attribute::Intrinsic(Intrinsic::Kind) => match of(&SpanColumn::Kind) {
                Static::Int(kind) => Static::Kind(SpanKind::from(kind as i32)),
                _ => Static::Nil,
            },
            Attribute::Intrinsic(Intrinsic::Status) => match of(&SpanColumn::Status) {
                Static::Int(status) => Static::Status(StatusCode::from(status as i32)),
                _ => Static::Nil,
            },
            Attribute::Key { scope: Scope::None, key } => {
                match of(&SpanColumn::SpanAttribute(key.clone())) {
                    Static::Nil => of(&resource(key)),
                    found => found,
                }
            }
            Attribute::Key { scope: Scope::Span, key } => {
                of(&SpanColumn::SpanAttribute(key.clone()))
            }
            Attribute::Key { key, .. } => of(&resource(key)),
            _ => Static::Nil,
        }
    }
}

fn resource(key: &str) -> SpanColumn {
    match key {
        "service.name" => SpanColumn::Service,
        key => SpanColumn::ResourceAttribute(key.to_owned()),
    }
}

/// One code of all columns of each row, and the number of codes.
pub(super) fn combined(spans: &SpanColumns) -> (Vec<u32>, usize) {
    let mut columns = spans.columns.iter();
    let Some(first) = columns.next() else { return (vec![0; spans.starts.len()], 1) };
    let (mut codes, mut count) = (first.codes.clone(), first.values.len());
    for column in columns {
        let mut known: HashMap<(u32, u32), u32> = HashMap::new();
        for (code, other) in codes.iter_mut().zip(&column.codes) {
            let next = known.len() as u32;
            *code = *known.entry((*code, *other)).or_insert(next);
        }
        count = known.len();
    }
    (codes, count.max(1))
}
