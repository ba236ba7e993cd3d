//! The waterfall of one trace: its rows as columns, without attributes.

pub(crate) mod answer;
mod columns;
mod question;
pub(crate) mod rows;

pub use self::question::WaterfallQuestion;
