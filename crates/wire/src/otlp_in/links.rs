//! Checks the links of a span one by one, in either encoding.

use coral_trace::{Link, Span};

use crate::refusal::{RefusalReason, RefusedSpans};

/// Adds the `links` that pass `check` to `span`. The links that fail are counted in `refused`, and
/// as dropped links of `span`.
pub(crate) fn put_links<T>(
    span: &mut Span,
    links: Vec<T>,
    check: impl Fn(T) -> Result<Link, RefusalReason>,
    refused: &mut RefusedSpans,
) {
    let sent = links.len();
    for link in links {
        match check(link) {
            Ok(link) => span.links.push(link),
            Err(why) => refused.link(why, &span.name),
        }
    }
    let dropped = (sent - span.links.len()) as u32;
    span.dropped_links = span.dropped_links.saturating_add(dropped);
}
