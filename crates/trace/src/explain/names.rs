//! Services, operations and components as small numbers.

use std::collections::HashMap;
use std::hash::Hash;

/// How a component loses time, or fails.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CauseKind {
    /// A service's own work in an operation.
    Own,
    /// Between a caller and the service it called: the client's time less the server's.
    Edge,
    /// A call whose other side nobody observes: a database, a queue, an external host.
    Leaf,
    /// Waiting before the work began, as Beyla's `in queue` says.
    Queue,
    /// It stops before it has called what it used to call.
    Missing,
    /// It fails, and nothing that it calls does.
    Error,
    /// It is called again and again by one caller.
    Repeated,
    /// More of its caller's requests call it than did.
    MoreOften,
    /// Its caller calls it, and did not.
    New,
}

/// A place where a request can lose time, in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Identity<'a> {
    /// Who waited.
    pub service: &'a str,
    /// What it was doing.
    pub operation: &'a str,
    /// Whom it waited for, if for anybody.
    pub callee: Option<&'a str>,
    /// How it lost the time.
    pub kind: CauseKind,
}

/// The same in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pub service: u32,
    pub operation: u32,
    pub callee: Option<u32>,
    pub kind: CauseKind,
}

/// Everything that has a number.
#[derive(Default)]
pub(super) struct Names {
    pub services: Numbers<String>,
    pub operations: Numbers<String>,
    pub components: Numbers<Key>,
}

/// Values numbered in the order in which they came.
pub(super) struct Numbers<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl Names {
    /// The number of a component.
    pub fn component(&mut self, identity: &Identity<'_>) -> u32 {
        let key = Key {
            service: self.services.text(identity.service),
            operation: self.operations.text(identity.operation),
            callee: identity.callee.map(|callee| self.services.text(callee)),
            kind: identity.kind,
        };
        self.components.number(key)
    }

    /// The component with that number.
    pub fn key(&self, component: usize) -> Key {
        self.components.values[component]
    }

    /// What a service with that number is called.
    pub fn service(&self, number: u32) -> &str {
        &self.services.values[number as usize]
    }

    /// What an operation with that number is called.
    pub fn operation(&self, number: u32) -> &str {
        &self.operations.values[number as usize]
    }
}

impl Key {
    /// The service, and the one it calls.
    pub fn services(&self) -> impl Iterator<Item = u32> {
        [Some(self.service), self.callee].into_iter().flatten()
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    /// How many there are.
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
    /// Whether it makes traces fail, or cuts them short, rather than make them longer.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Missing | Self::Error)
    }

    /// `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`, `more_often` or `new`.
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
