//! The rows of metrics that are stored: what each agent's series count in each minute.

use std::sync::Arc;

use coral_scenario::mix;
use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};

use super::{END, MINUTE, RedCommand};
use crate::Failure;

/// The bounds of the buckets, in milliseconds: those of Beyla.
const BOUNDS: [u64; 15] =
    [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/// The series of each agent, and the bounds of their buckets in nanoseconds.
pub(super) struct Agents {
    series: Vec<Vec<Arc<Series>>>,
    bounds: Arc<[u64]>,
}

impl RedCommand {
    pub(super) fn all_agents(&self) -> Agents {
        let series = (0..self.agents).map(|agent| self.series_of(agent)).collect();
        Agents { series, bounds: BOUNDS.map(|millis| millis * 1_000_000).into() }
    }

    /// The rows of `agent` in a minute.
    pub(super) fn rows(
        &self,
        agents: &Agents,
        agent: usize,
        minute: u64,
    ) -> Result<Vec<Delta>, Failure> {
        let time = self.time(minute);
        let row = |(at, series): (usize, &Arc<Series>)| {
            let counted = requests(agent as u64, at as u64, minute);
            let histogram = counted.histogram(&agents.bounds)?;
            let (series, since) = (series.clone(), UnixNanos(time.0 - MINUTE));
            Ok(Delta { series, since, time, histogram, exemplars: Vec::new() })
        };
        agents.series[agent].iter().enumerate().map(row).collect()
    }

    pub(super) fn minutes(&self) -> u64 {
        self.hours * 60
    }

    /// The time of the rows of a minute: within the minute, as exporters have no common clock.
    pub(super) fn time(&self, minute: u64) -> UnixNanos {
        UnixNanos(END - (self.minutes() - minute) * MINUTE + MINUTE / 2)
    }

    /// The service of series `at` of `agent`.
    pub(super) fn service(&self, agent: u64, at: u64) -> u64 {
        let services_of_agent = self.series.div_ceil(self.series_of_service);
        (agent * services_of_agent + at / self.series_of_service) % self.services
    }

    /// The agents and series of `service`.
    pub(super) fn places(&self, service: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let all = (0..self.agents).flat_map(|agent| (0..self.series).map(move |at| (agent, at)));
        all.filter(move |(agent, at)| self.service(*agent, *at) == service)
    }

    pub(super) fn series_of(&self, agent: u64) -> Vec<Arc<Series>> {
        let series = |at| {
            let server = format!("host-{agent}");
            let attributes = [("server.address", &*server), ("url.scheme", "http")];
            Arc::new(Series {
                protocol: Protocol::Http,
                side: Side::Server,
                service: service_name(self.service(agent, at)),
                operation: "GET".to_owned(),
                target: route(at % self.series_of_service),
                status: Some(if is_error(at) { 500 } else { 200 }),
                error: String::new(),
                attributes: attributes.into_iter().collect(),
            })
        };
        (0..self.series).map(series).collect()
    }
}

/// How many requests took up to 5 ms, and up to 25 ms.
pub(super) struct Requests([u64; 2]);

impl Requests {
    pub(super) fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(super) fn histogram(&self, bounds: &Arc<[u64]>) -> Result<Histogram, Failure> {
        let mut counts = vec![0; bounds.len() + 1];
        [counts[1], counts[3]] = self.0;
        let sum = (self.0[0] * 4 + self.0[1] * 20) as f64 * 1e6;
        Histogram::new(bounds.clone(), counts, Some(sum)).map_err(|error| error.to_string().into())
    }
}

/// The requests of series `at` of `agent` in a minute.
pub(super) fn requests(agent: u64, at: u64, minute: u64) -> Requests {
    let number = mix(mix(agent * 1_000_003 + at) ^ minute);
    Requests([number % 500, (number >> 32) % 50])
}

pub(super) fn service_name(service: u64) -> String {
    format!("service-{service:03}")
}

pub(super) fn route(number: u64) -> String {
    format!("/api/v1/things-{number}/{{id}}")
}

pub(super) fn is_error(at: u64) -> bool {
    at.is_multiple_of(10)
}
