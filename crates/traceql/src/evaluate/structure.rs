//! Operators between span sets.

use super::{EvaluationError, Group, Trace};
use crate::operator::{Form, Relation, SpansetOperator};

/// The spans of `left op right`, in the order of the trace. Takes time in proportion to the number of
/// spans of the trace.
pub(super) fn join(
    op: SpansetOperator,
    left: &[Group],
    right: &[Group],
    trace: &dyn Trace,
) -> Result<Vec<usize>, EvaluationError> {
    let (relation, form) = match op {
        SpansetOperator::And if left.is_empty() || right.is_empty() => return Ok(Vec::new()),
        SpansetOperator::And | SpansetOperator::Or => {
            let mut spans: Vec<usize> =
                left.iter().chain(right).flat_map(|group| &group.spans).copied().collect();
            spans.sort_unstable();
            spans.dedup();
            return Ok(spans);
        }
        SpansetOperator::Structural { relation, form } => (relation, form),
    };
    if right.is_empty() {
        return Ok(Vec::new());
    }
    if left.len() > 1 || right.len() > 1 {
        return Err(EvaluationError::SeveralSets);
    }
    let set = |groups: &[Group]| {
        let mut set = vec![false; trace.len()];
        groups.iter().flat_map(|group| &group.spans).for_each(|span| set[*span] = true);
        set
    };
    let (left, right) = (set(left), set(right));
    let related = relation.related(&left, trace);
    let all = 0..trace.len();
    Ok(match form {
        Form::Plain => all.filter(|span| right[*span] && related[*span]).collect(),
        Form::Not => all.filter(|span| right[*span] && !related[*span]).collect(),
        Form::Union => {
            let back = relation.inverse().related(&right, trace);
            let is_met =
                |span: &usize| right[*span] && related[*span] || left[*span] && back[*span];
            all.filter(is_met).collect()
        }
    })
}

impl Relation {
    /// The spans that are in this relation to some span of `set`.
    fn related(self, set: &[bool], trace: &dyn Trace) -> Vec<bool> {
        let parent = |span: usize| trace.parent(span);
        let mut related = vec![false; set.len()];
        match self {
            Self::Child => {
                for (span, is) in related.iter_mut().enumerate() {
                    *is = parent(span).is_some_and(|parent| set[parent]);
                }
            }
            Self::Parent => {
                (0..set.len()).filter(|span| set[*span]).filter_map(parent).for_each(|parent| {
                    related[parent] = true;
                });
            }
            Self::Descendant => below(set, trace, &mut related),
            Self::Ancestor => {
                for span in (0..set.len()).filter(|span| set[*span]) {
                    let mut next = parent(span);
                    // What is above a related span is related already; this also ends in a circle.
                    while let Some(above) = next.filter(|above| !related[*above]) {
                        related[above] = true;
                        next = parent(above);
                    }
                }
            }
            Self::Sibling => {
                // The number of children of each span that are in the set.
                let mut children = vec![0_u32; set.len()];
                let in_set = (0..set.len()).filter(|span| set[*span]);
                in_set.filter_map(parent).for_each(|parent| children[parent] += 1);
                for (span, is) in related.iter_mut().enumerate() {
                    let others = parent(span).map_or(0, |parent| children[parent]);
                    *is = others > u32::from(set[span]);
                }
            }
        }
        related
    }

    fn inverse(self) -> Self {
        match self {
            Self::Child => Self::Parent,
            Self::Parent => Self::Child,
            Self::Descendant => Self::Ancestor,
            Self::Ancestor => Self::Descendant,
            Self::Sibling => Self::Sibling,
        }
    }
}

/// Marks the spans that have a span of `set` above them.
fn below(set: &[bool], trace: &dyn Trace, related: &mut [bool]) {
    const UNKNOWN: u8 = 0;
    const ON_PATH: u8 = 1;
    const KNOWN: u8 = 2;
    let mut state = vec![UNKNOWN; set.len()];
    let mut path = Vec::new();
    for span in 0..set.len() {
        let mut next = Some(span);
        while let Some(above) = next.filter(|above| state[*above] == UNKNOWN) {
            state[above] = ON_PATH;
            path.push(above);
            next = trace.parent(above);
        }
        // A circle of parents has no top; its spans are below each of them.
        let circle = next.filter(|above| state[*above] == ON_PATH);
        let around = circle.and_then(|first| path.iter().position(|span| *span == first));
        let is_circle_related = around.is_some_and(|at| path[at..].iter().any(|span| set[*span]));
        let mut at = path.len();
        while let Some(span) = path.pop() {
            at -= 1;
            related[span] = match around {
                Some(first) if at >= first => is_circle_related,
                _ => trace.parent(span).is_some_and(|above| set[above] || related[above]),
            };
            state[span] = KNOWN;
        }
    }
}
