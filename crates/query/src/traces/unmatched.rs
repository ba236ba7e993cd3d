//! Keys and values of a search that no span has, when no trace matches.

use std::collections::{BTreeMap, BTreeSet};

use coral_engine::{Columns, TraceQuery};
use coral_trace::{Attributes, Span};

use super::answer::Unmatched;
use super::question::TracesQuestion;
use crate::ask::QueryError;
use crate::reader::{MIN_SIMILARITY, Reader};
use crate::search::{Named, NamedKey, renamed};

/// The newest traces, and their spans, that are looked at for keys and values.
const MAX_TRACES: u32 = 200;
const MAX_SPANS: u32 = 5_000;
/// The largest number of similar keys or values.
const MAX_SIMILAR: usize = 3;
/// The largest number of keys and values that are listed.
const MAX_UNMATCHED: usize = 10;

impl Reader<'_> {
    /// The keys and values among `named` that none of the newest spans in the time range of
    /// `question` has.
    pub(super) fn unmatched(
        &self,
        named: &[Named],
        question: &TracesQuestion,
    ) -> Result<Vec<Unmatched>, QueryError> {
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let collector = question.source.collector();
        let newest =
            TraceQuery { started: question.started(), collector, ..TraceQuery::newest(MAX_TRACES) };
        let ids: Vec<_> = self.search(&newest)?.iter().map(|trace| trace.trace_id).collect();
        let columns = Columns::ATTRIBUTES | Columns::ORIGIN | Columns::DETAILS;
        let spans = self.spans(&ids, collector, columns, MAX_SPANS)?;
        if spans.is_empty() {
            return Ok(Vec::new());
        }
        let seen = Seen::in_spans(&spans);
        let known = match named.iter().any(|one| one.key == NamedKey::Service) {
            true => self.known_services(question.started())?,
            false => Vec::new(),
        };
        let mut unmatched = Vec::new();
        for one in named {
            let found = match (&one.key, &one.value) {
                // All services are known, however few spans they have.
                (NamedKey::Service, Some(name)) => {
                    let is_known = known.iter().any(|service| service == name);
                    (!is_known).then(|| missing("service", name, known.iter()))
                }
                (NamedKey::Name, Some(name)) => (!seen.names.contains(name.as_str()))
                    .then(|| missing("name", name, seen.names.iter())),
                (NamedKey::Service | NamedKey::Name, None) => None,
                (NamedKey::Attribute(key), _) => seen.unmatched(key, one),
            };
            let is_new = |found: &Unmatched| !unmatched.contains(found);
            unmatched.extend(
                found.map(|found| Unmatched { spans: spans.len() as u64, ..found }).filter(is_new),
            );
        }
        unmatched.truncate(MAX_UNMATCHED);
        Ok(unmatched)
    }
}

/// The names and attributes of some spans.
struct Seen<'a> {
    names: BTreeSet<&'a str>,
    /// The values of each key, as text.
    values: BTreeMap<&'a str, BTreeSet<String>>,
}

impl<'a> Seen<'a> {
    fn in_spans(spans: &'a [Span]) -> Self {
        let mut seen = Self { names: BTreeSet::new(), values: BTreeMap::new() };
        for span in spans {
            seen.names.insert(&span.name);
            seen.add(&span.attributes);
            seen.add(&span.origin.resource.attributes);
            span.events.iter().for_each(|event| seen.add(&event.attributes));
        }
        seen
    }

    fn add(&mut self, attributes: &'a Attributes) {
        for pair in &attributes.0 {
            self.values.entry(&pair.key).or_default().insert(pair.value.to_string());
        }
    }

    fn unmatched(&self, key: &str, named: &Named) -> Option<Unmatched> {
        let names = std::iter::once(key).chain(renamed(key));
        let values: Vec<&String> = names.filter_map(|key| self.values.get(key)).flatten().collect();
        if values.is_empty() {
            return Some(Unmatched {
                key: key.to_owned(),
                similar: similar(key, self.values.keys()),
                ..Unmatched::default()
            });
        }
        match &named.value {
            Some(value) if !values.contains(&value) => Some(missing(key, value, values.iter())),
            None if named.is_number && !values.iter().any(|value| is_number(value)) => {
                Some(Unmatched {
                    key: key.to_owned(),
                    similar: values.iter().take(MAX_SIMILAR).map(ToString::to_string).collect(),
                    is_text: true,
                    ..Unmatched::default()
                })
            }
            _ => None,
        }
    }
}

fn missing(key: &str, value: &str, others: impl Iterator<Item = impl AsRef<str>>) -> Unmatched {
    Unmatched {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        similar: similar(value, others),
        ..Unmatched::default()
    }
}

/// The shortest text that is looked for inside of others, in bytes.
const MIN_PART: usize = 3;
/// The similarity of a text to one that it is a part of: `status` to `http.response.status_code`.
const PART_SIMILARITY: f64 = 0.9;

/// The texts most similar to `text` without regard to case, most similar first.
fn similar(text: &str, others: impl Iterator<Item = impl AsRef<str>>) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut alike: Vec<(f64, String)> = others
        .map(|other| {
            let other = other.as_ref();
            let lower_other = other.to_lowercase();
            let is_part = lower.len() >= MIN_PART && lower_other.contains(&lower);
            let part = if is_part { PART_SIMILARITY } else { 0.0 };
            (strsim::jaro_winkler(&lower_other, &lower).max(part), other.to_owned())
        })
        .filter(|(alike, _)| *alike >= MIN_SIMILARITY)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    alike.into_iter().take(MAX_SIMILAR).map(|(_, name)| name).collect()
}

fn is_number(text: &str) -> bool {
    text.parse().is_ok_and(f64::is_finite)
}
