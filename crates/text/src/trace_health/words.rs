//! Problems of traces in words: what is wrong, the probable cause, and the remedy.

use coral_query::answer::{TraceProblem, TraceProblemCause, TraceProblemKind};
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};
use schemars::JsonSchema;
use serde::Serialize;

/// A problem in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub(crate) struct Advice {
    /// What is wrong: a sentence.
    pub what: String,
    /// The probable cause: a sentence.
    pub cause: String,
    /// What to do about it: a sentence.
    pub remedy: String,
}

/// What the counts of a problem are about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// Many traces: a problem has a part of the calls, spans or traces.
    Window,
    /// One trace: only the number of its own calls or spans is said.
    Trace,
}

/// The advice about each of `problems`.
pub(crate) fn advice_of(problems: &[TraceProblem], extent: Extent) -> Vec<Advice> {
    problems.iter().map(|problem| advice(problem, extent)).collect()
}

/// What is wrong, why, and what to do.
pub(crate) fn advice(problem: &TraceProblem, extent: Extent) -> Advice {
    let names = Names::of(problem);
    Advice {
        what: what(problem, &names, extent),
        cause: cause(problem.cause, &names),
        remedy: remedy(problem.cause, &names),
    }
}

/// The names that sentences contain, safe to print.
struct Names {
    caller: Option<String>,
    service: String,
    is_rpc: bool,
}

impl Names {
    fn of(problem: &TraceProblem) -> Self {
        Self {
            caller: problem.caller.as_deref().map(line),
            service: line(&problem.service),
            is_rpc: problem.protocol.as_deref().is_some_and(|protocol| protocol != "http"),
        }
    }

    fn caller(&self) -> &str {
        self.caller.as_deref().unwrap_or("the caller")
    }
}

fn what(problem: &TraceProblem, names: &Names, extent: Extent) -> String {
    let number = |noun: &str| match extent {
        Extent::Window => format!("{} of {}", count(problem.count), counted(problem.of, noun)),
        Extent::Trace => counted(problem.count, noun),
    };
    let service = &names.service;
    let subject = match (&names.caller, problem.protocol.as_deref().map(line)) {
        (Some(caller), Some(protocol)) => {
            format!("{} from {caller} to {service}", number(&format!("{protocol} call")))
        }
        _ => format!("{} of {service}", number("span")),
    };
    let is_call = names.caller.is_some();
    match problem.kind {
        TraceProblemKind::CutRoot => {
            format!(
                "{subject}: the server span begins a trace of its own{}.",
                elsewhere(problem, extent)
            )
        }
        TraceProblemKind::MissingServer => format!("{subject}: no server span is stored."),
        TraceProblemKind::Orphan if is_call => format!(
            "{subject}: the parent of the server span is not the client span, but a span that is not stored{}.",
            elsewhere(problem, extent)
        ),
        TraceProblemKind::Orphan => format!("{subject}: the parent span is not stored."),
        TraceProblemKind::DetachedCall => {
            format!(
                "{subject}: a client span has no parent, although it was made during a request."
            )
        }
        TraceProblemKind::CrossStitched if is_call => {
            format!(
                "{subject}: the server span began outside of the call's time, so it is of another request."
            )
        }
        TraceProblemKind::CrossStitched => {
            format!(
                "{}: one trace id has several requests, one of them of {service}.",
                number("trace")
            )
        }
        TraceProblemKind::Endless => format!(
            "{}: one trace id has requests over more than 5 minutes, one of them of {service}.",
            number("trace")
        ),
        TraceProblemKind::OutsideCall => {
            format!("{subject}: the server span starts before its call began or after it ended.")
        }
    }
}

/// Where the other side of a call of one trace is, if it is in another trace.
fn elsewhere(problem: &TraceProblem, extent: Extent) -> String {
    let example = problem.examples.first();
    let example = example.filter(|seen| extent == Extent::Trace && seen.peer_is_certain);
    let other = example.and_then(|example| {
        example
            .peer_trace_id
            .filter(|peer| *peer != example.trace_id)
            .map(|peer| (example.trace_id, peer))
    });
    other.map_or_else(String::new, |(client, server)| {
        format!(" (client span in trace {client}, server span in trace {server})")
    })
}

fn cause(cause: TraceProblemCause, names: &Names) -> String {
    let (caller, service) = (names.caller(), &names.service);
    match cause {
        TraceProblemCause::NoPropagation if names.is_rpc => {
            "nothing wrote the trace context into the HTTP/2 headers; Beyla's context propagation is off by default."
                .to_owned()
        }
        TraceProblemCause::NoPropagation => {
            "nothing wrote the trace context into the request; Beyla's context propagation is off by default."
                .to_owned()
        }
        TraceProblemCause::OldConnection => format!(
            "{caller} opened the HTTP/2 connection before Beyla started, so Beyla cannot read its headers."
        ),
        TraceProblemCause::Tls => {
            "the request is encrypted (TLS), so eBPF can neither read nor write its headers.".to_owned()
        }
        TraceProblemCause::Proxy => format!(
            "a proxy between {caller} and {service} starts a new trace, or removes the `traceparent` header."
        ),
        TraceProblemCause::ThreadHandOver => {
            format!("{service} hands work over to another thread, and the trace context is lost.")
        }
        TraceProblemCause::ForeignContext => format!(
            "{caller} itself sends a `traceparent` header (an SDK or a framework does), and the span that the header \
             names is not exported to Coral."
        ),
        TraceProblemCause::SdkExcluded => format!(
            "Beyla excludes {service}, because {service} exports OTLP itself; the SDK of {service} makes no server spans."
        ),
        TraceProblemCause::NotInstrumented => {
            format!("{service} is not instrumented: no server span of it is stored.")
        }
        TraceProblemCause::CallerNotObserved => format!(
            "a caller of {service} sends a `traceparent` header, and spans of that caller are not exported to Coral."
        ),
        TraceProblemCause::Sampling => {
            format!("a sampler decides about spans of {service} apart from the spans of the caller.")
        }
        TraceProblemCause::Lag => {
            "the last span of the trace ended less than a minute ago, so spans may still arrive.".to_owned()
        }
        TraceProblemCause::Clock => "the clocks of the two hosts differ.".to_owned(),
        TraceProblemCause::ContextReuse => format!(
            "{service} keeps a trace context in a thread, a connection or a loop, and uses it for several requests."
        ),
        TraceProblemCause::NotExported => {
            "the span was not exported, or it was refused or dropped on the way.".to_owned()
        }
    }
}

fn remedy(cause: TraceProblemCause, names: &Names) -> String {
    let (caller, service) = (names.caller(), &names.service);
    match cause {
        TraceProblemCause::NoPropagation if names.is_rpc => format!(
            "set `beyla.context_propagation: headers` on the agent of {caller}, and restart {caller}. Beyla writes gRPC \
             headers only for Go, and only if `coral beyla doctor` reports no lockdown; else use an OpenTelemetry SDK."
        ),
        TraceProblemCause::NoPropagation => {
            format!("set `beyla.context_propagation: headers` on the agent of {caller}.")
        }
        TraceProblemCause::OldConnection => {
            format!("restart {caller} while Beyla runs, so that {caller} opens a new connection.")
        }
        TraceProblemCause::Tls => format!(
            "instrument {caller} and {service} with an OpenTelemetry SDK, or let a proxy on the same host end TLS."
        ),
        TraceProblemCause::Proxy => {
            "let the proxy forward the `traceparent` header unchanged.".to_owned()
        }
        TraceProblemCause::ThreadHandOver => format!(
            "instrument {service} with an OpenTelemetry SDK, and pass the context on to the thread."
        ),
        TraceProblemCause::ForeignContext => format!(
            "export these spans too: `OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318` for {caller}; or stop {caller} \
             from sending the header (`OTEL_PROPAGATORS=none`), so that Beyla's applies."
        ),
        TraceProblemCause::SdkExcluded => {
            format!("add the SDK's instrumentation of servers to {service}.")
        }
        TraceProblemCause::NotInstrumented => {
            "let Beyla instrument it: `coral connect NAME:PORT` on its host.".to_owned()
        }
        TraceProblemCause::CallerNotObserved => format!(
            "export the caller's spans to Coral too. If the caller is outside (a browser, a load balancer), nothing is \
             to do: {service} is where the trace begins."
        ),
        TraceProblemCause::Sampling => format!(
            "use one ratio in all services, and let {service} follow its caller: `parentbased_traceidratio`, with \
             context propagation."
        ),
        TraceProblemCause::Lag => "ask again in a minute.".to_owned(),
        TraceProblemCause::Clock => {
            "synchronise the clocks (NTP). `coral query beyla traces --adjust-clocks` moves server spans into their calls."
                .to_owned()
        }
        TraceProblemCause::ContextReuse => {
            format!("begin a new trace for each request or message that {service} handles.")
        }
        TraceProblemCause::NotExported => {
            "see `coral agent status` for spans that were refused or dropped, and the exporter's own log.".to_owned()
        }
    }
}
