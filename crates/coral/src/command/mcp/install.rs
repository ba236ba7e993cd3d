//! `coral mcp install`: writes Coral into the configuration of an assistant, after asking.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::super::{Failure, print};
use super::assistant::{Home, Start, configured};
use crate::args::{ColonyArgs, McpInstallArgs};
use coral_server::clock;
use coral_trace::sanitize::{line, whole};
use http::Uri;

/// Largest configuration that is changed, in bytes.
const MAX_BYTES: u64 = 64 << 20;

pub(super) fn install(args: &McpInstallArgs) -> Result<(), Failure> {
    let home = Home::of_user().ok_or_else(|| Failure::new("the variable HOME is not set"))?;
    let file = home.file(args.client);
    // A link stays a link: the file that it leads to is changed.
    let file = fs::canonicalize(&file).unwrap_or(file);
    let before = read(&file)?;
    let after =
        configured(args.client, &file, &before, &start(&args.colony)?).map_err(|error| {
            Failure::with_hint(error, "correct the file, or add what --print prints by hand")
        })?;
    if before == after {
        return print(&format!("{} has Coral already.\n", file.display()));
    }
    let change = change(&file, &before, &after);
    if args.print {
        return print(&change);
    }
    if !args.yes && !agrees(&change)? {
        return print("Nothing was written.\n");
    }
    let copy = write(&file, &before, &after)?;
    let copy = copy.map(|copy| format!(" A copy of what it was: {}.", copy.display()));
    print(&format!(
        "Wrote {}.{}\nRestart the assistant, and ask it: which service is slow, and why?\n",
        file.display(),
        copy.unwrap_or_default()
    ))
}

/// How the assistant starts this program. It may have another search path, so the path is whole.
fn start(colony: &ColonyArgs) -> Result<Start, Failure> {
    let failed =
        |error: io::Error| Failure::new(format!("cannot find this program's file: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut arguments = vec!["mcp".to_owned()];
    if let Some(url) = &colony.colony {
        check_url(url)?;
        arguments.extend(["--colony".to_owned(), url.clone()]);
    }
    if let Some(dir) = &colony.data_dir {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        arguments.extend(["--data-dir".to_owned(), dir.display().to_string()]);
    }
    Ok(Start { program: program.display().to_string(), arguments })
}

/// Refuses a `url` that leads to no colony, which an assistant would show to nobody.
fn check_url(url: &str) -> Result<(), Failure> {
    let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let parsed = whole.parse::<Uri>().ok();
    let is_valid = parsed.is_some_and(|url| {
        let has_host = url.host().is_some_and(|host| !host.is_empty());
        has_host && matches!(url.scheme_str(), Some("http" | "https"))
    });
    match is_valid {
        true => Ok(()),
        false => Err(Failure::with_hint(
            format!("`{}` is not the URL of a colony", line(url)),
            "such as --colony https://colony.example.com:9000; nothing was written",
        )),
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let failed =
        |reason: String| Failure::new(format!("cannot read `{}`: {reason}", file.display()));
    match fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(failed(error.to_string())),
        Ok(found) if found.len() > MAX_BYTES => return Err(failed("it is too large".to_owned())),
        Ok(_) => {}
    }
    fs::read_to_string(file).map_err(|error| failed(error.to_string()))
}

/// The lines that change, with the file before them.
fn change(file: &Path, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - same;
    let ends = old.iter().rev().zip(new.iter().rev()).take(most);
    let last = ends.take_while(|(old, new)| old == new).count();
    let lines = |sign: char, lines: &[&str]| {
        lines.iter().map(|line| format!("{sign} {}\n", whole(line))).collect::<String>()
    };
    let removed = lines('-', &old[same..old.len() - last]);
    let added = lines('+', &new[same..new.len() - last]);
    format!("{}, from line {}:\n{removed}{added}", file.display(), same + 1)
}

/// Asks the user at the terminal.
fn agrees(change: &str) -> Result<bool, Failure> {
    let (input, output) = (io::stdin(), io::stderr());
    if !input.is_terminal() || !output.is_terminal() {
        return Err(Failure::with_hint(
            "there is no terminal to ask at",
            "--yes writes without asking, and --print shows what would be written",
        ));
    }
    let failed = |error: io::Error| Failure::new(format!("cannot ask: {error}"));
    write!(output.lock(), "{change}Write this? [y/N] ").map_err(failed)?;
    let mut answer = String::new();
    input.read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Writes `after` to `file` atomically, with the mode that it has, and returns the copy of `before`.
fn write(file: &Path, before: &str, after: &str) -> Result<Option<PathBuf>, Failure> {
    let failed =
        |error: io::Error| Failure::new(format!("cannot write `{}`: {error}", file.display()));
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir).map_err(failed)?;
    }
    // The program may have written meanwhile.
    if read(file)? != before {
        return Err(Failure::with_hint(
            format!("`{}` was changed by another program", file.display()),
            "run the command again",
        ));
    }
    let mode = fs::metadata(file).map(|found| found.permissions()).ok();
    let copy = mode.is_some().then(|| beside(file, &format!("before-coral-{}", seconds())));
    if let Some(copy) = &copy {
        fs::copy(file, copy).map_err(failed)?;
    }
    let aside = beside(file, &format!("coral-{}", std::process::id()));
    let written = fs::write(&aside, after)
        .and_then(|()| mode.map_or(Ok(()), |mode| fs::set_permissions(&aside, mode)))
        .and_then(|()| fs::rename(&aside, file));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written.map_err(failed)?;
    Ok(copy)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{name}.{ending}"))
}

fn seconds() -> i64 {
    clock::now().as_micros() / 1_000_000
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_colony_at_what_is_no_url_is_refused() {
        for url in ["not a url", "", "http://", "ftp://colony:9000", "://colony", "http://a b:1"] {
            let error = check_url(url).unwrap_err();
            assert!(error.error.contains("is not the URL of a colony"), "{url}: {}", error.error);
        }
        for url in ["https://colony.example.com/coral/", "127.0.0.1:9000", "http://[::1]:9000"] {
            assert!(check_url(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_change_shows_its_lines_alone() {
        let file = Path::new("/h/.cursor/mcp.json");
        let change = |before: &str, after: &str| change(file, before, after);
        assert_eq!(
            change("a\nb\nc\n", "a\nx\ny\nc\n"),
            "/h/.cursor/mcp.json, from line 2:\n- b\n+ x\n+ y\n"
        );
        assert_eq!(change("", "a\n"), "/h/.cursor/mcp.json, from line 1:\n+ a\n");
        assert_eq!(change("a\na\n", "a\na\na\n"), "/h/.cursor/mcp.json, from line 3:\n+ a\n");
    }

    #[test]
    fn a_file_is_replaced_with_its_mode_and_a_copy_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("settings.json");
        assert_eq!(write(&file, "", "{}").unwrap(), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let copy = write(&file, "{}", "{\"a\": 1}").unwrap().unwrap();
        assert_eq!(fs::read_to_string(&copy).unwrap(), "{}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "{\"a\": 1}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let error = write(&file, "what it was", "{}").unwrap_err();
        assert!(error.error.contains("was changed by another program"), "{}", error.error);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
