//! Finds the words of a question that name a service, or something that services call. A service
//! may have any name, even `why` or `the`. A word of the grammar is read as a name only in quotes,
//! or where no other word can stand.

use coral_trace::dependency::NodeKind;

use super::intent::intent;
use super::slots::Slots;
use super::time;
use super::vocabulary::{DATABASES, NOT_OBSERVED, QUEUES, is_known};
use super::word::{Reading, Word};
use crate::topology::answer::TopologyNode;

/// Names that a question may have.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The known services.
    pub services: &'a [String],
    /// The nodes of the service map: of these, databases, queues and external hosts count.
    pub peers: &'a [TopologyNode],
}

/// Words that a name often follows.
const PRECEDING: &[&str] = &[
    "is", "of", "in", "for", "from", "to", "does", "calls", "are", "did", "was", "call", "with",
    "has",
];
/// Words that a name follows directly, even a name that is a word of the grammar.
const DIRECTLY_PRECEDING: &[&str] = &["is", "of", "for", "in", "does", "calls"];
/// Words that may stand between a word of [`PRECEDING`] and the name.
const BETWEEN: &[&str] = &["a", "an", "its", "my", "our", "service", "that", "the", "this", "your"];
/// The largest number of words of a name.
const MAX_WORDS: usize = 3;

/// Reads the word that names one of `services`, and `on` before it.
pub(super) fn service(reading: &mut Reading, services: &[String]) -> Option<String> {
    let words = &reading.words;
    let known = |word: &Word| {
        // An exact match comes first: two service names may differ only in case.
        let exact = services.iter().find(|name| **name == word.text);
        exact.or_else(|| services.iter().find(|name| name.eq_ignore_ascii_case(&word.text)))
    };
    let first_known = |is_name: &dyn Fn(usize) -> bool| {
        (0..words.len())
            .filter(|at| is_name(*at))
            .find_map(|at| known(&words[at]).map(|name| (at, name.clone())))
    };
    let (at, name) = first_known(&|at| words[at].quoted)
        .or_else(|| first_known(&|at| !is_grammar(&words[at])))
        .or_else(|| first_known(&|at| must_be_name(words, at)))?;
    read_name(reading, at, 1);
    Some(name)
}

/// Reads the words that name nodes of the service map: by the whole name, by one part of it, such
/// as the system of a database, or by the kind of node. A question may name one node, or several by
/// a part that they have in common.
pub(super) fn peers(reading: &mut Reading, peers: &[TopologyNode]) -> Vec<String> {
    let peers: Vec<&TopologyNode> =
        peers.iter().filter(|node| node.kind != NodeKind::Service).collect();
    for count in (1..=MAX_WORDS).rev() {
        for at in 0..(reading.words.len() + 1).saturating_sub(count) {
            if !(at..at + count).all(|at| reading.is_open(at)) {
                continue;
            }
            let found = named(&reading.words[at..at + count], &peers);
            if !found.is_empty() {
                read_name(reading, at, count);
                return found;
            }
        }
    }
    Vec::new()
}

fn named(words: &[Word], peers: &[&TopologyNode]) -> Vec<String> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let of = |is_named: &dyn Fn(&TopologyNode) -> bool| -> Vec<String> {
        peers.iter().filter(|node| is_named(node)).map(|node| node.name.clone()).collect()
    };
    let whole = of(&|node| node.name.eq_ignore_ascii_case(&texts.join(" ")));
    let [word] = words else { return whole };
    if !whole.is_empty() {
        return whole;
    }
    if word.is_one_of(DATABASES) {
        return of(&|node| node.kind == NodeKind::Database);
    }
    if word.is_one_of(QUEUES) {
        return of(&|node| node.kind == NodeKind::Queue);
    }
    if is_grammar(word) || !word.text.starts_with(char::is_alphabetic) {
        return Vec::new();
    }
    let name = if word.lower == "postgres" { "postgresql" } else { word.lower.as_str() };
    of(&|node| node.name.split([' ', '/', ':']).any(|part| part.eq_ignore_ascii_case(name)))
}

/// Marks a name as read, and `on` before it.
fn read_name(reading: &mut Reading, at: usize, words: usize) {
    let mut start = at;
    while start > 0 && reading.is(start - 1, &["the", "our", "my"]) {
        start -= 1;
    }
    let start = if start > 0 && reading.is(start - 1, &["on"]) { start - 1 } else { at };
    reading.read(start..at + words);
}

/// The word at `at`, if it is likely to be a name: it is in quotes, follows a word of [`PRECEDING`],
/// or contains `-` or `_`.
pub(super) fn likely_name(reading: &Reading, at: usize) -> Option<&str> {
    let words = &reading.words;
    let word = &words[at];
    let looks_like_name = word.lower.starts_with(char::is_alphabetic)
        && !is_grammar(word)
        && !word.is_one_of(NOT_OBSERVED)
        && (word.lower.contains(['-', '_']) || may_be_name(words, at));
    (looks_like_name || word.quoted && !word.text.starts_with('/')).then_some(word.text.as_str())
}

/// Whether the word at `at` is in a place where a name may stand.
fn may_be_name(words: &[Word], at: usize) -> bool {
    let before = words[..at].iter().rev().find(|word| !word.is_one_of(BETWEEN));
    before.is_some_and(|word| word.is_one_of(PRECEDING))
}

/// Whether the word at `at`, a word of the grammar, must be a name here: it follows a word of
/// [`DIRECTLY_PRECEDING`], and the rest of the question is understood without it.
fn must_be_name(words: &[Word], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &words[before]);
    let without = Reading::of([&words[..at], &words[at + 1..]].concat());
    is_known(&words[at].lower)
        && !super::slots::is_filler(&words[at])
        && before.is_some_and(|word| word.is_one_of(DIRECTLY_PRECEDING))
        && intent(&without, &Slots::default()).is_some()
}

/// Whether `word` is a word of the grammar.
fn is_grammar(word: &Word) -> bool {
    !word.quoted && (is_known(&word.lower) || time::is_word(word))
}
