//! The search language for traces:
//!
//! ```text
//! service:payments status:error duration>500ms host.name=pay-* name~charge -service:health
//! ```
//!
//! A search is a list of conditions, and a trace matches when one of its spans meets all of them.
//!
//! - `KEY:VALUE` or `KEY=VALUE`: the value is equal. `*` in the value is any text, and `KEY:*` is
//!   any value.
//! - `KEY!=VALUE`: the span has the key with another value.
//! - `KEY>N`, `>=`, `<`, `<=`: numbers and durations.
//! - `KEY~REGEX`, `KEY!~REGEX`: a regular expression matches a part of the value, or none. Upper and
//!   lower case are the same.
//! - `-CONDITION`: no span of the trace meets the condition.
//! - `A OR B`, `(A B)`: either, and groups.
//! - `"…"` around a key or a value: spaces and operators are part of it, and `*` is no wildcard. A
//!   quoted key is always an attribute.
//!
//! A search has at most 4,096 bytes and 64 conditions.
//!
//! Keys: `service`, `name`, `status` (`ok`, `error`, `unset`), `duration`, `code` (HTTP or gRPC),
//! `kind`, `collector`, `message` (of the status), `scope`, `event`, `event.KEY`; of the trace:
//! `trace.id`, `trace.duration`, `trace.spans`, `trace.errors`, `root.service`, `root.name`. Every
//! other key is an attribute of the span or its resource, under its current or its older name.
//!
//! Inside of one trace, a search selects spans ([`row`]): `-CONDITION` are the spans that do not meet
//! the condition, and there are two more keys, `self` (self time) and `critical`.

mod condition;
mod error;
mod key;
mod lexer;
mod parser;
#[cfg(test)]
mod property;
pub(crate) mod row;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use self::value::escaped;

pub use self::error::SyntaxError;
pub(crate) use self::key::renamed;
use coral_engine::Filter;
use coral_engine::filter::{Field, SpanField};

/// The fields that a key of a search names: an attribute has one for each of its names.
pub(crate) fn fields(key: &str) -> Vec<Field> {
    key::Key::named(key).fields
}

/// A search that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Search {
    /// The condition on traces.
    pub filter: Filter,
    /// The conditions that name a key and a value, for hints when no trace matches. Conditions
    /// under `-` are left out, because a value that no span has is right there.
    pub(crate) named: Vec<Named>,
}

/// A key that a search names, with the value that it compares with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    pub(crate) key: NamedKey,
    /// The value, if the condition is that a value is equal.
    pub(crate) value: Option<String>,
    /// Whether values are compared as numbers.
    pub(crate) is_number: bool,
}

impl Named {
    /// An attribute of any value.
    pub(crate) fn attribute(key: &str) -> Self {
        Self { key: NamedKey::Attribute(key.to_owned()), value: None, is_number: false }
    }
}

/// The key of a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NamedKey {
    /// `service`.
    Service,
    /// `name`.
    Name,
    /// An attribute of the span or its resource.
    Attribute(String),
}

impl Search {
    /// The longest search, in bytes.
    pub const MAX_BYTES: usize = 4_096;
    /// The largest number of conditions of a search. Each condition may be tested on each span.
    pub const MAX_CONDITIONS: usize = 64;

    /// Reads `text`; `None` if it has no condition.
    ///
    /// # Errors
    /// [`SyntaxError`], with the place of the mistake.
    pub fn parse(text: &str) -> Result<Option<Self>, SyntaxError> {
        let found = parser::parse(text)?;
        Ok(found.map(|(filter, named)| Self { filter, named }))
    }

    /// The condition that a span is of the service `name`.
    pub(crate) fn service(name: &str) -> Filter {
        condition::equal_text(Field::Span(SpanField::Service), name)
    }

    /// The condition that a span has this name.
    pub(crate) fn name(name: &str) -> Filter {
        condition::equal_text(Field::Span(SpanField::Name), name)
    }

    /// The condition that a span or its resource has this attribute, under its current or its older
    /// name. Values are compared as text.
    pub(crate) fn attribute(key: &str, value: &str) -> Filter {
        condition::equal_attribute(key, value)
    }
}
