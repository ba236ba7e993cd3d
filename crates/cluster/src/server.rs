//! One server: requests over HTTP that block, and end when their question's budget does.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clickhouse::{Client, Row, RowOwned, RowRead, RowWrite};
use coral_engine::{Budget, BudgetError};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::config::ClusterConfig;
use crate::dialect::Dialect;
use crate::error::ClusterError;
use crate::requests::RequestRuntime;

/// A server, and the runtime that its requests run on.
pub(crate) struct Server {
    url: String,
    /// Without a database, which may not exist yet: statements name it.
    client: Client,
    runtime: Arc<RequestRuntime>,
    dialect: OnceLock<Dialect>,
}

/// The most memory that a query may take at a server, in bytes.
pub(crate) const MAX_QUERY_BYTES: u64 = 4 << 30;
/// How much a sort may hold in memory before it goes on on the disk, in bytes.
const MAX_SORT_BYTES: u64 = 1 << 30;
/// The longest statement, in bytes. A statement may name thousands of traces.
const MAX_STATEMENT_BYTES: u64 = 16 << 20;
/// How long a request that changes something may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
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
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)
            .map_err(|error| ClusterError::Tls { reason: error.to_string() })?
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
        Ok(Self { url: url.to_owned(), client, runtime, dialect: OnceLock::new() })
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
        visit: &mut dyn FnMut(T) -> Result<ControlFlow<()>, ClusterError>,
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
        let read = async {
            let mut cursor = query.fetch::<T>().map_err(&failed)?;
            while let Some(row) = cursor.next().await.map_err(&failed)? {
                if visit(row)?.is_break() {
                    break;
                }
            }
            Ok(())
        };
        self.runtime.block_on(within(budget, read))
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
