//! SQL without its literals.

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

/// Databases in which `"name"` is a name; in MySQL it is text.
const QUOTES_NAMES: [&str; 5] =
    ["postgresql", "oracle.db", "sqlite", "microsoft.sql_server", "mssql"];
/// Systems whose statements are no SQL: a command, and then what it is about.
const COMMANDS: [&str; 6] = ["redis", "memcached", "aerospike", "couchbase", "mongodb", "dynamodb"];

/// `$12345`: there are no statements with more parameters.
const MAX_NUMBER_BYTES: usize = 6;

/// Masked statements by what they were, since programs send the same few again and again and reading one takes
/// microseconds. Of what they were only hashes are kept, two with different random keys.
#[derive(Default)]
struct Known {
    masked: RwLock<HashMap<(u64, u64), Arc<str>>>,
    keys: [RandomState; 2],
}

static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);
/// After so many statements all are forgotten.
const MAX_KNOWN_STATEMENTS: usize = 4_096;
/// Longer ones are not kept.
const MAX_KNOWN_STATEMENT_BYTES: usize = 4_096;

/// `statement` of a database called `system` with `?` for every literal, and without comments. What cannot be
/// told from a literal goes too: only names, keywords, operators and placeholders are kept.
pub(super) fn masked(statement: &str, system: &str) -> Arc<str> {
    if statement.len() > MAX_KNOWN_STATEMENT_BYTES {
        return mask(statement, system).into();
    }
    let key = KNOWN.keys.each_ref().map(|keys| keys.hash_one((statement, system)));
    let key = (key[0], key[1]);
    if let Some(known) = KNOWN.masked.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return known.clone();
    }
    let masked: Arc<str> = mask(statement, system).into();
    let mut known = KNOWN.masked.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MAX_KNOWN_STATEMENTS {
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
    let read_as = |dialect| rewritten(statement, dialect, quotes_names);
    let masked = read_as(Dialect::of(system));
    // Whether `\'` ends a text, and `#` begins a comment, depends on the database: where that matters, nothing is
    // sure.
    let is_doubtful = statement.contains('\\') || (!quotes_names && statement.contains('#'));
    let is_sure = !is_doubtful || read_as(Dialect::MySql) == masked;
    masked.filter(|_| is_sure).unwrap_or_else(|| "?".to_owned())
}

/// The command's name, if it is one.
fn command(statement: &str) -> String {
    let name = statement.split_whitespace().next().unwrap_or_default();
    let is_name = name.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '.');
    match (is_name, name.len() == statement.trim().len()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{name} ?"),
        (false, _) => "?".to_owned(),
    }
}

/// `statement` without literals and comments, or `None` if nobody can tell where its literals end.
fn rewritten(statement: &str, dialect: Dialect, quotes_names: bool) -> Option<String> {
    let mut masked = String::with_capacity(statement.len());
    for piece in Scanner::new(statement, dialect) {
        match piece {
            Ok(piece) => masked.push_str(shown(piece, quotes_names)),
            // The statement was cut off in the middle of a literal or of a comment.
            Err(Stop::CutOff) => masked.push('?'),
            Err(Stop::Doubtful) => return None,
        }
    }
    Some(masked)
}

/// What is stored of `piece`: the piece itself, `?`, or white space.
fn shown(piece: Piece<'_>, quotes_names: bool) -> &str {
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

/// Anything may stand in quotes; only what would be a name without them is one.
fn is_plain_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| {
            letter.is_alphabetic() || letter.is_ascii_digit() || letter == '_' || letter == '$'
        })
}
