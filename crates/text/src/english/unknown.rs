//! Pages for questions without an answer: the question is not understood, or its service is
//! unknown.

use coral_query::answer::NoSuchService;
use coral_trace::units::count;

use super::number::short;
use super::page::Page;

/// Examples of questions that are understood.
const EXAMPLES: [&str; 7] = [
    "why is payments-api slow?",
    "slowest endpoints of payments-api, last 15 minutes",
    "errors today",
    "what calls payments-api?",
    "what changed in the last hour?",
    "show me slow traces for payments-api",
    "what is wrong?",
];

/// The page for a question that is not understood.
pub(super) fn not_understood() -> Page {
    let mut page = Page::default();
    page.section("This question is not understood. Questions that are, by example");
    EXAMPLES.iter().for_each(|example| page.remark(*example));
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
        let known: Vec<String> = found.known.iter().map(|name| short(name)).collect();
        let more = match found.more_known {
            0 => String::new(),
            more => format!(" and {} more", count(more)),
        };
        page.remark(format!("services with traces: {}{more}", known.join(", ")));
    }
    page
}
