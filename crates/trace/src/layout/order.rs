//! The order of nodes within layers.

use super::layers::Layers;

/// How often the layers are ordered by their neighbours, downwards and upwards in turn.
const SWEEPS: usize = 12;

/// The nodes and dummy nodes of each layer, from above.
pub(super) struct Ordering {
    pub(super) layers: Vec<Vec<usize>>,
    /// By node and dummy node: those of the layer before to which a segment leads.
    pub(super) before: Vec<Vec<usize>>,
    /// By node and dummy node: those of the layer after to which a segment leads.
    pub(super) after: Vec<Vec<usize>>,
}

impl Ordering {
    /// Orders the layers so that few segments cross: barycentre sweeps, of which the best result
    /// is kept.
    pub(super) fn of(graph: &Layers) -> Self {
        let all = graph.layer.len();
        let (mut before, mut after) = (vec![Vec::new(); all], vec![Vec::new(); all]);
        for (from, to) in graph.segments() {
            after[from].push(to);
            before[to].push(from);
        }
        let mut layers = vec![Vec::new(); graph.count];
        for (node, layer) in graph.layer.iter().enumerate() {
            layers[*layer].push(node);
        }
        let mut ordering = Self { layers, before, after };
        let mut places = vec![0; all];
        ordering.layers.iter().for_each(|layer| number(layer, &mut places));
        let mut best = (ordering.crossings(&places), ordering.layers.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            ordering.sweep(sweep % 2 == 0, &mut places);
            let crossings = ordering.crossings(&places);
            if crossings < best.0 {
                best = (crossings, ordering.layers.clone());
            }
        }
        ordering.layers = best.1;
        ordering
    }

    /// Sorts each layer by the mean place of the neighbours in the layer before, or after.
    fn sweep(&mut self, down: bool, places: &mut [usize]) {
        let neighbours = if down { &self.before } else { &self.after };
        let count = self.layers.len();
        for step in 0..count {
            let layer = &mut self.layers[if down { step } else { count - 1 - step }];
            let centre = |node: &usize| match neighbours[*node].as_slice() {
                [] => places[*node] as f64,
                some => {
                    some.iter().map(|other| places[*other] as f64).sum::<f64>() / some.len() as f64
                }
            };
            let mut keyed: Vec<(f64, usize)> =
                layer.iter().map(|node| (centre(node), *node)).collect();
            keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
            *layer = keyed.into_iter().map(|(_, node)| node).collect();
            number(layer, places);
        }
    }

    /// How many pairs of segments cross.
    fn crossings(&self, places: &[usize]) -> u64 {
        self.layers
            .windows(2)
            .map(|pair| {
                let mut ends = Vec::new();
                for node in &pair[0] {
                    let begin = ends.len();
                    ends.extend(self.after[*node].iter().map(|other| places[*other]));
                    ends[begin..].sort_unstable();
                }
                inversions(&ends, pair[1].len())
            })
            .sum()
    }
}

fn number(layer: &[usize], places: &mut [usize]) {
    for (place, node) in layer.iter().enumerate() {
        places[*node] = place;
    }
}

/// How many pairs of `numbers`, each less than `limit`, are in descending order. A Fenwick tree
/// counts those seen so far.
fn inversions(numbers: &[usize], limit: usize) -> u64 {
    let mut tree = vec![0_u64; limit + 1];
    let mut inversions = 0;
    for (seen, number) in numbers.iter().enumerate() {
        let (mut at, mut not_above) = (number + 1, 0);
        while at > 0 {
            not_above += tree[at];
            at &= at - 1;
        }
        inversions += seen as u64 - not_above;
        let mut at = number + 1;
        while at <= limit {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    inversions
}
