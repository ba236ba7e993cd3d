//! The numbers of the components of one trace's nodes.

use super::names::{CauseKind, Identity, Names};
use super::role::NodeRole;
use crate::span::Span;
use crate::tree::Tree;

/// Names, and the components of the nodes of one trace that were looked up: a trace asks for most of
/// them twice.
pub(super) struct NodeNames<'n> {
    names: &'n mut Names,
    /// By node: its component as its children and as its parent see it.
    known: Vec<NodeComponents>,
}

#[derive(Clone, Copy, Default)]
struct NodeComponents {
    own: Option<u32>,
    called_as: Option<u32>,
}

impl<'n> NodeNames<'n> {
    /// Names for a trace with so many nodes.
    pub fn new(names: &'n mut Names, nodes: usize) -> Self {
        Self { names, known: vec![NodeComponents::default(); nodes] }
    }

    /// The component that the node `at` is to its children.
    pub fn own(&mut self, spans: &[Span], tree: &Tree, at: usize) -> u32 {
        match self.known[at].own {
            Some(known) => known,
            None => {
                let number = self.names.component(&NodeRole::for_node(spans, tree, at).own);
                self.keep(tree, at, NodeComponents { own: Some(number), ..self.known[at] });
                number
            }
        }
    }

    /// The component that the node `at` is to its parent.
    pub fn called_as(&mut self, spans: &[Span], tree: &Tree, at: usize) -> u32 {
        match self.known[at].called_as {
            Some(known) => known,
            None => {
                let number = self.names.component(&NodeRole::for_node(spans, tree, at).called_as);
                self.keep(tree, at, NodeComponents { called_as: Some(number), ..self.known[at] });
                number
            }
        }
    }

    /// The queue of the node `at`.
    pub fn queue(&mut self, spans: &[Span], tree: &Tree, at: usize) -> u32 {
        let own = NodeRole::for_node(spans, tree, at).own;
        self.names.component(&Identity { kind: CauseKind::Queue, ..own })
    }

    fn keep(&mut self, tree: &Tree, at: usize, components: NodeComponents) {
        let NodeComponents { own, called_as } = components;
        self.known[at] = match tree.nodes[at].client {
            Some(_) => components,
            // Without a client span the two are the same.
            None => NodeComponents { own: own.or(called_as), called_as: called_as.or(own) },
        };
    }
}
