//! The views that people know by RFD 036's names, for questions that the product does not ask itself.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use duckdb::Connection;

use crate::database::execute_all;
use crate::error::StoreError;
use crate::metrics::{MetricFile, write_rows};
use crate::segment::{Segment, write_spans};
use crate::statement::{METRIC_VIEWS, SET_METRIC_FILES, SET_SPAN_FILES, VIEWS};
use crate::store::{Inner, Store, segment_dir};

impl Store {
    /// The rows of a SELECT over the views of RFD 032 and 036, as text; NULL
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
        let (hot_metrics, metrics) = self.0.metric_files(&dir)?;
        let metric_files =
            metrics.iter().map(|file| file.path.as_path()).chain([hot_metrics.path()]);
        let metric_files = sql_list(metric_files.map(Path::display));
        self.0.database.with(|connection| {
            connection
                .execute(SET_METRIC_FILES.sql, [&metric_files])
                .map_err(StoreError::statement(SET_METRIC_FILES.name))?;
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

/// A file of hot metrics, and the sealed ones.
type MetricFiles = (tempfile::NamedTempFile, Arc<Vec<Arc<MetricFile>>>);

impl Inner {
    /// Writes hot metrics to a file in `dir`, and returns the files of the same moment.
    fn metric_files(&self, dir: &Path) -> Result<MetricFiles, StoreError> {
        let hot = tempfile::Builder::new().prefix("hot-").suffix(".tmp").tempfile_in(dir);
        let hot = hot.map_err(StoreError::directory(dir))?;
        let state = self.metrics.live.read();
        let (files, commits) = (state.files.clone(), state.commits());
        drop(state);
        write_rows(hot.path(), commits.iter().flat_map(|rows| rows.iter()), Vec::new())?;
        Ok((hot, files))
    }

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
    execute_all(connection, VIEWS)?;
    execute_all(connection, METRIC_VIEWS)
}

/// The text that DuckDB casts to a list.
fn sql_list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| format!("'{}'", item.to_string().replace('\'', "\\'")))
        .collect();
    format!("[{}]", items.join(", "))
}
