//! One server: requests over HTTP that block, and end when their question's budget does.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clickhouse::{Client, Row, RowOwned, RowRead, RowWrite};
use coral_engine::{Budget, BudgetError};
use hyper_rustls::{HttpsConnectorBuilder, builderstates::WantsSchemes};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::config::ClusterConfig;
use crate::dialect::Dialect;
use crate::error::ClusterError;
use crate::requests::RequestRuntime;

/// A server. Its requests run on the runtime of the [`Cluster`](crate::Cluster).
pub(crate) struct Server {
    url: String,
    /// Without a database, which may not exist yet: statements name it.
    client: Client,
    /// The database of the cluster.
    database: String,
    runtime: Arc<RequestRuntime>,
    dialect: OnceLock<Dialect>,
}

/// What a visitor of an answer says: whether it wants more.
type Visited = Result<ControlFlow<()>, ClusterError>;

/// The most memory that a query may take at a server, in bytes.
pub(crate) const MAX_QUERY_BYTES: u64 = 4 << 30;
/// How much a sort may hold in memory before it goes on on the disk, in bytes.
const MAX_SORT_BYTES: u64 = 1 << 30;
/// The longest statement, in bytes. A statement may name thousands of traces.
const MAX_STATEMENT_BYTES: u64 = 16 << 20;
/// How long a request that changes something may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How many rows of an answer are read before they are visited.
const ROWS_AT_ONCE: usize = 1_024;
/// How long a query without a deadline may take for a part of its answer.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a connection without a request is kept. A server closes it after 3 to 10 s.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often a request that waits looks whether its question was cancelled.
const CANCEL_INTERVAL: Duration = Duration::from_millis(10);

impl Server {
    pub(crate) fn new(
        url: &str,
        config: &ClusterConfig,
        runtime: Arc<RequestRuntime>,
    ) -> Result<Self, ClusterError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // The body of an insert follows its head at once, and not after 40 ms.
        tcp.set_nodelay(true);
        let tls = encryption(config.authorities.as_deref())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http =
            HttpClient::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_TIMEOUT).build(tls);
        let mut client = Client::with_http_client(http).with_url(url).with_validation(false);
        if let Some(user) = &config.user {
            client = client.with_user(user);
        }
        if let Some(password) = &config.password {
            client = client.with_password(password);
        }
        let (url, database) = (url.to_owned(), config.database.clone());
        Ok(Self { url, client, database, runtime, dialect: OnceLock::new() })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What the server understands, which is asked once.
    pub(crate) fn dialect(&self) -> Result<Dialect, ClusterError> {
        if let Some(known) = self.dialect.get() {
            return Ok(*known);
        }
        let versions: Vec<String> = self.rows("SELECT version()", &Budget::unlimited())?;
        let dialect = Dialect::of(versions.first().map_or("", String::as_str));
        Ok(*self.dialect.get_or_init(|| dialect))
    }

    /// The rows of a query.
    pub(crate) fn rows<T: RowOwned + RowRead>(
        &self,
        sql: &str,
        budget: &Budget,
    ) -> Result<Vec<T>, ClusterError> {
        let mut rows = Vec::new();
        self.visit(sql, budget, &mut |row| {
            rows.push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// Calls `visit` with each row of a query until it breaks.
    pub(crate) fn visit<T: RowOwned + RowRead>(
        &self,
        sql: &str,
        budget: &Budget,
        visit: &mut dyn FnMut(T) -> Visited,
    ) -> Result<(), ClusterError> {
        budget.check()?;
        let mut query = self
            .client
            .query_raw(sql)
            // Reads only, with the settings of this request.
            .with_setting("readonly", "2")
            .with_setting("max_query_size", MAX_STATEMENT_BYTES.to_string())
            .with_setting("max_memory_usage", MAX_QUERY_BYTES.to_string())
            .with_setting("max_bytes_before_external_sort", MAX_SORT_BYTES.to_string())
            .with_setting("max_bytes_before_external_group_by", MAX_SORT_BYTES.to_string());
        if let Some(deadline) = budget.deadline() {
            let left = deadline.saturating_duration_since(Instant::now()).as_secs() + 1;
            query = query.with_setting("max_execution_time", left.to_string());
        }
        let failed = self.failed("answer a query");
        let mut cursor = {
            let _on_runtime = self.runtime.enter();
            query.fetch::<T>().map_err(&failed)?
        };
        let mut is_whole = false;
        while !is_whole {
            let rows = self.wait(budget, async {
                let mut rows = Vec::new();
                while rows.len() < ROWS_AT_ONCE {
                    match cursor.next().await.map_err(&failed)? {
                        Some(row) => rows.push(row),
                        None => {
                            is_whole = true;
                            break;
                        }
                    }
                }
                Ok(rows)
            })?;
            // `visit` may wait itself, which it must not on the runtime.
            for row in rows {
                if visit(row)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Waits for a part of an answer. A server that hangs does not keep a caller without a deadline for
    /// ever.
    fn wait<T>(
        &self,
        budget: &Budget,
        part: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, ClusterError> {
        if budget.deadline().is_some() {
            return self.runtime.block_on(within(budget, part));
        }
        let late = |_| Err(self.failed("answer a query")(clickhouse::error::Error::TimedOut));
        let part = async { tokio::time::timeout(READ_TIMEOUT, part).await.unwrap_or_else(late) };
        self.runtime.block_on(within(budget, part))
    }

    /// The rows of a query with the user's own settings.
    pub(crate) fn plain_rows<T: RowOwned + RowRead>(
        &self,
        sql: &str,
        budget: &Budget,
    ) -> Result<Vec<T>, ClusterError> {
        let failed = self.failed("answer a query");
        self.wait(budget, async {
            self.client.query_raw(sql).fetch_all::<T>().await.map_err(&failed)
        })
    }

    /// Calls `visit` with the answer to `sql` in `format`, piece by piece, until it breaks. The database
    /// of unqualified names is that of the cluster.
    pub(crate) fn bytes(
        &self,
        sql: &str,
        format: &str,
        settings: &[(&'static str, String)],
        budget: &Budget,
        visit: &mut dyn FnMut(&[u8]) -> Visited,
    ) -> Result<(), ClusterError> {
        let mut query = self.client.clone().with_database(&self.database).query_raw(sql);
        for (name, value) in settings {
            query = query.with_setting(*name, value);
        }
        let failed = self.failed("run the statement");
        let mut cursor = {
            let _on_runtime = self.runtime.enter();
            query.fetch_bytes(format).map_err(&failed)?
        };
        let mut next = || self.wait(budget, async { cursor.next().await.map_err(&failed) });
        while let Some(bytes) = next()? {
            if visit(&bytes)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Runs a statement that changes something.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), ClusterError> {
        let failed = self.failed("change a table");
        let ran = async { self.client.query_raw(sql).execute().await.map_err(&failed) };
        self.runtime
            .block_on(within(&Budget::unlimited().with_timeout(WRITE_TIMEOUT), ran))
            .map_err(late(&failed))
    }

    /// Inserts rows into `table`, with its database, in one block.
    pub(crate) fn insert<'a, T>(
        &self,
        table: &str,
        rows: impl IntoIterator<Item = &'a T>,
    ) -> Result<(), ClusterError>
    where
        T: for<'b> Row<Value<'b> = T> + RowWrite + 'a,
    {
        let settings = self.dialect()?.insert_settings();
        let failed = self.failed("store rows");
        let sent = async {
            let mut insert = self.client.insert_unescaped::<T>(table).await.map_err(&failed)?;
            for (name, value) in settings {
                insert = insert.with_setting(*name, *value);
            }
            for row in rows {
                insert.write(row).await.map_err(&failed)?;
            }
            insert.end().await.map_err(&failed)
        };
        self.runtime
            .block_on(within(&Budget::unlimited().with_timeout(WRITE_TIMEOUT), sent))
            .map_err(late(&failed))
    }

    fn failed(&self, task: &'static str) -> impl Fn(clickhouse::error::Error) -> ClusterError {
        let url = self.url.clone();
        move |source| ClusterError::Request { url: url.clone(), task, source }
    }
}

/// Connections with TLS to servers whose certificates are of `authorities`, in PEM; of the authorities
/// of the web if there are none.
fn encryption(
    authorities: Option<&str>,
) -> Result<HttpsConnectorBuilder<WantsSchemes>, ClusterError> {
    let failed = |reason: &dyn std::fmt::Display| ClusterError::Tls { reason: reason.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Some(authorities) = authorities else {
        let roots = HttpsConnectorBuilder::new().with_provider_and_webpki_roots(provider);
        return roots.map_err(|error| failed(&error));
    };
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        roots.add(authority.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    }
    if roots.is_empty() {
        return Err(failed(&"the file of the authorities has no certificate in PEM"));
    }
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(config))
}

/// A write has no budget of a question: that it took too long is an error of the server.
fn late(
    failed: &impl Fn(clickhouse::error::Error) -> ClusterError,
) -> impl Fn(ClusterError) -> ClusterError {
    move |error| match error {
        ClusterError::OverBudget(BudgetError::Deadline) => {
            failed(clickhouse::error::Error::TimedOut)
        }
        other => other,
    }
}

/// The result of `work`, unless the budget ends before it. Then the work is dropped, which closes
/// its connection.
async fn within<T>(
    budget: &Budget,
    work: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, ClusterError> {
    let ended = async {
        loop {
            if let Err(error) = budget.check() {
                return error;
            }
            tokio::time::sleep(CANCEL_INTERVAL).await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        error = ended => Err(error.into()),
    }
}
