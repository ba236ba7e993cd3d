//! Calls to databases, caches and external hosts, which send no spans, and messages of a queue.

use coral_trace::{Collector, SpanId, SpanKind};

use super::attributes::Target;
use super::progress::{CALL_TIMEOUT, CallEnd, OK, Progress, SpanIdentity};
use crate::fault::{Fault, Kind};
use crate::topology::{Call, Database, External, Publication, Statement};

/// The latency of a queue, in milliseconds.
const QUEUE: f64 = 15.0;
/// The latency of a queue with a lag, in milliseconds.
const LAG: f64 = 3_000.0;
/// How long a service waits for a connection of a pool that is too small, in milliseconds.
const POOL_WAIT: f64 = 30.0;
/// How many queries are made instead of one.
const QUERIES: usize = 20;
/// How long each of these queries takes, as a part of the one query.
const QUICK: f64 = 0.3;

impl<'a> Progress<'a> {
    /// Simulates a lookup in the cache, a query of the database after a cache miss, and a statement
    /// that writes. Returns the end in milliseconds.
    pub fn query_database(
        &mut self,
        call: Call,
        database: &'a Database,
        parent: SpanId,
        from: f64,
    ) -> f64 {
        let simulation = self.simulation;
        let slowness = self.slowness(call.service);
        let mut at = from;
        if let Some(cache) = database.cache {
            let identity = self.leaf(call, "GET", Target::Cache(cache));
            at = self.wait(&identity, parent, (at, 0.4 * slowness));
        }
        let is_missed = simulation.is(Kind::CacheMiss, call.service);
        let misses = if is_missed { 0.95 } else { 0.15 };
        if simulation.is(Kind::PoolWait, call.service) {
            self.is_affected = true;
            at += self.duration_around(POOL_WAIT);
        }
        if simulation.is_about(Kind::NPlusOne, call) {
            self.is_affected = true;
            let quick = Statement { millis: database.read.millis * QUICK, ..database.read };
            for _ in 0..QUERIES {
                at = self.query(call, database, quick, parent, (at, slowness));
            }
        } else if database.cache.is_none() || self.chance(misses) {
            self.is_affected |= is_missed && database.cache.is_some();
            at = self.query(call, database, database.read, parent, (at, slowness));
        }
        match &database.write {
            Some(write) => self.query(call, database, *write, parent, (at, slowness)),
            None => at,
        }
    }

    fn query(
        &mut self,
        call: Call,
        database: &'a Database,
        statement: Statement,
        parent: SpanId,
        (from, slowness): (f64, f64),
    ) -> f64 {
        let is_slow = self.is_slow_statement(call.service, &statement);
        self.is_affected |= is_slow;
        let slow = match is_slow {
            true if database.write == Some(statement) => 30.0,
            true => 10.0,
            false => 1.0,
        };
        let identity = self.leaf(call, statement.name, Target::Statement(database, statement));
        self.wait(&identity, parent, (from, statement.millis * slow * slowness))
    }

    /// Whether `statement` is the one that a fault of the service makes slow.
    fn is_slow_statement(&self, service: usize, statement: &Statement) -> bool {
        let operations = &self.simulation.topology.services[service].operations;
        let is_slow = |fault: &Fault| {
            let is_here = fault.kind == Kind::SlowQuery && fault.service == service;
            let slow = || operations[fault.operation].database.as_ref().map(Database::statement);
            is_here && slow() == Some(statement)
        };
        self.simulation.faults.iter().any(is_slow)
    }

    /// Simulates a request to a host without spans.
    pub fn call_external(
        &mut self,
        call: Call,
        external: &'a External,
        parent: SpanId,
        from: f64,
    ) -> CallEnd {
        let span = self.next_id();
        let is_lost = self.simulation.is_about(Kind::DependencyTimeout, call) && self.breaks(0.6);
        let done = match is_lost {
            true => CallEnd { at: from + CALL_TIMEOUT, status: 0 },
            false => CallEnd { at: from + self.duration_around(external.millis), status: OK },
        };
        let name = self.client_name(call.service, format!("POST {}", external.path));
        let identity = SpanIdentity { name, ..self.leaf(call, "", Target::External(external)) };
        self.record_span(span, Some(parent), &identity, from, done);
        CallEnd { status: if is_lost { 504 } else { OK }, ..done }
    }

    /// Simulates a message, and its consumers. Returns when the message is published.
    pub fn publish(
        &mut self,
        call: Call,
        publication: &'a Publication,
        parent: SpanId,
        from: f64,
    ) -> f64 {
        let span = self.next_id();
        let at = from + self.duration_around(1.5);
        let is_late = self.simulation.is_about(Kind::QueueLag, call);
        self.is_affected |= is_late;
        for consumer in &publication.consumers {
            let waited = self.duration_around(if is_late { LAG } else { QUEUE });
            self.serve(*consumer, Some(span), at + waited);
        }
        let identity = SpanIdentity {
            name: format!("publish {}", publication.topic),
            kind: SpanKind::Producer,
            ..self.leaf(call, "", Target::Topic(publication.topic))
        };
        self.record_span(span, Some(parent), &identity, from, CallEnd { at, status: OK });
        at
    }

    fn leaf(&self, call: Call, name: &str, target: Target<'a>) -> SpanIdentity<'a> {
        let (service, name) = (call.service, name.to_owned());
        SpanIdentity { service, name, kind: SpanKind::Client, target }
    }

    /// Simulates a call whose callee has no spans; returns the end of the call in milliseconds.
    fn wait(
        &mut self,
        identity: &SpanIdentity<'_>,
        parent: SpanId,
        (from, typical): (f64, f64),
    ) -> f64 {
        let span = self.next_id();
        let at = from + self.duration_around(typical);
        self.record_span(span, Some(parent), identity, from, CallEnd { at, status: OK });
        at
    }

    /// The name of a client span: SDKs give it the method only.
    pub fn client_name(&self, caller: usize, name: String) -> String {
        match self.simulation.topology.services[caller].collector {
            Collector::Ebpf => name,
            Collector::Sdk => name.split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}
