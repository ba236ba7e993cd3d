//! Determines the root cause of each slow trace in a list.

use std::collections::BTreeMap;

use coral_engine::{EngineError, TraceSummary};
use coral_trace::explain::{Loss, RootCause};
use coral_trace::{TraceId, side_by_side};

use super::answer::{TraceCause, TraceLoss};
use super::question::TracesQuestion;
use super::typical::Sample;
use super::usual::usual_us;
use crate::reader::Reader;

/// The largest number of root operations whose traces are explained, in the order of the list.
const MAX_OPERATIONS: usize = 100;
/// The largest number of operations for which the store is searched, because the sample has too few
/// of their traces. Each such search reads the names of all stored spans.
const MAX_RARE: usize = 5;
/// Traces with more spans than this are not explained.
const MAX_SPANS: u64 = 10_000;

/// What is known of why a trace took as long as it did.
#[derive(Default)]
pub(super) struct Explained {
    /// The root cause.
    pub cause: Option<TraceCause>,
    /// The longest duration that is usual for the root operation, in microseconds.
    pub usual_us: Option<i64>,
}

/// The listed traces that have the same root operation.
struct Operation<'a> {
    /// The service and the name of the root span.
    root: (&'a str, &'a str),
    listed: Vec<&'a TraceSummary>,
    /// Whether typical traces are searched for in the store, because the sample has too few.
    searched: bool,
}

impl Reader<'_> {
    /// The root causes of the listed traces that took longer than is usual for their root operation,
    /// or in which a call failed, timed out or was repeated.
    pub(super) fn root_causes(
        &self,
        listed: &[TraceSummary],
        question: &TracesQuestion,
    ) -> Result<BTreeMap<TraceId, Explained>, EngineError> {
        let mut operations = by_operation(listed);
        if operations.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sample = self.sample(question)?;
        let rare = operations.iter_mut().filter(|operation| sample.is_thin(operation.root));
        rare.take(MAX_RARE).for_each(|operation| operation.searched = true);
        let (one, other) = operations.split_at(operations.len() / 2);
        let (one, other) = side_by_side(
            || self.causes(one, &sample, question),
            || self.causes(other, &sample, question),
        );
        Ok(one?.into_iter().chain(other?).collect())
    }

    fn causes(
        &self,
        operations: &[Operation<'_>],
        sample: &Sample,
        question: &TracesQuestion,
    ) -> Result<Vec<(TraceId, Explained)>, EngineError> {
        let mut explained = Vec::new();
        for operation in operations {
            let sample = Some(sample).filter(|_| !operation.searched);
            let known = self.traces_of(operation.root, sample, question)?;
            let usual_us = usual_us(&known);
            let mut typical = self.typical(known, question)?;
            for summary in &operation.listed {
                let cause = match summary.spans <= MAX_SPANS {
                    true => {
                        let spans = self.spans_of_source(&[summary.trace_id], question.source)?;
                        typical.root_cause(&spans)
                    }
                    false => None,
                };
                let is_usual = usual_us.is_some_and(|usual| summary.duration_us <= usual);
                let cause = cause.filter(|found| !is_usual || is_defect(&found.loss)).map(cause_of);
                explained.push((summary.trace_id, Explained { cause, usual_us }));
            }
        }
        Ok(explained)
    }
}

/// Groups the traces that have a root by root service and root name, in the order of the list.
fn by_operation(listed: &[TraceSummary]) -> Vec<Operation<'_>> {
    let mut operations: Vec<Operation<'_>> = Vec::new();
    for summary in listed {
        let Some(service) = summary.root_service.as_deref() else { continue };
        let root = (service, summary.root_name.as_str());
        match operations.iter().position(|operation| operation.root == root) {
            Some(at) => operations[at].listed.push(summary),
            None if operations.len() < MAX_OPERATIONS => {
                operations.push(Operation { root, listed: vec![summary], searched: false });
            }
            None => {}
        }
    }
    operations
}

/// Whether a loss is a defect at any duration: a failure, or calls that were repeated.
const fn is_defect(loss: &Loss) -> bool {
    match loss {
        Loss::Timeout | Loss::Failure(_) | Loss::Retries(_) | Loss::Repeated(_) => true,
        Loss::Own | Loss::Edge | Loss::Leaf | Loss::Queue => false,
    }
}

fn cause_of(found: RootCause) -> TraceCause {
    TraceCause {
        service: found.service,
        operation: found.operation,
        took_us: i64::try_from(found.path_time.as_micros()).unwrap_or(i64::MAX),
        loss: match found.loss {
            Loss::Timeout => TraceLoss::Timeout,
            Loss::Failure(code) => TraceLoss::Failure { code },
            Loss::Retries(calls) => TraceLoss::Retries { calls },
            Loss::Repeated(calls) => TraceLoss::Repeated { calls },
            Loss::Own => TraceLoss::Own,
            Loss::Edge => TraceLoss::Edge,
            Loss::Leaf => TraceLoss::Leaf,
            Loss::Queue => TraceLoss::Queue,
        },
    }
}
