//! One question, one answer: what CLI, JSON and every other surface ask (design decision 14).

pub mod answer;
pub mod ask;
pub mod question;

pub use self::ask::{QueryError, Sources};
pub use self::question::{
    AnomaliesFilter, PlainFilter, Question, RedFilter, RedProtocol, RedSide, RedSource, Sort,
    Source, SpanStatus, TopologyFilter, TraceFilter, WhyFilter,
};
