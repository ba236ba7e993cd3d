//! The state of a colony: its agents and its counters.

pub(crate) mod answer;
mod problem;

use coral_engine::Budget;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::answer::ColonyStatus;
use crate::ask::{Ask, QueryError, Sources};

/// Asks for the state of a colony.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct StatusQuestion {}

impl Ask for StatusQuestion {
    const PATH: &'static str = "/api/v1/status";
    const NAME: &'static str = "status";
    const SUMMARY: &'static str = "The state of the colony: its agents and its counters.";
    const PERMISSION: &'static str = "status.read";
    const READS_ENGINE: bool = false;
    type Answer = ColonyStatus;

    fn rows(answer: &Self::Answer) -> usize {
        answer.agents.len()
    }

    fn answer(&self, from: &Sources<'_>, _: &Budget) -> Result<ColonyStatus, QueryError> {
        Ok(from.fleet.status(from.now).with_problems())
    }
}
