//! An answer to a question in plain English, as `coral ask` prints it and as its JSON words it.

mod calls;
mod changes;
mod command;
mod number;
mod page;
mod requests;
mod traces;
mod unknown;
mod why;
mod window;

use crate::screen::Screen;
use coral_query::answer::{English, Findings};
use coral_trace::UnixNanos;

pub use self::page::{Page, PageLine, PageSection};

/// The answer in the layout of RFD 036 "CLI Commands". Lines end in the number of the query that they are from.
pub fn text(answer: &English, screen: Screen) -> String {
    page(answer).text(screen)
}

/// The answer in words, with the commands that ask for its parts.
pub fn page(answer: &English) -> Page {
    let (understanding, findings) = match (&answer.understanding, &answer.findings) {
        (None, _) | (_, Findings::NotUnderstood) => return unknown::not_understood(),
        (_, Findings::NoSuchService(found)) => return unknown::no_such_service(found),
        (Some(understanding), findings) => (understanding, findings),
    };
    // Calls between services are counted of all routes.
    let is_narrowed = !matches!(findings, Findings::Calls(_) | Findings::ServiceCalls(_));
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
        Findings::NotUnderstood | Findings::NoSuchService(_) => {}
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
