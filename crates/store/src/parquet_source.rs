//! Reads Parquet files with positioned reads.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::disk;
use crate::error::StoreError;

/// An open Parquet file, as input for the Parquet library. The library's own file reader is not
/// used, because it needs two more system calls per page and loses the operating system's error.
#[derive(Clone)]
pub(crate) struct ParquetSource(Arc<Opened>);

struct Opened {
    path: PathBuf,
    file: File,
    len: u64,
    /// The operating system's error of the first failed read, until [`ParquetSource::failure`] takes
    /// it.
    failure: Mutex<Option<std::io::Error>>,
    /// Whether a system call that reads the file is in progress.
    is_reading: AtomicBool,
}

/// A reader of a file from an offset to its end.
pub(crate) struct Rest {
    source: ParquetSource,
    at: u64,
}

impl ParquetSource {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let open = || {
            let file = disk::open(path)?;
            let len = file.metadata()?.len();
            let (path, failure) = (path.to_owned(), Mutex::default());
            let is_reading = AtomicBool::new(false);
            std::io::Result::Ok(Self(Arc::new(Opened { path, file, len, failure, is_reading })))
        };
        open().map_err(StoreError::directory(path))
    }

    /// Converts an error of the Parquet library: to [`StoreError::Directory`] if the operating
    /// system could not read the file, else to [`StoreError::Segment`] (damaged content).
    fn error(&self, error: impl Into<ParquetError>) -> StoreError {
        self.failure().unwrap_or_else(|| StoreError::segment(&self.0.path)(error.into()))
    }

    /// The error of a read that the operating system refused since the last call.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        let failure = self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map(StoreError::directory(&self.0.path))
    }

    /// Runs `read`, which passes this file to the Parquet library. The library panics at some kinds
    /// of damage: such a panic becomes an error. A panic during a system call (a planned fault of a
    /// test) is resumed.
    pub(crate) fn reading<T>(
        &self,
        read: impl FnOnce() -> Result<T, ParquetError>,
    ) -> Result<T, StoreError> {
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(outcome) => outcome.map_err(|error| self.error(error)),
            Err(panic) if self.0.is_reading.load(Ordering::Relaxed) => resume_unwind(panic),
            Err(_) => Err(self.error(ParquetError::General("the Parquet reader panicked".into()))),
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&File) -> std::io::Result<T>) -> std::io::Result<T> {
        self.0.is_reading.store(true, Ordering::Relaxed);
        let outcome = ask(&self.0.file).map_err(|error| self.noted(error));
        self.0.is_reading.store(false, Ordering::Relaxed);
        outcome
    }

    /// Keeps the operating system's error in `failure`, because the library turns errors into text.
    fn noted(&self, error: std::io::Error) -> std::io::Error {
        let copy = std::io::Error::from(error.kind());
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        copy
    }
}

impl Length for ParquetSource {
    fn len(&self) -> u64 {
        self.0.len
    }
}

impl ChunkReader for ParquetSource {
    type T = BufReader<Rest>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        // The library reads only page headers through this function, so a small buffer suffices.
        Ok(BufReader::with_capacity(512, Rest { source: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.len) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start}")));
        }
        let mut bytes = vec![0; length];
        self.ask(|file| disk::read_exact_at(file, &mut bytes, start))?;
        Ok(bytes.into())
    }
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.ask(|file| disk::read_at(file, buffer, self.at))?;
        self.at += read as u64;
        Ok(read)
    }
}
