use super::store;
use crate::statement::ALL;

#[test]
fn every_statement_file_is_used_and_every_statement_is_valid() {
    let (_dir, store) = store();
    for statement in ALL.iter().filter(|statement| !statement.name.starts_with("schema/")) {
        let prepared = store.0.database.with(|connection| {
            Ok(connection.prepare(statement.sql).map(drop).map_err(|error| error.to_string()))
        });
        // Statements that read files bind only when the files are given.
        let outcome = prepared.unwrap();
        assert!(outcome.is_ok(), "{}: {outcome:?}", statement.name);
    }
    let files = walk(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sql")));
    assert_eq!(files.len(), ALL.len(), "a file under src/sql is not used: {files:?}");
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn the_database_can_read_no_file_but_its_own_and_no_setting_can_be_changed() {
    let (_dir, store) = store();
    for forbidden in [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/coral-must-not-write'",
        "ATTACH '/tmp/coral-must-not-attach.duckdb'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ] {
        let outcome =
            store.0.database.with(|connection| Ok(connection.execute_batch(forbidden).is_err()));
        assert!(outcome.unwrap(), "{forbidden} was allowed");
    }
}
