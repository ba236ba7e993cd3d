//! What the demo prints when its history is loaded: commands to try.

use coral_scenario::IncidentKind;
use coral_server::addresses::{Addresses, on_this_host};
use coral_trace::TraceId;
use serde_json::json;

use super::story::{FAULT_AGE_MINUTES, Story};
use crate::greeting::{colony_flag, page};

/// The end of the history, and what to ask about it.
pub struct Welcome<'a> {
    /// Where the demo listens.
    pub addresses: &'a Addresses,
    /// The command with which the user ran this program.
    pub program: &'a str,
    /// What happens.
    pub incident: IncidentKind,
    /// The requests, and when the incident began.
    pub story: &'a Story,
    /// A trace to show.
    pub trace: TraceId,
}

impl Welcome<'_> {
    /// For people.
    pub fn text(&self) -> String {
        let what = match self.story.culprits().is_empty() {
            true => "and nothing is wrong".to_owned(),
            false => format!("and a fault that began {FAULT_AGE_MINUTES} minutes ago"),
        };
        let commands = self
            .commands()
            .map(|(shows, command)| format!("  {command}\n      {shows}\n"))
            .concat();
        let page = page(self.addresses);
        format!(
            "Coral runs, with an hour of simulated requests to six services, {what}.\n{page}\
             In another terminal, try:\n\n{commands}\n\
             Requests keep coming. Ctrl-C ends the demo and removes its data."
        )
    }

    /// For programs.
    pub fn json(&self) -> String {
        let commands =
            self.commands().map(|(shows, command)| json!({ "command": command, "shows": shows }));
        let colony = self.addresses.colony.map(on_this_host);
        json!({
            "colony": colony.map(|at| format!("http://{at}")),
            "fault": self.incident.slug(),
            "culprits": self.story.culprits(),
            "culprit_value": self.story.culprit_value(),
            "began_unix_us": self.story.began().as_micros(),
            "trace_id": self.trace.to_string(),
            "commands": commands,
        })
        .to_string()
    }

    /// What each command shows, and the command.
    fn commands(&self) -> [(&'static str, String); 4] {
        let (program, colony) = (self.program, colony_flag(self.addresses));
        let trace = self.trace;
        [
            ("every service: which one is not well, and since when", "services".to_owned()),
            ("the cause, and the evidence for it", "why".to_owned()),
            (
                "one of the requests, through all services",
                format!("query beyla traces --trace-id {trace}"),
            ),
            (
                "the map: who calls whom, and what changed",
                format!("query topology --since {FAULT_AGE_MINUTES}m --diff 30m"),
            ),
        ]
        .map(|(shows, command)| (shows, format!("{program} {command}{colony}")))
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::UnixNanos;
    use expect_test::expect;

    use super::*;

    fn text(incident: IncidentKind) -> String {
        let colony = Some("127.0.0.1:9100".parse().unwrap());
        let addresses = &Addresses { colony, ..Addresses::default() };
        let story = &Story::new(incident, UnixNanos(1_790_000_000_000_000_000));
        let trace = TraceId::try_from(0xabc).unwrap();
        Welcome { addresses, program: "coral", incident, story, trace }.text()
    }

    #[test]
    fn four_commands_are_named_with_the_colony_and_what_each_shows() {
        let [fault, ..] = IncidentKind::faults()[..] else { panic!("no faults") };
        expect![[r#"
            Coral runs, with an hour of simulated requests to six services, and a fault that began 12 minutes ago.
            Look at it in a browser: http://127.0.0.1:9100/ui/
            In another terminal, try:

              coral services --colony http://127.0.0.1:9100
                  every service: which one is not well, and since when
              coral why --colony http://127.0.0.1:9100
                  the cause, and the evidence for it
              coral query beyla traces --trace-id 00000000000000000000000000000abc --colony http://127.0.0.1:9100
                  one of the requests, through all services
              coral query topology --since 12m --diff 30m --colony http://127.0.0.1:9100
                  the map: who calls whom, and what changed

            Requests keep coming. Ctrl-C ends the demo and removes its data."#]].assert_eq(&text(fault));
        assert!(text(IncidentKind::Nothing).contains("six services, and nothing is wrong.\n"));
    }
}
