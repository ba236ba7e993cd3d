//! The right answers about the traffic, computed from its description and not read from a store.

use serde::Serialize;

use super::Traffic;
use super::encode::service_name;
use super::question::{Answer, ListQuery, Question};
use super::trace::Trace;

/// The summary of one trace, as a list of traces shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Facts {
    /// The trace id: 32 lower-case hex digits.
    pub trace_id: String,
    /// The start of the first span, in microseconds since the Unix epoch, rounded down.
    pub start_us: i64,
    /// The end of the last span, rounded down to microseconds, less `start_us`.
    pub duration_us: i64,
    /// The number of spans.
    pub spans: u64,
    /// The number of spans with the status `error`.
    pub errors: u64,
}

/// A description of the traffic with the right answers, as `--manifest` writes it.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// The settings of the generator.
    pub traffic: Traffic,
    /// The number of spans.
    pub spans: u64,
    /// The number of traces.
    pub traces: u64,
    /// The number of spans of each service.
    pub spans_of_service: Vec<(String, u64)>,
    /// A sample of the traces, evenly distributed.
    pub sample: Vec<Facts>,
    /// Questions with their exact answers.
    pub questions: Vec<Question>,
}

/// The number of traces in [`Manifest::sample`].
const SAMPLE: u64 = 200;

impl Traffic {
    /// The summary of `trace`.
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

    /// The description of the traffic with the right answers.
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
            questions: self.answer_all(ListQuery::for_bench(self)),
        }
    }

    /// `queries` with the answers of a store that has exactly this traffic.
    pub fn answer_all(&self, queries: Vec<ListQuery>) -> Vec<Question> {
        let mut answers: Vec<Answer> = queries.into_iter().map(Answer::new).collect();
        for number in 0..self.traces() {
            let trace = self.trace(number);
            // `offer` compares numbers first: converting a trace to text is expensive, and few
            // traces are in an answer.
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

    /// All spans of the traffic as decoded by prost, each with its service.
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
    fn the_manifest_agrees_with_the_encoded_exports() {
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
    fn spans_have_the_shape_of_beylas() {
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
    fn roots_are_sent_after_their_children_and_some_of_them_an_export_later() {
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
