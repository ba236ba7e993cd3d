//! Removes sensitive data from spans and metrics before they are stored.
//!
//! Beyla does not mask literals in SQL, and URLs may contain personal data. By default, literals
//! are replaced by `?`, URLs are cut before their query, and headers are not stored. Attributes
//! that are removed count in the span's `dropped_attributes`, and all changes count in
//! `coral.agent.privacy.*`.

mod sql;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hasher as _;
use std::sync::Arc;

use coral_config::PrivacyConfig;
use coral_trace::red::{Point, Series};
use coral_trace::{Attributes, KeyValue, Origin, Span, Value};
use siphasher::sip::SipHasher24;

/// Removes the data that a [`PrivacyConfig`] names.
#[derive(Clone, Debug)]
pub struct Privacy(PrivacyConfig);

/// How many attributes of one export were changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RemovedCounts {
    /// SQL texts that were masked: their literals, if any, were replaced by `?`.
    pub masked: u64,
    /// URLs that lost a query, a fragment or a user name.
    pub cut: u64,
    /// Attributes that were removed.
    pub dropped: u64,
    /// Attributes whose value was replaced by a hash.
    pub hashed: u64,
}

/// What to do with an attribute.
enum Treatment {
    Sql,
    Url,
    Drop,
    Hash,
}

const HEADERS: [&str; 4] = [
    "http.request.header.",
    "http.response.header.",
    "rpc.grpc.request.metadata.",
    "rpc.grpc.response.metadata.",
];

/// Removes data from the spans of one export, one after another.
pub struct Cleaning<'a> {
    privacy: &'a Privacy,
    /// What was removed so far.
    pub removed: RemovedCounts,
    /// Origins by address, each with the origin in its place.
    origins: HashMap<usize, (Arc<Origin>, Arc<Origin>)>,
}

impl Cleaning<'_> {
    /// Removes the configured data from `span`.
    pub fn span(&mut self, span: &mut Span) {
        let Self { privacy, removed, origins } = self;
        let before = removed.dropped;
        privacy.attributes(&mut span.attributes, removed);
        let dropped = (removed.dropped - before) as u32;
        span.dropped_attributes = span.dropped_attributes.saturating_add(dropped);
        for event in &mut span.events {
            let before = removed.dropped;
            privacy.attributes(&mut event.attributes, removed);
            event.dropped_attributes += (removed.dropped - before) as u32;
        }
        for link in &mut span.links {
            let before = removed.dropped;
            privacy.attributes(&mut link.attributes, removed);
            link.dropped_attributes += (removed.dropped - before) as u32;
        }
        // Spans that share an origin still share one afterwards. The map keeps each origin alive, so
        // that no address is used for a second one.
        if privacy.changes_resources() {
            let (_, cleaned) = origins
                .entry(Arc::as_ptr(&span.origin).addr())
                .or_insert_with(|| (span.origin.clone(), privacy.origin(&span.origin, removed)));
            span.origin = cleaned.clone();
        }
    }
}

impl Privacy {
    /// Removes the data that `config` names. Hashes are keyed with the configured key, else with
    /// `default_hash_key`.
    pub fn new(mut config: PrivacyConfig, default_hash_key: &str) -> Self {
        if config.hash_key.is_empty() {
            default_hash_key.clone_into(&mut config.hash_key);
        }
        Self(config)
    }

    /// Removes the configured data from `spans`.
    pub fn spans(&self, spans: &mut [Span]) -> RemovedCounts {
        let mut cleaning = self.cleaning();
        spans.iter_mut().for_each(|span| cleaning.span(span));
        cleaning.removed
    }

    /// Begins to remove the configured data from the spans of one export.
    pub fn cleaning(&self) -> Cleaning<'_> {
        Cleaning { privacy: self, removed: RemovedCounts::default(), origins: HashMap::new() }
    }

    /// Removes the configured data from `points`.
    pub fn points(&self, points: &mut [Point]) -> RemovedCounts {
        let mut removed = RemovedCounts::default();
        for point in points.iter_mut().filter(|point| self.must_change(&point.series)) {
            let series = Arc::make_mut(&mut point.series);
            self.attributes(&mut series.attributes, &mut removed);
            self.change_fields(series, &mut removed);
            if !self.0.keep_url_queries && cut_url(&mut series.target) {
                removed.cut += 1;
            }
        }
        removed
    }

    /// Whether `series` may have to change. Series are shared by the points of many exports, so
    /// they are copied only when necessary.
    fn must_change(&self, series: &Series) -> bool {
        let is_url = !self.0.keep_url_queries && series.target.contains(['?', '#', '@']);
        is_url
            || self.changes_resources()
            || series.attributes.iter().any(|kv| self.treatment(&kv.key).is_some())
    }

    /// Applies `drop` and `hash` to the fields of a series that were attributes.
    fn change_fields(&self, series: &mut Series, removed: &mut RemovedCounts) {
        for (keys, text) in series.promoted() {
            if text.is_empty() {
                continue;
            }
            if keys.iter().any(|key| self.0.drop.contains(*key)) {
                text.clear();
                removed.dropped += 1;
            } else if keys.iter().any(|key| self.0.hash.contains(*key)) {
                *text = self.hash(text);
                removed.hashed += 1;
            }
        }
    }

    fn changes_resources(&self) -> bool {
        !self.0.drop.is_empty() || !self.0.hash.is_empty()
    }

    fn origin(&self, origin: &Origin, removed: &mut RemovedCounts) -> Arc<Origin> {
        let mut origin = origin.clone();
        let before = removed.dropped;
        self.attributes(&mut origin.resource.attributes, removed);
        origin.resource.dropped_attributes += (removed.dropped - before) as u32;
        let before = removed.dropped;
        self.attributes(&mut origin.scope.attributes, removed);
        origin.scope.dropped_attributes += (removed.dropped - before) as u32;
        Arc::new(origin)
    }

    fn attributes(&self, attributes: &mut Attributes, removed: &mut RemovedCounts) {
        let touched = attributes.iter().any(|kv| self.treatment(&kv.key).is_some());
        if !touched {
            return;
        }
        let system = attributes.first_of(&["db.system.name", "db.system"]).and_then(Value::as_str);
        let system = system.unwrap_or_default().to_owned();
        attributes.0.retain_mut(|kv| match self.treatment(&kv.key) {
            None => true,
            Some(Treatment::Drop) => {
                removed.dropped += 1;
                false
            }
            Some(Treatment::Sql) => {
                let masked = sql::mask_cached(&text(kv), &system);
                if *masked != *text(kv) {
                    kv.value = Value::String(masked.to_string());
                }
                removed.masked += 1;
                true
            }
            Some(Treatment::Url) => {
                let mut url = text(kv).into_owned();
                if cut_url(&mut url) {
                    kv.value = Value::String(url);
                    removed.cut += 1;
                }
                true
            }
            Some(Treatment::Hash) => {
                kv.value = Value::String(self.hash(&text(kv)));
                removed.hashed += 1;
                true
            }
        });
    }

    /// The treatment of the attribute `key`; `None` if the attribute is kept as it is. This
    /// function is called for every attribute of every span; most keys need only a comparison of
    /// lengths.
    fn treatment(&self, key: &str) -> Option<Treatment> {
        if self.changes_resources() {
            if self.0.drop.contains(key) {
                return Some(Treatment::Drop);
            }
            if self.0.hash.contains(key) {
                return Some(Treatment::Hash);
            }
        }
        match key {
            "db.query.text" | "db.statement" => self.0.mask_sql.then_some(Treatment::Sql),
            "url.full" | "url.path" | "url.original" | "http.url" | "http.target" => {
                (!self.0.keep_url_queries).then_some(Treatment::Url)
            }
            "url.query" => (!self.0.keep_url_queries).then_some(Treatment::Drop),
            _ if key.starts_with("db.query.parameter.") => {
                self.0.mask_sql.then_some(Treatment::Drop)
            }
            _ if key.starts_with("http.re") || key.starts_with("rpc.grpc.re") => self.header(key),
            _ => None,
        }
    }

    fn header(&self, key: &str) -> Option<Treatment> {
        let name = HEADERS.iter().find_map(|prefix| key.strip_prefix(prefix))?;
        (!self.0.headers.contains(&name.to_ascii_lowercase())).then_some(Treatment::Drop)
    }

    fn hash(&self, value: &str) -> String {
        let mut key = [0; 16];
        for (at, byte) in self.0.hash_key.bytes().enumerate() {
            key[at % 16] ^= byte.rotate_left((at / 16) as u32);
        }
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write(value.as_bytes());
        format!("hash:{:016x}", hasher.finish())
    }
}

impl RemovedCounts {
    /// Every count with its name.
    pub fn counts(&self) -> [(&'static str, u64); 4] {
        [
            ("sql_masked", self.masked),
            ("urls_cut", self.cut),
            ("attributes_dropped", self.dropped),
            ("attributes_hashed", self.hashed),
        ]
    }
}

fn text(attribute: &KeyValue) -> Cow<'_, str> {
    match &attribute.value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Cuts `url` before its query and fragment, and removes user names and passwords. Returns whether
/// anything was removed.
fn cut_url(url: &mut String) -> bool {
    let end = url.find(['?', '#']);
    if let Some(end) = end {
        url.truncate(end);
    }
    let host = url.find("://").map(|at| at + 3);
    let user = host.and_then(|host| {
        let authority = url[host..].find('/').map_or(url.len(), |slash| host + slash);
        url[host..authority].rfind('@').map(|at| host..host + at + 1)
    });
    if let Some(user) = user.clone() {
        url.replace_range(user, "");
    }
    end.is_some() || user.is_some()
}
