//! The tools, one file each, and their list.

mod anomalies;
mod compare;
mod completeness;
mod red;
mod search;
mod services;
mod sql;
mod topology;
mod trace;
mod why;

use coral_text::screen::Screen;
use coral_trace::{SpanId, TraceId};

use super::tool::Entry;

pub(super) use self::trace::TraceTool;

/// Pages of tools have no colours, and tables as wide as their cells.
const SCREEN: Screen = Screen::PLAIN;

/// Every tool, in the order in which somebody who investigates needs them.
pub(super) fn all() -> Vec<Entry> {
    vec![
        Entry::of::<services::ServicesTool>(),
        Entry::of::<why::WhyTool>(),
        Entry::of::<anomalies::AnomaliesTool>(),
        Entry::of::<search::SearchTool>(),
        Entry::of::<TraceTool>(),
        Entry::of::<compare::CompareTool>(),
        Entry::of::<red::RedTool>(),
        Entry::of::<topology::TopologyTool>(),
        Entry::of::<completeness::CompletenessTool>(),
        sql::entry(),
    ]
}

/// The call that shows one span of a trace.
fn span_call(trace: TraceId, span: SpanId) -> String {
    format!(
        "trace {{\"id\":\"{trace}\",\"span\":\"{span}\"}} shows all that is stored of a span that shows it."
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use coral_query::{Ask, for_each_question};

    use super::*;

    /// Questions that no tool asks, and why.
    const LEFT_OUT: [(&str, &str); 8] = [
        ("ask", "a model that understands English asks with the other tools"),
        ("attributes", "the completion of arguments asks it"),
        ("find", "a row of a picture"),
        ("heatmap", "a picture"),
        ("series", "a picture"),
        ("span", "the tool `trace` has the argument `span`"),
        ("status", "about Coral, not about services"),
        ("waterfall", "a picture"),
    ];

    #[test]
    fn every_question_has_a_tool_or_a_reason_to_have_none() {
        let mut asked = BTreeSet::new();
        macro_rules! names {
            ($($question:ty,)*) => { [$(<$question>::NAME),*] };
        }
        let questions = BTreeSet::from(for_each_question!(names));
        // The tools whose questions have other names.
        for tool in all() {
            asked.insert(match tool.described.name.as_ref() {
                "search" => "traces".to_owned(),
                "completeness" => "trace_health".to_owned(),
                name => name.to_owned(),
            });
        }
        asked.remove("sql");
        asked.extend(LEFT_OUT.iter().map(|(name, _)| (*name).to_owned()));
        let asked: BTreeSet<&str> = asked.iter().map(String::as_str).collect();
        assert_eq!(asked, questions);
    }
}
