//! The shares of spans that are recorded of each service in a time range.

use std::collections::BTreeMap;

use super::answer::SampledSpans;
use super::{SAME_SHARE, Share, WHOLE};

/// The shares of the services that have spans in a time range.
#[derive(Default)]
pub(crate) struct ServiceShares {
    services: BTreeMap<String, Sum>,
    /// By agent and service.
    of_agents: BTreeMap<(String, String), Sum>,
    /// The smallest and the largest ratio that agents report.
    agents: Option<(f64, f64)>,
}

/// The spans of a service.
#[derive(Clone, Copy)]
struct Sum {
    spans: f64,
    /// Estimate of how many spans there were.
    all: f64,
    least: f64,
    most: f64,
    is_unknown: bool,
}

/// Which part of the spans of a service is recorded.
#[derive(Clone, Copy, PartialEq, Debug)]
enum ServiceShare {
    /// The same share at all of its agents, in all minutes: 1 if everything is recorded.
    Same(f64),
    /// Different shares, or one that is not known.
    Unknown,
}

impl ServiceShares {
    /// Adds a minute in which an agent reports `ratio`.
    pub(super) fn add_agent(&mut self, ratio: f64) {
        let (least, most) = self.agents.unwrap_or((ratio, ratio));
        self.agents = Some((least.min(ratio), most.max(ratio)));
    }

    /// Adds spans of a service at an agent.
    pub(super) fn add(&mut self, agent_id: &str, service: &str, share: Share, spans: u64) {
        self.services.entry(service.to_owned()).or_default().add(share, spans);
        let of = (agent_id.to_owned(), service.to_owned());
        self.of_agents.entry(of).or_default().add(share, spans);
    }

    /// The share of `service`. That of a service without a record is that of all agents.
    fn of(&self, service: &str) -> ServiceShare {
        match (self.services.get(service), self.agents) {
            (Some(sum), _) if sum.is_unknown => ServiceShare::Unknown,
            (Some(sum), _) if is_same(sum.least, sum.most) => {
                ServiceShare::Same(sum.spans / sum.all)
            }
            (Some(_), _) => ServiceShare::Unknown,
            (None, Some((least, most))) if is_same(least, most) => ServiceShare::Same(least),
            (None, Some(_)) => ServiceShare::Unknown,
            (None, None) => ServiceShare::Same(1.0),
        }
    }

    /// The mean share of `service`, weighed by spans; the smallest share of an agent if the service
    /// has no record. `None` if it is not known.
    pub(crate) fn mean(&self, service: &str) -> Share {
        match self.services.get(service) {
            Some(sum) => (!sum.is_unknown).then_some(sum.spans / sum.all),
            None => self.agents.map_or(WHOLE, |(least, _)| Some(least)),
        }
    }

    /// The share of the calls of `from` to `to`, services of a map; `None` for a node that is no
    /// service. A call counts if the span of its caller is recorded. If a smaller share of the callee
    /// is, the missing calls may be on another edge, to an address.
    pub(crate) fn of_calls(&self, from: Option<&str>, to: Option<&str>) -> Share {
        match [from, to].map(|service| service.map(|service| self.of(service))) {
            [None, None] => WHOLE,
            [Some(ServiceShare::Same(from)), None] => Some(from),
            // A consumer of a queue.
            [None, Some(ServiceShare::Same(to))] => Some(to),
            [Some(ServiceShare::Same(from)), Some(ServiceShare::Same(to))]
                if from <= SAME_SHARE * to =>
            {
                Some(from)
            }
            _ => None,
        }
    }

    /// The agents and services of which only a share is recorded, for those services that are
    /// `wanted`; sorted by agent, the smallest share first.
    pub(crate) fn sampled(&self, wanted: impl Fn(&str) -> bool) -> Vec<SampledSpans> {
        let mut found: Vec<SampledSpans> = Vec::new();
        let sampled = self.of_agents.iter().filter(|(_, sum)| sum.is_unknown || sum.least < 1.0);
        for ((agent_id, service), sum) in sampled.filter(|((_, service), _)| wanted(service)) {
            let ratios = (!sum.is_unknown).then_some((sum.least, sum.most));
            let [least_ratio, most_ratio] =
                [ratios.map(|(least, _)| least), ratios.map(|(_, most)| most)];
            let are_same = |one: Option<f64>, other: Option<f64>| match (one, other) {
                (Some(one), Some(other)) => is_same(one.min(other), one.max(other)),
                (one, other) => one == other,
            };
            let known = found.iter_mut().find(|of| {
                of.agent_id == *agent_id
                    && are_same(of.least_ratio, least_ratio)
                    && are_same(of.most_ratio, most_ratio)
            });
            match known {
                Some(of) => of.services.push(service.clone()),
                None => found.push(SampledSpans {
                    agent_id: agent_id.clone(),
                    services: vec![service.clone()],
                    least_ratio,
                    most_ratio,
                }),
            }
        }
        found
    }
}

impl Default for Sum {
    fn default() -> Self {
        Self { spans: 0.0, all: 0.0, least: f64::INFINITY, most: 0.0, is_unknown: false }
    }
}

impl Sum {
    fn add(&mut self, share: Share, spans: u64) {
        let Some(share) = share else {
            self.is_unknown = true;
            return;
        };
        self.spans += spans as f64;
        self.all += spans as f64 / share;
        (self.least, self.most) = (self.least.min(share), self.most.max(share));
    }
}

fn is_same(least: f64, most: f64) -> bool {
    most <= SAME_SHARE * least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_the_share_of_their_caller_unless_a_smaller_share_of_the_callee_is_recorded() {
        let mut shares = ServiceShares::default();
        for (service, share) in [("all", Some(1.0)), ("tenth", Some(0.1)), ("unknown", None)] {
            shares.add("web-1", service, share, 100);
        }
        shares.add("web-1", "both", Some(1.0), 100);
        shares.add("web-2", "both", Some(0.1), 100);
        for (from, to, share) in [
            (Some("all"), None, Some(1.0)),
            (Some("tenth"), None, Some(0.1)),
            (Some("tenth"), Some("tenth"), Some(0.1)),
            (Some("tenth"), Some("all"), Some(0.1)),
            (Some("all"), Some("tenth"), None),
            (Some("both"), None, None),
            (Some("unknown"), None, None),
            (None, Some("tenth"), Some(0.1)),
        ] {
            assert_eq!(shares.of_calls(from, to), share, "{from:?} {to:?}");
        }
        assert_eq!(shares.mean("both").map(|mean| (mean * 100.0).round()), Some(18.0));
        let sampled = shares.sampled(|_| true);
        let ratios: Vec<_> =
            sampled.iter().map(|of| (of.services.join(" "), of.least_ratio)).collect();
        let expected = [("tenth", Some(0.1)), ("unknown", None), ("both", Some(0.1))];
        assert_eq!(ratios, expected.map(|(name, ratio)| (name.to_owned(), ratio)));
    }
}
