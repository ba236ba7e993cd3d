//! Globs, which Beyla accepts from 2.5.1, and their translation to regular expressions for older
//! versions.
//!
//! Source: github.com/gobwas/glob, without separators: `*` and `**` match anything, `/` included.

/// Checks the syntax of `glob`: brackets and braces are closed, and the last character is not a
/// lone `\`.
///
/// # Errors
/// The first syntax error.
pub fn check(glob: &str) -> Result<(), String> {
    to_regex(glob).map(drop).map_err(|reason| format!("`{glob}` is not a glob: {reason}"))
}

/// Translates `glob` to a regular expression (RE2) for the whole text. The expression contains no
/// `$`, which Beyla would expand.
///
/// # Errors
/// The first syntax error of the glob.
pub fn to_regex(glob: &str) -> Result<String, &'static str> {
    let mut regex = String::from(r"(?s)\A");
    let mut open_braces = 0_u32;
    let mut rest = glob.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => literal(rest.next().ok_or("a `\\` at its end")?, &mut regex),
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => class(&mut rest, &mut regex)?,
            '{' => {
                open_braces += 1;
                regex.push_str("(?:");
            }
            '}' => {
                open_braces = open_braces.checked_sub(1).ok_or("a `}` without `{`")?;
                regex.push(')');
            }
            ',' if open_braces > 0 => regex.push('|'),
            c => literal(c, &mut regex),
        }
    }
    if open_braces > 0 {
        return Err("a `{` without `}`");
    }
    Ok(regex + r"\z")
}

/// Escapes `text`, so that the glob matches exactly `text`.
pub fn quote(text: &str) -> String {
    let mut glob = String::new();
    for c in text.chars() {
        if "*?[]{}\\!,-".contains(c) {
            glob.push('\\');
        }
        glob.push(c);
    }
    glob
}

fn literal(c: char, regex: &mut String) {
    match c {
        // Beyla expands `$` in its configuration.
        '$' => regex.push_str(r"\x24"),
        c if r"\.+*?()|[]{}^#&-~".contains(c) => regex.extend(['\\', c]),
        c => regex.push(c),
    }
}

/// Translates the rest of a character class: `[abc]`, `[a-z]` or `[!abc]`.
fn class(rest: &mut std::str::Chars<'_>, regex: &mut String) -> Result<(), &'static str> {
    regex.push('[');
    let mut members = 0;
    while let Some(c) = rest.next() {
        match c {
            '!' if members == 0 && !regex.ends_with('^') => regex.push('^'),
            ']' if members == 0 => return Err("an empty `[]`"),
            ']' => {
                regex.push(']');
                return Ok(());
            }
            '-' if members > 0 => regex.push('-'),
            '\\' => {
                literal(rest.next().ok_or("a `\\` at its end")?, regex);
                members += 1;
            }
            c => {
                literal(c, regex);
                members += 1;
            }
        }
    }
    Err("a `[` without `]`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_becomes_a_regular_expression_for_the_whole_text() {
        for (glob, regex) in [
            ("/opt/app/server", r"(?s)\A/opt/app/server\z"),
            ("*/bin/{a,b}-?", r"(?s)\A.*/bin/(?:a|b)\-.\z"),
            ("[a-c][!xy]1.0+", r"(?s)\A[a-c][^xy]1\.0\+\z"),
            (r"\*a\{", r"(?s)\A\*a\{\z"),
            ("a,b", r"(?s)\Aa,b\z"),
            ("$HOME", r"(?s)\A\x24HOME\z"),
        ] {
            assert_eq!(to_regex(glob).as_deref(), Ok(regex), "{glob}");
        }
    }

    #[test]
    fn what_is_not_closed_is_no_glob() {
        for glob in ["{a,b", "a}", "[ab", "[]", "[!]", "a\\"] {
            assert!(check(glob).is_err(), "{glob}");
        }
    }

    #[test]
    fn a_quoted_path_is_a_glob_for_itself() {
        let quoted = quote("/opt/{x}/a*b-[1]");
        assert_eq!(quoted, r"/opt/\{x\}/a\*b\-\[1\]");
        assert_eq!(to_regex(&quoted).unwrap(), r"(?s)\A/opt/\{x\}/a\*b\-\[1\]\z");
    }
}
