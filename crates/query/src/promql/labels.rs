//! Labels of a series.

use std::collections::BTreeMap;

/// The label of the name of a metric.
pub(crate) const NAME: &str = "__name__";

/// Labels with their values, by name. No value is empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// The value of `label`; empty if there is none.
    pub fn get(&self, label: &str) -> &str {
        self.0.get(label).map(String::as_str).unwrap_or_default()
    }

    /// All labels with their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets `label`, or removes it if `value` is empty.
    pub(crate) fn set(&mut self, label: &str, value: impl Into<String>) {
        let value = value.into();
        match value.is_empty() {
            true => drop(self.0.remove(label)),
            false => drop(self.0.insert(label.to_owned(), value)),
        }
    }

    /// The same with `label` set.
    pub(crate) fn with(mut self, label: &str, value: impl Into<String>) -> Self {
        self.set(label, value);
        self
    }

    /// Only the labels for which `keeps` is true.
    pub(crate) fn only(&self, keeps: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(name, _)| keeps(name));
        Self(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

impl<'a, const N: usize> From<[(&'a str, &'a str); N]> for Labels {
    fn from(pairs: [(&'a str, &'a str); N]) -> Self {
        pairs.into_iter().fold(Self::default(), |labels, (name, value)| labels.with(name, value))
    }
}
