//! The views that people know by RFD 036's names, for questions that the product does not ask itself.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use duckdb::Connection;

use crate::database::execute_all;
use crate::error::StoreError;
use crate::segment::{Segment, write_spans};
use crate::statement::{SET_SPAN_FILES, VIEWS};
use crate::store::{Inner, Store, segment_dir};

impl Store {
    /// The rows of a SELECT over `beyla_traces_local`, `beyla_traces` and `telemetry_spans`, as text; NULL
    /// is `None`. `select` is the program's own text, never an outsider's.
    ///
    /// Hot rows are written to a file for it: half a second for 262,144 of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn select(&self, select: &str) -> Result<Vec<Vec<Option<String>>>, StoreError> {
        let failed = || StoreError::statement("a query of the views");
        let dir = segment_dir(&self.0.config.dir);
        let hot = tempfile::Builder::new().prefix("hot-").suffix(".tmp").tempfile_in(&dir);
        let hot = hot.map_err(StoreError::directory(&dir))?;
        // Held until the answer is read: a segment's files stay as long as somebody has it.
        let segments = self.0.write_hot(hot.path())?;
        let files = segments.iter().map(|segment| segment.spans_file()).chain([hot.path()]);
        let files = sql_list(files.map(Path::display));
        self.0.database.with(|connection| {
            create(connection, &files)?;
            let mut statement = connection.prepare(select).map_err(failed())?;
            let mut rows = statement.query([]).map_err(failed())?;
            let mut read = Vec::new();
            while let Some(row) = rows.next().map_err(failed())? {
                let columns = row.as_ref().column_count();
                let cells = (0..columns).map(|at| row.get::<_, Option<String>>(at));
                read.push(cells.collect::<Result<_, _>>().map_err(failed())?);
            }
            Ok(read)
        })
    }
}

impl Inner {
    /// Writes hot rows to `file`, and returns the segments of the same moment.
    fn write_hot(&self, file: &Path) -> Result<Arc<Vec<Arc<Segment>>>, StoreError> {
        let state = self.live.read();
        let segments = state.segments.clone();
        let batches: Vec<RecordBatch> =
            state.generations().flat_map(|generation| generation.batches()).collect();
        drop(state);
        write_spans(file, batches.into_iter())?;
        Ok(segments)
    }
}

/// Creates the views, which are bound to the files as they are created.
fn create(connection: &Connection, files: &str) -> Result<(), StoreError> {
    connection
        .execute(SET_SPAN_FILES.sql, [files])
        .map_err(StoreError::statement(SET_SPAN_FILES.name))?;
    execute_all(connection, VIEWS)
}

/// The text that DuckDB casts to a list.
fn sql_list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| format!("'{}'", item.to_string().replace('\'', "\\'")))
        .collect();
    format!("[{}]", items.join(", "))
}
