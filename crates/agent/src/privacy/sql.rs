//! Removes literals from SQL statements.

mod dialect;
mod extent;
mod scanner;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use dialect::Dialect;
use scanner::{Kind, Piece, Scanner, Stop};

/// Database systems in which `"name"` in double quotes is a name. In MySQL it is text.
const QUOTES_NAMES: [&str; 5] =
    ["postgresql", "oracle.db", "sqlite", "microsoft.sql_server", "mssql"];
/// Systems whose statements are not SQL, but a command followed by its arguments.
const COMMANDS: [&str; 6] = ["redis", "memcached", "aerospike", "couchbase", "mongodb", "dynamodb"];

/// The largest length of a placeholder that is kept, such as `$65535`, in bytes: no database allows
/// more parameters.
const MAX_NUMBER_BYTES: usize = 6;

/// A cache of masked statements, because programs send the same few statements again and again, and
/// masking takes microseconds. The keys are two hashes of the original statement with different
/// random keys, so that the original is not kept.
#[derive(Default)]
struct MaskedStatements {
    masked: RwLock<HashMap<(u64, u64), Arc<str>>>,
    keys: [RandomState; 2],
}

static CACHE: LazyLock<MaskedStatements> = LazyLock::new(MaskedStatements::default);
/// The cache is cleared when it has this many statements.
const MAX_CACHED_STATEMENTS: usize = 4_096;
/// Longer statements are not cached.
const MAX_CACHED_STATEMENT_BYTES: usize = 4_096;

/// `statement` of the database system `system`, with `?` for every literal, and without comments.
/// Only names, keywords, operators and placeholders are kept; anything that might be a literal is
/// replaced too.
pub(super) fn mask_cached(statement: &str, system: &str) -> Arc<str> {
    if statement.len() > MAX_CACHED_STATEMENT_BYTES {
        return mask(statement, system).into();
    }
    let key = CACHE.keys.each_ref().map(|keys| keys.hash_one((statement, system)));
    let key = (key[0], key[1]);
    if let Some(known) = CACHE.masked.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return known.clone();
    }
    let masked: Arc<str> = mask(statement, system).into();
    let mut known = CACHE.masked.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MAX_CACHED_STATEMENTS {
        known.clear();
    }
    known.insert(key, masked.clone());
    masked
}

fn mask(statement: &str, system: &str) -> String {
    if COMMANDS.contains(&system) {
        return command(statement);
    }
    let quotes_names = QUOTES_NAMES.contains(&system);
    let read_as = |dialect| rewrite(statement, dialect, quotes_names);
    let masked = read_as(Dialect::for_system(system));
    // Whether `\'` ends a text and whether `#` begins a comment depends on the database. In these
    // cases, the statement is only shown if all readings agree.
    let is_doubtful = statement.contains('\\') || (!quotes_names && statement.contains('#'));
    let is_sure = !is_doubtful || read_as(Dialect::MySql) == masked;
    masked.filter(|_| is_sure).unwrap_or_else(|| "?".to_owned())
}

/// The command that `statement` begins with, and ` ?` for its arguments, if any. Only `?` if the
/// statement does not begin with the name of a command.
fn command(statement: &str) -> String {
    let name = statement.split_whitespace().next().unwrap_or_default();
    let is_name = name.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '.');
    match (is_name, name.len() == statement.trim().len()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{name} ?"),
        (false, _) => "?".to_owned(),
    }
}

/// `statement` without literals and comments, or `None` if the end of a literal cannot be
/// determined.
fn rewrite(statement: &str, dialect: Dialect, quotes_names: bool) -> Option<String> {
    let mut masked = String::with_capacity(statement.len());
    for piece in Scanner::new(statement, dialect) {
        match piece {
            Ok(piece) => masked.push_str(stored_text(piece, quotes_names)),
            // The statement was cut off in the middle of a literal or a comment.
            Err(Stop::CutOff) => masked.push('?'),
            Err(Stop::Doubtful) => return None,
        }
    }
    Some(masked)
}

/// What is stored of `piece`: the piece itself, `?`, or white space.
fn stored_text(piece: Piece<'_>, quotes_names: bool) -> &str {
    let text = piece.text;
    let inner = || &text[1..text.len() - 1];
    let is_kept = match piece.kind {
        Kind::Operator => true,
        Kind::Word => is_plain_name(text.trim_start_matches('@')),
        Kind::Backticked => is_plain_name(inner()),
        Kind::Quoted => quotes_names && is_plain_name(inner()),
        Kind::Placeholder => text.len() <= MAX_NUMBER_BYTES,
        Kind::Literal => false,
        Kind::Comment => return " ",
        Kind::Space => return white_space(text),
    };
    match text {
        // One operator with two spellings.
        "!=" => "<>",
        _ if is_kept => text,
        _ => "?",
    }
}

fn white_space(text: &str) -> &str {
    match text {
        "\t" | "\n" => text,
        "\r" | "\r\n" => "\n",
        _ => " ",
    }
}

/// Whether a quoted text would be a valid name without quotes. Any other quoted text may be a
/// literal.
fn is_plain_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| {
            letter.is_alphabetic() || letter.is_ascii_digit() || letter == '_' || letter == '$'
        })
}
