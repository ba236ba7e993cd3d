//! A layered layout of a directed graph, for pictures of service maps (Sugiyama's method): callers
//! are left of what they call.
//!
//! Each connected component is laid out alone: its cycles are broken by a depth-first search, a
//! layer is the longest path from a caller, edges over several layers pass through dummy nodes,
//! barycentre sweeps order the layers, and isotonic regression places what is ordered. No function
//! here recurses. Equal graphs have equal layouts.

mod acyclic;
mod component;
mod layers;
mod order;
mod place;
mod ports;
#[cfg(test)]
mod tests;

use self::component::components;
use self::layers::Layers;
use self::order::Ordering;

/// The space between two layers, in which edges pass.
pub const LAYER_GAP: f64 = 96.0;
/// The least space between two nodes above each other.
pub const NODE_GAP: f64 = 24.0;
/// The space that an edge takes where it passes between nodes.
const EDGE_GAP: f64 = 10.0;
/// The width at which nodes without edges go on in a further row, if nothing else is wider.
const MIN_ROW_WIDTH: f64 = 800.0;

/// The size of a node.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Size {
    /// The width, more than 0.
    pub width: f64,
    /// The height, more than 0.
    pub height: f64,
}

/// A point. `x` grows to the right, `y` downwards.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Point {
    /// The distance from the left edge of the picture.
    pub x: f64,
    /// The distance from the upper edge of the picture.
    pub y: f64,
}

/// Where the nodes and the edges of a graph are.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Layout {
    /// The width of the picture: no node and no edge is right of it.
    pub width: f64,
    /// The height of the picture: no node and no edge is below it.
    pub height: f64,
    /// By node: the upper left corner. Nodes do not overlap.
    pub nodes: Vec<Point>,
    /// By edge: the corners of a line that begins on the border of its first node and ends on the
    /// border of its second. A line has two points or more.
    pub edges: Vec<Vec<Point>>,
}

impl Layout {
    /// Places nodes of these sizes. An edge is the indices of its two nodes; further edges between
    /// the same nodes, and edges from a node to itself, are allowed.
    ///
    /// # Panics
    /// If an edge has an index without a node.
    pub fn of(sizes: &[Size], edges: &[(usize, usize)]) -> Self {
        let mut layout = Self {
            nodes: vec![Point::default(); sizes.len()],
            edges: vec![Vec::new(); edges.len()],
            ..Self::default()
        };
        let (connected, alone) = components(sizes.len(), edges);
        for component in &connected {
            let part = of_component(
                &component.nodes.iter().map(|node| sizes[*node]).collect::<Vec<_>>(),
                &component.edges.iter().map(|(_, ends)| *ends).collect::<Vec<_>>(),
            );
            let top = if layout.height == 0.0 { 0.0 } else { layout.height + NODE_GAP };
            let moved = |point: &Point| Point { y: point.y + top, ..*point };
            for (node, point) in component.nodes.iter().zip(&part.nodes) {
                layout.nodes[*node] = moved(point);
            }
            for ((edge, _), line) in component.edges.iter().zip(&part.edges) {
                layout.edges[*edge] = line.iter().map(moved).collect();
            }
            layout.width = layout.width.max(part.width);
            layout.height = top + part.height;
        }
        layout.add_rows(&alone, sizes);
        layout
    }

    /// Places nodes without edges in rows below everything else.
    fn add_rows(&mut self, nodes: &[usize], sizes: &[Size]) {
        let row_width = self.width.max(MIN_ROW_WIDTH);
        let mut at = Point { x: 0.0, y: self.height };
        if self.height > 0.0 && !nodes.is_empty() {
            at.y += NODE_GAP;
        }
        for node in nodes {
            let size = sizes[*node];
            if at.x > 0.0 && at.x + size.width > row_width {
                at = Point { x: 0.0, y: self.height + NODE_GAP };
            }
            self.nodes[*node] = at;
            self.width = self.width.max(at.x + size.width);
            self.height = self.height.max(at.y + size.height);
            at.x += size.width + NODE_GAP;
        }
    }
}

/// The layout of a graph whose nodes are all connected.
fn of_component(sizes: &[Size], edges: &[(usize, usize)]) -> Layout {
    let directed = acyclic::directed(sizes.len(), edges);
    let layers = Layers::of(sizes.len(), &directed);
    let ordering = Ordering::of(&layers);
    let placed = place::placed(&layers, &ordering, sizes);
    ports::lines(&layers, &placed, sizes, edges)
}
