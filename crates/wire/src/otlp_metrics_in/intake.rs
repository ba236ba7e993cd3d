//! Collects the points of one request, whatever they are read from.

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

/// What was taken, refused and ignored so far, and where the reader is.
pub(crate) struct Intake<'r> {
    recogniser: &'r Recogniser,
    /// Absent where others use them, and for JSON.
    known: Option<MutexGuard<'r, SeriesCache>>,
    resource: Result<Resource, RefusalReason>,
    scope: Result<Exporter, RefusalReason>,
    pub decoded: DecodedMetrics,
}

/// A resource and scope that report.
#[derive(Clone)]
struct Exporter {
    service: String,
    collector: Collector,
    hasher: KeyHasher,
    /// What is said of every row, from the resource.
    attributes: Attributes,
}

/// A metric that is taken: its points follow.
pub(crate) struct AcceptedMetric {
    metric: RedMetric,
    name: String,
    exporter: Exporter,
    stream: Key,
    nanos: f64,
    temporality: Temporality,
}

/// What of a resource stands with each row.
const OF_RESOURCE: [&str; 3] = ["service.namespace", "service.instance.id", "host.name"];
/// What of a point's attributes stands elsewhere.
const OF_POINT: [&str; 2] = ["service.name", "service.namespace"];

impl<'r> Intake<'r> {
    pub fn new(recogniser: &'r Recogniser) -> Self {
        let decoded = DecodedMetrics::default();
        let scope = Err(RefusalReason::TooManyScopes);
        Self { recogniser, known: None, resource: Ok(Resource::default()), scope, decoded }
    }

    /// The same, with the help of what is `known`, if nobody else uses that now.
    pub fn knowing(self, known: &'r KnownSeries) -> Self {
        Self { known: known.open(), ..self }
    }

    /// Whatever follows is under `resource`.
    pub fn enter(&mut self, resource: Result<Resource, RefusalReason>) {
        self.resource = resource;
        if let Ok(resource) = &mut self.resource {
            resource.attributes.0.sort_by(|one, other| one.key.cmp(&other.key));
        }
    }

    /// Whatever follows is under `scope` too.
    pub fn enter_scope(&mut self, scope: Result<Scope, RefusalReason>) {
        self.scope = match (&self.resource, scope) {
            (Ok(resource), Ok(scope)) => Ok(self.exporter(resource, &scope)),
            (Err(why), _) => Err(why.clone()),
            (_, Err(why)) => Err(why),
        };
    }

    /// The resource that was entered had no metric.
    pub fn idle(&mut self) {
        self.decoded.ignored.idle += 1;
    }

    /// How the points of a histogram called `name` are to be taken; `None` when they are not: then
    /// their number, `points`, is counted as what it is.
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

    /// `points` data points of something that is no duration histogram.
    pub fn unknown(&mut self, points: u64) {
        self.decoded.ignored.unknown += points;
    }

    /// Takes one point, or counts why not.
    pub fn take(&mut self, metric: &AcceptedMetric, point: Result<RawPoint, PointRefusalReason>) {
        match point.and_then(|point| metric.point(point)) {
            Ok(Some(point)) => self.decoded.points.push(point),
            Ok(None) => self.decoded.ignored.unknown += 1,
            Err(why) => self.decoded.refused.add(why, &metric.name),
        }
    }

    /// Takes one point that is written as nearly all are; `false` if there is anything to be said of it.
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
    /// `None` when it is another protocol's, or says that nothing was recorded.
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

    /// `None` when it is another protocol's, or anything is wrong with it.
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

    /// What points with these `attributes` are about; `None` when it is another protocol.
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
