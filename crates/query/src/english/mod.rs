//! Answers to questions in plain English. Each is composed of answers to other questions, and has
//! no sentences and no numbers of its own.

pub(crate) mod answer;
mod calls;
mod changes;
mod health;
mod requests;
mod traces;
mod understand;
mod understanding;
mod why;

use coral_engine::{Budget, EngineError};
use coral_trace::TimeRange;
use jiff::tz::TimeZone;

use self::answer::{English, Findings, NoSuchService};
pub use self::understand::EnglishQuestion;
use self::understand::understand;
use self::understanding::{Intent, Understanding};
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use crate::zone::zone;

/// The largest number of findings of one kind in an answer.
const MAX_FINDINGS: usize = 5;

impl Ask for EnglishQuestion {
    const PATH: &'static str = "/api/v1/ask";
    const NAME: &'static str = "ask";
    const SUMMARY: &'static str = "Any of the other questions, asked in plain English.";
    const PERMISSION: &'static str = "ask.read";
    type Answer = English;

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
        let understanding = understand(&question.question, &services, question.now_unix_us, &zone);
        let findings = match &understanding {
            None => Findings::NotUnderstood,
            Some(understanding) => match &understanding.unknown_service {
                Some(name) => Findings::NoSuchService(self.no_such_service(name, &services)?),
                None => self.findings(understanding)?,
            },
        };
        Ok(English { understanding, findings })
    }

    fn findings(&self, understanding: &Understanding) -> Result<Findings, QueryError> {
        Ok(match understanding.intent {
            Intent::Why => Findings::Why(Box::new(self.why_findings(understanding)?)),
            Intent::Changes => Findings::Changes(self.change_findings(understanding)?),
            Intent::Calls => self.call_findings(understanding)?,
            Intent::Traces { slow, failed } => {
                Findings::Traces(self.trace_findings(understanding, slow, failed)?)
            }
            Intent::Slowest => self.request_findings(understanding, false)?,
            Intent::Errors => self.request_findings(understanding, true)?,
            Intent::Health => Findings::Services(Box::new(self.service_findings(understanding)?)),
        })
    }

    fn no_such_service(
        &self,
        service: &str,
        services: &[String],
    ) -> Result<NoSuchService, EngineError> {
        let known: Vec<String> = services.iter().take(MAX_FINDINGS).cloned().collect();
        Ok(NoSuchService {
            service: service.to_owned(),
            similar: self.similar(service, TimeRange::ALL)?,
            more_known: (services.len() - known.len()) as u64,
            known,
        })
    }
}
