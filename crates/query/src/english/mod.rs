//! Answers in plain English, put together from other answers: RFD 036 "CLI Commands". No number appears that none of
//! them has.

pub(crate) mod answer;
mod calls;
mod changes;
mod page;
mod rows;
mod traces;
mod understand;
mod why;

use coral_engine::EngineError;
use coral_trace::TimeRange;

use self::page::{Page, short};
pub use self::understand::EnglishQuestion;
use self::understand::{Intent, understand};
use coral_engine::Budget;

use self::answer::Plain;
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use coral_trace::units::count;

/// Findings of one kind that are told.
const MAX: usize = 5;
/// What can be asked, by example.
const EXAMPLES: [&str; 6] = [
    "why is payments-api slow?",
    "slowest endpoints of payments-api, last 15 minutes",
    "errors today",
    "what calls payments-api?",
    "what changed in the last hour?",
    "show me slow traces for payments-api",
];

impl Ask for EnglishQuestion {
    const PATH: &'static str = "/api/v1/ask";
    const NAME: &'static str = "ask";
    const SUMMARY: &'static str = "Any of these, asked in plain English.";
    const PERMISSION: &'static str = "ask.read";
    type Answer = answer::Plain;

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).english(self)
    }
}

impl Reader<'_> {
    /// What is asked in `filter`, in words.
    ///
    /// # Errors
    /// [`QueryError::Engine`]; those of the questions that it is put together from.
    pub(crate) fn english(&self, filter: &EnglishQuestion) -> Result<Plain, QueryError> {
        let services = self.known_services(TimeRange::ALL)?;
        let Some(asked) = understand(&filter.question, &services, filter.now_unix_us) else {
            return Ok(not_understood());
        };
        if let Some(unknown) = &asked.unknown {
            return Ok(self.no_such_service(unknown, &services)?);
        }
        let mut page = Page::default();
        page.about(&asked, asked.route.as_deref());
        match asked.intent {
            Intent::Why => self.tell_why(&asked, &mut page)?,
            Intent::Changed => self.tell_changes(&asked, &mut page)?,
            Intent::Calls => self.tell_calls(&asked, &mut page)?,
            Intent::Traces { slow, failed } => self.tell_traces(&asked, slow, failed, &mut page)?,
            Intent::Slowest => self.tell_rows(&asked, false, &mut page)?,
            Intent::Errors => self.tell_rows(&asked, true, &mut page)?,
        }
        Ok(page.0)
    }

    fn no_such_service(&self, unknown: &str, services: &[String]) -> Result<Plain, EngineError> {
        let mut page = Page::default();
        page.section("No such service");
        page.remark(format!("no trace here has a service called {}", short(unknown)));
        let similar = self.similar(unknown, TimeRange::ALL)?;
        if !similar.is_empty() {
            page.remark(format!("services of a similar name: {}", similar.join(", ")));
        } else if !services.is_empty() {
            let some: Vec<String> = services.iter().take(MAX).map(|name| short(name)).collect();
            let more = services.len() - some.len();
            let more = (more > 0).then(|| format!(" and {} more", count(more as u64)));
            page.remark(format!("there are {}{}", some.join(", "), more.unwrap_or_default()));
        }
        Ok(page.0)
    }
}

fn not_understood() -> Plain {
    let mut page = Page::default();
    page.section("I cannot answer that. What can be asked");
    EXAMPLES.iter().for_each(|example| page.remark((*example).to_owned()));
    page.0
}
