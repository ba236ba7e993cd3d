//! Fields of spans: attributes and intrinsics.

/// A field of a span.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Attribute {
    /// A field that every span has by its nature: `duration`, `trace:rootName`.
    Intrinsic(Intrinsic),
    /// An attribute by its key.
    Key {
        /// Whose attribute.
        scope: Scope,
        /// The key.
        key: String,
    },
    /// An attribute of the parent span. Tempo parses it, and refuses to evaluate it.
    OfParent {
        /// Whose attribute.
        scope: Scope,
        /// The key.
        key: String,
    },
}

/// Whose attribute a key is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// `.key`: of the span, or of its resource if the span lacks the key.
    None,
    /// `span.key`
    Span,
    /// `resource.key`
    Resource,
    /// `event.key`
    Event,
    /// `link.key`
    Link,
    /// `instrumentation.key`
    Instrumentation,
}

/// A field that every span has by its nature. The name without scope and the name with scope are one
/// intrinsic, which is printed by the name that Tempo prints.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the variants have the names of the language")]
pub enum Intrinsic {
    Duration,
    Name,
    Status,
    StatusMessage,
    Kind,
    ChildCount,
    SpanId,
    ParentId,
    TraceId,
    TraceDuration,
    RootName,
    RootServiceName,
    NestedSetLeft,
    NestedSetRight,
    NestedSetParent,
    EventName,
    EventTimeSinceStart,
    LinkTraceId,
    LinkSpanId,
    InstrumentationName,
    InstrumentationVersion,
    /// The parent span itself. Tempo parses it, and refuses to evaluate it.
    Parent,
}

/// The intrinsics without a scope, with their names.
const PLAIN: [(&str, Intrinsic); 12] = [
    ("duration", Intrinsic::Duration),
    ("name", Intrinsic::Name),
    ("status", Intrinsic::Status),
    ("statusMessage", Intrinsic::StatusMessage),
    ("kind", Intrinsic::Kind),
    ("parent", Intrinsic::Parent),
    ("rootName", Intrinsic::RootName),
    ("rootServiceName", Intrinsic::RootServiceName),
    ("traceDuration", Intrinsic::TraceDuration),
    ("nestedSetLeft", Intrinsic::NestedSetLeft),
    ("nestedSetRight", Intrinsic::NestedSetRight),
    ("nestedSetParent", Intrinsic::NestedSetParent),
];

/// The intrinsics with a scope: the scope, the name, and the field.
const SCOPED: [(&str, &str, Intrinsic); 18] = [
    ("trace", "duration", Intrinsic::TraceDuration),
    ("trace", "rootName", Intrinsic::RootName),
    ("trace", "rootService", Intrinsic::RootServiceName),
    ("trace", "id", Intrinsic::TraceId),
    ("span", "duration", Intrinsic::Duration),
    ("span", "name", Intrinsic::Name),
    ("span", "kind", Intrinsic::Kind),
    ("span", "status", Intrinsic::Status),
    ("span", "statusMessage", Intrinsic::StatusMessage),
    ("span", "id", Intrinsic::SpanId),
    ("span", "parentID", Intrinsic::ParentId),
    ("span", "childCount", Intrinsic::ChildCount),
    ("event", "name", Intrinsic::EventName),
    ("event", "timeSinceStart", Intrinsic::EventTimeSinceStart),
    ("link", "traceID", Intrinsic::LinkTraceId),
    ("link", "spanID", Intrinsic::LinkSpanId),
    ("instrumentation", "name", Intrinsic::InstrumentationName),
    ("instrumentation", "version", Intrinsic::InstrumentationVersion),
];

impl Intrinsic {
    /// The intrinsic that is written without a scope.
    pub(crate) fn plain(name: &str) -> Option<Self> {
        PLAIN.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// The intrinsic that is written `scope:name`.
    pub(crate) fn scoped(scope: &str, name: &str) -> Option<Self> {
        let is = |known: &&(&str, &str, Self)| known.0 == scope && known.1 == name;
        SCOPED.iter().find(is).map(|(.., field)| *field)
    }

    /// The name as Tempo prints it.
    pub fn name(self) -> String {
        let plain = PLAIN.iter().find(|(_, field)| *field == self).map(|(name, _)| *name);
        let scoped = || SCOPED.iter().find(|(.., field)| *field == self);
        match (plain, scoped()) {
            (Some(name), _) => name.to_owned(),
            (None, Some((scope, name, _))) => format!("{scope}:{name}"),
            (None, None) => String::new(),
        }
    }
}

impl Scope {
    /// The scope as it is written before its point; empty for [`None`](Self::None).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Span => "span",
            Self::Resource => "resource",
            Self::Event => "event",
            Self::Link => "link",
            Self::Instrumentation => "instrumentation",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::Span, Self::Resource, Self::Event, Self::Link, Self::Instrumentation];
        all.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// Whether `character` may be part of a key without quotes.
pub(crate) fn is_key_character(character: char) -> bool {
    !character.is_whitespace() && !"{}()=~!<>&|^,".contains(character)
}
