//! `coral query beyla traces --format otlp|jaeger|zipkin`: a whole trace as other projects write it.

use coral_api::jaeger::trace_file::trace_json;
use coral_query::answer::Trace;
use coral_trace::Span;
use coral_trace::units::counted;
use coral_wire::{otlp_out, zipkin_out};

use super::super::{Failure, print};
use crate::args::TraceFormat;

/// Prints `trace` in one line of JSON.
pub(super) fn one(trace: &Trace, format: TraceFormat) -> Result<(), Failure> {
    if trace.span_count == 0 {
        let error = format!("no trace `{}` is stored", trace.trace_id);
        return Err(Failure::with_hint(error, "`coral query beyla traces` lists traces"));
    }
    if trace.spans_left_out > 0 {
        let left_out = counted(trace.spans_left_out, "span");
        return Err(Failure::new(format!("the trace is too large: {left_out} do not fit")));
    }
    if trace.redacted > 0 {
        let left_out = counted(trace.redacted, "span");
        anstream::eprintln!("{left_out} of services that you may not see are left out");
    }
    let spans: Vec<Span> = trace.spans.iter().map(|one| one.span.clone()).collect();
    let json = match format {
        TraceFormat::Jaeger => trace_json(&spans)
            .map_err(|error| Failure::new(format!("the trace has no JSON form: {error}")))?,
        TraceFormat::Zipkin => zipkin_out::encode(&spans),
        _ => otlp_out::encode_json(&spans),
    };
    print(&(json + "\n"))
}
