//! The observations of both cohorts, indexed by component: how long each component took, and what
//! each operation called. The table does not know the cohorts: each function takes them as a
//! parameter, so that the permutation test can use one table for all relabellings.

use std::collections::HashMap;

use super::names::{Key, Names};
use super::observation::{Observation, PathShare};
use crate::side_by_side::side_by_side;
use crate::work;

/// The observations of both cohorts, indexed by component.
pub(super) struct ObservationTable<'a> {
    pub names: &'a Names,
    pub observations: &'a [Observation],
    /// By component: its times on critical paths, shortest first, because each comparison sorts some of
    /// them.
    pub samples: Vec<Vec<Sample>>,
    /// By component: its times outside of the critical path, shortest first.
    pub off_path: Vec<Vec<Sample>>,
    /// By component: its calls, as an operation, and what they called.
    pub operations: Vec<Operation>,
    /// Pairs of an operation and a component that it calls.
    pub callees: Vec<Callee>,
}

/// A component that an operation calls.
#[derive(Debug)]
pub(super) struct Callee {
    /// The calling component.
    pub operation: u32,
    /// The called component.
    pub component: u32,
    /// The calls of the operation that call the component at least once.
    pub uses: Vec<CalleeUse>,
    /// The largest [`CalleeUse::count`] of `uses`.
    pub max_count: u32,
}

/// How one call of an operation used one callee.
#[derive(Clone, Copy, Debug)]
pub(super) struct CalleeUse {
    /// Index of the observation.
    pub observation: u32,
    /// Index of the calling call in the observation.
    pub call: u32,
    /// How many times the callee was called.
    pub count: u32,
    /// Nanoseconds of the critical path in these calls, and in everything below them.
    pub nanos: f64,
}

/// One path share of a component.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Index of the observation.
    pub observation: u32,
    pub nanos: f64,
}

/// The calls of an operation.
#[derive(Default, Debug)]
pub(super) struct Operation {
    pub calls: Vec<OperationCall>,
    /// The different sets of callees, each sorted by number.
    pub shapes: Vec<Vec<u32>>,
    /// For each shape, the shapes that have all its callees and more.
    pub supersets: Vec<Vec<usize>>,
}

/// One call of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct OperationCall {
    /// Index of the observation.
    pub observation: u32,
    /// Index in the observation's calls.
    pub call: u32,
    /// Index in the operation's shapes; `None` when there are more than [`MAX_SHAPES`].
    pub shape: Option<usize>,
    /// The number of nodes below the call, including its own.
    pub size: u32,
}

/// The largest number of shapes of one operation that are compared; calls with further shapes have
/// none.
const MAX_SHAPES: usize = 64;

impl<'a> ObservationTable<'a> {
    /// Indexes all observations of both cohorts, on two threads.
    pub fn from_observations(names: &'a Names, observations: &'a [Observation]) -> Self {
        let components = names.components.len();
        let ((samples, off_path, operations), callees) = side_by_side(
            || {
                (
                    samples(components, observations, |of| &of.path_shares),
                    samples(components, observations, |of| &of.off_path),
                    operations(components, observations),
                )
            },
            || callees(observations),
        );
        Self { names, observations, samples, off_path, operations, callees }
    }

    /// The observations of the window.
    pub fn window(&self, in_window: &'a [bool]) -> impl Iterator<Item = &'a Observation> + use<'a> {
        self.observations.iter().zip(in_window).filter(|(_, inside)| **inside).map(|(of, _)| of)
    }

    /// How many calls of each operation the baseline and the window have.
    pub fn calls(&self, in_window: &[bool]) -> Vec<(usize, usize)> {
        let count = |operation: &Operation| {
            let calls = operation.calls.iter();
            let now = calls.filter(|seen| in_window[seen.observation as usize]).count();
            (operation.calls.len() - now, now)
        };
        self.operations.iter().map(count).collect()
    }

    /// The component with the number `component`.
    pub fn key(&self, component: usize) -> Key {
        self.names.key(component)
    }
}

/// By component: its times among the `shares` of each observation, shortest first.
fn samples(
    components: usize,
    observations: &[Observation],
    shares: impl Fn(&Observation) -> &[PathShare],
) -> Vec<Vec<Sample>> {
    let mut samples = vec![Vec::new(); components];
    for (number, observation) in (0..).zip(observations) {
        for share in shares(observation) {
            let sample = Sample { observation: number, nanos: share.nanos };
            samples[share.component as usize].push(sample);
        }
    }
    for samples in &mut samples {
        samples.sort_by(|one, other| one.nanos.total_cmp(&other.nanos));
    }
    samples
}

/// By component: its calls.
fn operations(components: usize, observations: &[Observation]) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    operations.resize_with(components, Operation::default);
    let mut shapes: Vec<HashMap<Vec<u32>, usize>> = vec![HashMap::new(); components];
    let mut children: Vec<u32> = Vec::new();
    for (number, observation) in (0..).zip(observations) {
        for (at, call) in (0..).zip(&observation.calls) {
            let operation = &mut operations[call.operation as usize];
            let shapes = &mut shapes[call.operation as usize];
            children.clear();
            children.extend(call.children.iter().map(|child| child.0));
            let shape = match shapes.get(children.as_slice()) {
                Some(known) => Some(*known),
                None if operation.shapes.len() < MAX_SHAPES => {
                    operation.shapes.push(children.clone());
                    let shape = operation.shapes.len() - 1;
                    shapes.insert(children.clone(), shape);
                    Some(shape)
                }
                None => None,
            };
            let seen = OperationCall { observation: number, call: at, shape, size: call.size };
            operation.calls.push(seen);
        }
    }
    operations.iter_mut().for_each(Operation::compare_shapes);
    operations
}

/// Pairs of an operation and a component that it calls.
fn callees(observations: &[Observation]) -> Vec<Callee> {
    let mut callees = Callees::default();
    (0..).zip(observations).for_each(|(number, observation)| callees.add(number, observation));
    callees.found
}

/// Collects pairs of operation and callee.
#[derive(Default)]
struct Callees {
    found: Vec<Callee>,
    numbers: HashMap<(u32, u32), usize>,
    /// Of the observation that is added: nanoseconds by callee of each call.
    path_nanos: Vec<f64>,
    /// By call of that observation: where its callees begin in `path_nanos`.
    first: Vec<usize>,
}

impl Callees {
    fn add(&mut self, number: u32, observation: &Observation) {
        let calls = &observation.calls;
        // The nanoseconds by callee of the calls, one call after the other.
        self.first.clear();
        let mut callees = 0;
        for call in calls {
            self.first.push(callees);
            callees += call.children.len();
        }
        self.path_nanos.clear();
        self.path_nanos.resize(callees, 0.0);
        for call in calls {
            work::step();
            let Some(caller) = call.parent.map(|caller| caller as usize) else { continue };
            let among = &calls[caller].children;
            if let Ok(at) = among.binary_search_by_key(&call.called_as, |child| child.0) {
                self.path_nanos[self.first[caller] + at] += call.path_nanos;
            }
        }
        for (at, call) in calls.iter().enumerate() {
            for (child, (component, count)) in call.children.iter().enumerate() {
                let nanos = self.path_nanos[self.first[at] + child];
                work::step();
                let callee = self.entry(call.operation, *component);
                callee.uses.push(CalleeUse {
                    observation: number,
                    call: at as u32,
                    count: *count,
                    nanos,
                });
                callee.max_count = callee.max_count.max(*count);
            }
        }
    }

    fn entry(&mut self, operation: u32, component: u32) -> &mut Callee {
        let next = self.found.len();
        let number = *self.numbers.entry((operation, component)).or_insert(next);
        if number == next {
            self.found.push(Callee { operation, component, uses: Vec::new(), max_count: 0 });
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
        self.supersets = self.shapes.iter().map(larger).collect();
    }
}

/// Whether `large` contains all of `small` and more; both are sorted.
fn is_part_of(small: &[u32], large: &[u32]) -> bool {
    let mut rest = large.iter();
    small.len() < large.len() && small.iter().all(|child| rest.any(|other| other == child))
}
