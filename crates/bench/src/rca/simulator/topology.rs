//! Simulated topologies: which service calls which.

/// An application: services, and which of them calls which.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The name of the topology.
    pub name: &'static str,
    /// The services. Requests from outside arrive at the first service.
    pub services: Vec<Service>,
}

/// A service with one operation.
#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    /// The typical duration of the service's own work for a request, in milliseconds.
    pub work: f64,
    /// The indices of the services that this service calls, in sequence unless `in_parallel` is
    /// set.
    pub calls: Vec<usize>,
    /// Whether this service makes all its calls in parallel.
    pub in_parallel: bool,
    /// Whether this service queries a cache, and a database after a cache miss.
    pub has_database: bool,
}

impl Topology {
    /// All topologies.
    pub fn all() -> [Self; 4] {
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
        Self::new("fan-out", calls, true)
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
        let service = |(at, calls): (usize, Vec<usize>)| Service {
            name: format!("svc-{at:02}"),
            work: 2.0 + (at * 7 % 11) as f64,
            has_database: calls.is_empty() || at % 3 == 1,
            calls,
            in_parallel: in_parallel && at == 0,
        };
        Self { name, services: calls.into_iter().enumerate().map(service).collect() }
    }
}
