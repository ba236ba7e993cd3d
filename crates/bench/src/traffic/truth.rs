//! What is true of some traffic, computed from its description and never by asking a store.

use serde::Serialize;

use super::Traffic;
use super::encode::service_name;
use super::question::{Answer, Asked, Question};
use super::trace::Trace;

/// What a list of traces says of one trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Facts {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// Start of its first span, microseconds since the Unix epoch, rounded down.
    pub start_us: i64,
    /// To the end of its last span, rounded down; the difference of the two.
    pub duration_us: i64,
    /// Spans.
    pub spans: u64,
    /// Spans whose status is an error.
    pub errors: u64,
}

/// The whole truth, as `--manifest` writes it.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// What generated it.
    pub traffic: Traffic,
    /// Spans in all.
    pub spans: u64,
    /// Traces in all.
    pub traces: u64,
    /// Spans of each service.
    pub spans_of_service: Vec<(String, u64)>,
    /// Every so many-th trace.
    pub sample: Vec<Facts>,
    /// Questions with their exact answers.
    pub questions: Vec<Question>,
}

/// Traces in [`Manifest::sample`].
const SAMPLE: u64 = 200;

impl Traffic {
    /// What is true of `trace`.
    pub fn facts(&self, trace: &Trace) -> Facts {
        let spans = (0..self.spans_per_trace).map(|index| self.span(trace, index));
        let (mut first, mut last, mut errors) = (u64::MAX, 0, 0);
        for span in spans {
            first = first.min(span.start);
            last = last.max(span.end);
            errors += u64::from(trace.failed && span.fails());
        }
        let (start_us, end_us) = ((first / 1_000) as i64, (last / 1_000) as i64);
        Facts {
            trace_id: format!("{:032x}", trace.id),
            start_us,
            duration_us: end_us - start_us,
            spans: self.spans_per_trace,
            errors,
        }
    }

    /// The whole truth.
    pub fn manifest(&self) -> Manifest {
        let every = (self.traces() / SAMPLE).max(1);
        let sample =
            (0..self.traces()).step_by(every as usize).map(|at| self.facts(&self.trace(at)));
        Manifest {
            traffic: self.clone(),
            spans: self.total_spans(),
            traces: self.traces(),
            spans_of_service: self.spans_of_services(),
            sample: sample.collect(),
            questions: self.answered(Asked::usual(self)),
        }
    }

    /// `asked` with the answers of a store that holds all of this traffic.
    pub fn answered(&self, asked: Vec<Asked>) -> Vec<Question> {
        let mut answers: Vec<Answer> = asked.into_iter().map(Answer::new).collect();
        for number in 0..self.traces() {
            let trace = self.trace(number);
            // Text is dear, and few traces are part of an answer.
            for answer in &mut answers {
                answer.offer(self, &trace);
            }
        }
        answers.into_iter().map(|answer| answer.finish(self)).collect()
    }

    fn spans_of_services(&self) -> Vec<(String, u64)> {
        let mut totals = vec![0; self.services as usize];
        for number in 0..self.traces() {
            let trace = self.trace(number);
            for hop in 0..self.hops() {
                let spans = self.hop_spans(hop);
                totals[self.service(&trace, hop) as usize] += spans.end - spans.start;
            }
        }
        (0..).map(service_name).zip(totals).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use prost::Message as _;

    use super::super::encode::Encoder;
    use super::super::sample;
    use super::*;

    /// Every span of some traffic as prost decodes it, with its service.
    fn decoded(traffic: &Traffic) -> Vec<(String, Span)> {
        let mut encoder = Encoder::new(traffic);
        let mut spans = Vec::new();
        for number in 0..traffic.exports() {
            let (bytes, count) = encoder.export(number);
            let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
            let before = spans.len();
            for of_resource in request.resource_spans {
                let service = of_resource.resource.unwrap().attributes[0].value.clone().unwrap();
                let service = format!("{:?}", service.value.unwrap());
                for scope in of_resource.scope_spans {
                    spans.extend(scope.spans.into_iter().map(|span| (service.clone(), span)));
                }
            }
            assert_eq!((spans.len() - before) as u64, count);
            assert_eq!(traffic.spans_of_export(number), count);
        }
        spans
    }

    #[test]
    fn the_manifest_agrees_with_what_was_encoded() {
        let traffic = sample(20_000);
        let manifest = traffic.manifest();
        let spans = decoded(&traffic);
        assert_eq!(spans.len() as u64, manifest.spans);
        let mut traces: BTreeMap<String, Vec<&Span>> = BTreeMap::new();
        let mut services: BTreeMap<&str, u64> = BTreeMap::new();
        for (service, span) in &spans {
            let id = span.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
            traces.entry(id).or_default().push(span);
            *services.entry(service).or_default() += 1;
        }
        assert_eq!(traces.len() as u64, manifest.traces);
        for (service, count) in &manifest.spans_of_service {
            assert_eq!(services[format!("StringValue({service:?})").as_str()], *count);
        }
        for facts in &manifest.sample {
            let spans = &traces[&facts.trace_id];
            let start = spans.iter().map(|span| span.start_time_unix_nano).min().unwrap() / 1_000;
            let end = spans.iter().map(|span| span.end_time_unix_nano).max().unwrap() / 1_000;
            let failed = |span: &&&Span| span.status.as_ref().is_some_and(|s| s.code == 2);
            let found = Facts {
                trace_id: facts.trace_id.clone(),
                start_us: start as i64,
                duration_us: (end - start) as i64,
                spans: spans.len() as u64,
                errors: spans.iter().filter(failed).count() as u64,
            };
            assert_eq!(found, *facts);
        }
    }

    #[test]
    fn spans_look_like_beylas() {
        let traffic = sample(10_000);
        let spans = decoded(&traffic);
        let ids: std::collections::HashSet<_> = spans.iter().map(|(_, s)| &s.span_id).collect();
        assert_eq!(ids.len(), spans.len(), "a span id is used twice");
        for (_, span) in &spans {
            let expected = if span.kind == 1 { 0 } else { traffic.attributes };
            assert_eq!(span.attributes.len(), expected, "{span:?}");
            let keys: std::collections::HashSet<_> =
                span.attributes.iter().map(|pair| &pair.key).collect();
            assert_eq!(keys.len(), span.attributes.len(), "{span:?}");
        }
        let bytes: usize =
            (0..traffic.exports()).map(|at| Encoder::new(&traffic).export(at).0.len()).sum();
        let each = bytes / spans.len();
        assert!((270..=330).contains(&each), "{each} bytes a span");
    }

    #[test]
    fn roots_come_after_what_they_caused_and_sometimes_an_export_later() {
        let traffic = sample(10_000);
        let mut late = 0;
        for number in 0..traffic.exports() {
            let hops = traffic.hops_of_export(number);
            late += hops.iter().filter(|(trace, _)| trace.number / 50 != number).count();
            assert!(hops.iter().all(|(trace, _)| trace.number / 50 <= number));
        }
        assert!((50..=200).contains(&late), "{late} late roots of 1,000");
    }
}
