//! Two colonies take turns at one agent: real pollers, a real agent's RPC, two real shards. Whoever
//! polls is killed, or paused beyond its lease.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coral_agent::serve::{AgentView, Commits, Leases};
use coral_beyla::monitor::BeylaMonitor;
use coral_beyla::survey::Survey;
use coral_colony::member::ClusterMember;
use coral_colony::poll::client::GrpcAgent;
use coral_colony::poll::health::Health;
use coral_colony::poll::poller::Poller;
use coral_colony::poll::{LeaseTerms, PollSettings, PollState, Sampling};
use coral_colony::registry::{Agent, KnownBy};
use coral_engine::conformance::NOON;
use coral_engine::{Budget, DeltaQuery, Engine, Fleet, MetricReader, TraceReader};
use coral_server::door::hosts::AllowedHosts;
use coral_server::{clock, listen};
use coral_store::{Store, StoreConfig};
use coral_trace::red::{Histogram, Key, Point, Protocol, Series, Side, Temporality};
use coral_trace::{Attributes, Collector, Span, TimeRange};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::exactly_once::{Random, lost_and_doubled, spans};
use super::proxy::{Fault, Proxy, What};
use super::server::{TestServer, config, program};
use crate::{Cluster, ClusterConfig};

const LEASE: Duration = Duration::from_millis(400);
/// How long anything of this test may take.
const PATIENCE: Duration = Duration::from_secs(60);
const ROUNDS: u64 = 8;
const SPANS_PER_ROUND: usize = 400;

/// An agent with a store of its own, which ends with its value.
struct TestAgent {
    store: Store,
    address: String,
    _tasks: JoinSet<std::io::Result<()>>,
    _dir: TempDir,
}

impl TestAgent {
    fn start(runtime: &Runtime) -> Self {
        let dir = TempDir::new().unwrap();
        let store = StoreConfig { dir: dir.path().join("agent"), segment_rows: 1_000 };
        let store = Store::open(store).unwrap();
        let (commits, stop) = (watch::channel(()).1, CancellationToken::new());
        let view = AgentView {
            agent_id: "web-1".to_owned(),
            store: store.clone(),
            commits: Commits { committed: commits, stop: stop.clone() },
            counters: Arc::default(),
            retain_counters: Arc::default(),
            beyla: Arc::new(BeylaMonitor::switched_off(Arc::default(), "not run here")),
            survey: Arc::new(Survey::new(&[], dir.path())),
            admission: coral_agent::serve::admission(),
            colony: Arc::default(),
            leases: Leases::default(),
            encryption: "loopback",
            started: NOON,
            beyla_sampling_rate: None,
        };
        let mut tasks = JoinSet::new();
        let hosts = AllowedHosts::of_this_host(&[], "agent.allowed_hosts");
        let (door, listener) = runtime.block_on(async {
            let door = coral_agent::serve::door(Arc::new(view), hosts).await.unwrap();
            (door, TcpListener::bind("127.0.0.1:0").await.unwrap())
        });
        let address = format!("http://{}", listener.local_addr().unwrap());
        tasks.spawn_on(listen::serve(listener, None, door, stop), runtime.handle());
        Self { store, address, _tasks: tasks, _dir: dir }
    }

    /// Receives spans, a few at a time, and the count of `requests` in the minute `minute`.
    fn receive(&self, spans: &[Span], minute: u64, requests: u64) {
        for part in spans.chunks(7) {
            self.store.append(&[part.to_vec()], NOON).unwrap();
        }
        let attributes = Attributes::from_iter([("http.route", "/pay")]);
        let series = Series::from_attributes(Protocol::Http, Side::Server, "shop", attributes);
        let time = NOON.later(Duration::from_secs(60 * minute));
        let point = Point {
            series: series.unwrap().into(),
            stream: Key(1),
            key: Key(2),
            temporality: Temporality::Delta,
            start: time.earlier(Duration::from_secs(60)),
            time,
            histogram: Histogram::new([1_000], vec![requests, 0], None).unwrap(),
            exemplars: Vec::new(),
        };
        self.store.append_points(&[vec![point]], NOON).unwrap();
    }
}

/// A colony that polls the agent: its way to the shards, and its poller.
struct TestColony {
    id: String,
    proxies: Vec<Proxy>,
    health: Arc<Health>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl TestColony {
    fn start(id: String, shards: &ClusterConfig, agent: &TestAgent, runtime: &Runtime) -> Self {
        let proxies: Vec<Proxy> = shards.shards.iter().map(|urls| Proxy::start(&urls[0])).collect();
        let urls = proxies.iter().map(|proxy| vec![proxy.url.clone()]).collect();
        let cluster = Cluster::open(&ClusterConfig { shards: urls, ..shards.clone() }).unwrap();
        let member = ClusterMember { cluster_id: cluster.id().to_owned(), colony_id: id.clone() };
        let lease = LeaseTerms { member, length: LEASE };
        let health = Arc::<Health>::default();
        let address = agent.address.clone();
        health.know("web-1", &Agent { address: address.clone(), known_by: KnownBy::Registration });
        let settings = PollSettings {
            every: Duration::from_millis(50),
            timeout: Duration::from_secs(10),
            sampling: Sampling::keeping(1.0),
            lease: Some(lease.clone()),
        };
        let client = GrpcAgent::new(address, "web-1", None, Some(lease));
        let engine: Arc<dyn Engine> = Arc::new(cluster);
        let room = Arc::new(Semaphore::new(4));
        let poller =
            Poller::resume("web-1", client, engine, settings, room, health.clone()).unwrap();
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn_on(poller.run(stop.clone()), runtime.handle());
        Self { id, proxies, health, tasks, stop }
    }

    fn state(&self) -> (PollState, String) {
        let status = self.health.snapshot(clock::now()).remove(0);
        (status.state, status.last_error.unwrap_or_default())
    }

    /// Ends without a word to the agent, and without a further byte to the shards.
    fn kill(mut self) {
        self.proxies.iter().for_each(Proxy::go_down);
        self.tasks.abort_all();
    }

    fn stop(mut self, runtime: &Runtime) {
        self.stop.cancel();
        while let Some(ended) = runtime.block_on(self.tasks.join_next()) {
            ended.unwrap();
        }
    }
}

/// Waits until `done`.
fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How far the agent's eBPF spans are stored on all shards.
fn stored(cluster: &Cluster) -> usize {
    let known = cluster.checkpoints().unwrap();
    let ebpf = known.iter().find(|checkpoint| checkpoint.collector == Collector::Ebpf);
    ebpf.map_or(0, |checkpoint| checkpoint.next_receipt as usize)
}

/// How many requests are stored.
fn requests(cluster: &Cluster) -> u64 {
    let mut count = 0;
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    let add = &mut |row: &coral_engine::StoredDelta| count += row.delta.histogram.count();
    cluster.deltas(&all, &Budget::unlimited(), add).unwrap();
    count
}

#[test]
fn nothing_is_lost_or_doubled_when_the_colony_that_polls_is_killed_or_paused_beyond_its_lease() {
    let Some(program) = program() else { return };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let servers = [(); 2].map(|()| TestServer::start(&program).unwrap());
    let shards = config(&servers.each_ref().map(|server| server.url()), 2);
    let watcher = Cluster::open(&shards).unwrap();
    let agent = TestAgent::start(&runtime);
    let all = spans(ROUNDS * SPANS_PER_ROUND as u64, 300);
    let mut colonies = 0;
    let mut start = || {
        colonies += 1;
        TestColony::start(format!("colony-{colonies}"), &shards, &agent, &runtime)
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut counts, mut polls) = (BTreeMap::<&str, u32>::new(), start());
    for round in 0..ROUNDS {
        let shard = random.below(2) as usize;
        let table = ["places", "traces", "spans", "checkpoints"][random.below(4) as usize];
        let is_pause = round % 2 == 0;
        let what = match random.below(2) {
            _ if is_pause => What::Hold,
            0 => What::CutAfterBytes(random.below(20) as usize),
            _ => What::CutAfterChunks(random.below(2) as usize),
        };
        polls.proxies[shard].arm(Some(Fault { table, what }));
        let part = round as usize * SPANS_PER_ROUND..(round as usize + 1) * SPANS_PER_ROUND;
        let (first, rest) = all[part.clone()].split_at(SPANS_PER_ROUND / 2);
        agent.receive(first, 2 * round, 3);
        until("the fault", || polls.proxies[shard].has_struck());
        let successor = start();
        if is_pause {
            // The holder holds a page that it has not stored, and the lease ends.
            agent.receive(rest, 2 * round + 1, 4);
            until("a takeover from the paused one", || stored(&watcher) == part.end);
            until("that the successor knows", || {
                successor.state() == (PollState::Ok, String::new())
            });
            polls.proxies[shard].let_go();
            // It stores what was stored, asks the agent, and learns who polls.
            let told = format!("polled by colony `{}`", successor.id);
            until("that the paused one learns", || {
                polls.state() == (PollState::PolledElsewhere, told.clone())
            });
            polls.stop(&runtime);
            *counts.entry("paused").or_default() += 1;
        } else {
            polls.kill();
            // The successor goes on at the lowest mark: everything before it is on both shards.
            let (known, begun) = (stored(&watcher), Instant::now());
            assert_eq!(lost_and_doubled(&watcher, &all[..known]).0, 0);
            agent.receive(rest, 2 * round + 1, 4);
            until("a takeover from the dead one", || stored(&watcher) == part.end);
            assert!(begun.elapsed() < 30 * LEASE, "{:?}", begun.elapsed());
            *counts.entry("killed").or_default() += 1;
        }
        until("all metrics", || requests(&watcher) >= 7 * (round + 1));
        polls = successor;
    }
    polls.stop(&runtime);
    assert_eq!(lost_and_doubled(&watcher, &all), (0, 0));
    assert_eq!(requests(&watcher), 7 * ROUNDS);
    assert_eq!(counts, BTreeMap::from([("killed", 4), ("paused", 4)]));
}
