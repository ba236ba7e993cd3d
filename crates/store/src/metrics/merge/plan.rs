//! Which files are merged next.

use std::sync::Arc;
use std::time::Duration;

use coral_engine::MetricRetention;
use coral_trace::red::Protocol;

use crate::metrics::file::MetricFile;

/// Neighbouring files of one protocol, to be replaced by one file.
pub(super) struct MergePlan {
    pub(super) inputs: Vec<Arc<MetricFile>>,
    /// The length in nanoseconds of the windows in which rows of a series are summed; 0 sums no
    /// rows.
    pub(super) resolution: u64,
}

/// Rows that were received longer ago than the age are summed in windows of this many nanoseconds.
const ROLL_UPS: [(Duration, u64); 2] =
    [(Duration::from_secs(7 * DAY), 3_600 * SECOND), (Duration::from_secs(DAY), 60 * SECOND)];
const DAY: u64 = 24 * 3_600;
const SECOND: u64 = 1_000_000_000;

/// Files are merged when so many neighbours are of similar size.
const MIN_FILES: usize = 8;
/// The most files of one merge. Each has a batch in memory.
const MAX_FILES: usize = 16;
/// The most rows that one merge reads: seconds of work, after which comes a pause.
const MAX_ROWS: u64 = 4 << 20;
/// The rows of a merged file were received within the retention divided by this number, because a
/// file expires as a whole.
const SPANS_PER_AGE: u32 = 16;

/// The next merge; `None` if none is due. `files` are in order of receipt; `age` is how long ago the
/// newest row of a file was received.
pub(super) fn next(
    files: &[Arc<MetricFile>],
    keep: MetricRetention,
    age: impl Fn(&MetricFile) -> Duration,
) -> Option<MergePlan> {
    let plans = Protocol::ALL.into_iter().filter_map(|protocol| {
        let of = files.iter().filter(|file| file.protocol() == Some(protocol));
        let of: Vec<Candidate> = of.map(|file| Candidate::of(file, age(file))).collect();
        let max_span = keep.age(protocol) / SPANS_PER_AGE;
        roll_up(&of, max_span).or_else(|| similar(&of, max_span))
    });
    // Small merges first: they remove the most files for the least work.
    plans.min_by_key(MergePlan::rows)
}

struct Candidate {
    file: Arc<MetricFile>,
    age: Duration,
    /// The resolution that its rows should have.
    due: u64,
}

impl Candidate {
    fn of(file: &Arc<MetricFile>, age: Duration) -> Self {
        let due = ROLL_UPS.iter().find(|(least, _)| age >= *least);
        let due = due.map_or(0, |(_, resolution)| *resolution).max(file.extent.resolution);
        Self { file: file.clone(), age, due }
    }

    /// Whether the file must be written again for another reason than its size: its rows are not
    /// sorted, or finer than they should be.
    fn is_outdated(&self) -> bool {
        !self.file.extent.sorted || self.file.extent.resolution < self.due
    }

    fn rows(&self) -> u64 {
        self.file.extent.rows
    }
}

/// The oldest outdated files.
fn roll_up(files: &[Candidate], max_span: Duration) -> Option<MergePlan> {
    let start = files.iter().position(|file| file.is_outdated() && file.file.is_settled())?;
    let first = &files[start];
    // The rows of a file that is not sorted are sorted in memory, so the file is merged alone.
    let most = if first.file.extent.sorted { MAX_FILES } else { 1 };
    let more = files[start + 1..]
        .iter()
        .take(most - 1)
        .take_while(|file| file.is_outdated() && file.due == first.due && file.file.extent.sorted);
    let mut inputs = vec![first];
    for file in more {
        let rows = inputs.iter().map(|file| file.rows()).sum::<u64>() + file.rows();
        if rows > MAX_ROWS || !may_join(first, file, max_span) {
            break;
        }
        inputs.push(file);
    }
    Some(MergePlan::of(&inputs))
}

/// The neighbours of similar size with the fewest rows.
fn similar(files: &[Candidate], max_span: Duration) -> Option<MergePlan> {
    let mut best: Option<(u64, &[Candidate])> = None;
    for (start, first) in files.iter().enumerate() {
        let (mut rows, mut largest) = (0, 0);
        for (count, file) in files[start..].iter().enumerate().take(MAX_FILES) {
            rows += file.rows();
            largest = file.rows().max(largest);
            let joins = file.file.extent.resolution == first.file.extent.resolution
                && may_join(first, file, max_span)
                && rows <= MAX_ROWS;
            if !joins {
                break;
            }
            let is_enough = count + 1 >= MIN_FILES && largest <= rows / 4;
            if is_enough && best.as_ref().is_none_or(|(fewest, _)| rows < *fewest) {
                best = Some((rows, &files[start..=start + count]));
            }
        }
    }
    best.map(|(_, files)| MergePlan::of(&files.iter().collect::<Vec<_>>()))
}

/// Whether `file` may be merged with the older file `first`.
fn may_join(first: &Candidate, file: &Candidate, max_span: Duration) -> bool {
    first.file.is_settled()
        && file.file.is_settled()
        && first.age.saturating_sub(file.age) <= max_span
}

impl MergePlan {
    fn of(files: &[&Candidate]) -> Self {
        let resolution = files.iter().map(|file| file.due).max().unwrap_or_default();
        Self { inputs: files.iter().map(|file| file.file.clone()).collect(), resolution }
    }

    fn rows(&self) -> u64 {
        self.inputs.iter().map(|file| file.extent.rows).sum()
    }
}
