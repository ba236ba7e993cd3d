//! Globs, as Beyla has them since 2.5.1, and as regular expressions for the versions before.
//!
//! Source: github.com/gobwas/glob, without separators: `*` and `**` match anything, `/` included.

/// Whether `glob` can be read: brackets and braces are closed, and nothing follows a last `\`.
///
/// # Errors
/// What is wrong with it.
pub fn check(glob: &str) -> Result<(), String> {
    to_regex(glob).map(drop).map_err(|reason| format!("`{glob}` is no glob: {reason}"))
}

/// A regular expression (RE2) that matches the same text, all of it. It holds no `$`.
///
/// # Errors
/// What is wrong with the glob.
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

/// A glob that matches `text` and nothing else.
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
        // The one character that Beyla would expand.
        '$' => regex.push_str(r"\x24"),
        c if r"\.+*?()|[]{}^#&-~".contains(c) => regex.extend(['\\', c]),
        c => regex.push(c),
    }
}

/// The rest of `[abc]`, `[a-z]` or `[!abc]`.
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
