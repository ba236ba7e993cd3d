//! A Parquet file that is read at places.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::disk;
use crate::error::StoreError;

/// An open file. The library's own way takes two system calls more for each page, and forgets what the operating system
/// said when one fails.
#[derive(Clone)]
pub(crate) struct ParquetSource(Arc<Opened>);

struct Opened {
    path: PathBuf,
    file: File,
    len: u64,
    /// The first read that failed.
    failure: Mutex<Option<std::io::Error>>,
}

/// The rest of a file from a place on.
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
            std::io::Result::Ok(Self(Arc::new(Opened { path, file, len, failure })))
        };
        open().map_err(StoreError::directory(path))
    }

    /// What `error` of a reader of this file means: that reading failed, or that what was read is damaged.
    pub(crate) fn error(&self, error: impl Into<ParquetError>) -> StoreError {
        let failure = self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failure {
            Some(failure) => StoreError::directory(&self.0.path)(failure),
            None => StoreError::segment(&self.0.path)(error.into()),
        }
    }

    /// Keeps what the operating system said: the library makes text of it.
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
        // Only headers are read this way.
        Ok(BufReader::with_capacity(512, Rest { source: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut bytes = vec![0; length];
        disk::read_exact_at(&self.0.file, &mut bytes, start).map_err(|error| self.noted(error))?;
        Ok(bytes.into())
    }
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = disk::read_at(&self.source.0.file, buffer, self.at);
        let read = read.map_err(|error| self.source.noted(error))?;
        self.at += read as u64;
        Ok(read)
    }
}
