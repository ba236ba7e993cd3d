//! The shares of spans that agents record, by agent, minute and service.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_engine::{AgentMinute, EngineError, Minute, StoredSpan};
use coral_trace::{Collector, TimeRange, UnixNanos};

use super::service_shares::ServiceShares;
use super::{Share, WHOLE};
use crate::answer::{Coverage, SamplingChange};
use crate::reader::Reader;

/// Sampling that only metrics show is known if one side of its change is about whole.
const MIN_WHOLE: f64 = 0.8;

/// The shares of spans that agents record.
#[derive(Default)]
pub(crate) struct RecordedShares {
    minutes: Arc<Vec<AgentMinute>>,
    agents: BTreeMap<String, AgentRecords>,
    /// Whether every span is recorded, as far as is known.
    is_whole: bool,
    /// Changes of sampling that a comparison of spans with metrics shows, by agent and service.
    changes: BTreeMap<String, BTreeMap<String, (UnixNanos, SamplingChange)>>,
}

/// The minutes of one agent.
#[derive(Default)]
struct AgentRecords {
    /// The minutes in which samplers report a ratio, by time.
    ratios: Vec<(Minute, f64)>,
    /// Whether spans of each collector were reported: eBPF, SDK.
    has: [bool; 2],
}

impl Reader<'_> {
    /// The shares of spans that agents recorded in `range`.
    pub(crate) fn recorded_shares(&self, range: TimeRange) -> Result<RecordedShares, EngineError> {
        let changes = self.sampling_changes(range)?;
        Ok(RecordedShares::new(self.agent_minutes(range)?, &changes))
    }
}

impl RecordedShares {
    /// The shares that `minutes` tell, which are sorted by time, and `changes` of sampling.
    pub(super) fn new(minutes: Arc<Vec<AgentMinute>>, changes: &[Coverage]) -> Self {
        let mut shares = Self { is_whole: true, ..Self::default() };
        for record in minutes.iter() {
            let agent = shares.agents.entry(record.agent_id.clone()).or_default();
            agent.ratios.extend(polled(record).map(|ratio| (record.minute, ratio)));
            for (_, collector) in record.services.keys() {
                agent.has[usize::from(*collector == Collector::Sdk)] = true;
            }
            shares.is_whole &= polled(record).is_none_or(|ratio| ratio >= 1.0);
        }
        shares.minutes = minutes;
        for gap in changes {
            let (Some(since), Some(change)) = (gap.since, gap.sampling) else { continue };
            let is_known = change.before.max(change.now) >= MIN_WHOLE;
            // Samplers that report their ratio are in the minutes already.
            if !is_known || !shares.is_whole_at(&gap.agent_id, since) {
                continue;
            }
            for service in &gap.services {
                let of_agent = shares.changes.entry(gap.agent_id.clone()).or_default();
                of_agent.insert(service.clone(), (since, change));
            }
        }
        shares.is_whole &= shares.changes.is_empty();
        shares
    }

    /// Whether every span is recorded, as far as is known.
    pub(crate) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The share of spans like `stored` that is recorded.
    pub(crate) fn of(&self, stored: &StoredSpan) -> Share {
        if self.is_whole {
            return WHOLE;
        }
        let origin = &stored.span.origin;
        let minute = Minute::at(stored.span.start);
        self.share(&stored.agent_id, origin.service_name(), minute)
    }

    /// The shares of services in the traces that started in `range`: of spans of `collector`, or of
    /// both.
    pub(crate) fn of_services(
        &self,
        range: TimeRange,
        collector: Option<Collector>,
    ) -> ServiceShares {
        let mut found = ServiceShares::default();
        if self.is_whole {
            return found;
        }
        for record in self.minutes.iter().filter(|record| record.minute.touches(range)) {
            if let Some(ratio) = polled(record) {
                found.add_agent(ratio);
            }
            let wanted = record.services.iter().filter(|((_, of), spans)| {
                **spans > 0 && collector.is_none_or(|wanted| wanted == *of)
            });
            for ((service, _), spans) in wanted {
                let share = self.share(&record.agent_id, service, record.minute);
                found.add(&record.agent_id, service, share, *spans);
            }
        }
        found
    }

    fn share(&self, agent_id: &str, service: &str, minute: Minute) -> Share {
        let agent = match self.agents.get(agent_id) {
            Some(agent) => agent,
            None => return WHOLE,
        };
        let told = match agent.ratio(minute) {
            Some(ratio) if ratio < 1.0 => {
                let is_of_one_collector = !(agent.has[0] && agent.has[1]);
                is_of_one_collector.then_some(ratio)
            }
            _ => WHOLE,
        };
        let change = || self.changes.get(agent_id).and_then(|of_agent| of_agent.get(service));
        match change().filter(|_| told == WHOLE) {
            None => told,
            Some((since, change)) => {
                let share = if minute.start() >= *since { change.now } else { change.before };
                match share {
                    0.0 => None,
                    MIN_WHOLE.. => WHOLE,
                    share => Some(share),
                }
            }
        }
    }

    /// Whether the samplers of an agent report that everything is recorded before and after `at`.
    fn is_whole_at(&self, agent_id: &str, at: UnixNanos) -> bool {
        let Some(agent) = self.agents.get(agent_id) else { return false };
        let minutes = [at.earlier(std::time::Duration::from_secs(60)), at].map(Minute::at);
        let ratios = minutes.map(|minute| agent.ratio(minute));
        ratios.iter().all(|ratio| ratio.is_none_or(|ratio| ratio >= 1.0))
    }
}

impl AgentRecords {
    /// The ratio of `minute`, or of the last minute before with one, or of the first after.
    fn ratio(&self, minute: Minute) -> Option<f64> {
        let after = self.ratios.partition_point(|(at, _)| *at <= minute);
        let (earlier, later) = self.ratios.split_at(after);
        earlier.last().or(later.first()).map(|(_, ratio)| *ratio)
    }
}

/// The ratio that samplers report in a minute.
fn polled(record: &AgentMinute) -> Option<f64> {
    record.polled?.sampling_ratio.filter(|ratio| *ratio > 0.0)
}
