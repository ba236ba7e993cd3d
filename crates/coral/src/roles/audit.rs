//! The audit log of a colony: where it is, who signs it, and when it is synced.

use std::sync::Arc;
use std::time::Duration;

use coral_colony::trust::ColonyTrust;
use coral_config::ColonyConfig;
use coral_server::audit::{AuditError, AuditLog, AuditSettings, SignError, Signer};
use coral_server::clock;
use coral_trace::chain;
use coral_trust::authority::Authority;
use coral_trust::directory::TrustDir;
use tokio_util::sync::CancellationToken;

/// A file of the log is signed at this age, however small it is.
const MAX_FILE_AGE: Duration = Duration::from_secs(24 * 3_600);
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// Opens the log in `DATA_DIR/audit`.
///
/// # Errors
/// [`AuditError`].
pub async fn open(config: &ColonyConfig, trust: ColonyTrust) -> Result<AuditLog, AuditError> {
    let settings = AuditSettings {
        dir: config.data_dir.join("audit"),
        max_file_bytes: config.audit.max_file_bytes,
        max_file_age: MAX_FILE_AGE,
        keep: Some(config.audit.keep),
        refuse_when_full: config.audit.refuse_when_full,
    };
    let dir = TrustDir::of(&config.data_dir);
    let has_authority = trust.authority().is_some();
    let signer: Option<Arc<dyn Signer>> =
        if has_authority { Some(Arc::new(AuthoritySigner(dir))) } else { None };
    let open = move || AuditLog::open(settings, signer, clock::now());
    tokio::task::spawn_blocking(open).await.expect("opening the audit log does not panic")
}

/// Syncs `log` each second until `stop` is cancelled, and once more then.
pub async fn sync(log: AuditLog, stop: CancellationToken) {
    loop {
        let stopped = stop.run_until_cancelled(tokio::time::sleep(SYNC_INTERVAL)).await.is_none();
        let syncing = log.clone();
        match tokio::task::spawn_blocking(move || syncing.sync(clock::now())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(error = chain(&error), "the audit log is not synced");
            }
            Err(panic) => tracing::error!(%panic, "syncing the audit log panicked"),
        }
        if stopped {
            return;
        }
    }
}

/// Signs with the key of the CA, which is read for each signature: it may have been rotated.
struct AuthoritySigner(TrustDir);

impl Signer for AuthoritySigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(Authority::load(&self.0)?.sign(message)?)
    }

    fn name(&self) -> &str {
        "Coral CA"
    }
}
