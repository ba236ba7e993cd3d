//! Observations of both cohorts, turned to answer: how long did each component take, what did each
//! operation call? Which cohort an observation belongs to is said with each question, so that the same
//! table also answers for cohorts drawn by lot.

use std::collections::HashMap;

use super::names::{Key, Names};
use super::observe::Observation;

/// See the module.
pub(super) struct Table<'a> {
    pub names: &'a Names,
    pub observations: &'a [Observation],
    /// By component: each time it was on a critical path.
    pub samples: Vec<Vec<Sample>>,
    /// By component: each time it was called, and what it called.
    pub operations: Vec<Operation>,
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
        let mut samples = vec![Vec::new(); components];
        let mut operations: Vec<Operation> = Vec::new();
        operations.resize_with(components, Operation::default);
        let mut shapes: HashMap<(u32, Vec<u32>), usize> = HashMap::new();
        for (of, observation) in observations.iter().enumerate() {
            let of = of as u32;
            for part in &observation.parts {
                samples[part.component as usize].push(Sample { of, nanos: part.nanos });
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
        Self { names, observations, samples, operations }
    }

    /// What a component is.
    pub fn key(&self, component: usize) -> Key {
        self.names.key(component)
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
