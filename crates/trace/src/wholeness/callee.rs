//! Which service a client span called, when no server span answers it: learned from the calls that
//! are answered, from the ports that services listen on, and from requests that look alike.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::calls::Client;
use super::links::{Answer, Spans};
use super::request::Request;
use crate::time::UnixNanos;

/// An unknown address is that of a service if at least this part of the calls to the address were
/// made when server spans of the service for the same operation started.
const MIN_ALIKE: f64 = 0.8;
/// The smallest number of calls that agree with server spans of a service, so that the address of
/// the calls is that of the service.
const MIN_CALLS: usize = 2;

/// The service that a client span called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Callee {
    pub service: usize,
    /// Whether the address is of something between client and service: no span of the service
    /// names the port.
    pub is_behind_proxy: bool,
}

/// An address as seen from a host. Only loopback addresses depend on the host.
type Address = (Option<usize>, String, u16);

/// The services by address.
pub(super) struct Directory {
    /// From calls that are answered; `None` for an address with several services.
    answered: HashMap<Address, Option<usize>>,
    /// The services that listen on a port of a host.
    listeners: HashMap<(usize, u16), Option<usize>>,
    /// The ports of each service.
    ports: HashMap<usize, Vec<u16>>,
    /// From requests that look alike.
    alike: HashMap<Address, usize>,
}

/// A server span whose caller is not known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    pub span: usize,
    pub service: usize,
    pub start: UnixNanos,
}

/// The server spans without a known caller, by operation, sorted by start.
pub(super) type Unclaimed = HashMap<String, Vec<Server>>;

impl Directory {
    /// Learns from `clients`, and from all server spans.
    pub fn learn(spans: &Spans<'_>, clients: &[Client], unclaimed: &Unclaimed) -> Self {
        let (answered, listeners) = (HashMap::new(), HashMap::new());
        let (ports, alike) = (HashMap::new(), HashMap::new());
        let mut known = Self { answered, listeners, ports, alike };
        for client in clients {
            if let (Answer::By(at), Some(address)) =
                (spans.list[client.span].answer, address(spans, client))
            {
                agree(&mut known.answered, address, spans.list[at].service);
            }
        }
        for seen in spans.list.iter().filter(|seen| seen.is_callee()) {
            if let Some(port) = Request::of_server(seen.span).port {
                agree(&mut known.listeners, (seen.host, port), seen.service);
                let ports = known.ports.entry(seen.service).or_default();
                if !ports.contains(&port) && ports.len() < MAX_PORTS {
                    ports.push(port);
                }
            }
        }
        known.learn_alike(spans, clients, unclaimed);
        known
    }

    /// The service that `client` called, if it is known by its address or by its name.
    pub fn callee(&self, spans: &Spans<'_>, client: &Client) -> Option<Callee> {
        let by_address = self.by_address(spans, client);
        let by_name = || {
            let (host, _) = client.request.address.as_ref()?;
            let label = host.split('.').next()?;
            spans.services.find(host).or_else(|| spans.services.find(label))
        };
        let direct = by_address.or_else(by_name);
        let direct = direct.map(|service| Callee { service, is_behind_proxy: false });
        direct.or_else(|| {
            let service = *self.alike.get(&address(spans, client)?)?;
            let port = client.request.address.as_ref()?.1;
            let ports = self.ports.get(&service)?;
            Some(Callee { service, is_behind_proxy: !ports.contains(&port) })
        })
    }

    fn by_address(&self, spans: &Spans<'_>, client: &Client) -> Option<usize> {
        let (host, name, port) = address(spans, client)?;
        let listener = || *self.listeners.get(&(host?, port))?;
        let answered = self.answered.get(&(host, name, port)).copied().flatten();
        answered.or_else(listener)
    }

    /// For each address that is not known otherwise: the service whose unclaimed server spans are
    /// of the same operation, and started during the calls.
    fn learn_alike(&mut self, spans: &Spans<'_>, clients: &[Client], unclaimed: &Unclaimed) {
        let mut votes: HashMap<Address, (usize, HashMap<usize, usize>)> = HashMap::new();
        for client in clients.iter().filter(|client| spans.list[client.span].answer == Answer::None)
        {
            let Some(address) = address(spans, client) else { continue };
            if self.by_address(spans, client).is_some() {
                continue;
            }
            let (calls, by_service) = votes.entry(address).or_default();
            *calls += 1;
            if let Some(service) = alike(spans, client, unclaimed) {
                *by_service.entry(service).or_default() += 1;
            }
        }
        for (address, (calls, by_service)) in votes {
            // Equal numbers are decided by name, so that the order of traces does not matter.
            let name = |service: usize| Reverse(spans.services.name(service));
            let most = by_service.into_iter().max_by_key(|(id, votes)| (*votes, name(*id)));
            let (service, votes) = most.unwrap_or_default();
            if votes >= MIN_CALLS && votes as f64 >= MIN_ALIKE * calls as f64 {
                self.alike.insert(address, service);
            }
        }
    }
}

/// The largest number of ports of one service that are remembered.
const MAX_PORTS: usize = 32;

/// The address that `client` called, as seen from its host.
pub(super) fn address(spans: &Spans<'_>, client: &Client) -> Option<Address> {
    let (name, port) = client.request.address.clone()?;
    let host = client.request.is_loopback().then(|| spans.list[client.span].host);
    Some((host, name, port))
}

/// The service of the first unclaimed server span of the same operation that started during the
/// call.
fn alike(spans: &Spans<'_>, client: &Client, unclaimed: &Unclaimed) -> Option<usize> {
    let call = spans.list[client.span].span;
    let servers = unclaimed.get(&client.request.operation)?;
    let first = servers.partition_point(|server| server.start < call.start);
    let server = servers.get(first).filter(|server| server.start <= call.end)?;
    // A service is not its own proxy.
    (server.service != spans.list[client.span].service).then_some(server.service)
}

fn agree<K: Eq + std::hash::Hash>(map: &mut HashMap<K, Option<usize>>, key: K, service: usize) {
    let known = map.entry(key).or_insert(Some(service));
    if *known != Some(service) {
        *known = None;
    }
}
