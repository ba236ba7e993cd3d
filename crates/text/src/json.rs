//! Answers as JSON: the typed answer, and beside it the sentences that word it.
//!
//! A program reads the types, a person the words; the typed answer comes back from its JSON, because reading ignores
//! the words.

use coral_query::answer::{
    Anomalies, ColonyStatus, English, RedTable, Topology, Trace, TraceList, Why,
};
use serde::Serialize;
use serde_json::Error;

use crate::english::{self, Page};
use crate::red_table::no_slow_trace;
use crate::why::words::reason;

/// An answer that has a JSON form.
pub trait Projection {
    /// The answer as a JSON document of one line: every field of the typed answer, and the words that it lacks.
    ///
    /// # Errors
    /// When a value of the answer has no JSON form.
    fn json(&self) -> Result<Vec<u8>, Error>;
}

/// Answers without words: their JSON is what serde makes of the types.
macro_rules! without_words {
    ($($answer:ty),* $(,)?) => {
        $(impl Projection for $answer {
            fn json(&self) -> Result<Vec<u8>, Error> {
                serde_json::to_vec(self)
            }
        })*
    };
}

without_words!(Anomalies, ColonyStatus, Topology, Trace, TraceList);

/// Adds `reason`: why a cause is named or not, a sentence without a full stop.
impl Projection for Why {
    fn json(&self) -> Result<Vec<u8>, Error> {
        #[derive(Serialize)]
        struct Worded<'a> {
            #[serde(flatten)]
            why: &'a Why,
            reason: String,
        }
        serde_json::to_vec(&Worded { why: self, reason: reason(self.because) })
    }
}

/// Adds `understood`, `sections` and `queries`: the members of [`Page`].
impl Projection for English {
    fn json(&self) -> Result<Vec<u8>, Error> {
        #[derive(Serialize)]
        struct Worded<'a> {
            #[serde(flatten)]
            answer: &'a English,
            #[serde(flatten)]
            page: Page,
        }
        serde_json::to_vec(&Worded { answer: self, page: english::page(self) })
    }
}

/// Adds `why_none` to each row of `slow`: why no trace behind the row is stored; null when one is.
impl Projection for RedTable {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let mut json = serde_json::to_value(self)?;
        for (at, row) in self.slow.iter().flatten().enumerate() {
            json["slow"][at]["why_none"] = row.none_because.map(no_slow_trace).into();
        }
        serde_json::to_vec(&json)
    }
}
