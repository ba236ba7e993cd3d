//! Observations of both cohorts, turned to answer: how long did each component take, what did each
//! operation call? Which cohort an observation belongs to is said with each question, so that the same
//! table also answers for cohorts drawn by lot.

use std::collections::HashMap;

use super::names::{Key, Names};
use super::observe::Observation;
use crate::work;

/// See the module.
pub(super) struct Table<'a> {
    pub names: &'a Names,
    pub observations: &'a [Observation],
    /// By component: each time it was on a critical path.
    pub samples: Vec<Vec<Sample>>,
    /// By component: each time it was beside one.
    pub aside: Vec<Vec<Sample>>,
    /// By component: each time it was called, and what it called.
    pub operations: Vec<Operation>,
    /// What operations call.
    pub callees: Vec<Callee>,
}

/// What an operation calls.
#[derive(Debug)]
pub(super) struct Callee {
    /// The caller, as its own children see it.
    pub operation: u32,
    /// Whom it calls.
    pub component: u32,
    /// Each call of the operation that makes any such call.
    pub asked: Vec<Asked>,
    /// The most that one call of the operation makes.
    pub most: u32,
}

/// What one call of an operation makes of one callee.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Index of the observation.
    pub of: u32,
    /// Index of the caller among the observation's calls.
    pub call: u32,
    /// How many calls.
    pub count: u32,
    /// How long they held up the critical path, with all that lies below them.
    pub nanos: f64,
}

/// One stay of a critical path at a component.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Index of the observation.
    pub of: u32,
    pub nanos: f64,
}

/// What is known of an operation's calls.
#[derive(Default, Debug)]
pub(super) struct Operation {
    pub calls: Vec<Seen>,
    /// Different sets of children, in order of their numbers.
    pub shapes: Vec<Vec<u32>>,
    /// For each shape, those that have all of its children, and more.
    pub larger: Vec<Vec<usize>>,
}

/// One call of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Index of the observation.
    pub of: u32,
    /// Index among the observation's calls.
    pub call: u32,
    /// Index among the operation's shapes; `None` beyond [`MOST_SHAPES`].
    pub shape: Option<usize>,
    /// Nodes below it, and itself.
    pub size: u32,
}

/// Different shapes of one operation that are compared; an operation with more has no shape to keep.
const MOST_SHAPES: usize = 64;

impl<'a> Table<'a> {
    /// Of all observations, whatever their cohort.
    pub fn of(names: &'a Names, observations: &'a [Observation]) -> Self {
        let components = names.components.len();
        let (mut samples, mut aside) = (vec![Vec::new(); components], vec![Vec::new(); components]);
        let mut operations: Vec<Operation> = Vec::new();
        operations.resize_with(components, Operation::default);
        let mut shapes: HashMap<(u32, Vec<u32>), usize> = HashMap::new();
        let mut callees = Callees::default();
        for (of, observation) in observations.iter().enumerate() {
            let of = of as u32;
            callees.add(of, observation);
            for (parts, samples) in
                [(&observation.parts, &mut samples), (&observation.aside, &mut aside)]
            {
                for part in parts {
                    samples[part.component as usize].push(Sample { of, nanos: part.nanos });
                }
            }
            for (at, call) in observation.calls.iter().enumerate() {
                let operation = &mut operations[call.operation as usize];
                let children: Vec<u32> = call.children.iter().map(|child| child.0).collect();
                let shape = match shapes.get(&(call.operation, children.clone())) {
                    Some(known) => Some(*known),
                    None if operation.shapes.len() < MOST_SHAPES => {
                        operation.shapes.push(children.clone());
                        let number = operation.shapes.len() - 1;
                        shapes.insert((call.operation, children), number);
                        Some(number)
                    }
                    None => None,
                };
                operation.calls.push(Seen { of, call: at as u32, shape, size: call.size });
            }
        }
        operations.iter_mut().for_each(Operation::compare_shapes);
        Self { names, observations, samples, aside, operations, callees: callees.found }
    }

    /// The observations of the window.
    pub fn window(&self, in_window: &'a [bool]) -> impl Iterator<Item = &'a Observation> {
        self.observations.iter().zip(in_window).filter(|(_, inside)| **inside).map(|(of, _)| of)
    }

    /// How often each operation is called in the baseline, and in the window.
    pub fn calls(&self, in_window: &[bool]) -> Vec<(usize, usize)> {
        let count = |operation: &Operation| {
            let calls = operation.calls.iter();
            let now = calls.filter(|seen| in_window[seen.of as usize]).count();
            (operation.calls.len() - now, now)
        };
        self.operations.iter().map(count).collect()
    }

    /// What a component is.
    pub fn key(&self, component: usize) -> Key {
        self.names.key(component)
    }
}

/// Callees, as they are met.
#[derive(Default)]
struct Callees {
    found: Vec<Callee>,
    numbers: HashMap<(u32, u32), usize>,
}

impl Callees {
    fn add(&mut self, of: u32, observation: &Observation) {
        let calls = &observation.calls;
        let mut held: Vec<Vec<f64>> =
            calls.iter().map(|call| vec![0.0; call.children.len()]).collect();
        for call in calls {
            work::step();
            let Some(caller) = call.parent.map(|caller| caller as usize) else { continue };
            let among = &calls[caller].children;
            if let Ok(at) = among.binary_search_by_key(&call.called_as, |child| child.0) {
                held[caller][at] += call.held;
            }
        }
        for (at, (call, held)) in calls.iter().zip(held).enumerate() {
            for ((component, count), nanos) in call.children.iter().zip(held) {
                work::step();
                let callee = self.of(call.operation, *component);
                callee.asked.push(Asked { of, call: at as u32, count: *count, nanos });
                callee.most = callee.most.max(*count);
            }
        }
    }

    fn of(&mut self, operation: u32, component: u32) -> &mut Callee {
        let next = self.found.len();
        let number = *self.numbers.entry((operation, component)).or_insert(next);
        if number == next {
            self.found.push(Callee { operation, component, asked: Vec::new(), most: 0 });
        }
        &mut self.found[number]
    }
}

impl Operation {
    fn compare_shapes(&mut self) {
        let larger = |small: &Vec<u32>| {
            let is_larger = |other: &&usize| is_part_of(small, &self.shapes[**other]);
            let all: Vec<usize> = (0..self.shapes.len()).collect();
            all.iter().filter(is_larger).copied().collect()
        };
        self.larger = self.shapes.iter().map(larger).collect();
    }
}

/// Whether `large` has all of `small` and more; both in order.
fn is_part_of(small: &[u32], large: &[u32]) -> bool {
    let mut rest = large.iter();
    small.len() < large.len() && small.iter().all(|child| rest.any(|other| other == child))
}
