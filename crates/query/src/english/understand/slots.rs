//! The values in a question: a trace id, a route, a host, a version, a status code, a duration, a
//! percentile, and what to group by.

use std::net::{IpAddr, SocketAddr};

use coral_trace::TraceId;

use super::super::understanding::{By, Intent, Understanding, Window};
use super::time;
use super::vocabulary::{
    ENDPOINTS, FILLERS, HOSTS, REQUESTS, SERVICES, TAKES, TIMING, TRACES, VERSIONS, is_known,
};
use super::word::{Reading, Word};

/// The values in a question.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Slots {
    pub trace_id: Option<TraceId>,
    pub trace_id_prefix: Option<String>,
    pub route: Option<String>,
    pub method: Option<String>,
    pub host: Option<String>,
    pub version: Option<String>,
    pub status: Option<String>,
    pub min_duration_us: Option<i64>,
    pub quantile: Option<u8>,
    pub by: Option<By>,
    /// Whether the question says `time out`.
    pub times_out: bool,
    /// Whether the question says `going on`.
    pub goes_on: bool,
    /// Whether the question asks how long something takes.
    pub how_long: bool,
    /// Whether the question is about the new version.
    pub is_new_version: bool,
}

/// Words before a shortest duration that `than` follows.
const LONGER: &[&str] = &["slower", "longer", "more"];
/// Words before a shortest duration.
const OVER: &[&str] = &["over", "above", "exceeding"];
const METHODS: &[&str] = &["delete", "get", "head", "options", "patch", "post", "put"];
/// Words for a response status code.
const CODES: &[&str] = &["code", "http", "status"];
/// Words that a status code may precede: `503 errors`.
const CODED: &[&str] = &["error", "errors", "response", "responses"];
/// The shortest prefix of a trace id, in digits.
const MIN_PREFIX: usize = 8;

impl Slots {
    /// The values as a part of how a question was understood.
    pub fn understanding(self, intent: Intent, by: Option<By>, window: Window) -> Understanding {
        Understanding {
            intent,
            service: None,
            unknown_service: None,
            route: self.route,
            method: self.method,
            trace_id: self.trace_id,
            trace_id_prefix: self.trace_id_prefix,
            peers: Vec::new(),
            host: self.host,
            version: self.version,
            status: self.status,
            min_duration_us: self.min_duration_us,
            quantile: self.quantile,
            by,
            window,
        }
    }

    /// Whether the question is about one trace.
    pub fn has_trace(&self) -> bool {
        self.trace_id.is_some() || self.trace_id_prefix.is_some()
    }
}

/// The values in the words that were not read, which are read then.
pub(super) fn slots(reading: &mut Reading) -> Slots {
    let mut slots = Slots::default();
    for at in 0..reading.words.len() {
        let used = slots.trace(reading, at)
            + slots.route(reading, at)
            + slots.min_duration(reading, at)
            + slots.quantile(reading, at)
            + slots.phrase(reading, at)
            + slots.group(reading, at)
            + slots.version(reading, at)
            + slots.status(reading, at);
        reading.read(at..at + used);
    }
    slots
}

/// Reads a host after `on` or `host`. Services and databases are read before, so that a host is not
/// mistaken for one.
pub(super) fn host(reading: &mut Reading) -> Option<String> {
    for at in 0..reading.words.len() {
        let on = usize::from(reading.is(at, &["on", "from"]));
        let article = usize::from(reading.is(at + on, &["the"]));
        let host = usize::from(reading.is(at + on + article, HOSTS));
        let article = if host == 0 { 0 } else { article };
        let is = usize::from(host > 0 && reading.is(at + on + article + host, &["is"]));
        if host == 0 && !reading.is(at, &["on"]) {
            continue;
        }
        let name = at + on + article + host + is;
        let is_name = |word: &Word| {
            word.quoted
                || !is_known(&word.lower) && !time::is_word(word) && !word.text.starts_with('/')
        };
        if let Some(host) = reading.open(name).filter(|word| is_name(word)) {
            let host = host.text.clone();
            reading.read(at..name + 1);
            return Some(host);
        }
    }
    None
}

/// Each method reads one kind of value at a place, and returns the number of words of it.
impl Slots {
    fn trace(&mut self, reading: &Reading, at: usize) -> usize {
        let Some(word) = reading.open(at).filter(|_| !self.has_trace()) else { return 0 };
        let is_hex = word.text.chars().all(|sign| sign.is_ascii_hexdigit());
        if !is_hex || !(MIN_PREFIX..=32).contains(&word.text.len()) {
            return 0;
        }
        let has = |of: fn(&char) -> bool| word.text.chars().any(|sign| of(&sign));
        let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
        let is_named = at > 0 && reading.words[at - 1].is_one_of(&["trace", "id"]);
        if !is_mixed && !is_named && word.text.len() < 32 {
            return 0;
        }
        match word.text.parse() {
            Ok(id) if word.text.len() == 32 => self.trace_id = Some(id),
            _ if word.text.len() == 32 => return 0,
            _ => self.trace_id_prefix = Some(word.lower.clone()),
        }
        1
    }

    fn route(&mut self, reading: &Reading, at: usize) -> usize {
        let on = usize::from(reading.is(at, &["on"]));
        let method = usize::from(reading.is(at + on, METHODS));
        let route = reading.open(at + on + method).filter(|word| word.text.starts_with('/'));
        let Some(route) = route.filter(|_| self.route.is_none()) else { return 0 };
        self.route = Some(route.text.clone());
        self.method = (method > 0).then(|| reading.words[at + on].text.to_uppercase());
        on + method + 1
    }

    fn min_duration(&mut self, reading: &Reading, at: usize) -> usize {
        let words = match reading.is(at, OVER) {
            true => 1,
            false if reading.is(at, LONGER) && reading.is(at + 1, &["than"]) => 2,
            false if reading.is(at, &["at"]) && reading.is(at + 1, &["least"]) => 2,
            false => return 0,
        };
        let places = at + words..reading.words.len();
        let open: Vec<Word> = places.map_while(|at| reading.open(at)).cloned().collect();
        let Some((length, used)) = time::length(&open, false) else { return 0 };
        let Ok(micros) = i64::try_from(length.as_micros()) else { return 0 };
        if self.min_duration_us.replace(micros).is_some() {
            return 0;
        }
        words + used
    }

    fn quantile(&mut self, reading: &Reading, at: usize) -> usize {
        let Some(word) = reading.open(at).filter(|word| !word.quoted) else { return 0 };
        let is_percentile = reading.is(at + 1, &["percentile"]);
        let (quantile, used) = match word.lower.as_str() {
            "p50" | "median" => (50, 1),
            "p95" => (95, 1),
            "p99" => (99, 1),
            "50th" if is_percentile => (50, 2),
            "95th" if is_percentile => (95, 2),
            "99th" if is_percentile => (99, 2),
            _ => return 0,
        };
        if self.quantile.is_some() {
            return 0;
        }
        self.quantile = Some(quantile);
        used
    }

    fn phrase(&mut self, reading: &Reading, at: usize) -> usize {
        if reading.is(at, TIMING) && reading.is(at + 1, &["out"]) {
            self.times_out = true;
            return 2;
        }
        if reading.is(at, &["going"]) && reading.is(at + 1, &["on"]) {
            self.goes_on = true;
            return 2;
        }
        if reading.is(at, &["how"]) && reading.is(at + 1, &["long"]) && reading.has(TAKES) {
            self.how_long = true;
            return 2;
        }
        0
    }

    /// `by host`, `which hosts`, `which version of payments`, `the new version`.
    fn group(&mut self, reading: &Reading, at: usize) -> usize {
        let is_by = reading.is(at, &["by", "per"]);
        let is_new = reading.is(at, &["new", "latest", "newest"]);
        if !is_by && !is_new && !reading.is(at, &["which", "what"]) || self.by.is_some() {
            return 0;
        }
        let is = |words: &[&str]| reading.is(at + 1, words);
        let by = match () {
            () if is(VERSIONS) => By::Version,
            () if is_new => return 0,
            () if is(HOSTS) => By::Host,
            () if is_by && is(SERVICES) => By::Service,
            () if is_by && is(ENDPOINTS) => By::Endpoint,
            () => return 0,
        };
        self.is_new_version = is_new;
        self.by = Some(by);
        2
    }

    /// `version 2.4.0`, `v2.4.0`, `2.4.0`.
    fn version(&mut self, reading: &Reading, at: usize) -> usize {
        let named = usize::from(reading.is(at, VERSIONS));
        let Some(word) = reading.open(at + named).filter(|_| self.version.is_none()) else {
            return 0;
        };
        let digits = word.lower.strip_prefix('v').unwrap_or(&word.lower);
        let is_number = digits.starts_with(|sign: char| sign.is_ascii_digit());
        let is_dotted = digits.split('.').filter(|part| !part.is_empty()).count() > 2;
        let is_address = digits.parse::<IpAddr>().is_ok() || digits.parse::<SocketAddr>().is_ok();
        if !is_number || named == 0 && (!is_dotted || is_address) {
            return 0;
        }
        // After `version`, a `v` is a part of the value.
        self.version = Some(if named > 0 { word.text.clone() } else { digits.to_owned() });
        named + 1
    }

    /// `status 503`, `status code 503`, `503 errors`, `503s`, `5xx`.
    fn status(&mut self, reading: &Reading, at: usize) -> usize {
        let named = (at..).take_while(|at| reading.is(*at, CODES)).count();
        let Some(word) = reading.open(at + named).filter(|word| !word.quoted) else { return 0 };
        let code = word.lower.strip_suffix('s').unwrap_or(&word.lower);
        let is_class = code.len() == 3 && code.ends_with("xx") && code.starts_with(['4', '5']);
        let is_code = code.parse().is_ok_and(|code: u16| (100..600).contains(&code)) && {
            let is_before = |words: &[&str]| reading.is(at + 1, words);
            let is_coded = is_before(CODED) || is_before(REQUESTS) || is_before(TRACES);
            named > 0 || code.len() < word.lower.len() || is_coded
        };
        if !is_class && !is_code || self.status.is_some() {
            return 0;
        }
        self.status = Some(code.to_owned());
        named + 1
    }
}

/// Whether `word` says nothing by itself.
pub(super) fn is_filler(word: &Word) -> bool {
    word.is_one_of(FILLERS)
}
