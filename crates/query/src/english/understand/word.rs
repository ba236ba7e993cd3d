//! The words of a question.

/// One word, without the signs around it.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// As it was said.
    pub said: String,
    /// In small letters.
    pub small: String,
    /// It stood in quotes: then it is a name, and nothing else.
    pub quoted: bool,
}

/// More words are not read.
const MAX: usize = 200;
const QUOTES: [char; 3] = ['`', '"', '\''];

/// The words of `question`.
pub(super) fn words(question: &str) -> Vec<Word> {
    question.split_whitespace().take(MAX).filter_map(Word::of).collect()
}

impl Word {
    fn of(text: &str) -> Option<Self> {
        let inside = text.trim_matches(|sign| "?!.,;:()".contains(sign));
        let said = inside.trim_matches(|sign| "?!.,;:()".contains(sign) || QUOTES.contains(&sign));
        let quoted =
            QUOTES.iter().any(|quote| inside.starts_with(*quote) && inside.ends_with(*quote));
        (!said.is_empty()).then(|| Self {
            said: said.to_owned(),
            small: said.to_lowercase(),
            quoted,
        })
    }

    /// Whether it is one of `words`; what is quoted is none.
    pub fn is_one_of(&self, words: &[&str]) -> bool {
        !self.quoted && words.contains(&self.small.as_str())
    }

    /// Whether it begins with one of `stems`; what is quoted does not.
    pub fn begins(&self, stems: &[&str]) -> bool {
        !self.quoted && stems.iter().any(|stem| self.small.starts_with(stem))
    }
}
