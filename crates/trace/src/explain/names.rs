//! Services, operations and components, numbered.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

/// How a component loses time, or fails.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CauseKind {
    /// A service's own work in an operation.
    Own,
    /// The time between a caller and the service it called: the client span less the server span.
    Edge,
    /// A call whose other side nobody observes: a database, a queue, an external host.
    Leaf,
    /// Waiting before the work began, as reported by Beyla's `in queue` spans.
    Queue,
    /// The operation ends before it has made a call that it used to make.
    Missing,
    /// The component fails, and none of its callees does.
    Error,
    /// One caller calls the component repeatedly.
    Repeated,
    /// A larger part of the caller's requests call the component than in the baseline.
    MoreOften,
    /// The caller calls the component, and did not in the baseline.
    New,
}

/// A component, by names: a place where a request can lose time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Identity<'a> {
    /// The service that waited.
    pub service: &'a str,
    /// The operation of the service.
    pub operation: &'a str,
    /// The service or system that was waited for; `None` for the service's own work.
    pub callee: Option<Cow<'a, str>>,
    /// How the time was lost.
    pub kind: CauseKind,
}

/// A component, by the numbers of its names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pub service: u32,
    pub operation: u32,
    pub callee: Option<u32>,
    pub kind: CauseKind,
}

/// The numbers of all services, operations and components.
#[derive(Default)]
pub(super) struct Names {
    pub services: Numbers<String>,
    pub operations: Numbers<String>,
    pub components: Numbers<Key>,
}

/// Values, numbered in the order of their first use.
pub(super) struct Numbers<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl Names {
    /// Adds the components of `others`, in their order. Returns the number of each.
    pub fn include(&mut self, others: &Self) -> Vec<u32> {
        let identity = |key: &Key| Identity {
            service: others.service(key.service),
            operation: others.operation(key.operation),
            callee: key.callee.map(|callee| Cow::Borrowed(others.service(callee))),
            kind: key.kind,
        };
        others.components.values.iter().map(|key| self.component(&identity(key))).collect()
    }

    /// The number of a component.
    pub fn component(&mut self, identity: &Identity<'_>) -> u32 {
        let key = Key {
            service: self.services.text(identity.service),
            operation: self.operations.text(identity.operation),
            callee: identity.callee.as_ref().map(|callee| self.services.text(callee)),
            kind: identity.kind,
        };
        self.components.number(key)
    }

    /// The component with the number `component`.
    pub fn key(&self, component: usize) -> Key {
        self.components.values[component]
    }

    /// The name of the service with that number.
    pub fn service(&self, number: u32) -> &str {
        &self.services.values[number as usize]
    }

    /// The name of the operation with that number.
    pub fn operation(&self, number: u32) -> &str {
        &self.operations.values[number as usize]
    }
}

impl Key {
    /// The service, and the callee if there is one.
    pub fn services(&self) -> impl Iterator<Item = u32> {
        [Some(self.service), self.callee].into_iter().flatten()
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    /// How many values have a number.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let next = u32::try_from(self.values.len()).expect("fewer than four billion names");
        self.values.push(value.clone());
        self.numbers.insert(value, next);
        next
    }
}

impl Numbers<String> {
    fn text(&mut self, text: &str) -> u32 {
        match self.numbers.get(text) {
            Some(number) => *number,
            None => self.number(text.to_owned()),
        }
    }
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }
}

impl CauseKind {
    /// Whether the kind makes traces fail or end early, rather than take longer.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Missing | Self::Error)
    }

    /// The kind as JSON spells it: `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`,
    /// `more_often` or `new`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Edge => "edge",
            Self::Leaf => "leaf",
            Self::Queue => "queue",
            Self::Missing => "missing",
            Self::Error => "error",
            Self::Repeated => "repeated",
            Self::MoreOften => "more_often",
            Self::New => "new",
        }
    }
}
