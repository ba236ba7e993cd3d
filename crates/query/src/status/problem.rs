//! What is wrong with a colony.

use super::answer::{AgentStatus, ColonyStatus, Problem};

/// A colony that has not caught up with an agent for more than this many seconds is behind.
const MAX_LAG_SECONDS: f64 = 60.0;

/// The states in which Beyla does not work. An agent reports a line that begins with the state.
const BROKEN_BEYLA: [&str; 3] = ["unavailable", "degraded", "crashloop"];

impl ColonyStatus {
    /// This status with its problems: first those of each agent, in the order of the agents, then
    /// those of the colony.
    #[must_use]
    pub fn with_problems(mut self) -> Self {
        self.problems = self.agents.iter().flat_map(problems_of).collect();
        if self.agents.is_empty() {
            self.problems.push(Problem::NoAgents);
        }
        let unavailable = self.store.shards.iter().filter_map(|shard| {
            let (url, error) = (shard.url.clone(), shard.last_error.clone()?);
            Some(Problem::ShardUnavailable { url, error })
        });
        self.problems.extend(unavailable);
        if self.store.spans_damaged > 0 {
            self.problems.push(Problem::SpansDamaged { spans: self.store.spans_damaged });
        }
        self
    }
}

fn problems_of(agent: &AgentStatus) -> Vec<Problem> {
    let agent_id = agent.agent_id.clone();
    // If the last poll failed, the agent's lag and the state of its Beyla are not known.
    let silent = match agent.state.as_str() {
        "ok" => None,
        // That colony knows how the agent is.
        "polled_elsewhere" => return Vec::new(),
        "not_polled" => Some(Problem::AgentNotPolled { agent_id: agent_id.clone() }),
        "unreachable" => {
            let answered_at = agent.answered_at;
            Some(Problem::AgentUnreachable { agent_id: agent_id.clone(), answered_at })
        }
        "cannot_store" => Some(Problem::CannotStore { agent_id: agent_id.clone() }),
        state => {
            let state = state.to_owned();
            Some(Problem::AgentUnusable { agent_id: agent_id.clone(), state })
        }
    };
    if let Some(problem) = silent {
        return vec![problem];
    }
    let behind = agent.lag_seconds.filter(|seconds| *seconds > MAX_LAG_SECONDS);
    let behind = behind.map(|seconds| Problem::AgentBehind { agent_id: agent_id.clone(), seconds });
    let beyla = agent.beyla.clone().filter(|beyla| is_broken(beyla));
    let beyla = beyla.map(|beyla| Problem::BeylaNotWorking { agent_id, beyla });
    behind.into_iter().chain(beyla).collect()
}

fn is_broken(beyla: &str) -> bool {
    BROKEN_BEYLA.iter().any(|state| beyla.starts_with(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(state: &str) -> AgentStatus {
        AgentStatus {
            agent_id: "web-1".to_owned(),
            address: "http://web-1:9001".to_owned(),
            known_by: "registered".to_owned(),
            state: state.to_owned(),
            version: None,
            answered_at: None,
            spans_at: None,
            spans_per_second: None,
            reachable: state == "ok",
            lag_receipts: None,
            lag_seconds: Some(5.0),
            last_error: None,
            spans_stored: 0,
            spans_missed: 0,
            spans_refused: 0,
            last_refusal: None,
            beyla: Some("instrumenting".to_owned()),
            untraced: Vec::new(),
        }
    }

    fn problems(agents: Vec<AgentStatus>) -> Vec<Problem> {
        ColonyStatus { agents, ..ColonyStatus::default() }.with_problems().problems
    }

    #[test]
    fn a_colony_whose_agents_answer_and_instrument_has_no_problem() {
        assert_eq!(problems(vec![agent("ok")]), []);
    }

    #[test]
    fn an_agent_that_another_colony_polls_is_no_problem_of_this_one() {
        let late = AgentStatus { lag_seconds: Some(61.0), ..agent("polled_elsewhere") };
        assert_eq!(problems(vec![late]), []);
    }

    #[test]
    fn a_colony_without_agents_has_a_problem() {
        assert_eq!(problems(vec![]), [Problem::NoAgents]);
    }

    #[test]
    fn each_way_in_which_an_agent_gives_no_data_is_a_problem() {
        let agent_id = || "web-1".to_owned();
        for (state, problem) in [
            ("not_polled", Problem::AgentNotPolled { agent_id: agent_id() }),
            ("unreachable", Problem::AgentUnreachable { agent_id: agent_id(), answered_at: None }),
            ("cannot_store", Problem::CannotStore { agent_id: agent_id() }),
            ("refuses", Problem::AgentUnusable { agent_id: agent_id(), state: "refuses".into() }),
        ] {
            assert_eq!(problems(vec![agent(state)]), [problem], "{state}");
        }
        let late = AgentStatus { lag_seconds: Some(61.0), ..agent("ok") };
        let behind = Problem::AgentBehind { agent_id: agent_id(), seconds: 61.0 };
        assert_eq!(problems(vec![late]), [behind]);
    }

    #[test]
    fn a_beyla_that_does_not_work_is_a_problem_and_one_that_is_switched_off_is_not() {
        for (line, is_problem) in [
            ("unavailable (no Beyla is installed)", true),
            ("degraded (no probes)", true),
            ("crashloop (exit code 255)", true),
            ("off (`beyla.enabled` is false)", false),
            ("starting", false),
            ("restarting (its settings have changed)", false),
            ("running (no data yet)", false),
        ] {
            let agent = AgentStatus { beyla: Some(line.to_owned()), ..agent("ok") };
            assert_eq!(!problems(vec![agent]).is_empty(), is_problem, "{line}");
        }
    }
}
