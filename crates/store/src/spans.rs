//! The spans of a store: the newest rows are in a journal and in memory, older rows in sealed
//! segments.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_engine::Extent;

use crate::clock::{Ages, Uptime};
use crate::commit::queue::PageQueue;
use crate::commit::resume::resume;
use crate::commit::writer::Writer;
use crate::error::StoreError;
use crate::hot::live::Live;
use crate::keep::backoff::Maintenance;
use crate::keep::merge::SegmentMerges;
use crate::keep::pressure::Pressure;
use crate::layout::{create_dir, log_dir, segment_dir};
use crate::segment::{self, Footers};

pub(crate) struct Spans {
    /// The store's directory.
    pub(crate) dir: PathBuf,
    /// Number of hot rows at which a seal is due.
    pub(crate) segment_rows: u64,
    /// Size of the memory of hot rows, in bytes, at which a generation ends and its seal is due.
    pub(crate) segment_bytes: u64,
    pub(crate) live: Live,
    pub(crate) footers: Arc<Footers>,
    writer: Mutex<Writer>,
    pub(crate) pages: PageQueue,
    /// Lets commits wait for a seal.
    pub(crate) pressure: Pressure,
    /// Locked during sealing and expiry, so that only one of them runs at a time.
    pub(crate) maintenance: Mutex<Maintenance>,
    /// Locked during a piece of a merge, before `maintenance`.
    pub(crate) merges: Mutex<SegmentMerges>,
}

impl Spans {
    /// Opens the spans of the store in `dir`. The caller holds the store's lock.
    pub(crate) fn open(
        dir: &Path,
        (segment_rows, segment_bytes): (u64, u64),
        uptime: Uptime,
    ) -> Result<Self, StoreError> {
        for dir in [log_dir(dir), segment_dir(dir)] {
            create_dir(&dir).map_err(StoreError::directory(&dir))?;
        }
        let footers = Arc::new(Footers::default());
        let mut segments = segment::load(&segment_dir(dir), &footers)?;
        let (writer, state, lost) = loop {
            match resume(&log_dir(dir), &segments, segment_bytes) {
                Err(StoreError::SegmentUnreadable { id, source, .. }) => {
                    let error = crate::error::chain(&source);
                    tracing::error!(segment = id, error, "a damaged segment was set aside");
                    let damaged = segments.iter().position(|opened| opened.segment.id() == id);
                    let Some(damaged) = damaged else { return Err(*source) };
                    segments.remove(damaged).segment.quarantine();
                }
                outcome => break outcome?,
            }
        };
        let oldest = state.first_receipt();
        let damaged = lost + segment::damaged_before(&segment_dir(dir), oldest, &footers)?;
        let missing = state.missing();
        if missing + damaged > 0 {
            tracing::error!(
                n_spans = missing + damaged,
                "files are missing or damaged; their spans are lost"
            );
        }
        Ok(Self {
            dir: dir.to_owned(),
            segment_rows,
            segment_bytes,
            live: Live::new(state, damaged, Ages::new(uptime)),
            footers,
            writer: Mutex::new(writer),
            pages: PageQueue::default(),
            pressure: Pressure::default(),
            maintenance: Mutex::default(),
            merges: Mutex::default(),
        })
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the store holds now. Does not wait for the disk.
    pub(crate) fn extent(&self) -> Extent {
        let state = self.live.read();
        Extent {
            spans: state.hot_rows() + state.segments.iter().map(|s| s.spans()).sum::<u64>(),
            segments: state.segments.len() as u64,
            bytes: self.live.disk_bytes(),
            last_receipt: state.last_receipt(),
            first_receipt: state.first_receipt(),
            damaged: state.missing() + self.live.damaged(),
        }
    }
}
