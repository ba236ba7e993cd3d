//! `coral agent status` and `coral colony status`.

use super::query::colony as colony_server;
use super::{Failure, print, print_json, print_serialized, usual_data_dir};
use crate::args::{AgentStatusArgs, ColonyStatusArgs, ForgetArgs, StatusFormat};
use crate::client::Server;
use crate::show::status;
use coral_agent::status::AgentSelfStatus;
use coral_query::StatusQuestion;
use coral_query::answer::ColonyStatus;
use coral_server::clock;
use coral_trace::sanitize::line;

pub(super) fn colony(args: &ColonyStatusArgs) -> Result<(), Failure> {
    let answer: ColonyStatus = colony_server(&args.colony).ask(&StatusQuestion::default())?;
    match args.format {
        StatusFormat::Json => print_json(&answer)?,
        StatusFormat::Text => print(&status::colony(&answer, clock::now(), args.counters))?,
    }
    match answer.problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::silent()),
    }
}

pub(super) fn forget(args: &ForgetArgs) -> Result<(), Failure> {
    colony_server(&args.colony).forget(&args.agent)?;
    print(&format!("Forgot {}. Its stored spans stay until they expire.\n", line(&args.agent)))
}

pub(super) fn agent(args: &AgentStatusArgs) -> Result<(), Failure> {
    let (data_dir, _) = usual_data_dir(args.data_dir.clone());
    let server = Server::agent(args.agent.clone(), Some(&data_dir));
    let answer: AgentSelfStatus = server.agent_status()?;
    match args.format {
        StatusFormat::Json => print_serialized(&answer),
        StatusFormat::Text => print(&status::agent(&answer, clock::now())),
    }
}
