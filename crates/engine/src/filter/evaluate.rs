//! The reference evaluation of filters, which every engine must agree with.

use coral_trace::Span;

use super::field::{Field, TraceField};
use super::literal::Operand;
use super::{Comparison, Filter};

impl Filter {
    /// Whether a trace matches this filter. `spans` are all spans of the trace that the query
    /// counts, which are those of its collector. A trace without spans never matches.
    ///
    /// The spans need only the columns that [`columns`](Self::columns) returns.
    pub fn matches<'a, I>(&self, spans: I) -> bool
    where
        I: IntoIterator<Item = &'a Span>,
        I::IntoIter: Clone,
    {
        let spans = spans.into_iter();
        let Some(trace) = TraceFacts::of(spans.clone()) else { return false };
        if self.asks_for_other_spans() {
            self.resolved(&spans, &trace).holds_for_any(spans, &trace)
        } else {
            self.holds_for_any(spans, &trace)
        }
    }

    /// The spans of a trace that meet this filter; see [`matches`](Self::matches).
    pub fn spans_that_match<'a>(&self, spans: &'a [Span]) -> Vec<&'a Span> {
        let Some(trace) = TraceFacts::of(spans.iter()) else { return Vec::new() };
        let filter = self.resolved(&spans.iter(), &trace);
        spans.iter().filter(|span| filter.holds(span, &trace)).collect()
    }

    fn holds_for_any<'a>(
        &self,
        mut spans: impl Iterator<Item = &'a Span>,
        trace: &TraceFacts<'_>,
    ) -> bool {
        spans.any(|span| self.holds(span, trace))
    }

    fn asks_for_other_spans(&self) -> bool {
        match self {
            Self::And(many) | Self::Or(many) => many.iter().any(Self::asks_for_other_spans),
            Self::Not(inner) => inner.asks_for_other_spans(),
            Self::AnySpan(_) => true,
            Self::Compare { .. }
            | Self::Regex { .. }
            | Self::Exists(_)
            | Self::HasElement { .. } => false,
        }
    }

    /// This filter with each [`Filter::AnySpan`] and each condition on the trace replaced by its
    /// value, so that each is evaluated once and not once per span. `spans` are all spans of the
    /// trace, and `trace` are its values.
    pub fn resolved<'a>(
        &self,
        spans: &(impl Iterator<Item = &'a Span> + Clone),
        trace: &TraceFacts<'_>,
    ) -> Self {
        let all = |many: &[Self]| many.iter().map(|one| one.resolved(spans, trace)).collect();
        let value = |is_met| if is_met { Self::And(Vec::new()) } else { Self::Or(Vec::new()) };
        match self {
            Self::And(many) => Self::And(all(many)),
            Self::Or(many) => Self::Or(all(many)),
            Self::Not(inner) => Self::Not(Box::new(inner.resolved(spans, trace))),
            Self::AnySpan(inner) => {
                value(inner.resolved(spans, trace).holds_for_any(spans.clone(), trace))
            }
            Self::Compare { field, .. }
            | Self::Regex { field, .. }
            | Self::Exists(field)
            | Self::HasElement { field, .. } => match field {
                Field::Trace(_) => value(self.holds(trace.earliest, trace)),
                _ => self.clone(),
            },
        }
    }

    /// Whether `span` meets this filter, in which [`resolved`](Self::resolved) has replaced each
    /// `AnySpan`. `trace` are the values of the span's trace.
    pub fn holds(&self, span: &Span, trace: &TraceFacts<'_>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.holds(span, trace)),
            Self::Or(any) => any.iter().any(|one| one.holds(span, trace)),
            Self::Not(inner) => !inner.holds(span, trace),
            Self::AnySpan(inner) => inner.holds(span, trace),
            Self::Compare { field, op, value } => {
                field.any(span, trace, &mut |found| Comparison::holds(*op, found, value))
            }
            Self::Regex { field, pattern } => {
                field.any(span, trace, &mut |found| pattern.is_in(found))
            }
            Self::Exists(field) => field.any(span, trace, &mut |_| true),
            Self::HasElement { field, value } => {
                field.any(span, trace, &mut |found| found.has_element(value))
            }
        }
    }
}

/// Values of a trace, computed from its spans.
pub struct TraceFacts<'a> {
    duration_nanos: i128,
    spans: u64,
    errors: u64,
    earliest: &'a Span,
    root: Option<&'a Span>,
}

impl<'a> TraceFacts<'a> {
    /// Computes the values; `None` if there are no spans.
    pub fn of(spans: impl Iterator<Item = &'a Span> + Clone) -> Option<Self> {
        // The root is chosen as in lists of traces. A virtual hop starts together with its request,
        // and the span of the request comes first.
        let rank = |span: &&Span| (span.start.as_micros(), span.is_virtual_hop(), span.span_id);
        let start = spans.clone().map(|span| span.start).min()?;
        let end = spans.clone().map(|span| span.end.max(span.start)).max()?;
        Some(Self {
            duration_nanos: i128::from(end.0) - i128::from(start.0),
            spans: spans.clone().count() as u64,
            errors: spans.clone().filter(|span| span.is_error()).count() as u64,
            root: spans.clone().filter(|span| span.parent_span_id.is_none()).min_by_key(rank),
            earliest: spans.min_by_key(rank)?,
        })
    }

    pub(super) fn any(&self, field: TraceField, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
        match field {
            TraceField::TraceId => test(Operand::Text(&self.earliest.trace_id.to_string())),
            TraceField::Duration => test(Operand::Int(self.duration_nanos)),
            TraceField::RootService => {
                self.root.is_some_and(|root| test(Operand::Text(root.origin.service_name())))
            }
            TraceField::RootName => test(Operand::Text(&self.root.unwrap_or(self.earliest).name)),
            TraceField::SpanCount => test(Operand::Int(self.spans.into())),
            TraceField::ErrorCount => test(Operand::Int(self.errors.into())),
        }
    }
}
