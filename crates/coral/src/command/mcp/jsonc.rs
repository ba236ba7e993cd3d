//! Adds one member to an object of a JSON file, as a text: comments, order and spaces of everything
//! else stay as they are. Comments and commas before a closing brace are understood, because editors
//! write them.

use std::ops::Range;

/// Why a text cannot be changed.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NotJson {
    /// The text is not JSON.
    #[error("it is not JSON at byte {0}")]
    Syntax(usize),
    /// The place for the member has something else.
    #[error("`{0}` in it is not an object")]
    NoObject(String),
}

/// One member of an object.
struct Member {
    key: String,
    value: Range<usize>,
}

/// An object of the text.
struct Object {
    members: Vec<Member>,
    /// The place of the closing brace.
    end: usize,
    /// Whether a comma follows the last member.
    has_comma: bool,
}

/// `text` with `value`, a JSON text of one or more lines, as the member `name` of the object `parent`
/// of the topmost object. An empty text is an empty object.
///
/// # Errors
/// [`NotJson`].
pub(super) fn with_member(
    text: &str,
    parent: &str,
    name: &str,
    value: &str,
) -> Result<String, NotJson> {
    if text.trim().is_empty() {
        let value = indented(value, 2);
        return Ok(format!("{{\n  \"{parent}\": {{\n    \"{name}\": {value}\n  }}\n}}\n"));
    }
    let mut scanner = Scanner { text, at: 0 };
    scanner.space()?;
    if scanner.peek() != Some(b'{') {
        return Err(NotJson::NoObject("the file".to_owned()));
    }
    let top = scanner.object()?;
    scanner.space()?;
    if scanner.at < text.len() {
        return Err(NotJson::Syntax(scanner.at));
    }
    let Some(found) = top.members.iter().find(|member| member.key == parent) else {
        let value = format!("{{\n  \"{name}\": {}\n}}", indented(value, 1));
        return Ok(inserted(text, &top, parent, &value, 1));
    };
    if text.as_bytes().get(found.value.start) != Some(&b'{') {
        return Err(NotJson::NoObject(parent.to_owned()));
    }
    let servers = Scanner { text, at: found.value.start }.object()?;
    match servers.members.iter().find(|member| member.key == name) {
        Some(own) => {
            let (before, after) = (&text[..own.value.start], &text[own.value.end..]);
            Ok(format!("{before}{}{after}", indented(value, 2)))
        }
        None => Ok(inserted(text, &servers, name, value, 2)),
    }
}

/// `text` with a further member at the end of `object`, `depth` levels deep.
fn inserted(text: &str, object: &Object, key: &str, value: &str, depth: usize) -> String {
    let member = format!("{}\"{key}\": {}", "  ".repeat(depth), indented(value, depth));
    let close = "  ".repeat(depth - 1);
    match object.members.last() {
        // What is between the braces, such as a comment, stays.
        None => {
            let before = text[..object.end].trim_end();
            format!("{before}\n{member}\n{close}{}", &text[object.end..])
        }
        Some(last) => {
            let (head, rest) = text.split_at(last.value.end);
            let between = &rest[..object.end - last.value.end];
            let comma = if object.has_comma { "" } else { "," };
            let after = if object.has_comma { "," } else { "" };
            format!(
                "{head}{comma}{}\n{member}{after}\n{close}{}",
                between.trim_end(),
                &text[object.end..]
            )
        }
    }
}

fn indented(value: &str, depth: usize) -> String {
    value.replace('\n', &format!("\n{}", "  ".repeat(depth)))
}

/// Reads JSON with comments, without keeping values.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 200;

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn wrong<T>(&self) -> Result<T, NotJson> {
        Err(NotJson::Syntax(self.at))
    }

    fn take(&mut self, sign: u8) -> Result<(), NotJson> {
        if self.peek() != Some(sign) {
            return self.wrong();
        }
        self.at += 1;
        Ok(())
    }

    /// Skips spaces and comments.
    fn space(&mut self) -> Result<(), NotJson> {
        loop {
            let rest = &self.text[self.at..];
            let skipped = match rest.as_bytes() {
                [b' ' | b'\t' | b'\n' | b'\r', ..] => 1,
                [0xef, 0xbb, 0xbf, ..] if self.at == 0 => 3,
                [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => match rest[2..].find("*/") {
                    Some(end) => end + 4,
                    None => return self.wrong(),
                },
                _ => return Ok(()),
            };
            self.at += skipped;
        }
    }

    fn object(&mut self) -> Result<Object, NotJson> {
        self.object_at(0)
    }

    fn object_at(&mut self, depth: usize) -> Result<Object, NotJson> {
        self.take(b'{')?;
        let (mut members, mut has_comma) = (Vec::new(), false);
        loop {
            self.space()?;
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Object { members, end: self.at - 1, has_comma });
            }
            if !members.is_empty() && !has_comma {
                return self.wrong();
            }
            let key = self.string()?;
            self.space()?;
            self.take(b':')?;
            self.space()?;
            let start = self.at;
            self.value(depth + 1)?;
            members.push(Member { key, value: start..self.at });
            self.space()?;
            has_comma = self.peek() == Some(b',');
            self.at += usize::from(has_comma);
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), NotJson> {
        match self.peek() {
            _ if depth > MAX_DEPTH => self.wrong(),
            Some(b'{') => self.object_at(depth).map(drop),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(drop),
            _ => {
                let rest = self.text[self.at..].bytes();
                let length =
                    rest.take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
                let start = self.at;
                self.at += length.count();
                let word = &self.text[start..self.at];
                let is_value = serde_json::from_str::<serde_json::Value>(word).is_ok();
                if is_value { Ok(()) } else { Err(NotJson::Syntax(start)) }
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), NotJson> {
        self.take(b'[')?;
        loop {
            self.space()?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(());
            }
            self.value(depth + 1)?;
            self.space()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {}
                _ => return self.wrong(),
            }
        }
    }

    fn string(&mut self) -> Result<String, NotJson> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            match self.peek() {
                Some(b'\\') => self.at += 2,
                Some(b'"') => break,
                Some(_) => self.at += 1,
                None => return Err(NotJson::Syntax(start)),
            }
        }
        self.at += 1;
        let text = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(text).map_err(|_| NotJson::Syntax(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "{\n  \"command\": \"coral\"\n}";

    fn added(text: &str) -> String {
        with_member(text, "mcpServers", "coral", VALUE).unwrap()
    }

    #[test]
    fn a_member_is_added_and_everything_else_stays() {
        for (before, after) in [
            (
                "",
                "{\n  \"mcpServers\": {\n    \"coral\": {\n      \"command\": \"coral\"\n    }\n  }\n}\n",
            ),
            (
                "{}",
                "{\n  \"mcpServers\": {\n    \"coral\": {\n      \"command\": \"coral\"\n    }\n  }\n}",
            ),
            (
                "{\n  // mine\n  \"z\": 1, /* b */ \"a\": [1, {\"x\": \"}\"}]\n}\n",
                "{\n  // mine\n  \"z\": 1, /* b */ \"a\": [1, {\"x\": \"}\"}],\n  \"mcpServers\": {\n    \"coral\": {\n      \"command\": \"coral\"\n    }\n  }\n}\n",
            ),
            (
                "{\n  \"mcpServers\": {\n    \"other\": {}, // keep\n  },\n}\n",
                "{\n  \"mcpServers\": {\n    \"other\": {}, // keep\n    \"coral\": {\n      \"command\": \"coral\"\n    },\n  },\n}\n",
            ),
            (
                "{\"mcpServers\": {\"coral\": {\"command\": \"/old\"}, \"b\": 2}}",
                "{\"mcpServers\": {\"coral\": {\n      \"command\": \"coral\"\n    }, \"b\": 2}}",
            ),
            (
                "{\"mcpServers\": { /* none yet */ }}",
                "{\"mcpServers\": { /* none yet */\n    \"coral\": {\n      \"command\": \"coral\"\n    }\n  }}",
            ),
        ] {
            assert_eq!(added(before), after);
            assert_eq!(added(&added(before)), after, "a second time changes nothing");
        }
    }

    #[test]
    fn a_comment_after_the_last_member_stays_a_comment() {
        let text = added("{\"mcpServers\": {\n  \"other\": 1 // no comma\n}}");
        assert_eq!(
            text,
            "{\"mcpServers\": {\n  \"other\": 1, // no comma\n    \"coral\": {\n      \"command\": \"coral\"\n    }\n  }}"
        );
    }

    #[test]
    fn a_text_that_is_not_understood_is_not_changed() {
        for (text, expected) in [
            ("{\"a\": }", NotJson::Syntax(6)),
            ("{\"a\": 1 \"b\": 2}", NotJson::Syntax(8)),
            ("{\"a\": nul}", NotJson::Syntax(6)),
            ("{\"a\": \"x", NotJson::Syntax(6)),
            ("{\"a\": 1", NotJson::Syntax(7)),
            ("{} {}", NotJson::Syntax(3)),
            ("{ /* x", NotJson::Syntax(2)),
            ("[]", NotJson::NoObject("the file".to_owned())),
            ("{\"mcpServers\": []}", NotJson::NoObject("mcpServers".to_owned())),
            ("{\"a\\", NotJson::Syntax(1)),
        ] {
            assert_eq!(with_member(text, "mcpServers", "coral", VALUE), Err(expected), "{text}");
        }
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        assert!(with_member(&deep, "mcpServers", "coral", VALUE).is_err());
    }
}
