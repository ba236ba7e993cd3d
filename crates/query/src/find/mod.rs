//! The rows of a waterfall that a search selects.

pub(crate) mod answer;
mod question;

pub use self::question::FindQuestion;
