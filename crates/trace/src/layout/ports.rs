//! Lines of edges, from the border of one node to the border of another.

use super::layers::Layers;
use super::place::Placed;
use super::{EDGE_GAP, LAYER_GAP, Layout, Point, Size};

/// How far the line of an edge from a node to itself goes around the node.
const LOOP: f64 = EDGE_GAP;

/// The layout with the placed nodes, and with lines for `edges`.
pub(super) fn lines(
    graph: &Layers,
    placed: &Placed,
    sizes: &[Size],
    edges: &[(usize, usize)],
) -> Layout {
    let node = |node: usize| Point {
        x: placed.left[graph.layer[node]],
        y: placed.middle[node] - sizes[node].height / 2.0,
    };
    let nodes: Vec<Point> = (0..graph.nodes).map(node).collect();
    let mut lines = vec![Vec::new(); edges.len()];
    let [leaving, arriving] = ports(graph, placed, &nodes, sizes);
    for (at, route) in graph.routes.iter().enumerate() {
        let (from, edge) = (route.directed.from, route.directed.edge);
        let beside = placed.left[graph.layer[from]] + placed.width[graph.layer[from]];
        let mut line = vec![Point { x: nodes[from].x + sizes[from].width, y: leaving[at] }];
        if line[0].x < beside {
            line.push(Point { x: beside, y: leaving[at] });
        }
        for dummy in &route.dummies {
            let (layer, y) = (graph.layer[*dummy], placed.middle[*dummy]);
            let left = placed.left[layer];
            line.extend([left, left + placed.width[layer]].map(|x| Point { x, y }));
        }
        line.push(Point { x: nodes[route.directed.to].x, y: arriving[at] });
        if route.directed.reversed {
            line.reverse();
        }
        lines[edge] = line;
    }
    for (edge, (from, to)) in edges.iter().enumerate() {
        if from == to {
            lines[edge] = around(nodes[*from], sizes[*from]);
        }
    }
    let corners = nodes.iter().zip(sizes);
    let corners = corners.map(|(at, size)| Point { x: at.x + size.width, y: at.y + size.height });
    let all = || corners.clone().chain(lines.iter().flatten().copied());
    Layout {
        width: all().map(|point| point.x).fold(0.0, f64::max),
        height: all().map(|point| point.y).fold(0.0, f64::max),
        nodes,
        edges: lines,
    }
}

/// By route: where the edge leaves the right side of its lower end, and where it arrives at the left
/// side of its higher end. Edges are spread over a side in the order of where they go.
fn ports(graph: &Layers, placed: &Placed, nodes: &[Point], sizes: &[Size]) -> [Vec<f64>; 2] {
    let mut sides = [vec![Vec::new(); graph.nodes], vec![Vec::new(); graph.nodes]];
    for (at, route) in graph.routes.iter().enumerate() {
        let ends = route.directed;
        let next = route.dummies.first().unwrap_or(&ends.to);
        let last = route.dummies.last().unwrap_or(&ends.from);
        sides[0][ends.from].push((placed.middle[*next], ends.edge, at));
        sides[1][ends.to].push((placed.middle[*last], ends.edge, at));
    }
    sides.map(|side| {
        let mut ports = vec![0.0; graph.routes.len()];
        for (node, mut edges) in side.into_iter().enumerate() {
            edges.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
            let step = sizes[node].height / (edges.len() + 1) as f64;
            for (place, (_, _, at)) in edges.into_iter().enumerate() {
                ports[at] = nodes[node].y + step * (place + 1) as f64;
            }
        }
        ports
    })
}

/// The line of an edge from a node to itself: from the right side to the lower side.
fn around(at: Point, size: Size) -> Vec<Point> {
    let (right, lower) = (at.x + size.width, at.y + size.height);
    let out = LOOP.min(LAYER_GAP / 2.0);
    let side = lower - size.height / 4.0;
    let bottom = right - size.width / 4.0;
    vec![
        Point { x: right, y: side },
        Point { x: right + out, y: side },
        Point { x: right + out, y: lower + out },
        Point { x: bottom, y: lower + out },
        Point { x: bottom, y: lower },
    ]
}
