//! A trace as a tree.
