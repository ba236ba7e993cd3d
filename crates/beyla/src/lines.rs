//! Reads lines from a pipe, with a limit of their length.

use std::io::{BufRead, BufReader, Read};

/// Iterates over the lines of `R`. A line of more than [`MAX_LINE_BYTES`] keeps its beginning and its
/// end, because programs in Go write the cause of an error last. Its middle becomes [`OMISSION`].
pub struct Lines<R>(BufReader<R>);

/// A line without its line break and other trailing white space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputLine {
    /// The text, with invalid UTF-8 replaced.
    pub text: String,
    /// Whether the middle of the line was cut.
    pub cut: bool,
}

/// The largest number of bytes of a line that are kept. Beyla's own lines are shorter; a dump of
/// the kernel's verifier has many short lines.
pub const MAX_LINE_BYTES: usize = 8 * 1024;
/// What stands for the middle of a line that was cut.
const OMISSION: &str = "…";
/// How many bytes of the beginning of a line that is cut are kept, and how many of its end.
const BEGINNING_BYTES: usize = MAX_LINE_BYTES / 2;
const END_BYTES: usize = MAX_LINE_BYTES - BEGINNING_BYTES - OMISSION.len();

impl<R: Read> Lines<R> {
    /// The lines of `input`.
    pub fn of(input: R) -> Self {
        Self(BufReader::new(input))
    }

    /// Reads to the end of the line, or of the pipe. Only the last [`END_BYTES`] of `end` and of what
    /// is read remain in `end`.
    fn read_end(&mut self, end: &mut Vec<u8>) {
        loop {
            end.drain(..end.len().saturating_sub(END_BYTES));
            // A pipe that fails ends the line too.
            let buffer = self.0.fill_buf().unwrap_or_default();
            let line_break = buffer.iter().position(|byte| *byte == b'\n');
            let read = line_break.unwrap_or(buffer.len());
            end.extend_from_slice(&buffer[..read]);
            let is_end = line_break.is_some() || read == 0;
            self.0.consume(read + usize::from(line_break.is_some()));
            if is_end {
                break;
            }
        }
        end.drain(..end.len().saturating_sub(END_BYTES));
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = OutputLine;

    fn next(&mut self) -> Option<OutputLine> {
        let mut bytes = Vec::new();
        let most = MAX_LINE_BYTES as u64 + 1;
        let read = self.0.by_ref().take(most).read_until(b'\n', &mut bytes).ok()?;
        if read == 0 {
            return None;
        }
        let ended = bytes.last() == Some(&b'\n');
        let cut = !ended && bytes.len() > MAX_LINE_BYTES;
        let text = if cut {
            let mut end = bytes.split_off(BEGINNING_BYTES);
            self.read_end(&mut end);
            // The cuts may split a character.
            let (beginning, end) = (String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&end));
            let replaced = char::REPLACEMENT_CHARACTER;
            let beginning = beginning.trim_end_matches(replaced);
            format!("{beginning}{OMISSION}{}", end.trim_start_matches(replaced))
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let text = text.trim_end().to_owned();
        Some(OutputLine { text, cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_keeps_its_ends_and_the_next_is_whole() {
        let text = format!(
            "{}\nshort\r\n{}tail\n\nlast \u{fffd}",
            "a".repeat(MAX_LINE_BYTES),
            "b".repeat(3 * MAX_LINE_BYTES)
        );
        let lines: Vec<OutputLine> = Lines::of(text.as_bytes()).collect();
        let shape: Vec<_> = lines.iter().map(|line| (line.text.len(), line.cut)).collect();
        assert_eq!(
            shape,
            [(MAX_LINE_BYTES, false), (5, false), (MAX_LINE_BYTES, true), (0, false), (8, false)]
        );
        assert_eq!(lines[1].text, "short");
        assert!(lines[2].text.starts_with("bb") && lines[2].text.ends_with("bbtail"));
        assert_eq!(lines[2].text.matches(OMISSION).count(), 1);
    }

    #[test]
    fn a_cut_inside_a_character_leaves_no_half_of_it() {
        for before in 0..3 {
            let text = format!("{}{}", "a".repeat(before), "€".repeat(MAX_LINE_BYTES));
            let lines: Vec<OutputLine> = Lines::of(text.as_bytes()).collect();
            let [line] = &lines[..] else { panic!("{} lines", lines.len()) };
            assert!(line.cut && line.text.len() <= MAX_LINE_BYTES);
            assert_eq!(line.text.trim_start_matches('a').replace('€', ""), OMISSION);
        }
    }

    #[test]
    fn an_endless_line_ends_with_the_pipe() {
        let endless = std::io::repeat(b'x').take(1 << 20);
        let lines: Vec<OutputLine> = Lines::of(endless).collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].cut);
    }
}
