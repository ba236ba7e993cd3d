//! Merges neighbouring files into larger ones, and sums old rows in windows of a minute or an hour.
//!
//! A merged file is written aside, synced and renamed; its footer names the files that it replaces.
//! From the rename on, the replaced files are obsolete: they are removed when their last reader is
//! gone, or else when the store is opened.

mod plan;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use coral_engine::{Grain, MetricMerge, MetricRetention, StoredDelta};
use coral_trace::UnixNanos;

use self::plan::MergePlan;
use self::rows::MergedRows;
use super::Metrics;
use super::batch::RowWriter;
use super::file::{MetricFile, MetricFileExtent};
use super::schema::BATCH_ROWS;
use super::sum::Sums;
use crate::disk;
use crate::error::StoreError;
use crate::keep::pause::Pause;
use crate::layout::metric_file_dir;

/// State that one merge passes to the next.
#[derive(Default)]
pub(crate) struct Merges {
    pause: Pause,
    /// A merged file that readers do not see, because its inputs were not replaced. Until it is
    /// removed, none of its inputs may be replaced: the rows would be in two files.
    orphan: Option<PathBuf>,
}

/// The most exemplars of a row that is a sum: the slowest ones.
const MAX_EXEMPLARS: usize = 3;

impl Metrics {
    /// See [`Store::merge_metrics`](crate::Store::merge_metrics).
    pub(crate) fn merge_metrics(&self, keep: MetricRetention) -> Result<MetricMerge, StoreError> {
        let mut state = self.merges.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = self.live.ages.uptime();
        if !state.pause.is_over(begin) {
            return Ok(MetricMerge::default());
        }
        // A merge that panics counts as one that failed.
        state.pause.begin(begin);
        let merged = self.merge_next(&mut state, keep);
        state.pause.note([begin, self.live.ages.uptime()], merged)
    }

    /// See [`Store::merge_all_metrics`](crate::Store::merge_all_metrics).
    pub(crate) fn merge_all_metrics(
        &self,
        keep: MetricRetention,
    ) -> Result<MetricMerge, StoreError> {
        let mut state = self.merges.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = MetricMerge::default();
        loop {
            let merged = self.merge_next(&mut state, keep)?;
            if merged == MetricMerge::default() {
                return Ok(all);
            }
            all.merged += merged.merged;
            all.rolled_up += merged.rolled_up;
            all.exemplars_left_out += merged.exemplars_left_out;
        }
    }

    fn merge_next(
        &self,
        state: &mut Merges,
        keep: MetricRetention,
    ) -> Result<MetricMerge, StoreError> {
        if let Some(orphan) = &state.orphan {
            disk::remove(orphan).map_err(StoreError::directory(orphan))?;
            state.orphan = None;
        }
        let files = self.live.read().files.clone();
        let plan = plan::next(&files, keep, |file| self.live.ages.of(file.received));
        drop(files);
        let Some(plan) = plan else { return Ok(MetricMerge::default()) };
        let path = free_name(&metric_file_dir(&self.dir), &plan);
        let aside = path.with_extension("tmp");
        let written = write(&aside, &plan).and_then(|merge| {
            let is_current = self.replace(&plan, &aside, path, &mut state.orphan)?;
            Ok(if is_current { merge } else { MetricMerge::default() })
        });
        // Either the file was renamed, or it is useless.
        let removed = disk::remove(&aside);
        let error = match written {
            Ok(merge) => return removed.map(|()| merge).map_err(StoreError::directory(&aside)),
            Err(error) => error,
        };
        if error.is_damage() {
            for file in &plan.inputs {
                if let Err(error) = file.rows_after(0, usize::MAX) {
                    self.unreadable(file, error)?;
                }
            }
        }
        Err(error)
    }

    /// Renames the merged file `aside` to `path`, and shows it to readers in place of its inputs.
    /// Returns `false`, without a rename, if an input expired or was set aside meanwhile.
    fn replace(
        &self,
        plan: &MergePlan,
        aside: &Path,
        path: PathBuf,
        orphan: &mut Option<PathBuf>,
    ) -> Result<bool, StoreError> {
        // No file expires meanwhile.
        let _alone = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let is_input =
            |file: &Arc<MetricFile>| plan.inputs.iter().any(|one| Arc::ptr_eq(one, file));
        let files = self.live.read().files.clone();
        if files.iter().filter(|file| is_input(file)).count() < plan.inputs.len() {
            return Ok(false);
        }
        drop(files);
        // After an error or a panic the inputs stay, so a file with the same rows must not.
        *orphan = Some(path.clone());
        let mut file = MetricFile::publish(aside, path.clone()).inspect_err(|_| {
            if disk::remove(&path).is_ok() {
                *orphan = None;
            }
        })?;
        let newest = plan.inputs.iter().map(|file| file.received);
        file.received = newest.min_by_key(|of| self.live.ages.of(*of)).unwrap_or(file.received);
        let mut state = self.live.write();
        let stay = state.files.iter().filter(|file| !is_input(file)).cloned();
        let mut all: Vec<_> = stay.chain([Arc::new(file)]).collect();
        all.sort_by_key(|file| file.extent.first_receipt);
        // An input that a reader has set aside since the last look is readable in the merged file.
        let is_shown =
            |file: &Arc<MetricFile>| state.files.iter().any(|one| Arc::ptr_eq(one, file));
        let set_aside = plan.inputs.iter().filter(|file| !is_shown(file));
        let rows: u64 = set_aside.map(|file| file.extent.rows).sum();
        state.damaged = state.damaged.saturating_sub(rows);
        state.files = Arc::new(all);
        drop(state);
        *orphan = None;
        plan.inputs.iter().for_each(|file| file.retire());
        Ok(true)
    }
}

/// Writes the rows of the inputs of `plan` to `aside`, and syncs them.
fn write(aside: &Path, plan: &MergePlan) -> Result<MetricMerge, StoreError> {
    let mut extent = extent_of(plan);
    let grain = match plan.resolution {
        0 => Grain::Row,
        step => Grain::Step { start: UnixNanos(0), step },
    };
    let (mut rows, mut sums) = (MergedRows::of(&plan.inputs)?, Sums::new(grain));
    let mut writer = RowWriter::create(aside)?;
    let (mut merge, mut batch) = (MetricMerge::default(), Vec::new());
    while let Some(row) = rows.next_row()? {
        merge.merged += 1;
        sums.add_row(row)?;
        batch.extend(sums.take());
        if batch.len() >= BATCH_ROWS {
            merge.exemplars_left_out += add(&mut batch, grain, &mut extent, &mut writer)?;
        }
    }
    batch.extend(sums.finish()?);
    merge.exemplars_left_out += add(&mut batch, grain, &mut extent, &mut writer)?;
    merge.rolled_up = merge.merged - extent.rows;
    writer.finish(Some(&extent))?;
    Ok(merge)
}

/// Moves `rows` to the file, and updates `extent`. Returns how many exemplars were left out.
fn add(
    rows: &mut Vec<StoredDelta>,
    grain: Grain,
    extent: &mut MetricFileExtent,
    writer: &mut RowWriter<'_>,
) -> Result<u64, StoreError> {
    let mut left_out = 0;
    for row in rows.iter_mut() {
        let exemplars = &mut row.delta.exemplars;
        if grain != Grain::Row && exemplars.len() > MAX_EXEMPLARS {
            exemplars.sort_by_key(|exemplar| std::cmp::Reverse(exemplar.nanos));
            left_out += (exemplars.len() - MAX_EXEMPLARS) as u64;
            exemplars.truncate(MAX_EXEMPLARS);
        }
        extent.first_time = extent.first_time.min(row.delta.time.0);
        extent.last_time = extent.last_time.max(row.delta.time.0);
    }
    extent.rows += rows.len() as u64;
    let refs: Vec<&StoredDelta> = rows.iter().collect();
    refs.chunks(BATCH_ROWS).try_for_each(|rows| writer.write(rows))?;
    rows.clear();
    Ok(left_out)
}

/// The extent of the merged file, without rows.
fn extent_of(plan: &MergePlan) -> MetricFileExtent {
    let of = || plan.inputs.iter().map(|file| &file.extent);
    MetricFileExtent {
        protocol: of().next().map_or(0, |extent| extent.protocol),
        first_receipt: of().map(|extent| extent.first_receipt).min().unwrap_or_default(),
        last_row: of().map(|extent| extent.last_row).max().unwrap_or_default(),
        last_receipt: of().map(|extent| extent.last_receipt).max().unwrap_or_default(),
        first_time: u64::MAX,
        last_time: 0,
        last_received: of().map(|extent| extent.last_received).max().unwrap_or_default(),
        rows: 0,
        sorted: true,
        resolution: plan.resolution,
        bounds: common_bounds(plan),
        replaces: plan.inputs.iter().map(|file| file.name()).collect(),
    }
}

/// The bounds of the histograms of all inputs, if all are the same.
fn common_bounds(plan: &MergePlan) -> Option<Vec<u64>> {
    let mut of = plan.inputs.iter().map(|file| &file.extent.bounds);
    let first = of.next()?.as_ref()?;
    of.all(|bounds| bounds.as_ref() == Some(first)).then(|| first.clone())
}

/// A path for the merged file that no file has.
fn free_name(dir: &Path, plan: &MergePlan) -> PathBuf {
    let extent = extent_of(plan);
    let protocol = plan.inputs.first().and_then(|file| file.protocol());
    let protocol = protocol.map_or("none", |protocol| protocol.as_str());
    let MetricFileExtent { first_receipt, last_row, resolution, .. } = extent;
    let seconds = resolution / 1_000_000_000;
    let name = format!("{protocol}-{first_receipt:012}-{last_row:012}-{seconds}s");
    let names = (0_u32..).map(|number| match number {
        0 => dir.join(format!("{name}.parquet")),
        number => dir.join(format!("{name}-{number}.parquet")),
    });
    let is_free = |path: &PathBuf| !path.exists() && !path.with_extension("damaged").exists();
    names.into_iter().find(is_free).unwrap_or_else(|| dir.join(name))
}
