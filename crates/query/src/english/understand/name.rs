//! Which word of a question names a service. A service may be called anything, also `why` or `the`: a word that the
//! grammar has a use for names one only where nothing else can stand, or in quotes.

use super::word::Word;
use super::{STEMS, intent, time};

/// Words after which a name stands.
const BEFORE: &[&str] = &["is", "of", "in", "for", "from", "to", "does", "calls", "are"];
/// After these, with nothing between, also a name that looks like a word of the grammar.
const RIGHT_BEFORE: &[&str] = &["is", "of", "for", "does", "calls"];
/// Words between those and the name.
const BETWEEN: &[&str] = &["a", "an", "its", "my", "our", "service", "that", "the", "this", "your"];
/// Words that say nothing here, and so name nothing.
const FILL: &[&str] = &[
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
    "issue",
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
    "problem",
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
    "wrong",
    "you",
];

/// Where the name of one of `services` stands, and the service.
pub(super) fn service<'a>(words: &[Word], services: &'a [String]) -> Option<(usize, &'a str)> {
    let known = |word: &Word| {
        // As it is written first: two may differ in nothing else.
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
        .or_else(|| first_known(&|at| stands_alone(words, at)))
}

/// The first word that is likely to be a name: it is in quotes, stands where one does, or looks like one.
pub(super) fn likely_name(words: &[Word]) -> Option<&str> {
    let is_name = |at: &usize| {
        let word = &words[*at];
        let looks = word.lower.starts_with(char::is_alphabetic)
            && !is_grammar(word)
            && (word.lower.contains(['-', '_']) || follows(words, *at));
        looks || word.quoted && !word.text.starts_with('/')
    };
    (0..words.len()).find(is_name).map(|at| words[at].text.as_str())
}

/// Whether a name may stand at `at`.
fn follows(words: &[Word], at: usize) -> bool {
    let before = words[..at].iter().rev().find(|word| !word.is_one_of(BETWEEN));
    before.is_some_and(|word| word.is_one_of(BEFORE))
}

/// Whether the word at `at`, which elsewhere says what is to be found, can only be a name: a name stands there, and the
/// others say what is to be found.
fn stands_alone(words: &[Word], at: usize) -> bool {
    let word = &words[at];
    let before = at.checked_sub(1).map(|before| &words[before]);
    STEMS.iter().any(|stems| word.begins(stems))
        && before.is_some_and(|word| word.is_one_of(RIGHT_BEFORE))
        && intent(&[&words[..at], &words[at + 1..]].concat()).is_some()
}

/// Whether the grammar has a use for `word`.
fn is_grammar(word: &Word) -> bool {
    let inflected = |stem: &str| {
        let rest = word.lower.strip_prefix(stem);
        rest.is_some_and(|rest| rest.len() <= 6 && rest.chars().all(char::is_alphabetic))
    };
    !word.quoted
        && (word.is_one_of(FILL)
            || word.is_one_of(BEFORE)
            || word.is_one_of(BETWEEN)
            || time::is_word(word)
            || STEMS.into_iter().flatten().any(|stem| inflected(stem)))
}
