//! `coral.sql`: the views for any DuckDB, over the files of one store.

use std::path::Path;

use super::engine::{METRIC_VIEWS, SPAN_VIEWS};
use super::quoted;

/// The text of `coral.sql` for the store in `dir`, which is absolute.
///
/// The views use globs, which DuckDB expands for each question, so that later segments are
/// included. The globs also match an empty file in `sql/`, so that the views work on an empty
/// store.
pub(super) fn text(dir: &Path) -> String {
    let dir = escaped(&dir.display().to_string());
    let spans = quoted(&format!("{dir}/s[eq]*/*.spans.parquet"));
    let metrics = quoted(&format!("{dir}/*/files/*.parquet"));
    let views = SPAN_VIEWS.replace("getvariable('span_files')", &spans);
    let metric_views = METRIC_VIEWS.replace("getvariable('metric_files')", &metrics);
    format!(
        "-- The spans and RED metrics of this Coral store, for any DuckDB of 1.5 or later, while Coral runs:\n\
         --   duckdb -init coral.sql\n\
         -- Sealed rows only: the newest are in Coral's memory, where `coral sql` sees them too.\n\
         -- Coral writes this file anew at every start.\n\n\
         {views}\n{metric_views}"
    )
}

/// `path` as a glob that matches only `path`.
fn escaped(path: &str) -> String {
    let mut glob = String::with_capacity(path.len());
    for character in path.chars() {
        match character {
            '*' | '?' | '[' => glob.extend(['[', character, ']']),
            _ => glob.push(character),
        }
    }
    glob
}
