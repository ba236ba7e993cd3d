//! The tasks of a role: each is joined, and an early end of one stops the others.

use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// A set of tasks that runs until `stop`, or until one of its tasks ends early.
pub struct Tasks {
    set: JoinSet<Result<(), Cause>>,
    names: Vec<(Id, &'static str)>,
    stop: CancellationToken,
}

/// Why a task ended.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A task ended early, or did not end in time.
#[derive(Debug, thiserror::Error)]
pub enum EndedEarly {
    /// A task ended although the role was not stopped.
    #[error("the {task} ended")]
    Task {
        /// Name of the task.
        task: &'static str,
        /// The task's error or panic, or a sentence when the task ended without either.
        source: Cause,
    },
    /// Tasks were still running after `drain_within`.
    #[error("not drained within {within:?}: {tasks}")]
    Deadline {
        /// Value of `drain_within`.
        within: Duration,
        /// Names of the running tasks.
        tasks: String,
    },
}

impl Tasks {
    /// An empty set, whose tasks `stop` will end.
    pub fn new(stop: CancellationToken) -> Self {
        Self { set: JoinSet::new(), names: Vec::new(), stop }
    }

    /// Adds a task that ends after `stop`, or when its input ends.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.set.spawn(async move {
            task.await;
            Ok(())
        });
        self.names.push((handle.id(), name));
    }

    /// Adds a task that may fail.
    pub fn spawn_fallible<E: std::error::Error + Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let handle = self.set.spawn(async move { task.await.map_err(Cause::from) });
        self.names.push((handle.id(), name));
    }

    /// Waits for `stop`, or for a task that ends early, which stops the others. Then waits at most
    /// `drain_within` for all tasks to end.
    ///
    /// # Errors
    /// [`EndedEarly`] names the task that ended early, or the tasks that did not end in time.
    pub async fn run(mut self, drain_within: Duration) -> Result<(), EndedEarly> {
        let early = tokio::select! {
            // A task may end because of `stop` before this task observes `stop`: that is not an
            // early end.
            biased;
            () = self.stop.cancelled() => None,
            ended = self.set.join_next_with_id() => ended.map(|ended| self.early_end(ended)),
        };
        self.stop.cancel();
        let drained = tokio::time::timeout(drain_within, self.drain()).await;
        let in_time = drained.unwrap_or_else(|_| {
            let busy: Vec<&str> = self.names.iter().map(|(_, name)| *name).collect();
            Err(EndedEarly::Deadline { within: drain_within, tasks: busy.join(", ") })
        });
        early.map_or(in_time, Err)
    }

    async fn drain(&mut self) -> Result<(), EndedEarly> {
        let mut outcome = Ok(());
        while let Some(ended) = self.set.join_next_with_id().await {
            let failed = !matches!(ended, Ok((_, Ok(()))));
            let end = self.early_end(ended);
            if failed {
                outcome = Err(end);
            }
        }
        outcome
    }

    fn early_end(&mut self, ended: Result<(Id, Result<(), Cause>), JoinError>) -> EndedEarly {
        let (id, source) = match ended {
            Ok((id, Ok(()))) => (id, "nobody asked it to".into()),
            Ok((id, Err(error))) => (id, error),
            Err(panic) => (panic.id(), panic.into()),
        };
        let place = self.names.iter().position(|(known, _)| *known == id);
        let task = place.map_or("task", |place| self.names.swap_remove(place).1);
        EndedEarly::Task { task, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_one_task_stops_the_others_and_is_named() {
        let stop = CancellationToken::new();
        let mut tasks = Tasks::new(stop.clone());
        tasks.spawn("waiter", stop.clone().cancelled_owned());
        tasks.spawn_fallible("socket", async { Err(std::io::Error::other("gone")) });
        let ended = tasks.run(Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(coral_trace::chain(&ended), "the socket ended: gone");
        assert!(stop.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_in_time_is_named() {
        let stop = CancellationToken::new();
        let mut tasks = Tasks::new(stop.clone());
        tasks.spawn("sleeper", std::future::pending());
        stop.cancel();
        let ended = tasks.run(Duration::from_secs(10)).await.unwrap_err();
        assert_eq!(ended.to_string(), "not drained within 10s: sleeper");
    }
}
