//! Pages for questions without an answer: a word is not understood, or the service is unknown.

use coral_query::answer::{NoSuchService, NotUnderstood};
use coral_trace::units::count;

use super::command::quoted;
use super::number::short;
use super::page::Page;

/// Examples of questions that are understood. `NAME` is a service.
const EXAMPLES: [&str; 12] = [
    "what is wrong?",
    "why is NAME slow?",
    "is NAME ok?",
    "slowest endpoints of NAME, last 15 minutes",
    "p99 of NAME",
    "errors today",
    "which host has errors?",
    "what calls NAME?",
    "what changed in the last hour?",
    "what happened between 02:30 and 03:00?",
    "show me slow traces of NAME",
    "slow queries",
];

/// The page for a question with words that are not understood.
pub(super) fn not_understood(found: &NotUnderstood) -> Page {
    let mut page = Page::default();
    page.section("Not understood");
    page.remark(match found.words.as_slice() {
        [] => "the question does not say what to look for, so nothing was looked for".to_owned(),
        words => {
            let words: Vec<String> =
                words.iter().map(|word| format!("\"{}\"", short(word))).collect();
            format!("the question is not answered, because of these words: {}", words.join(", "))
        }
    });
    page.section("Questions that are understood, by example");
    for example in EXAMPLES {
        match found.services.first() {
            Some(service) => page.remark(example.replace("NAME", &named(service))),
            None if example.contains("NAME") => {}
            None => page.remark(example),
        }
    }
    if !found.services.is_empty() {
        page.remark(format!("services: {}", names(&found.services, found.more_services)));
    }
    page
}

/// The page for a question about a service that no trace has.
pub(super) fn no_such_service(found: &NoSuchService) -> Page {
    let mut page = Page::default();
    page.section("Unknown service");
    page.remark(format!("no stored trace has a span of {}", short(&found.service)));
    if !found.similar.is_empty() {
        page.remark(format!("did you mean {}?", found.similar.join(" or ")));
    } else if !found.known.is_empty() {
        page.remark(format!("services with traces: {}", names(&found.known, found.more_known)));
    }
    page
}

fn names(known: &[String], more: u64) -> String {
    let names: Vec<String> = known.iter().map(|name| short(name)).collect();
    let more = match more {
        0 => String::new(),
        more => format!(" and {} more", count(more)),
    };
    format!("{}{more}", names.join(", "))
}

/// The name of a service as a question has it: in quotes if it has spaces.
fn named(service: &str) -> String {
    if service.contains(char::is_whitespace) { quoted(service) } else { short(service) }
}
