//! Connections for reading beside the writer.

use std::sync::{Mutex, PoisonError};

use duckdb::Connection;

use crate::error::StoreError;

/// Idle connections of one database, made on demand: DuckDB's snapshots let them read while others write.
pub(crate) struct Readers {
    root: Mutex<Connection>,
    idle: Mutex<Vec<Connection>>,
}

/// Idle connections above this are closed.
const MOST_IDLE: usize = 8;

impl Readers {
    pub(crate) fn of(root: Connection) -> Self {
        Self { root: Mutex::new(root), idle: Mutex::default() }
    }

    /// Runs `read` on a connection of its own.
    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.take()?;
        let answer = read(&connection);
        if answer.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MOST_IDLE {
                idle.push(connection);
            }
        }
        answer
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => {
                let root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
                root.try_clone().map_err(StoreError::statement("clone connection"))
            }
        }
    }
}
