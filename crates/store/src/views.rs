//! The views that people know by RFD 036's names, for questions that the product does not ask itself.

use duckdb::Connection;

use crate::error::StoreError;
use crate::schema::execute_all;
use crate::segment::SegmentFiles;
use crate::statement::{SET_SEGMENT_FILES, VIEWS};
use crate::store::{Store, sql_list};

/// Creates the views. They are bound when they are created, so there must be a segment to read.
pub(crate) fn create(connection: &Connection, empty: &SegmentFiles) -> Result<(), StoreError> {
    point_at(connection, &sql_list([empty.spans.display()]))?;
    execute_all(connection, VIEWS)
}

impl Store {
    /// The rows of a SELECT over `beyla_traces_local`, `beyla_traces` and `telemetry_spans`, as text; NULL
    /// is `None`. `select` is the program's own text, never an outsider's.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn select(&self, select: &str) -> Result<Vec<Vec<Option<String>>>, StoreError> {
        let failed = || StoreError::statement("a query of the views");
        self.0.catalogue.read(|segments| {
            let files = self.0.span_files(segments, |_| true);
            self.0.readers.with(|connection| {
                point_at(connection, &files)?;
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
        })
    }
}

fn point_at(connection: &Connection, files: &str) -> Result<(), StoreError> {
    connection
        .execute(SET_SEGMENT_FILES.sql, [files])
        .map_err(StoreError::statement(SET_SEGMENT_FILES.name))?;
    Ok(())
}
