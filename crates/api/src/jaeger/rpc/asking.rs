//! Asks one question of an RPC, and answers with what the audit log records.

use coral_query::{Budget, QueryError, Sources};
use coral_server::admission::Surface;
use coral_server::audit::AuditDetails;
use coral_trace::UnixNanos;
use http::{Extensions, StatusCode};
use tonic::{Code, Response, Status};

use crate::answering::{Answering, Asker};
use crate::jaeger::envelope::Refused;

/// Answers the RPCs of Jaeger.
#[derive(Clone)]
pub(super) struct JaegerRpc {
    pub(super) answering: Answering,
}

impl JaegerRpc {
    /// Runs `work` after admission, for the caller of a request with these `extensions`.
    ///
    /// # Errors
    /// The status of gRPC.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        extensions: &Extensions,
        details: AuditDetails,
        work: impl FnOnce(&Sources<'_>, &Budget) -> Result<Result<T, Refused>, QueryError>
        + Send
        + 'static,
    ) -> Result<Response<T>, Status> {
        let asker = Asker::of_request(Surface::Jaeger, extensions).map_err(Refused::from);
        let asker = asker.map_err(|refused| status(&refused))?;
        let answered = self.answering.answer(asker, work).await.map_err(Refused::from);
        let answer = answered.and_then(|answer| answer).map_err(|refused| status(&refused))?;
        let mut response = Response::new(answer);
        response.extensions_mut().insert(details);
        Ok(response)
    }
}

/// The status of gRPC for a refusal.
pub(super) fn status(refused: &Refused) -> Status {
    let code = match refused.status() {
        StatusCode::BAD_REQUEST => Code::InvalidArgument,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::UNPROCESSABLE_ENTITY => Code::ResourceExhausted,
        StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ => Code::Internal,
    };
    Status::new(code, refused.message())
}

/// The instant of a timestamp; `None` if it is missing, or not after the epoch, as Go's zero time.
pub(super) fn instant(seconds: i64, nanos: i32) -> Option<UnixNanos> {
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    (nanos > 0).then(|| UnixNanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}
