//! Collects the points of one request, from either encoding.

use std::sync::{Arc, MutexGuard};

use coral_trace::red::{Exemplar, Histogram, Key, KeyHasher, Point, Series, Temporality};
use coral_trace::{Attributes, Collector, Recogniser, Resource, Scope, UNKNOWN_SERVICE, UnixNanos};

use super::fast_path::FastPoint;
use super::known::{Identity, SeriesCache};
use super::metric::{RedMetric, nanos_in};
use super::point::{check_head, usable};
use super::{DecodedMetrics, KnownSeries, PointRefusalReason, RawPoint, protobuf};
use crate::otlp_protobuf::value;
use crate::refusal::{RefusalReason, bounded};

/// Points accepted, refused and ignored so far, with the current resource and scope.
pub(crate) struct Intake<'r> {
    recogniser: &'r Recogniser,
    /// The cache of series; `None` if another request uses the cache, and for JSON.
    known: Option<MutexGuard<'r, SeriesCache>>,
    resource: Result<Resource, RefusalReason>,
    scope: Result<Exporter, RefusalReason>,
    pub decoded: DecodedMetrics,
}

/// What is known of the current resource and scope.
#[derive(Clone)]
struct Exporter {
    service: String,
    collector: Collector,
    hasher: KeyHasher,
    /// The attributes of the resource that are added to each of its series.
    attributes: Attributes,
}

/// An accepted metric, whose points follow.
pub(crate) struct AcceptedMetric {
    metric: RedMetric,
    name: String,
    exporter: Exporter,
    stream: Key,
    nanos: f64,
    temporality: Temporality,
}

/// The keys of the resource attributes that are added to each series of the resource.
const OF_RESOURCE: [&str; 3] = ["service.namespace", "service.instance.id", "host.name"];
/// The keys of point attributes that are not stored: the series names the service, and the resource
/// names the namespace.
const OF_POINT: [&str; 2] = ["service.name", "service.namespace"];

impl<'r> Intake<'r> {
    pub fn new(recogniser: &'r Recogniser) -> Self {
        let decoded = DecodedMetrics::default();
        let scope = Err(RefusalReason::TooManyScopes);
        Self { recogniser, known: None, resource: Ok(Resource::default()), scope, decoded }
    }

    /// Uses the cache `known`, unless another request uses it.
    pub fn knowing(self, known: &'r KnownSeries) -> Self {
        Self { known: known.open(), ..self }
    }

    /// Makes `resource` the current resource, to which the following scopes belong.
    pub fn enter(&mut self, resource: Result<Resource, RefusalReason>) {
        self.resource = resource;
        if let Ok(resource) = &mut self.resource {
            resource.attributes.0.sort_by(|one, other| one.key.cmp(&other.key));
        }
    }

    /// Makes `scope` the current scope, to which the following metrics belong.
    pub fn enter_scope(&mut self, scope: Result<Scope, RefusalReason>) {
        self.scope = match (&self.resource, scope) {
            (Ok(resource), Ok(scope)) => Ok(self.exporter(resource, &scope)),
            (Err(why), _) => Err(why.clone()),
            (_, Err(why)) => Err(why),
        };
    }

    /// Counts a resource without metrics.
    pub fn idle(&mut self) {
        self.decoded.ignored.idle += 1;
    }

    /// How to decode the points of the histogram called `name`. `None` if none can be accepted: its
    /// `points` data points are then counted as ignored (not a RED metric, or made by an SDK) or as
    /// refused (invalid unit, temporality, resource or scope).
    pub fn metric(
        &mut self,
        name: &str,
        unit: &str,
        temporality: i32,
        points: u64,
    ) -> Option<AcceptedMetric> {
        let Some(metric) = RedMetric::named(name) else {
            self.decoded.ignored.unknown += points;
            return None;
        };
        match self.accept(metric, name, unit, temporality) {
            Ok(metric) if metric.exporter.collector == Collector::Ebpf => Some(metric),
            Ok(_) => {
                self.decoded.ignored.sdk += points;
                None
            }
            Err(why) => {
                (0..points).for_each(|_| self.decoded.refused.add(why.clone(), name));
                None
            }
        }
    }

    /// Counts `points` data points of a metric that is not a histogram.
    pub fn unknown(&mut self, points: u64) {
        self.decoded.ignored.unknown += points;
    }

    /// Accepts one point, or counts it as ignored or, with the reason, as refused.
    pub fn take(&mut self, metric: &AcceptedMetric, point: Result<RawPoint, PointRefusalReason>) {
        match point.and_then(|point| metric.point(point)) {
            Ok(Some(point)) => self.decoded.points.push(point),
            Ok(None) => self.decoded.ignored.unknown += 1,
            Err(why) => self.decoded.refused.add(why, &metric.name),
        }
    }

    /// Accepts a point from the fast path. Returns `false` if prost must decode the point instead.
    pub fn take_fast(&mut self, metric: &AcceptedMetric, point: FastPoint<'_>) -> bool {
        let Some(known) = &mut self.known else { return false };
        let taken = metric.fast(point, known);
        let is_taken = taken.is_some();
        self.decoded.points.extend(taken);
        is_taken
    }

    fn accept(
        &self,
        metric: RedMetric,
        name: &str,
        unit: &str,
        temporality: i32,
    ) -> Result<AcceptedMetric, PointRefusalReason> {
        let exporter = self.scope.clone().map_err(PointRefusalReason::Origin)?;
        let nanos = nanos_in(unit).ok_or_else(|| PointRefusalReason::Unit(bounded(unit)))?;
        let temporality = match temporality {
            1 => Temporality::Delta,
            2 => Temporality::Cumulative,
            _ => return Err(PointRefusalReason::Temporality),
        };
        let stream = exporter.hasher.clone().with(name).key();
        Ok(AcceptedMetric { metric, name: name.to_owned(), exporter, stream, nanos, temporality })
    }

    fn exporter(&self, resource: &Resource, scope: &Scope) -> Exporter {
        let service = match resource.attributes.text("service.name") {
            None | Some("") => UNKNOWN_SERVICE,
            Some(name) => name,
        };
        let kept = resource
            .attributes
            .iter()
            .filter(|kv| OF_RESOURCE.contains(&kv.key.as_str()) && kv.value.as_str() != Some(""));
        Exporter {
            service: service.to_owned(),
            collector: self.recogniser.collector(resource, scope),
            hasher: KeyHasher::default().with(&resource.attributes).with(&scope.name),
            attributes: Attributes(kept.cloned().collect()),
        }
    }
}

impl AcceptedMetric {
    /// Converts a point; `None` when the point is of a protocol that is not stored, or has no
    /// recorded value.
    fn point(&self, point: RawPoint) -> Result<Option<Point>, PointRefusalReason> {
        if point.no_recorded_value {
            return Ok(None);
        }
        let histogram = point.histogram(self.nanos)?;
        let exemplars = usable(&point.exemplars, self.nanos);
        let RawPoint { attributes, start, time, .. } = point;
        let identity = self.identity(attributes);
        Ok(identity.map(|identity| self.assembled(identity, (start, time), histogram, exemplars)))
    }

    /// Converts a point from the fast path; `None` when the point is invalid, or of a protocol that
    /// is not stored.
    fn fast(&self, point: FastPoint<'_>, known: &mut SeriesCache) -> Option<Point> {
        let (start, time) = (point.start, point.time);
        check_head(start, time, point.sum).ok()?;
        let bounds = known.bounds(self.stream, point.bounds, self.nanos)?;
        let sum = point.sum.map(|sum| sum * self.nanos);
        let histogram = Histogram::new(bounds, point.counts(), sum).ok()?;
        if histogram.count() != point.count {
            return None;
        }
        let identity = known.identity(self.stream, point.attributes, || {
            self.identity(value::attributes(point.read_attributes()?, "its").ok()?)
        })?;
        let exemplars: Vec<_> = point.exemplars.into_iter().map(protobuf::exemplar).collect();
        let exemplars = usable(&exemplars, self.nanos);
        Some(self.assembled(identity, (start, time), histogram, exemplars))
    }

    fn assembled(
        &self,
        (series, key): Identity,
        (start, time): (UnixNanos, UnixNanos),
        histogram: Histogram,
        exemplars: Vec<Exemplar>,
    ) -> Point {
        let Self { stream, temporality, .. } = *self;
        Point { series, stream, key, temporality, start, time, histogram, exemplars }
    }

    /// The series of points with these `attributes`, and its key; `None` for a protocol that is not
    /// stored.
    fn identity(&self, mut attributes: Attributes) -> Option<Identity> {
        attributes.0.sort_by(|one, other| one.key.cmp(&other.key));
        let key = KeyHasher::default().with(&attributes).key();
        let named =
            attributes.text("service.name").filter(|_| self.exporter.service == UNKNOWN_SERVICE);
        let service = named.unwrap_or(&self.exporter.service).to_owned();
        attributes.0.retain(|kv| !OF_POINT.contains(&kv.key.as_str()));
        attributes.0.extend(self.exporter.attributes.0.iter().cloned());
        let series =
            Series::from_attributes(self.metric.protocol, self.metric.side, &service, attributes);
        series.map(|series| (Arc::new(series), key))
    }
}
