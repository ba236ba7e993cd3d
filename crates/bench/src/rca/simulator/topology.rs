//! Who calls whom.

/// An application.
#[derive(Clone, Debug)]
pub struct Topology {
    /// What it is like.
    pub name: &'static str,
    /// The first is called from outside.
    pub services: Vec<Service>,
}

/// A service with one operation.
#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    /// Its own work for a request, usually, milliseconds.
    pub work: f64,
    /// Those it calls, one after the other.
    pub calls: Vec<usize>,
    /// It calls them all at once.
    pub at_once: bool,
    /// It looks into a cache, then into a database if it must.
    pub has_database: bool,
}

impl Topology {
    /// All there are.
    pub fn all() -> [Self; 4] {
        [Self::chain(), Self::fan_out(), Self::diamond(), Self::twenty()]
    }

    fn chain() -> Self {
        let calls: Vec<Vec<usize>> =
            (0..6).map(|at| if at < 5 { vec![at + 1] } else { vec![] }).collect();
        Self::of("chain", calls, false)
    }

    fn fan_out() -> Self {
        let mut calls = vec![vec![]; 7];
        calls[0] = (1..7).collect();
        Self::of("fan-out", calls, true)
    }

    fn diamond() -> Self {
        let calls = vec![vec![1, 2, 3], vec![4], vec![4, 5], vec![5], vec![6], vec![6], vec![]];
        Self::of("diamond", calls, false)
    }

    fn twenty() -> Self {
        let calls = |at: usize| (2 * at + 1..=2 * at + 2).filter(|child| *child < 20).collect();
        let mut calls: Vec<Vec<usize>> = (0..20).map(calls).collect();
        // Leaves share two more services.
        calls[11].push(18);
        calls[12].push(19);
        calls[13].push(19);
        Self::of("20 services", calls, false)
    }

    fn of(name: &'static str, calls: Vec<Vec<usize>>, at_once: bool) -> Self {
        let service = |(at, calls): (usize, Vec<usize>)| Service {
            name: format!("svc-{at:02}"),
            work: 2.0 + (at * 7 % 11) as f64,
            has_database: calls.is_empty() || at % 3 == 1,
            calls,
            at_once: at_once && at == 0,
        };
        Self { name, services: calls.into_iter().enumerate().map(service).collect() }
    }
}
