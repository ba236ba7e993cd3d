//! `coral-bench beyla`: measures what only a real Beyla, or OBI, can show.

mod host;
mod load;
mod seen;
mod service;
mod stand_in;

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;

use self::host::{Host, SERVICES};
use self::load::Load;
use self::service::Service;
pub use self::service::ServiceCommand;
pub use self::stand_in::run as stand_in;
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::program::Program;
use crate::{Failure, NotRun, clock, output};

/// Runs a Coral with a Beyla that traces three services under load. Measures when a request is
/// found, what a restart by `coral connect` and a kill cost, and Beyla's CPU time. Needs root. Without
/// a Beyla or without root nothing is run, and the exit code is 3; it is 1 when a bar is missed.
#[derive(Args)]
pub struct BeylaCommand {
    #[command(flatten)]
    program: Program,
    /// The program of Beyla, or of OBI.
    #[arg(long, env = "BEYLA_PATH", value_name = "FILE")]
    path: Option<PathBuf>,
    /// Try the measurement itself with a stand-in for Beyla, which says nothing about Beyla.
    #[arg(long)]
    stand_in: bool,
    /// Requests per second.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// Seconds of each measurement of CPU time.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How many requests are searched for, one after the other.
const SEARCHED: u32 = 10;
const SEARCH_PAUSE: Duration = Duration::from_millis(107);
const FOUND_TIMEOUT: Duration = Duration::from_secs(30);
/// After a change, what is under way is exported, and counts of metrics are polled.
const SETTLE: Duration = Duration::from_secs(15);
/// How long the successor is watched for traces that are not whole, and what it may need before.
const WATCHED: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(2);
/// The name and the requests per second of the service that is connected.
const LATE: &str = "late";
const LATE_RATE: u32 = 10;
/// What is measured, with the names of the rows.
const FOUND: &str = "request findable at the colony, the longest";
const CPU: &str = "CPU of Beyla";
const CONNECT: &str = "gap of a restart by `coral connect`";
const WHOLE: &str = "traces whole after that restart";
const KILL: &str = "end of a killed Beyla noticed";
const STOP: &str = "requests that metrics lack after SIGTERM";
/// The bars, in seconds.
const MAX_FOUND: f64 = 8.0;
const MAX_GAP: f64 = 10.0;
const MAX_NOTICED: f64 = 2.0;
const MAX_LOST: f64 = 2.0;
/// What cannot be measured without spans, with the bars.
const NEED_SPANS: &str = "when a request is findable (≤ 8 s), the gap of a restart (≤ 10 s), the spans that a \
                          kill loses (≤ 2 s), whole traces, counts that metrics lack, and CPU time under load";

impl BeylaCommand {
    /// Runs the measurement and prints the results.
    ///
    /// # Errors
    /// [`NotRun`], or a measurement failed, or a bar is missed.
    pub async fn run(self) -> Result<(), Failure> {
        let dir = tempfile::tempdir()?;
        let (beyla, observer) = self.beyla(&dir)?;
        let mut host = Host::start(&self.program, &beyla, observer.as_ref()).await?;
        let late = Service::start(None, observer.as_ref()).await?;
        let mut figures = Figures::default();
        let load = host.load(self.rate)?;
        match host.until_traced(0).await {
            Ok(()) => {
                self.print_program(&host).await?;
                self.measure(host, load, &late, &mut figures).await?;
            }
            Err(error) => {
                self.print_program(&host).await?;
                println!("Not measured, because not all services are traced: {NEED_SPANS}.\n");
                // Of a Beyla that traces nothing, at least its end can be noticed.
                let (_, noticed) = host.signal_beyla("KILL").await?;
                figures.at_most(KILL, noticed.as_secs_f64(), "s", MAX_NOTICED);
                figures.fail("all services are traced", &error);
            }
        }
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()?;
        match figures.unmet() {
            None => Ok(()),
            Some(figure) => Err(format!("a bar is missed: {}", figure.what).into()),
        }
    }

    /// The program, and the socket of a stand-in.
    fn beyla(&self, dir: &TempDir) -> Result<(PathBuf, Option<PathBuf>), Failure> {
        if self.stand_in {
            let (program, socket) = stand_in::make(dir.path())?;
            return Ok((program, Some(socket)));
        }
        let Some(path) = &self.path else {
            let why = "no Beyla is named; set BEYLA_PATH, or --path".to_owned();
            return Err(NotRun(why).into());
        };
        if std::fs::metadata("/proc/self")?.uid() != 0 {
            return Err(NotRun("Beyla needs root".to_owned()).into());
        }
        Ok((std::path::absolute(path)?, None))
    }

    async fn print_program(&self, host: &Host) -> Result<(), Failure> {
        let status = host.beyla().await?;
        let text = |key: &str| status[key].as_str().unwrap_or("unknown").to_owned();
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let stand_in = if self.stand_in { "A STAND-IN, not a real " } else { "" };
        println!(
            "{stand_in}{} {}, {}; Linux {}; {} requests/s\n",
            text("program"),
            text("version"),
            text("path"),
            kernel.trim(),
            self.rate
        );
        Ok(())
    }

    /// Measures everything. A step that fails becomes a row.
    async fn measure(
        &self,
        mut host: Host,
        load: Load,
        late: &Service,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        if let Err(error) = found(&host, figures).await {
            figures.fail(FOUND, &error);
        }
        if let Err(error) = self.cpu(&host, "1 s", figures).await {
            figures.fail(CPU, &error);
        }
        if let Err(error) = connect(&mut host, late, figures).await {
            figures.fail(CONNECT, &error);
        }
        match kill(&mut host, figures).await {
            Ok(since) => {
                if let Err(error) = stop(&mut host, load, since, figures).await {
                    figures.fail(STOP, &error);
                }
            }
            Err(error) => figures.fail(KILL, &error),
        }
        if let Err(error) = self.long_interval(host, figures).await {
            figures.fail(format!("{CPU}, spans every 15 s"), &error);
        }
        Ok(())
    }

    /// CPU time with a longer export interval.
    async fn long_interval(&self, host: Host, figures: &mut Figures) -> Result<(), Failure> {
        let begin = clock::now();
        let mut host = host.restart("beyla.export_interval=15s").await?;
        let load = host.load(self.rate)?;
        host.until_traced(begin).await?;
        self.cpu(&host, "15 s", figures).await?;
        load.stop().await.map(drop)
    }

    async fn cpu(&self, host: &Host, interval: &str, figures: &mut Figures) -> Result<(), Failure> {
        let beyla = host.process().await?;
        let before = beyla.cpu_seconds();
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        let used = (beyla.cpu_seconds() - before) / self.seconds as f64;
        figures.add(format!("{CPU}, spans every {interval}"), used * 1e3, "ms/s");
        Ok(())
    }
}

/// When requests are found.
async fn found(host: &Host, figures: &mut Figures) -> Result<(), Failure> {
    let mut found = Latencies::default();
    for number in 0..SEARCHED {
        // So that the requests are spread over the time between two exports.
        tokio::time::sleep(SEARCH_PAUSE * number).await;
        let path = format!("/searched-{number}");
        host.request(&path).await?;
        found.add(host.found_after(&path, FOUND_TIMEOUT).await?);
    }
    let seconds = |ms: f64| ms / 1e3;
    let percentiles = found.percentiles();
    figures.add("request findable at the colony, median", seconds(percentiles.p50_ms), "s");
    figures.at_most(format!("{FOUND} of {SEARCHED}"), seconds(percentiles.max_ms), "s", MAX_FOUND);
    Ok(())
}

/// What a restart by `coral connect` costs, and whether the successor traces whole.
async fn connect(host: &mut Host, late: &Service, figures: &mut Figures) -> Result<(), Failure> {
    let load = Load::start(&late.url(), LATE_RATE)?;
    let (first, begin) = (SERVICES[0], clock::now());
    let before = host.process().await?;
    let (came, printed) = host.connect(LATE, late.port).await?;
    let prefixed: String = printed.lines().map(|line| format!("  > {line}\n")).collect();
    println!("`coral connect {LATE}:{} --wait=60s`:\n{prefixed}", late.port);
    tokio::time::sleep(WARM_UP + WATCHED + SETTLE).await;
    if host.process().await?.0 == before.0 {
        return Err("Beyla was not restarted".into());
    }
    host.read_spans().await?;
    // What is not exported yet is no gap.
    let end = clock::now() - SETTLE.as_nanos() as u64 / 2;
    let gap = host.seen.longest_gap(first, begin..end);
    figures.at_most(CONNECT, gap.as_secs_f64(), "s", MAX_GAP);
    let traced = host.seen.first_start_from(LATE, begin).ok_or("the new service is not traced")?;
    let from = traced + WARM_UP.as_nanos() as u64;
    let whole = host.seen.wholeness(&SERVICES, from..from + WATCHED.as_nanos() as u64);
    figures.add(format!("{WHOLE}, of {}", whole.all), whole.whole as f64, "");
    load.stop().await?;
    match came {
        true => Ok(()),
        false => Err("`--wait` saw no span of the new service".into()),
    }
}

/// What `kill -9` costs. Returns when the successor traced its first request.
async fn kill(host: &mut Host, figures: &mut Figures) -> Result<u64, Failure> {
    let first = SERVICES[0];
    let (moment, noticed) = host.signal_beyla("KILL").await?;
    figures.at_most(KILL, noticed.as_secs_f64(), "s", MAX_NOTICED);
    host.until_traced(moment).await?;
    tokio::time::sleep(SETTLE).await;
    host.read_spans().await?;
    let seconds = |from: u64, to: u64| Duration::from_nanos(to - from).as_secs_f64();
    let last = host.seen.last_end_before(first, moment).ok_or("no span before the kill")?;
    figures.at_most("spans lost before the kill", seconds(last, moment), "s", MAX_LOST);
    let next = host.seen.first_start_from(first, moment).ok_or("no span after the kill")?;
    figures.add("until the successor traces", seconds(moment, next), "s");
    Ok(next)
}

/// What SIGTERM costs in counts of metrics. The load ends when Beyla gets the signal, so that what
/// metrics lack is from the end of this Beyla, which has traced since `since`.
async fn stop(
    host: &mut Host,
    load: Load,
    since: u64,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let answered = load.stop().await?;
    host.signal_beyla("TERM").await?;
    tokio::time::sleep(SETTLE).await;
    let requests = answered.iter().filter(|answered| **answered >= since).count() as u64;
    let last = answered.iter().max().map_or(0, |last| last.saturating_sub(10_000_000_000));
    let in_last = answered.iter().filter(|answered| **answered >= last).count();
    let counted = host.counted_since(since).await?;
    let lacking = requests.saturating_sub(counted) as f64;
    figures.add(
        format!("{STOP}, of {in_last} in the last 10 s and {requests} of this Beyla"),
        lacking,
        "",
    );
    Ok(())
}
