//! Answers to questions in plain English. Each is composed of answers to other questions, and has
//! no sentences and no numbers of its own.

pub(crate) mod answer;
mod calls;
mod changes;
mod groups;
mod health;
mod requests;
mod traces;
mod understand;
mod understanding;
mod why;

use coral_engine::{Budget, EngineError};
use coral_trace::TimeRange;
use jiff::tz::TimeZone;

use self::answer::{English, Findings, NoSuchService, NotUnderstood};
pub use self::understand::EnglishQuestion;
use self::understand::{Names, understand};
use self::understanding::{Intent, Understanding};
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use crate::topology::answer::TopologyNode;
use crate::zone::zone;

/// The largest number of findings of one kind in an answer.
const MAX_FINDINGS: usize = 5;

impl Ask for EnglishQuestion {
    const PATH: &'static str = "/api/v1/ask";
    const NAME: &'static str = "ask";
    const SUMMARY: &'static str = "Any of the other questions, asked in plain English.";
    const PERMISSION: &'static str = "ask.read";
    type Answer = English;

    fn rows(answer: &Self::Answer) -> usize {
        usize::from(answer.understanding.is_some())
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).english(self)
    }
}

impl Reader<'_> {
    /// The answer to `question`.
    ///
    /// # Errors
    /// [`QueryError::Unavailable`], and the errors of the questions that the answer is composed of.
    pub(crate) fn english(&self, question: &EnglishQuestion) -> Result<English, QueryError> {
        let zone = match question.tz.as_str() {
            "" => TimeZone::UTC,
            name => zone(name).map_err(|error| QueryError::invalid("tz", &error.to_string()))?,
        };
        let services = self.known_services(TimeRange::ALL)?;
        let understanding = match self.understanding(question, &services, &zone)? {
            Ok(understanding) => understanding,
            Err(words) => {
                let (services, more_services) = first(&services);
                let refused = NotUnderstood { words, services, more_services };
                return Ok(English {
                    understanding: None,
                    findings: Findings::NotUnderstood(refused),
                });
            }
        };
        let findings = match &understanding.unknown_service {
            Some(name) => Findings::NoSuchService(self.no_such_service(name, &services)?),
            None => self.findings(&understanding)?,
        };
        Ok(English { understanding: Some(understanding), findings })
    }

    /// How `question` is understood, or the words of it that are not. The service map is read only
    /// if a word may be the name of a database, a queue or an external host.
    fn understanding(
        &self,
        question: &EnglishQuestion,
        services: &[String],
        zone: &TimeZone,
    ) -> Result<Result<Understanding, Vec<String>>, QueryError> {
        let read = |peers: &[TopologyNode]| {
            let names = Names { services, peers };
            understand(&question.question, names, question.now_unix_us, zone)
        };
        let found = read(&[]);
        let window = match &found {
            Ok(found) => {
                let has_name = found.unknown_service.is_some() || found.host.is_some();
                (has_name && found.may_name_peers()).then(|| found.window.clone())
            }
            Err(refusal) => refusal.window.clone(),
        };
        let found = match window {
            Some(window) => read(&self.map_of_window(&window)?.1.nodes),
            None => found,
        };
        Ok(found.map_err(|refusal| refusal.words))
    }

    fn findings(&self, understanding: &Understanding) -> Result<Findings, QueryError> {
        Ok(match understanding.intent {
            Intent::Why => Findings::Why(Box::new(self.why_findings(understanding)?)),
            Intent::Changes => Findings::Changes(self.change_findings(understanding)?),
            Intent::Calls => self.call_findings(understanding)?,
            Intent::Traces { slow, failed } => {
                Findings::Traces(self.trace_findings(understanding, slow, failed)?)
            }
            Intent::Slowest | Intent::Latency => self.request_findings(understanding, false)?,
            Intent::Errors => self.request_findings(understanding, true)?,
            Intent::Statements => Findings::Groups(self.statement_findings(understanding)?),
            Intent::Health => Findings::Services(Box::new(self.service_findings(understanding)?)),
        })
    }

    fn no_such_service(
        &self,
        service: &str,
        services: &[String],
    ) -> Result<NoSuchService, EngineError> {
        let (known, more_known) = first(services);
        let similar = self.similar(service, TimeRange::ALL)?;
        Ok(NoSuchService { service: service.to_owned(), similar, known, more_known })
    }
}

/// The first names of `services`, and how many others there are.
fn first(services: &[String]) -> (Vec<String>, u64) {
    let known: Vec<String> = services.iter().take(MAX_FINDINGS).cloned().collect();
    let more = (services.len() - known.len()) as u64;
    (known, more)
}
