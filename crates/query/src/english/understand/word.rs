//! The words of a question.

use coral_trace::TraceId;

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

/// The largest number of words of a question that are read.
const MAX_WORDS: usize = 200;
const QUOTES: [char; 3] = ['`', '"', '\''];

/// The words of `question`.
pub(super) fn words(question: &str) -> Vec<Word> {
    question.split_whitespace().take(MAX_WORDS).filter_map(Word::parse).collect()
}

impl Word {
    fn parse(text: &str) -> Option<Self> {
        let inside = text.trim_matches(|sign| "?!.,;:()".contains(sign));
        let text = inside.trim_matches(|sign| "?!.,;:()".contains(sign) || QUOTES.contains(&sign));
        let quoted =
            QUOTES.iter().any(|quote| inside.starts_with(*quote) && inside.ends_with(*quote));
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            lower: text.to_lowercase(),
            quoted,
        })
    }

    /// The trace id that the word is, if it has all 32 digits.
    pub fn trace_id(&self) -> Option<TraceId> {
        (self.text.len() == 32).then(|| self.text.parse().ok()).flatten()
    }

    /// Whether the word is one of `words`; a quoted word never is.
    pub fn is_one_of(&self, words: &[&str]) -> bool {
        !self.quoted && words.contains(&self.lower.as_str())
    }

    /// Whether the word begins with one of `stems`; a quoted word never does.
    pub fn begins(&self, stems: &[&str]) -> bool {
        !self.quoted && stems.iter().any(|stem| self.lower.starts_with(stem))
    }
}
