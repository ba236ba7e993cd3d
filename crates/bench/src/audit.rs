//! `coral-bench audit`: measures what the record of one question costs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use coral_server::audit::{
    AuditLog, AuditRecord, AuditSettings, AuditSurface, Decision, Requester, SignError, Signer,
    verify,
};
use coral_trace::UnixNanos;

use crate::figures::Figures;
use crate::latency::Latencies;
use crate::process::Process;
use crate::{Failure, clock, output};

/// Appends questions to a new audit log, and verifies it.
#[derive(Args)]
pub struct Audit {
    /// Number of questions.
    #[arg(long, default_value_t = DEFAULT_QUESTIONS)]
    questions: u64,
    /// Size of a file in bytes.
    #[arg(long, default_value_t = DEFAULT_FILE_BYTES)]
    file_bytes: u64,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Number of questions, unless another is given.
pub const DEFAULT_QUESTIONS: u64 = 200_000;
/// Size of a file in bytes, unless another is given.
pub const DEFAULT_FILE_BYTES: u64 = 16 << 20;
/// The limit of CPU time per question, in microseconds.
const LIMIT_US: f64 = 50.0;
/// The number of threads that append at once in the second measurement.
const THREADS: u64 = 4;

/// A key that costs nothing: a file is signed once in many thousand questions.
struct FreeKey;

impl Signer for FreeKey {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(vec![0; 72])
    }

    fn name(&self) -> &str {
        "bench"
    }
}

impl Audit {
    /// Runs the measurement and prints the results.
    pub fn run(self) -> Result<(), Failure> {
        let figures = measure(self.questions, self.file_bytes);
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

/// Appends questions to a new audit log, from one thread and from several, and verifies it. A failed
/// measurement becomes a failed row.
pub fn measure(questions: u64, file_bytes: u64) -> Figures {
    let mut figures = Figures::default();
    for (of, threads) in [("one thread", 1), ("4 threads", THREADS)] {
        match append(questions, file_bytes, threads) {
            Ok(measured) => figures.extend(of, measured),
            Err(error) => figures.fail(of, &error),
        }
    }
    figures
}

fn append(questions: u64, file_bytes: u64, threads: u64) -> Result<Figures, Failure> {
    let dir = tempfile::tempdir()?;
    let settings = AuditSettings {
        dir: dir.path().to_owned(),
        max_file_bytes: file_bytes,
        max_file_age: Duration::from_secs(86_400),
        keep: None,
        refuse_when_full: true,
    };
    let begin = UnixNanos(clock::now());
    let log = AuditLog::open(settings, Some(Arc::new(FreeKey)), begin)?;
    let records: Vec<AuditRecord> = (0..64).map(|number| record(number, begin)).collect();
    let each = questions / threads;
    let cpu = Process::this().cpu_seconds();
    let started = Instant::now();
    let latencies = std::thread::scope(|scope| {
        let append = || {
            let mut latencies = Latencies::default();
            for record in records.iter().cycle().take(each as usize) {
                let begin = Instant::now();
                log.append(record)?;
                latencies.add(begin.elapsed());
            }
            Ok::<_, Failure>(latencies)
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(append)).collect();
        let joined = running.into_iter().map(|thread| match thread.join() {
            Ok(latencies) => latencies,
            Err(_) => Err("a thread panicked".into()),
        });
        joined.collect::<Result<Vec<_>, Failure>>()
    })?;
    let (elapsed, appended) = (started.elapsed(), each * threads);
    let cpu = Process::this().cpu_seconds() - cpu;
    let counters = log.counters();
    let count = |name: &str| {
        counters.iter().find(|(known, _)| known.ends_with(name)).map_or(0, |(_, value)| *value)
    };
    let mut figures = Figures::default();
    let per_question = |seconds: f64| seconds * 1e6 / appended as f64;
    figures.at_most("CPU per question", per_question(cpu), "µs", LIMIT_US);
    if let Some(latencies) = latencies.first().filter(|_| threads == 1) {
        figures.latency("append", &latencies.percentiles(), [None, None]);
    }
    figures.add("questions", appended as f64 / elapsed.as_secs_f64(), "per second");
    figures.add("line", count("bytes") as f64 / count("written") as f64, "B");
    figures.add("files", count("rotated") as f64 + 1.0, "");
    drop(log);
    let started = Instant::now();
    let found = verify(dir.path(), None)?;
    if !found.is_whole() || found.questions != appended {
        return Err(format!("a wrong log: {found:?}").into());
    }
    figures.add("verify", per_question(started.elapsed().as_secs_f64()), "µs per question");
    Ok(figures)
}

/// A question as users ask: a search, a trace, root causes, or a statement in SQL.
fn record(number: u64, time: UnixNanos) -> AuditRecord {
    let (surface, path, question, trace_ids) = match number % 4 {
        0 => (
            AuditSurface::Http,
            "/api/v1/traces",
            "/api/v1/traces?service=payments-api&since_unix_us=1795608000000000&\
             until_unix_us=1795611600000000&min_duration_us=500000&status=error&\
             attr=http.route%3D%2Fcheckout&limit=20&sort=slowest",
            vec![],
        ),
        1 => (
            AuditSurface::Http,
            "/api/v1/traces/{trace_id}",
            "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736",
            vec!["4bf92f3577b34da6a3ce929d0e0e4736".to_owned()],
        ),
        2 => (
            AuditSurface::Http,
            "/api/v1/why",
            "/api/v1/why?service=payments-api&since_unix_us=1795608000000000&\
             until_unix_us=1795611600000000&baseline_us=3600000000",
            vec![],
        ),
        _ => (
            AuditSurface::Sql,
            "/api/v1/sql",
            "SELECT service_name, count(*) AS calls, quantile_cont(duration_us, 0.95) AS p95 \
             FROM traces WHERE status = 'error' AND attributes['http.route'] = '/checkout' \
             GROUP BY service_name ORDER BY p95 DESC LIMIT 20",
            vec![],
        ),
    };
    AuditRecord {
        time,
        requester: Requester {
            name: "ada.lovelace".to_owned(),
            role: "reader".to_owned(),
            proof: "token 3f2a".to_owned(),
        },
        remote_address: Some(([10, 0, 0, 7], 40_123).into()),
        surface,
        method: if surface == AuditSurface::Sql { "POST" } else { "GET" }.to_owned(),
        path: path.to_owned(),
        question: question.to_owned(),
        services: vec!["payments-api".to_owned()],
        since: Some(time.earlier(Duration::from_secs(3_600))),
        until: Some(time),
        trace_ids,
        filters: vec!["status:error".to_owned(), "duration>=500ms".to_owned()],
        rows: number,
        bytes: number * 400,
        duration_us: 12_345 + number,
        decision: Decision::Allowed,
        reason: None,
        status: Some(200),
    }
}
