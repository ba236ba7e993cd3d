//! The spans of services that ended in a period.

use coral_engine::{Budget, StoredSpan};
use coral_trace::TimeRange;

use super::page::{PageLimit, Wanted, page};
use super::since::receipt_before;
use crate::error::StoreError;
use crate::hot::live::Live;

/// The limit of the spans in memory at a time.
const MAX_PAGE: PageLimit = PageLimit { spans: 10_000, bytes: 16 << 20 };

/// See [`TraceReader::spans_ended`](coral_engine::TraceReader::spans_ended). A span is received
/// after its end, so spans that were received before the range are skipped.
pub(crate) fn spans_ended(
    live: &Live,
    wanted: Wanted<'_>,
    ended: TimeRange,
    budget: &Budget,
    visit: &mut dyn FnMut(&StoredSpan),
) -> Result<(), StoreError> {
    let mut after = receipt_before(live, ended.start);
    loop {
        let page = live.reading(|| page(live, wanted, after, MAX_PAGE, budget))?;
        let spans = page.spans.iter();
        spans.filter(|stored| ended.contains(stored.span.end)).for_each(&mut *visit);
        if page.next_receipt >= page.last_receipt {
            return Ok(());
        }
        after = page.next_receipt;
    }
}
