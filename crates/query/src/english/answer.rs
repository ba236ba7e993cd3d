//! An answer in plain English.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was found, in the layout of RFD 036 "CLI Commands". Every number in it is one that a query returned.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Plain {
    /// What was understood: `Analyzing payments-api, last 1h`. Null when nothing was; `sections` then says what can
    /// be asked.
    pub understood: Option<String>,
    /// The answer's parts.
    pub sections: Vec<PlainSection>,
    /// The queries that the lines cite, from 1 on.
    pub queries: Vec<String>,
}

/// A heading and what stands below it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PlainSection {
    /// `RED Metrics (last 1h)`
    pub title: String,
    /// One finding each.
    pub lines: Vec<PlainLine>,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PlainLine {
    /// In words.
    pub text: String,
    /// Which of the answer's `queries` it is from; null where it says nothing of the data.
    pub query: Option<usize>,
}
