//! `coral sql`: asks the colony in SQL, and prints or exports the answer.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use coral_store::{LibraryError, LibraryPlaces, find_library};

use super::asked_at::AskedAt;
use super::query::colony;
use super::{Failure, duckdb, duckdb_library, print, print_serialized, usual_data_dir};
use crate::args::{InstallDuckdbArgs, Since, SqlArgs, SqlFormat};
use crate::client::AskError;
use crate::show::sql as show;
use coral_query::StatusQuestion;
use coral_server::addresses::Addresses;
use coral_sql::SqlAnswer;
use coral_sql::SqlQuestion;
use coral_sql::{export, runner};
use coral_trace::chain;

pub(super) fn sql(args: &SqlArgs, asked: &AskedAt) -> Result<(), Failure> {
    let question = SqlQuestion {
        sql: args.sql.join(" "),
        since_unix_us: match args.since {
            Since::All => None,
            Since::When(when) => Some(asked.instant(when)?),
        },
    };
    let answer = ask(args, &question)?;
    if let Some(file) = &args.export {
        return write(args, &answer, file);
    }
    match args.format {
        SqlFormat::Json => print_serialized(&answer)?,
        SqlFormat::Csv => {
            print(&show::csv(&answer))?;
            if let Some(cut) = show::cut(&answer) {
                eprintln!("{cut}");
            }
        }
        SqlFormat::Table => print(&show::rows(&answer))?,
    }
    whole(&answer)
}

/// Asks the colony. If DuckDB is missing and the user agrees, installs DuckDB first.
fn ask(args: &SqlArgs, question: &SqlQuestion) -> Result<SqlAnswer, Failure> {
    let server = colony(&args.colony);
    let answer = server.post(SqlQuestion::PATH, question);
    if let Err(AskError::Refused { error, .. }) = &answer
        && would_be_installed_here(args)
        && wants_install(error)?
    {
        let data_dir = args.colony.data_dir.clone();
        duckdb::install(&InstallDuckdbArgs { data_dir, ..InstallDuckdbArgs::default() })?;
        return Ok(server.post(SqlQuestion::PATH, question)?);
    }
    Ok(answer?)
}

/// Whether the colony runs on this host without DuckDB's library, and would find one that this
/// command installs.
fn would_be_installed_here(args: &SqlArgs) -> bool {
    let (data_dir, _) = usual_data_dir(args.colony.data_dir.clone());
    let runs_here = Addresses::read(&data_dir).is_some_and(|running| running.colony.is_some());
    if args.colony.colony.is_some() || !runs_here {
        return false;
    }
    let status = colony(&args.colony).ask(&StatusQuestion::default());
    let reason = status.ok().and_then(|status| status.sql_library.reason);
    reason.is_some_and(|reason| reason.contains("coral duckdb install"))
}

/// Asks the user at the terminal whether to install DuckDB. Without a terminal, the answer is no.
fn wants_install(error: &str) -> Result<bool, Failure> {
    let (input, output) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() || !output.is_terminal() {
        return Ok(false);
    }
    let failed = |error: std::io::Error| Failure::new(format!("cannot ask: {error}"));
    let error = coral_trace::sanitize::whole(error);
    write!(output.lock(), "{error}.\nDownload and install DuckDB's library now? [y/N] ")
        .map_err(failed)?;
    let mut answer = String::new();
    input.read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Returns a failure if the answer is incomplete.
fn whole(answer: &SqlAnswer) -> Result<(), Failure> {
    match &answer.error {
        None => Ok(()),
        Some(error) => {
            let error = coral_trace::sanitize::whole(error);
            let error = format!("the answer is incomplete: {error}");
            Err(Failure { is_answered: true, ..Failure::new(error) })
        }
    }
}

/// Writes the answer as a database file atomically.
fn write(args: &SqlArgs, answer: &SqlAnswer, file: &Path) -> Result<(), Failure> {
    whole(answer)?;
    if file.exists() {
        let error = format!("`{}` exists already", file.display());
        return Err(Failure::with_hint(error, "name another file, or remove the existing one"));
    }
    let (data_dir, _) = usual_data_dir(args.colony.data_dir.clone());
    let named = duckdb_library(args.duckdb_library.as_deref()).map(|(path, _)| path.into());
    let places = LibraryPlaces { named, program_dir: runner::program_dir(), data_dir };
    let library = find_library(&places).map_err(|error| match error {
        LibraryError::Nowhere => Failure::with_hint(
            chain(&error),
            "`coral duckdb install` installs one, or name it with --duckdb-library",
        ),
        error => Failure::new(chain(&error)),
    })?;
    let aside = file.with_extension(format!("{}.tmp", std::process::id()));
    let written = export::export(&library.path, answer, &aside)
        .map_err(|error| chain(&error))
        .and_then(|()| std::fs::hard_link(&aside, file).map_err(|error| error.to_string()));
    let _ = std::fs::remove_file(&aside);
    written.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", file.display())))?;
    let rows = coral_trace::units::counted(answer.rows.len() as u64, "row");
    let cut = show::cut(answer).map(|cut| format!("; {cut}")).unwrap_or_default();
    print(&format!("Wrote {rows} to the table `answer` of {}{cut}.\n", file.display()))
}
