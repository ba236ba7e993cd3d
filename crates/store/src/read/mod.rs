//! Reading spans: a module a question, each a function over what is live.

pub(crate) mod dependencies;
pub(crate) mod ended;
pub(crate) mod lookup;
pub(crate) mod operations;
pub(crate) mod page;
pub(crate) mod places;
pub(crate) mod search;
pub(crate) mod services;
pub(crate) mod since;
