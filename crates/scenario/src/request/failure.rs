//! What a service with an SDK tells of a failure: a status message and an exception. Beyla sends
//! neither.

use coral_trace::{Attributes, Collector, Event, KeyValue, SpanKind, UnixNanos};

use super::progress::SpanIdentity;
use super::{Detail, Simulation};

impl Simulation<'_> {
    /// The status message and the exception of a failed span that ended at `end` with `status`.
    pub(super) fn failure(
        &self,
        identity: &SpanIdentity<'_>,
        status: u16,
        end: UnixNanos,
    ) -> (String, Option<Event>) {
        let service = &self.topology.services[identity.service];
        if self.detail == Detail::Names || service.collector != Collector::Sdk {
            return (String::new(), None);
        }
        let message = match (identity.kind, status) {
            (_, 0) => format!("{}: context deadline exceeded", identity.name),
            (SpanKind::Client, _) => format!("unexpected status {status}"),
            (_, 502..=504) => format!("{}: a called service does not answer", identity.name),
            _ => format!("{}: invalid memory address or nil pointer dereference", identity.name),
        };
        let kind = if status == 500 { "runtime.Error" } else { "*errors.errorString" };
        let text = |key: &str, value: &str| KeyValue { key: key.to_owned(), value: value.into() };
        let attributes =
            Attributes(vec![text("exception.type", kind), text("exception.message", &message)]);
        let event =
            Event { time: end, name: "exception".to_owned(), attributes, dropped_attributes: 0 };
        (message, Some(event))
    }
}
