//! Topologies of services with one operation each.

use super::{Call, Database, Entry, Operation, Service, Statement, Topology, statement};

const READ: Statement = statement("SELECT items", "SELECT * FROM items WHERE id = ?", 5.0);
const WRITE: Statement = statement("INSERT audit", "INSERT INTO audit VALUES (?, ?, ?)", 1.0);
/// The hosts, each of which runs instances of several services.
const HOSTS: [&str; 3] = ["web-1", "web-2", "web-3"];

impl Topology {
    /// Topologies of services with one operation each.
    pub(crate) fn plain() -> [Self; 4] {
        [Self::chain(), Self::fan_out(), Self::diamond(), Self::twenty()]
    }

    fn chain() -> Self {
        let calls: Vec<Vec<usize>> =
            (0..6).map(|at| if at < 5 { vec![at + 1] } else { vec![] }).collect();
        Self::new("chain", calls, false)
    }

    fn fan_out() -> Self {
        let mut calls = vec![vec![]; 7];
        calls[0] = (1..7).collect();
        let mut topology = Self::new("fan-out", calls, true);
        // Both instances of a service run on one host.
        for service in &mut topology.services {
            service.hosts[1] = service.hosts[0].clone();
        }
        topology
    }

    fn diamond() -> Self {
        let calls = vec![vec![1, 2, 3], vec![4], vec![4, 5], vec![5], vec![6], vec![6], vec![]];
        Self::new("diamond", calls, false)
    }

    fn twenty() -> Self {
        let calls = |at: usize| (2 * at + 1..=2 * at + 2).filter(|child| *child < 20).collect();
        let mut calls: Vec<Vec<usize>> = (0..20).map(calls).collect();
        // Services 18 and 19 have further callers, so that the calls are not only a tree.
        calls[11].push(18);
        calls[12].push(19);
        calls[13].push(19);
        Self::new("20 services", calls, false)
    }

    fn new(name: &'static str, calls: Vec<Vec<usize>>, in_parallel: bool) -> Self {
        let service = |(at, calls): (usize, Vec<usize>)| {
            let calls: Vec<(usize, usize)> = calls.into_iter().map(|callee| (callee, 0)).collect();
            let mut operation =
                Operation::http("POST", "/work", 2.0 + (at * 7 % 11) as f64).with_calls(&calls);
            operation.in_parallel = in_parallel && at == 0;
            if calls.is_empty() || at % 3 == 1 {
                let database = Database::new("db-1", READ).cached_by("cache-1").writing(WRITE);
                operation = operation.with_database(database);
            }
            let hosts = [HOSTS[at % HOSTS.len()], HOSTS[(at + 1) % HOSTS.len()]];
            Service::new(&format!("svc-{at:02}"), &hosts, vec![operation])
        };
        let services = calls.into_iter().enumerate().map(service).collect();
        let entry = Entry { call: Call { service: 0, operation: 0 }, share: 1.0 };
        Self { name, services, entries: vec![entry], error_share: 0.0 }
    }
}
