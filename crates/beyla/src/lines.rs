//! Reads lines from a pipe, with a limit of their length.

use std::io::{BufRead, BufReader, Read};

/// Iterates over the lines of `R`. A line of more than [`MAX_LINE_BYTES`] is cut, and its rest is
/// skipped.
pub struct Lines<R>(BufReader<R>);

/// A line without its line break and other trailing white space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputLine {
    /// The text, with invalid UTF-8 replaced.
    pub text: String,
    /// Whether the line was cut.
    pub cut: bool,
}

/// The largest number of bytes of a line that are kept. Beyla's own lines are shorter; a dump of
/// the kernel's verifier has many short lines.
pub const MAX_LINE_BYTES: usize = 8 * 1024;

impl<R: Read> Lines<R> {
    /// The lines of `input`.
    pub fn of(input: R) -> Self {
        Self(BufReader::new(input))
    }

    /// Skips to the end of the line.
    fn skip(&mut self) -> Option<()> {
        loop {
            let buffer = self.0.fill_buf().ok().filter(|buffer| !buffer.is_empty())?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let skipped = end.map_or(buffer.len(), |end| end + 1);
            self.0.consume(skipped);
            if end.is_some() {
                return Some(());
            }
        }
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
        if cut {
            bytes.truncate(MAX_LINE_BYTES);
            // The result is ignored: the pipe may end in the middle of a line.
            let _ = self.skip();
        }
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        Some(OutputLine { text, cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_next_is_whole() {
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
    }

    #[test]
    fn an_endless_line_ends_with_the_pipe() {
        let endless = std::io::repeat(b'x').take(1 << 20);
        let lines: Vec<OutputLine> = Lines::of(endless).collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].cut);
    }
}
