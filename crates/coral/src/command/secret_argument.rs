//! Secrets of the command line, which other users of the host can see while the command runs.

use std::io::{self, BufRead as _, Read as _};

/// Longest secret that is read, in bytes.
const MAX_BYTES: u64 = 4_096;

/// The secret `given` as an argument; the first line of standard input if that is `-`.
///
/// # Errors
/// Standard input cannot be read.
pub(super) fn from_input(given: &str) -> io::Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut line = String::new();
    io::BufReader::new(io::stdin().lock().take(MAX_BYTES)).read_line(&mut line)?;
    Ok(line)
}
