//! `coral.sql`: the views of the RFDs for anybody's own DuckDB, over the files of one store.

use std::path::Path;

use super::engine::{METRIC_VIEWS, SPAN_VIEWS};
use super::quoted;

/// The text of `coral.sql` for the store in `dir`, which is absolute.
///
/// The views read what their globs match when a question is asked, so that segments that Coral seals later are
/// seen too. The globs match a file of `sql/` that has no rows, so that an empty store can be asked as well.
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

/// `path` as a glob that matches it alone.
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
