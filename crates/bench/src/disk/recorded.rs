//! Recorded exports, written again with new ids.

use std::path::Path;

use coral_scenario::mix;
use coral_trace::{Recogniser, Span, SpanId, TraceId, UnixNanos};
use coral_wire::otlp_in::{self, Encoding};

use crate::Failure;

/// The spans of recorded exports, in the order in which they were sent.
pub struct Recorded {
    spans: Vec<Span>,
    /// The earliest start.
    start: u64,
}

impl Recorded {
    /// Reads the exports of traces in `dir`, by name.
    ///
    /// # Errors
    /// When the directory or a file cannot be read, or when there is no span.
    pub fn read(dir: &Path) -> Result<Self, Failure> {
        let failed = |error| format!("cannot read `{}`: {error}", dir.display());
        let entries: Result<Vec<_>, _> = std::fs::read_dir(dir).map_err(failed)?.collect();
        let mut files: Vec<_> =
            entries.map_err(failed)?.into_iter().map(|entry| entry.path()).collect();
        files.sort();
        let mut spans = Vec::new();
        for file in files {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.contains("traces-") && name.ends_with(".otlp.pb") {
                let bytes = std::fs::read(&file)?;
                let decoded = otlp_in::decode(&bytes, Encoding::Protobuf, &Recogniser::default())?;
                spans.extend(decoded.spans);
            }
        }
        let start = spans.iter().map(|span| span.start.0).min();
        let start = start.ok_or_else(|| format!("no span in `{}`", dir.display()))?;
        Ok(Self { spans, start })
    }

    /// The number of spans.
    pub fn spans(&self) -> usize {
        self.spans.len()
    }

    /// The spans with ids of their own, as if the recording had begun at `start`, in nanoseconds.
    ///
    /// # Errors
    /// An id becomes 0.
    pub fn round(&self, round: u64, start: u64) -> Result<Vec<Span>, Failure> {
        let key = mix(round);
        let span_id = |id: SpanId| SpanId::try_from(mix(id.as_u64() ^ key));
        // Fewer nanoseconds than a microsecond differ between rounds too, as those of a clock do.
        let later = |time: UnixNanos| UnixNanos(time.0 - self.start + start + key % 1_000_000);
        let renamed = |span: &Span| -> Result<Span, Failure> {
            let trace = span.trace_id.as_u128();
            let halves =
                [(trace >> 64) as u64, trace as u64].map(|half| u128::from(mix(half ^ key)));
            Ok(Span {
                trace_id: TraceId::try_from(halves[0] << 64 | halves[1])?,
                span_id: span_id(span.span_id)?,
                parent_span_id: span.parent_span_id.map(span_id).transpose()?,
                start: later(span.start),
                end: later(span.end),
                ..span.clone()
            })
        };
        self.spans.iter().map(renamed).collect()
    }
}
