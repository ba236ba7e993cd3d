//! Reads of spans: one module per question, each with functions over
//! [`Live`](crate::hot::live::Live).

pub(crate) mod columns;
pub(crate) mod dependencies;
pub(crate) mod ended;
pub(crate) mod lookup;
pub(crate) mod operations;
pub(crate) mod page;
pub(crate) mod places;
mod sealed_rows;
pub(crate) mod search;
pub(crate) mod services;
pub(crate) mod since;
