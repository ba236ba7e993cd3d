//! Finds the word of a question that names a service. A service may have any name, even `why` or
//! `the`. A word of the grammar is read as a name only in quotes, or where no other word can stand.

use super::word::Word;
use super::{HEALTH, STEMS, intent, time};

/// Words that a name often follows.
const PRECEDING: &[&str] = &["is", "of", "in", "for", "from", "to", "does", "calls", "are"];
/// Words that a name follows directly, even a name that is a word of the grammar.
const DIRECTLY_PRECEDING: &[&str] = &["is", "of", "for", "does", "calls"];
/// Words that may stand between a word of [`PRECEDING`] and the name.
const BETWEEN: &[&str] = &["a", "an", "its", "my", "our", "service", "that", "the", "this", "your"];
/// Words that the grammar ignores, and that are not read as names.
const FILLERS: &[&str] = &[
    "about",
    "all",
    "and",
    "any",
    "anything",
    "app",
    "application",
    "at",
    "average",
    "bad",
    "be",
    "been",
    "best",
    "biggest",
    "by",
    "can",
    "cluster",
    "could",
    "current",
    "did",
    "do",
    "each",
    "every",
    "everything",
    "find",
    "get",
    "give",
    "going",
    "has",
    "have",
    "high",
    "highest",
    "how",
    "i",
    "it",
    "list",
    "main",
    "matter",
    "me",
    "most",
    "new",
    "not",
    "on",
    "or",
    "performance",
    "please",
    "reason",
    "request",
    "requests",
    "response",
    "s",
    "services",
    "show",
    "site",
    "so",
    "some",
    "something",
    "system",
    "tell",
    "there",
    "these",
    "they",
    "things",
    "those",
    "time",
    "times",
    "top",
    "total",
    "traffic",
    "up",
    "us",
    "was",
    "we",
    "website",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "whole",
    "whom",
    "with",
    "worst",
    "you",
];

/// The index of the word that names one of `services`, and the name of the service.
pub(super) fn service<'a>(words: &[Word], services: &'a [String]) -> Option<(usize, &'a str)> {
    let known = |word: &Word| {
        // An exact match comes first: two service names may differ only in case.
        let exact = services.iter().find(|name| **name == word.text);
        let name =
            exact.or_else(|| services.iter().find(|name| name.eq_ignore_ascii_case(&word.text)));
        name.map(String::as_str)
    };
    let first_known = |is_name: &dyn Fn(usize) -> bool| {
        (0..words.len())
            .filter(|at| is_name(*at))
            .find_map(|at| known(&words[at]).map(|name| (at, name)))
    };
    first_known(&|at| words[at].quoted)
        .or_else(|| first_known(&|at| !is_grammar(&words[at])))
        .or_else(|| first_known(&|at| must_be_name(words, at)))
}

/// The first word that is likely to be a name: it is in quotes, follows a word of [`PRECEDING`], or
/// contains `-` or `_`.
pub(super) fn likely_name(words: &[Word]) -> Option<&str> {
    let is_name = |at: &usize| {
        let word = &words[*at];
        let looks_like_name = word.lower.starts_with(char::is_alphabetic)
            && !is_grammar(word)
            && (word.lower.contains(['-', '_']) || may_be_name(words, *at));
        looks_like_name || word.quoted && !word.text.starts_with('/')
    };
    (0..words.len()).find(is_name).map(|at| words[at].text.as_str())
}

/// Whether the word at `at` is in a place where a name may stand.
fn may_be_name(words: &[Word], at: usize) -> bool {
    let before = words[..at].iter().rev().find(|word| !word.is_one_of(BETWEEN));
    before.is_some_and(|word| word.is_one_of(PRECEDING))
}

/// Whether the word at `at`, a word of the grammar, must be a name here: it follows a word of
/// [`DIRECTLY_PRECEDING`], and the rest of the question is understood without it.
fn must_be_name(words: &[Word], at: usize) -> bool {
    let word = &words[at];
    let before = at.checked_sub(1).map(|before| &words[before]);
    (STEMS.iter().any(|stems| word.begins(stems)) || word.is_one_of(HEALTH))
        && before.is_some_and(|word| word.is_one_of(DIRECTLY_PRECEDING))
        && intent(&[&words[..at], &words[at + 1..]].concat()).is_some()
}

/// Whether `word` is a word of the grammar.
fn is_grammar(word: &Word) -> bool {
    let inflected = |stem: &str| {
        let rest = word.lower.strip_prefix(stem);
        rest.is_some_and(|rest| rest.len() <= 6 && rest.chars().all(char::is_alphabetic))
    };
    !word.quoted
        && (word.is_one_of(FILLERS)
            || word.is_one_of(HEALTH)
            || word.is_one_of(PRECEDING)
            || word.is_one_of(BETWEEN)
            || time::is_word(word)
            || STEMS.into_iter().flatten().any(|stem| inflected(stem)))
}
