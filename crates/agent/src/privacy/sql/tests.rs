//! Compares Coral's scanner with the tokenizer of `sqlparser`, which knows far more SQL: Coral may
//! show less of a statement, but never more.

use std::collections::BTreeSet;

use coral_trace::{Recogniser, Value};
use coral_wire::otlp_in::{self, Encoding};
use proptest::prelude::*;
use sqlparser::dialect::{Dialect, GenericDialect, MySqlDialect, PostgreSqlDialect};
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::{MAX_NUMBER_BYTES, QUOTES_NAMES, is_plain_name, mask};

const SYSTEMS: [&str; 6] = ["other_sql", "postgresql", "mysql", "mssql", "sqlite", ""];

/// `statement` as masked with the tokenizer of `sqlparser`: in the dialect of `system`, and also in
/// that of MySQL if `statement` has signs that dialects read differently.
fn readings(statement: &str, system: &str) -> Vec<String> {
    let quotes_names = QUOTES_NAMES.contains(&system);
    let dialect: &dyn Dialect = match system {
        "postgresql" => &PostgreSqlDialect {},
        "mysql" | "mariadb" => &MySqlDialect {},
        _ => &GenericDialect {},
    };
    let is_doubtful = statement.contains('\\') || (!quotes_names && statement.contains('#'));
    let dialects = [dialect, &MySqlDialect {}];
    let dialects = &dialects[..if is_doubtful { 2 } else { 1 }];
    dialects.iter().map(|dialect| rewritten(statement, *dialect, quotes_names)).collect()
}

/// What [`mask`] would show if `sqlparser` split the statement into pieces.
fn reference(statement: &str, system: &str) -> String {
    let mut readings = readings(statement, system);
    readings.dedup();
    if readings.len() == 1 { readings.remove(0) } else { "?".to_owned() }
}

fn rewritten(statement: &str, dialect: &dyn Dialect, quotes_names: bool) -> String {
    let mut tokens = Vec::new();
    let whole = Tokenizer::new(dialect, statement).tokenize_with_location_into_buf(&mut tokens);
    let mut text = String::new();
    for token in &tokens {
        match &token.token {
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
            ) => text.push(' '),
            kept if is_kept(kept, quotes_names) => text.push_str(&kept.to_string()),
            _ => text.push('?'),
        }
    }
    if whole.is_err() {
        text.push('?');
    }
    text
}

fn is_kept(token: &Token, quotes_names: bool) -> bool {
    match token {
        Token::Word(word) => match word.quote_style {
            None => is_plain_name(word.value.trim_start_matches('@')),
            Some('"') => quotes_names && is_plain_name(&word.value),
            Some(_) => is_plain_name(&word.value),
        },
        Token::Whitespace(_) => true,
        Token::Placeholder(name) => name.len() <= MAX_NUMBER_BYTES || !name.starts_with('$'),
        other => other
            .to_string()
            .chars()
            .all(|sign| !sign.is_alphanumeric() && !matches!(sign, '\'' | '"' | '`')),
    }
}

/// Whether the letters and digits of `less` are a subsequence of those of `more`. Other characters
/// are not sensitive.
fn shows_no_more(less: &str, more: &str) -> bool {
    let mut more = more.chars();
    less.chars().filter(|letter| letter.is_alphanumeric()).all(|letter| more.any(|of| of == letter))
}

fn check_no_more(statement: &str) -> Result<(), TestCaseError> {
    for system in SYSTEMS {
        let ours = mask(statement, system);
        for theirs in readings(statement, system) {
            prop_assert!(shows_no_more(&ours, &theirs), "{system}: {ours:?} {theirs:?}");
        }
    }
    Ok(())
}

/// Fragments that, in one database or another, change how the text after them is read.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "['\"`$\\\\#@?.:!<>=+*/|&~^%(){};,-]{1,3}",
        3 => "[a-zA-Z_]{1,3}|[0-9]{1,3}|[0-9][a-z0-9_.$@]{1,4}",
        2 => prop::sample::select(vec!["--", "/*", "*/", "$$", "$a$", "''", "\\'", "<@", "@>", "@@",
            "e'", "N'", "x'", "U&'", "nq'", "q'[", "r\"", "1e+", "0x", "._", "/*!", "\r", "\n", " ", "\t"])
            .prop_map(str::to_owned),
        1 => "\\PC",
    ]
}

/// Statements as programs send them.
fn ordinary() -> impl Strategy<Value = String> {
    let name = "[a-z][a-z_]{3,8}|[a-z]{4}\\.[a-z_]{4,8}|[a-z]{5}[0-9]";
    let value = prop_oneof![
        "[0-9]{1,5}|[0-9]\\.[0-9]{1,3}|1e[0-9]|1e-[0-9]|0x[0-9a-f]{2}",
        "'[a-z 0-9%_@.]{0,8}'|'it''s'|[xXnN]'[0-9a-f]{4}'|NULL|\\$[0-9]|\\?|:[a-z]{4}",
    ];
    let operator =
        prop::sample::select(vec!["=", "<>", "!=", "<=", " > ", " LIKE ", " = ", "||", "::"]);
    let condition =
        (name, operator, value).prop_map(|(name, sign, value)| format!("{name}{sign}{value}"));
    let conditions = prop::collection::vec(condition, 1..5);
    let tail = prop::sample::select(vec![
        "",
        ";",
        " -- who asks\n",
        " /* who asks */",
        " LIMIT 5",
        "\r\n",
    ]);
    (name, conditions, tail).prop_map(|(table, conditions, tail)| {
        format!("SELECT count(*), a.b FROM {table} a WHERE {}{tail}", conditions.join(" AND "))
    })
}

proptest! {
    #[test]
    fn no_statement_shows_more_than_with_sqlparser(
        fragments in prop::collection::vec(fragment(), 0..12),
    ) {
        check_no_more(&fragments.concat())?;
    }

    #[test]
    fn no_text_shows_more_than_with_sqlparser(text in "\\PC{0,30}") {
        check_no_more(&text)?;
    }

    #[test]
    fn ordinary_statements_are_masked_as_with_sqlparser(statement in ordinary()) {
        for system in SYSTEMS {
            prop_assert_eq!(mask(&statement, system), reference(&statement, system), "{}", system);
        }
    }
}

#[test]
fn recorded_statements_are_masked_as_with_sqlparser() {
    let mut statements = BTreeSet::new();
    for version in ["1.8.9", "3.31.0"] {
        let folder = format!("{}/../../fixtures/beyla/{version}", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap()) {
            if !file.file_name().to_string_lossy().starts_with("traces-") {
                continue;
            }
            let bytes = std::fs::read(file.path()).unwrap();
            let decoded = otlp_in::decode(&bytes, Encoding::Protobuf, &Recogniser::default());
            for span in decoded.unwrap().spans {
                let text = ["db.query.text", "db.statement"].map(|key| span.attributes.get(key));
                statements.extend(
                    text.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
                );
            }
        }
    }
    assert!(statements.len() > 1, "{statements:?}");
    for statement in &statements {
        for system in SYSTEMS {
            assert_eq!(mask(statement, system), reference(statement, system), "{system}");
        }
    }
}

#[test]
fn long_statements_of_one_piece_are_masked_without_a_panic() {
    for part in
        ["'", "$", "$a", "$a$", "@", "#", "/*", "*/", "-", "1", "1_", "\\", "\"", "`", "é", "."]
    {
        let statement = part.repeat(20_000);
        for system in SYSTEMS {
            assert!(mask(&statement, system).len() <= statement.len() + 1, "{part}");
        }
    }
}
