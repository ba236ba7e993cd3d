//! Answers questions within limits: after admission, on a blocking thread, within a budget, and from
//! what the caller may see. Every surface asks through this module.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use coral_query::{
    Budget, BudgetError, InvalidScope, NOT_FOUND_FLOOR, QueryError, ServiceScope, SharedSources,
    Sources,
};
use coral_server::admission::{Admission, Identity, NotAdmitted, Surface};
use coral_server::clock;
use coral_server::identity::Caller;
use coral_server::refusal::refusal;
use coral_trace::chain;
use http::{Extensions, StatusCode};
use tokio::time::{Instant, timeout_at};

/// Time limit of one question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(55);
/// Limit of rows that one question may read. On a small host, the time limit is reached first.
const MAX_ROWS: u64 = 2_000_000_000;
/// Limit of bytes that one question may read.
const MAX_BYTES: u64 = 1 << 40;

/// Answers questions from the data of a colony. Clones share the limits.
#[derive(Clone)]
pub struct Answering {
    /// Sources from which questions are answered.
    pub sources: SharedSources,
    /// Limits how many questions run at once, fairly between clients.
    pub admission: Admission,
}

/// Whoever asks: in whose turn the question runs, and what its answer may show.
pub(crate) struct Asker {
    identity: Identity,
    /// The services that the caller may see; `None` for every service.
    scope: Option<ServiceScope>,
    /// How long the asker waits, if that is shorter than Coral's own limit.
    timeout: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnswered {
    /// Too many questions wait.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The question failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A defect, which the colony's log has.
    #[error("the colony has an internal error")]
    Defect,
}

impl Asker {
    /// Whoever sent a request with these `extensions`, on `surface`.
    ///
    /// # Errors
    /// [`NotAnswered::Defect`] when a token has a scope that cannot be parsed.
    pub(crate) fn of_request(
        surface: Surface,
        extensions: &Extensions,
    ) -> Result<Self, NotAnswered> {
        let scope = scope(extensions).map_err(|error| {
            tracing::error!(%error, "a token has a scope that is not one");
            NotAnswered::Defect
        })?;
        let identity = Identity::of_request(surface, extensions);
        Ok(Self { identity, scope, timeout: None })
    }

    /// The same, who waits no longer than `timeout` for admission and answer together. A longer
    /// time than Coral's own limit has no effect.
    pub(crate) fn within(self, timeout: Duration) -> Self {
        Self { timeout: (timeout < ANSWER_TIMEOUT).then_some(timeout), ..self }
    }

    /// Whether the caller sees the spans of some services alone.
    pub(crate) fn is_limited(&self) -> bool {
        self.scope.is_some()
    }

    /// Somebody who may see everything.
    #[cfg(test)]
    pub(crate) fn unlimited(surface: Surface) -> Self {
        Self { identity: Identity::new(surface, None), scope: None, timeout: None }
    }
}

impl Answering {
    /// Runs `work`, which reads from the store, on a blocking thread after admission. If this future
    /// is dropped because the client has gone, the work ends soon afterwards.
    ///
    /// `work` also converts its answer to the bytes that are sent, so that the number of answers in
    /// memory is limited.
    ///
    /// # Errors
    /// [`NotAnswered`].
    pub(crate) async fn answer<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce(&Sources<'_>, &Budget) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, NotAnswered> {
        self.run(asker, true, work).await
    }

    /// As [`answer`](Self::answer), at once: for `work` that reads nothing from the store.
    ///
    /// # Errors
    /// [`NotAnswered`].
    pub(crate) async fn answer_at_once<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce(&Sources<'_>, &Budget) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, NotAnswered> {
        self.run(asker, false, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        asker: Asker,
        waits: bool,
        work: impl FnOnce(&Sources<'_>, &Budget) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, NotAnswered> {
        let Asker { identity, scope, timeout } = asker;
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        // A limited caller cannot tell by the time whether others have a trace that it asks for.
        let earliest = scope.is_some().then(|| Instant::now() + NOT_FOUND_FLOOR);
        let admitted = self.admission.admit(&identity);
        let permit = match (waits, deadline) {
            (false, _) => None,
            (true, None) => Some(admitted.await?),
            (true, Some(deadline)) => {
                let admitted = timeout_at(deadline, admitted).await;
                Some(admitted.map_err(|_| QueryError::OverBudget(BudgetError::Deadline))??)
            }
        };
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let budget = Budget::unlimited()
            .with_timeout(left.unwrap_or(ANSWER_TIMEOUT))
            .with_max_rows(MAX_ROWS)
            .with_max_bytes(MAX_BYTES);
        let _cancel = budget.cancel_on_drop();
        let sources = match scope {
            Some(scope) => self.sources.limited_to(scope),
            None => self.sources.clone(),
        };
        let work = tokio::task::spawn_blocking(move || {
            let answer = work(&sources.at(clock::now()), &budget);
            let is_cancelled =
                matches!(&answer, Err(QueryError::OverBudget(BudgetError::Cancelled)));
            match permit {
                Some(permit) if is_cancelled => permit.cancel(),
                permit => drop(permit),
            }
            answer
        });
        let done = work.await;
        if let Some(earliest) = earliest {
            tokio::time::sleep_until(earliest).await;
        }
        match done {
            Ok(answer) => Ok(answer?),
            Err(panic) => {
                tracing::error!(%panic, "a question panicked");
                Err(NotAnswered::Defect)
            }
        }
    }
}

impl NotAnswered {
    /// The status of the answer over HTTP.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotAdmitted(error) => error.status(),
            Self::Defect => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Query(error) => match error {
                QueryError::Ambiguous { .. } => StatusCode::CONFLICT,
                QueryError::Invalid { .. } => StatusCode::BAD_REQUEST,
                QueryError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                QueryError::Damaged(_) => StatusCode::INTERNAL_SERVER_ERROR,
                QueryError::Unsupported(_) => StatusCode::UNPROCESSABLE_ENTITY,
                QueryError::OverBudget(BudgetError::Deadline | BudgetError::Cancelled) => {
                    StatusCode::GATEWAY_TIMEOUT
                }
                QueryError::OverBudget(_) => StatusCode::UNPROCESSABLE_ENTITY,
            },
        }
    }

    /// What is wrong, with its causes.
    pub(crate) fn message(&self) -> String {
        chain(self)
    }

    /// The next step, if there is one.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotAdmitted(error) => Some(error.hint()),
            Self::Defect => None,
            Self::Query(error) => match error {
                QueryError::Unavailable(_) => {
                    Some("ask again in a moment; the colony's log says more")
                }
                QueryError::Damaged(_) => Some(
                    "the colony's log names the file; `coral store repair` brings back what can be \
                     read",
                ),
                QueryError::Unsupported(_) => Some("ask without it"),
                QueryError::OverBudget(_) => Some("ask for less: a shorter window, a lower limit"),
                QueryError::Invalid { .. } | QueryError::Ambiguous { .. } => None,
            },
        }
    }
}

/// The answer of Coral's own API.
impl IntoResponse for NotAnswered {
    fn into_response(self) -> Response {
        match self {
            Self::NotAdmitted(error) => error.into_response(),
            other => refusal(other.status(), other.message(), other.hint()),
        }
    }
}

/// The services that the caller may see; `None` for every service.
fn scope(extensions: &Extensions) -> Result<Option<ServiceScope>, InvalidScope> {
    match extensions.get::<Caller>().map(Caller::services) {
        // A request that passed no guard has no caller: it sees nothing.
        None => ServiceScope::new([]).map(Some),
        Some([]) => Ok(None),
        Some(globs) => ServiceScope::new(globs.iter().cloned()).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use coral_engine::EngineError;

    use super::*;

    #[test]
    fn a_failed_question_names_the_next_step() {
        for (error, code, word) in [
            (EngineError::unavailable("a full disk"), 503, "again"),
            (EngineError::damaged("a torn page"), 500, "repair"),
            (EngineError::Unsupported { feature: "regular expressions" }, 422, "without"),
            (EngineError::OverBudget(BudgetError::Deadline), 504, "less"),
            (EngineError::OverBudget(BudgetError::Rows { limit: 1 }), 422, "less"),
        ] {
            let error = QueryError::from(error);
            let error = NotAnswered::from(error);
            assert_eq!(error.status().as_u16(), code, "{error}");
            assert!(error.hint().unwrap().contains(word), "{error}");
        }
    }
}
