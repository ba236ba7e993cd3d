//! Adds one table to a TOML file, as a text: everything else stays as it is.

/// Why a text cannot be changed.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
#[error("it has `{0}` in a form that only you can change")]
pub(super) struct NotATable(String);

/// `text` with the table `[parent.name]` that has `lines`, in the place of one that is there.
///
/// # Errors
/// [`NotATable`] if the text has the parent as a value or as a dotted key.
pub(super) fn with_table(
    text: &str,
    parent: &str,
    name: &str,
    lines: &str,
) -> Result<String, NotATable> {
    let own = format!("{parent}.{name}");
    let is_of_parent = |line: &&str| {
        let key = line.split('=').next().unwrap_or_default();
        let key: String =
            key.chars().filter(|sign| !sign.is_whitespace() && *sign != '"').collect();
        line.contains('=') && (key == parent || key.starts_with(&format!("{parent}.")))
    };
    // Dotted keys and values of the root are before the first table.
    let root = text.lines().take_while(|line| header(line).is_none());
    if let Some(line) = root.map(str::trim).find(is_of_parent) {
        return Err(NotATable(line.to_owned()));
    }
    if let Some(line) = in_parent(text, parent).map(str::trim).find(|line| names(line, name)) {
        return Err(NotATable(line.to_owned()));
    }
    let table = format!("[{own}]\n{lines}\n");
    let is_own = |line: &str| header(line).is_some_and(|header| header == own);
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let Some(at) = all.iter().position(|line| is_own(line)) else {
        let gap = if text.trim().is_empty() { "" } else { "\n" };
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Ok(format!("{text}{end}{gap}{table}"));
    };
    let below = all[at + 1..].iter().position(|line| header(line).is_some());
    let end = below.map_or(all.len(), |below| at + 1 + below);
    // Comments and blank lines before the next table belong to it.
    let is_of_table = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let kept = all[at + 1..end].iter().rposition(is_of_table);
    let end = kept.map_or(at + 1, |last| at + 2 + last);
    Ok(format!("{}{table}{}", all[..at].concat(), all[end..].concat()))
}

/// The lines of the table `[parent]`.
fn in_parent<'a>(text: &'a str, parent: &str) -> impl Iterator<Item = &'a str> {
    let mut lines = text.lines();
    let found = lines.by_ref().any(|line| header(line).is_some_and(|header| header == parent));
    lines.take_while(move |line| found && header(line).is_none())
}

fn names(line: &str, name: &str) -> bool {
    let key = line.split('=').next().unwrap_or_default().trim().trim_matches('"');
    line.contains('=') && (key == name || key.starts_with(&format!("{name}.")))
}

/// The name of the table that `line` begins, without quotation marks.
fn header(line: &str) -> Option<String> {
    let inner = line.trim().strip_prefix('[')?;
    let (name, rest) = inner.split_once(']')?;
    let is_header = rest.trim().is_empty() || rest.trim_start().starts_with('#');
    let name: String = name.chars().filter(|sign| !sign.is_whitespace() && *sign != '"').collect();
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || "._-[".contains(sign);
    (is_header && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "command = \"coral\"\nargs = [\"mcp\"]";
    const TABLE: &str = "[mcp_servers.coral]\ncommand = \"coral\"\nargs = [\"mcp\"]\n";

    fn added(text: &str) -> Result<String, NotATable> {
        with_table(text, "mcp_servers", "coral", LINES)
    }

    #[test]
    fn a_table_is_added_or_replaced_and_everything_else_stays() {
        for (before, after) in [
            ("", TABLE.to_owned()),
            ("model = \"x\" # mine\n", format!("model = \"x\" # mine\n\n{TABLE}")),
            ("model = \"x\"", format!("model = \"x\"\n\n{TABLE}")),
            (
                "[mcp_servers.a]\ncommand = \"a\"\n\n[mcp_servers.coral] # old\ncommand = \"/old\"\n\n# the next\n[b]\nc = 1\n",
                format!("[mcp_servers.a]\ncommand = \"a\"\n\n{TABLE}\n# the next\n[b]\nc = 1\n"),
            ),
            ("[mcp_servers.\"coral\"]\ncommand = \"/old\"", TABLE.to_owned()),
        ] {
            assert_eq!(added(before).unwrap(), after, "{before}");
            assert_eq!(added(&after).unwrap(), after, "a second time changes nothing");
        }
    }

    #[test]
    fn a_server_in_another_form_is_left_to_its_owner() {
        for text in [
            "mcp_servers = { a = { command = \"a\" } }\n",
            "mcp_servers.coral.command = \"x\"\n",
            "[mcp_servers]\ncoral = { command = \"x\" }\n",
            "[mcp_servers]\ncoral.command = \"x\"\n",
        ] {
            let error = added(text).unwrap_err().to_string();
            assert!(error.contains("in a form that only you can change"), "{error}");
        }
        assert!(added("[other]\nmcp_servers = 1\n").is_ok());
    }
}
