//! The words of an answer to a question in plain English: `coral ask` prints them, and the JSON of
//! the answer has them.

mod calls;
mod changes;
pub mod command;
mod groups;
mod health;
mod number;
mod page;
mod recommendation;
mod requests;
mod traces;
mod unknown;
mod why;
pub mod window;

use crate::screen::Screen;
use coral_query::answer::{English, Findings, NotUnderstood};
use coral_trace::UnixNanos;

pub(crate) use self::command::quoted;
pub use self::page::{Page, PageLine, PageSection};

/// The answer as text. With several queries, a line with a finding ends in the number of the query
/// that the finding is from.
pub fn text(answer: &English, screen: Screen) -> String {
    page(answer).text(screen)
}

/// The answer as a page of words, with the commands that print the data of its parts.
pub fn page(answer: &English) -> Page {
    let (understanding, findings) = match (&answer.understanding, &answer.findings) {
        (_, Findings::NotUnderstood(found)) => return unknown::not_understood(found),
        (None, _) => return unknown::not_understood(&NotUnderstood::default()),
        (_, Findings::NoSuchService(found)) => return unknown::no_such_service(found),
        (Some(understanding), findings) => (understanding, findings),
    };
    // Calls between services and the health of services are about all routes together, so the page
    // does not name a route.
    let is_narrowed =
        !matches!(findings, Findings::Calls(_) | Findings::ServiceCalls(_) | Findings::Services(_));
    let mut page = Page {
        understood: Some(window::understood(understanding, began(findings), is_narrowed)),
        ..Page::default()
    };
    match findings {
        Findings::Why(found) => why::write(understanding, found, &mut page),
        Findings::Changes(found) => changes::write(understanding, found, &mut page),
        Findings::ServiceCalls(found) => calls::write_of_service(understanding, found, &mut page),
        Findings::Calls(found) => calls::write(understanding, found, &mut page),
        Findings::Traces(found) => traces::write(understanding, found, &mut page),
        Findings::Requests(found) => requests::write(understanding, found, &mut page),
        Findings::Services(found) => health::write(understanding, found, &mut page),
        Findings::Groups(found) => groups::write(understanding, found, &mut page),
        Findings::NotUnderstood(_) | Findings::NoSuchService(_) => {}
    }
    page
}

/// When the change began that the answer is about.
fn began(findings: &Findings) -> Option<UnixNanos> {
    match findings {
        Findings::Why(found) => found.why.began,
        Findings::Changes(found) => found.began,
        _ => None,
    }
}
