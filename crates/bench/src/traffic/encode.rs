//! Encodes exports as Beyla does: many resources, one scope for each observed request, and children
//! before parents. One trace in eight has its root hop in the next export.

use std::fmt::Write as _;

use super::Traffic;
use super::attributes::{Attributes, Route, call, resource, server, sql};
use super::protobuf::{bytes, fixed64, nested, number};
use super::trace::{Role, Span, Trace};

/// One trace in this many has its root hop in the export after that of its other hops.
const LATE_ROOTS: u64 = 8;

/// Encodes exports one after another, and reuses its buffers.
pub struct Encoder<'a> {
    traffic: &'a Traffic,
    /// The hops of the current export, by service.
    hops: Vec<Vec<(Trace, u64)>>,
    text: String,
}

impl Traffic {
    /// The hops in export `number`: every hop of every trace is in exactly one export.
    pub fn hops_of_export(&self, number: u64) -> Vec<(Trace, u64)> {
        let each = self.traces_per_export();
        let mut hops = Vec::new();
        let begin = number.saturating_sub(1) * each;
        for trace in begin..((number + 1) * each).min(self.traces()) {
            let trace = self.trace(trace);
            let (home, late) = (trace.number / each, self.root_is_late(&trace));
            let first = u64::from(late);
            if home == number {
                hops.extend((first..self.hops()).rev().map(|hop| (trace, hop)));
            } else if late {
                hops.push((trace, 0));
            }
        }
        hops
    }

    /// The number of spans in export `number`.
    pub fn spans_of_export(&self, number: u64) -> u64 {
        let hops = self.hops_of_export(number);
        hops.iter().map(|(_, hop)| self.hop_spans(*hop).count() as u64).sum()
    }

    fn root_is_late(&self, trace: &Trace) -> bool {
        let in_last = trace.number / self.traces_per_export() + 1 == self.exports();
        !in_last && self.hops() > 1 && (trace.random >> 8).is_multiple_of(LATE_ROOTS)
    }
}

impl<'a> Encoder<'a> {
    /// An encoder of `traffic`.
    pub fn new(traffic: &'a Traffic) -> Self {
        let hops = vec![Vec::new(); traffic.services as usize];
        Self { traffic, hops, text: String::new() }
    }

    /// Export `number` as an encoded `ExportTraceServiceRequest`, and its number of spans.
    pub fn export(&mut self, number: u64) -> (Vec<u8>, u64) {
        for (trace, hop) in self.traffic.hops_of_export(number) {
            self.hops[self.traffic.service(&trace, hop) as usize].push((trace, hop));
        }
        let mut out = Vec::with_capacity(400 * self.traffic.spans_per_export as usize);
        let mut spans = 0;
        for service in 0..self.hops.len() {
            let hops = std::mem::take(&mut self.hops[service]);
            if hops.is_empty() {
                continue;
            }
            nested(&mut out, 1, |out| {
                nested(out, 1, |out| resource(out, service as u64));
                for (trace, hop) in &hops {
                    nested(out, 2, |out| {
                        bytes_empty_scope(out);
                        for index in self.traffic.hop_spans(*hop).rev() {
                            let span = self.traffic.span(trace, index);
                            nested(out, 2, |out| self.span(out, trace, &span));
                            spans += 1;
                        }
                    });
                }
            });
        }
        (out, spans)
    }

    fn span(&mut self, out: &mut Vec<u8>, trace: &Trace, span: &Span) {
        bytes(out, 1, &trace.id.to_be_bytes());
        bytes(out, 2, &span.id.to_be_bytes());
        if let Some(parent) = span.parent {
            bytes(out, 4, &parent.to_be_bytes());
        }
        self.name(out, trace, span);
        let kind = match span.role {
            Role::Server => 2,
            Role::InQueue | Role::Processing => 1,
            Role::Sql | Role::Call => 3,
        };
        number(out, 6, kind);
        fixed64(out, 7, span.start);
        fixed64(out, 8, span.end);
        let mut attributes = Attributes { out, remaining: self.traffic.attributes };
        match span.role {
            Role::Server => server(&mut attributes, &mut self.text, self.traffic, trace, span),
            Role::Call => call(&mut attributes, &mut self.text, self.traffic, trace, span),
            Role::Sql => sql(&mut attributes, &mut self.text, trace, span),
            Role::InQueue | Role::Processing => attributes.remaining = 0,
        }
        attributes.fill();
        // Beyla always sends a status, which is unset unless the span failed.
        nested(out, 15, |out| {
            if trace.failed && span.fails() {
                number(out, 3, 2);
            }
        });
    }

    fn name(&mut self, out: &mut Vec<u8>, trace: &Trace, span: &Span) {
        self.text.clear();
        let _ = match span.role {
            Role::Server => write!(self.text, "GET {}", Route(trace.route(span.hop))),
            Role::Call => write!(self.text, "GET {}", Route(trace.route(span.hop + 1))),
            Role::Sql => write!(self.text, "SELECT table_{}", trace.route(span.hop)),
            Role::InQueue => write!(self.text, "in queue"),
            Role::Processing => write!(self.text, "processing"),
        };
        bytes(out, 5, self.text.as_bytes());
    }
}

/// The `url.path` of requests for `item` of `route`.
pub fn path(route: u64, item: u64) -> String {
    format!("/api/v1/orders{route}/{item}")
}

/// The `service.name` of the service with the index `service`.
pub fn service_name(service: u64) -> String {
    format!("service-{service}")
}

/// Writes an empty scope, as Beyla 1.6 and newer do.
fn bytes_empty_scope(out: &mut Vec<u8>) {
    nested(out, 1, |_| {});
}
