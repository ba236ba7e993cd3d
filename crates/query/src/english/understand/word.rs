//! The words of a question.

/// One word, without the signs around it.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The word as the question has it.
    pub text: String,
    /// The word in lower case.
    pub lower: String,
    /// The word stands in quotes: then it is a name, and nothing else.
    pub quoted: bool,
}

/// Words of a question that are read.
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

    /// Whether it is one of `words`; what is quoted is none.
    pub fn is_one_of(&self, words: &[&str]) -> bool {
        !self.quoted && words.contains(&self.lower.as_str())
    }

    /// Whether it begins with one of `stems`; what is quoted does not.
    pub fn begins(&self, stems: &[&str]) -> bool {
        !self.quoted && stems.iter().any(|stem| self.lower.starts_with(stem))
    }
}
