//! Which of the stored spans a target gets, and what of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use coral_engine::filter::TraceFacts;
use coral_engine::{Filter, StoredSpan};
use coral_trace::{Attributes, KeyValue, Origin, Span, Value};

/// The resource attribute of exported spans: the store ids of the colonies that exported them,
/// separated by spaces. A colony does not export a span that it has exported before.
pub const EXPORTED_BY: &str = "coral.exported_by";

/// How many colonies may pass a span on. More are a loop that this mark does not end.
const MAX_COLONIES: usize = 8;

/// Selects spans for a target.
pub(super) struct Selection<'a> {
    /// The condition on spans.
    pub(super) filter: Option<&'a Filter>,
    /// Names of attributes that are removed.
    pub(super) drop: &'a BTreeSet<String>,
    /// The store id of this colony.
    pub(super) store_id: &'a str,
}

/// The selected spans, in order of receipt.
#[derive(Default)]
pub(super) struct Selected {
    pub(super) spans: Vec<Span>,
    /// The receipts of `spans`.
    pub(super) receipts: Vec<u64>,
    /// How many spans the filter left out.
    pub(super) filtered: u64,
    /// How many spans were left out because this colony exported them before.
    pub(super) returned: u64,
}

impl Selection<'_> {
    pub(super) fn of(&self, stored: Vec<StoredSpan>) -> Selected {
        let mut selected = Selected::default();
        // The origins of these spans, by address; `None` for those that came back. The key keeps
        // the origin alive, so that its address stays its own.
        let mut origins: HashMap<*const Origin, (Arc<Origin>, Option<Arc<Origin>>)> =
            HashMap::new();
        for StoredSpan { receipt, mut span, .. } in stored {
            let (_, marked) = origins
                .entry(Arc::as_ptr(&span.origin))
                .or_insert_with(|| (span.origin.clone(), self.marked(&span.origin)));
            let Some(marked) = marked else {
                selected.returned += 1;
                continue;
            };
            if !self.is_wanted(&span) {
                selected.filtered += 1;
                continue;
            }
            span.origin = marked.clone();
            self.redact(&mut span);
            selected.spans.push(span);
            selected.receipts.push(receipt);
        }
        selected
    }

    fn is_wanted(&self, span: &Span) -> bool {
        let Some(filter) = self.filter else { return true };
        // The filter has no condition on the trace, so that the facts of one span do.
        TraceFacts::of([span].into_iter()).is_some_and(|facts| filter.holds(span, &facts))
    }

    /// `origin` with the mark of this colony and without removed attributes; `None` if it has the
    /// mark already.
    fn marked(&self, origin: &Origin) -> Option<Arc<Origin>> {
        let mut origin = origin.clone();
        let attributes = &mut origin.resource.attributes;
        let known = attributes.text(EXPORTED_BY).map(str::to_owned);
        let mut ids: Vec<&str> = known.iter().flat_map(|ids| ids.split(' ')).collect();
        if ids.contains(&self.store_id) || ids.len() >= MAX_COLONIES {
            return None;
        }
        ids.push(self.store_id);
        let value = Value::String(ids.join(" "));
        remove(attributes, |key| key == EXPORTED_BY || self.drop.contains(key));
        attributes.0.push(KeyValue { key: EXPORTED_BY.to_owned(), value });
        remove(&mut origin.scope.attributes, |key| self.drop.contains(key));
        Some(Arc::new(origin))
    }

    fn redact(&self, span: &mut Span) {
        if self.drop.is_empty() {
            return;
        }
        let is_dropped = |key: &str| self.drop.contains(key);
        remove(&mut span.attributes, is_dropped);
        span.events.iter_mut().for_each(|event| remove(&mut event.attributes, is_dropped));
        span.links.iter_mut().for_each(|link| remove(&mut link.attributes, is_dropped));
    }
}

fn remove(attributes: &mut Attributes, is_removed: impl Fn(&str) -> bool) {
    attributes.0.retain(|attribute| !is_removed(&attribute.key));
}
