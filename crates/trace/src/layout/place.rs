//! Coordinates of ordered nodes.

use super::layers::Layers;
use super::order::Ordering;
use super::{EDGE_GAP, LAYER_GAP, NODE_GAP, Size};

/// How often nodes move towards their neighbours, to the left and to the right in turn.
const SWEEPS: usize = 8;

/// Where nodes and dummy nodes are.
pub(super) struct Placed {
    /// By layer: the left edge.
    pub(super) left: Vec<f64>,
    /// By layer: the width of the widest node.
    pub(super) width: Vec<f64>,
    /// By node and dummy node: the middle of its height.
    pub(super) middle: Vec<f64>,
}

/// Places what is ordered: as near to the mean of its neighbours as the space between nodes allows.
pub(super) fn placed(graph: &Layers, ordering: &Ordering, sizes: &[Size]) -> Placed {
    let height = |node: usize| sizes.get(node).map_or(0.0, |size| size.height);
    let gap = |one: usize, other: usize| {
        let are_nodes = one < graph.nodes && other < graph.nodes;
        let gap = if are_nodes { NODE_GAP } else { EDGE_GAP };
        f64::midpoint(height(one), height(other)) + gap
    };
    let mut middle = vec![0.0; graph.layer.len()];
    for layer in &ordering.layers {
        let wanted = vec![0.0; layer.len()];
        spread(layer, &wanted, &gap, &mut middle);
    }
    let count = ordering.layers.len();
    for sweep in 0..SWEEPS {
        let (neighbours, other_side) = match sweep % 2 {
            0 => (&ordering.before, &ordering.after),
            _ => (&ordering.after, &ordering.before),
        };
        for step in 0..count {
            let layer = &ordering.layers[if sweep % 2 == 0 { step } else { count - 1 - step }];
            let wanted: Vec<f64> = layer
                .iter()
                .map(|node| {
                    mean(&neighbours[*node], &middle)
                        .or_else(|| mean(&other_side[*node], &middle))
                        .unwrap_or(middle[*node])
                })
                .collect();
            spread(layer, &wanted, &gap, &mut middle);
        }
    }
    let upper = |node: usize| middle[node] - height(node) / 2.0;
    let top = (0..middle.len()).map(upper).fold(f64::INFINITY, f64::min);
    middle.iter_mut().for_each(|middle| *middle -= top);
    let width = |layer: &Vec<usize>| {
        let widths = layer.iter().filter_map(|node| sizes.get(*node));
        widths.map(|size| size.width).fold(0.0, f64::max)
    };
    let width: Vec<f64> = ordering.layers.iter().map(width).collect();
    let left = width.iter().scan(0.0, |left, width| {
        let this = *left;
        *left += width + LAYER_GAP;
        Some(this)
    });
    Placed { left: left.collect(), width, middle }
}

fn mean(nodes: &[usize], middle: &[f64]) -> Option<f64> {
    let sum: f64 = nodes.iter().map(|node| middle[*node]).sum();
    (!nodes.is_empty()).then(|| sum / nodes.len() as f64)
}

/// Places the nodes of `layer` in their order as near as possible to `wanted`, with the least gaps
/// between neighbours: isotonic regression by pooling adjacent violators.
fn spread(layer: &[usize], wanted: &[f64], gap: &dyn Fn(usize, usize) -> f64, middle: &mut [f64]) {
    // Without the gaps, a later node may be anywhere at or below an earlier one.
    let mut offsets = Vec::with_capacity(layer.len());
    let mut offset = 0.0;
    for (at, node) in layer.iter().enumerate() {
        if at > 0 {
            offset += gap(layer[at - 1], *node);
        }
        offsets.push(offset);
    }
    // Blocks of nodes at the least gaps: the mean of where they want to be, and how many they are.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wanted, offset) in wanted.iter().zip(&offsets) {
        let mut block = (wanted - offset, 1);
        while let Some((mean, count)) = blocks.pop_if(|(mean, _)| *mean > block.0) {
            let all = count + block.1;
            block = ((mean * count as f64 + block.0 * block.1 as f64) / all as f64, all);
        }
        blocks.push(block);
    }
    let means = blocks.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count));
    for ((node, offset), mean) in layer.iter().zip(&offsets).zip(means) {
        middle[*node] = mean + offset;
    }
}
