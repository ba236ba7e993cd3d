//! The words of a question, and which of them were read.

use std::ops::Range;

/// One word, without surrounding punctuation.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The word as written in the question.
    pub text: String,
    /// The word in lower case.
    pub lower: String,
    /// Whether the word is in quotes, which makes it a name and nothing else.
    pub quoted: bool,
}

/// The words of a question, and which of them were read. A question with a word that was not read
/// is not answered.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// All words of the question.
    pub words: Vec<Word>,
    is_read: Vec<bool>,
}

const QUOTES: [char; 3] = ['`', '"', '\''];
/// Endings of a word that add nothing: `checkout's`, `what's`.
const ENDINGS: [&str; 4] = ["'s", "’s", "'re", "’re"];

impl Reading {
    /// The words of `question`, none of them read.
    pub fn new(question: &str) -> Self {
        Self::of(question.split_whitespace().filter_map(Word::parse).collect())
    }

    /// `words`, none of them read.
    pub fn of(words: Vec<Word>) -> Self {
        Self { is_read: vec![false; words.len()], words }
    }

    /// Marks words as read.
    pub fn read(&mut self, places: Range<usize>) {
        self.is_read[places].fill(true);
    }

    /// Whether there is a word at `at` that was not read.
    pub fn is_open(&self, at: usize) -> bool {
        self.is_read.get(at) == Some(&false)
    }

    /// The word at `at`, unless it was read.
    pub fn open(&self, at: usize) -> Option<&Word> {
        self.words.get(at).filter(|_| self.is_open(at))
    }

    /// Whether the word at `at` was not read and is one of `words`.
    pub fn is(&self, at: usize, words: &[&str]) -> bool {
        self.open(at).is_some_and(|word| word.is_one_of(words))
    }

    /// Whether a word that was not read is one of `words`.
    pub fn has(&self, words: &[&str]) -> bool {
        (0..self.words.len()).any(|at| self.is(at, words))
    }

    /// Marks each of `words` as read, wherever it is.
    pub fn read_all(&mut self, words: &[&str]) {
        (0..self.words.len()).filter(|at| self.words[*at].is_one_of(words)).for_each(|at| {
            self.is_read[at] = true;
        });
    }

    /// The places of the words that were not read.
    pub fn left(&self) -> Vec<usize> {
        (0..self.words.len()).filter(|at| self.is_open(*at)).collect()
    }
}

impl Word {
    fn parse(text: &str) -> Option<Self> {
        let inside = text.trim_matches(|sign| "?!.,;:()".contains(sign));
        let text = inside.trim_matches(|sign| "?!.,;:()".contains(sign) || QUOTES.contains(&sign));
        let quoted =
            QUOTES.iter().any(|quote| inside.starts_with(*quote) && inside.ends_with(*quote));
        let ending =
            ENDINGS.iter().find(|ending| !quoted && text.to_lowercase().ends_with(*ending));
        let text = ending.and_then(|ending| text.get(..text.len() - ending.len())).unwrap_or(text);
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            lower: text.to_lowercase(),
            quoted,
        })
    }

    /// Whether the word is one of `words`; a quoted word never is.
    pub fn is_one_of(&self, words: &[&str]) -> bool {
        !self.quoted && words.contains(&self.lower.as_str())
    }
}
