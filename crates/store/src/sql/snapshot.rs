//! Snapshots for SQL: sealed files, which stay while the snapshot is held, and files of the rows
//! in memory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_trace::UnixNanos;

use super::files::RunDir;
use crate::error::StoreError;
use crate::hot::generation::{Generation, Rows};
use crate::hot::live::Live;
use crate::metrics::{LiveMetrics, write_rows};
use crate::segment::{Segment, write_spans};

/// The files that an SQL question reads. They stay until the snapshot is dropped.
pub struct SqlSnapshot {
    span_files: Vec<PathBuf>,
    metric_files: Vec<PathBuf>,
    /// Keeps the files of segments that expire meanwhile.
    _segments: Vec<Arc<Segment>>,
    dir: RunDir,
}

impl SqlSnapshot {
    /// Parquet files with spans, including those in memory.
    pub fn span_files(&self) -> &[PathBuf] {
        &self.span_files
    }

    /// Parquet files with RED metrics, including those in memory.
    pub fn metric_files(&self) -> &[PathBuf] {
        &self.metric_files
    }

    /// A private directory, which is removed with the snapshot.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// See [`Store::sql_snapshot`](crate::Store::sql_snapshot).
pub(crate) fn snapshot(
    dir: &Path,
    spans: &Live,
    metrics: &LiveMetrics,
    since: Option<UnixNanos>,
) -> Result<SqlSnapshot, StoreError> {
    let dir = RunDir::make(dir)?;
    let (segments, hot_spans) = spans_of(spans, since, dir.path())?;
    let metric_files = metrics_of(metrics, since, dir.path())?;
    let mut span_files = vec![hot_spans];
    for segment in &segments {
        let file = segment.spans_file();
        span_files.push(std::path::absolute(file).map_err(StoreError::directory(file))?);
    }
    Ok(SqlSnapshot { span_files, metric_files, _segments: segments, dir })
}

/// Files of sealed spans, and a file in `dir` with the spans in memory.
fn spans_of(
    live: &Live,
    since: Option<UnixNanos>,
    dir: &Path,
) -> Result<(Vec<Arc<Segment>>, PathBuf), StoreError> {
    let state = live.read();
    let segments = state.segments.clone();
    let rows: Vec<Rows> = state.generations().map(Generation::all).collect();
    drop(state);
    let hot = dir.join("hot.spans.parquet");
    write_spans(&hot, rows.iter().flat_map(Rows::batches))?;
    let since = since.map_or(i64::MIN, UnixNanos::as_micros);
    // A span is received after its start. So a segment whose last receipt is before `since` has no
    // span that started later, unless clocks differ: then `last_start` may show one. `last_start`
    // covers only the first span of each trace.
    let may_hold = |segment: &&Arc<Segment>| {
        segment.extent.last_received.max(segment.extent.last_start) >= since
    };
    Ok((segments.iter().filter(may_hold).cloned().collect(), hot))
}

/// Hard links in `dir` to sealed metric files, and a file there with the rows in memory.
fn metrics_of(
    live: &LiveMetrics,
    since: Option<UnixNanos>,
    dir: &Path,
) -> Result<Vec<PathBuf>, StoreError> {
    let state = live.read();
    let (sealed, commits) = (state.files.clone(), state.commits());
    drop(state);
    let hot = dir.join("hot.metrics.parquet");
    write_rows(&hot, commits.iter().flat_map(|rows| rows.iter()), None)?;
    let since = since.map_or(0, |since| since.0);
    let mut files = vec![hot];
    for (at, file) in sealed.iter().enumerate() {
        if file.extent.last_time < since {
            continue;
        }
        // A file that expires is removed at once, so a hard link keeps its content.
        let pinned = dir.join(format!("{at}.metrics.parquet"));
        match std::fs::hard_link(&file.path, &pinned) {
            Ok(()) => files.push(pinned),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::directory(&file.path)(error)),
        }
    }
    Ok(files)
}
