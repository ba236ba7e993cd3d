//! The place in a list at which the next page begins, as text.

use coral_engine::TracePosition;
use coral_trace::{TraceId, UnixNanos};

use super::question::Sort;
use crate::ask::QueryError;

/// The text of the place of a trace in a list: `newest.START.ID` or `slowest.DURATION.START.ID`, with
/// microseconds. Callers send it back and do not read it.
pub(super) fn text(sort: Sort, at: &TracePosition) -> String {
    let TracePosition { start, duration_us, trace_id } = at;
    match sort {
        Sort::Newest => format!("newest.{}.{trace_id}", start.as_micros()),
        Sort::Slowest => format!("slowest.{duration_us}.{}.{trace_id}", start.as_micros()),
    }
}

/// The place that `text` names in a list of this order; `None` for the beginning.
pub(super) fn position(text: &str, sort: Sort) -> Result<Option<TracePosition>, QueryError> {
    if text.is_empty() {
        return Ok(None);
    }
    let invalid = |reason: String| QueryError::Invalid { field: "after", reason };
    let (name, rest) = text.split_once('.').unwrap_or((text, ""));
    let wanted = match sort {
        Sort::Newest => "newest",
        Sort::Slowest => "slowest",
    };
    if ["newest", "slowest"].contains(&name) && name != wanted {
        return Err(invalid(format!("the list that it is from has `sort={name}`")));
    }
    let of_list = || {
        let (rest, id) = rest.rsplit_once('.')?;
        let (duration_us, start) = match sort {
            Sort::Newest => ("0", rest),
            Sort::Slowest => rest.split_once('.')?,
        };
        let trace_id: TraceId = id.parse().ok()?;
        let start = UnixNanos::from_micros(start.parse().ok()?);
        Some(TracePosition { start, duration_us: duration_us.parse().ok()?, trace_id })
    };
    let position = (name == wanted).then(of_list).flatten();
    position.map(Some).ok_or_else(|| {
        invalid(
            "it is not the field `next` of a list of traces, which is sent back as it is".into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_place_is_read_back() {
        let at = |duration_us| TracePosition {
            start: UnixNanos(1_795_608_000_000_001_000),
            duration_us,
            trace_id: TraceId::try_from(7).unwrap(),
        };
        assert_eq!(position(&text(Sort::Newest, &at(0)), Sort::Newest).unwrap(), Some(at(0)));
        assert_eq!(position(&text(Sort::Slowest, &at(-5)), Sort::Slowest).unwrap(), Some(at(-5)));
        assert_eq!(position("", Sort::Slowest).unwrap(), None);
    }

    #[test]
    fn a_text_that_is_no_place_in_this_list_is_refused_with_a_reason() {
        let reason = |text: &str| match position(text, Sort::Slowest).unwrap_err() {
            QueryError::Invalid { field: "after", reason } => reason,
            other => panic!("{other}"),
        };
        let other = "newest.1.00000000000000000000000000000007";
        assert_eq!(reason(other), "the list that it is from has `sort=newest`");
        for text in ["x", "slowest", "slowest.1.2", "slowest.1.2.3", "slowest.a.2.00000007"] {
            assert!(reason(text).starts_with("it is not the field `next`"), "{text}");
        }
    }
}
