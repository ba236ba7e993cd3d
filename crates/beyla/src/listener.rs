//! Processes of this host that listen on TCP ports, in every network namespace, from `/proc`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use procfs::ProcResult;
use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process};

use super::service_name::ServiceName;

/// A program that listens, in one process or in several that share its sockets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listener {
    /// The lowest id of its processes.
    pub pid: u32,
    /// The ports, in ascending order.
    pub ports: Vec<u16>,
    /// The path of the executable file, as the process sees it.
    pub program: PathBuf,
    /// Whether the file was replaced while the process runs.
    pub is_replaced: bool,
    /// What the process says about the name of its service.
    pub name: ServiceName,
}

/// What ends the path of an executable file that was replaced while the process runs.
pub const REPLACED: &str = " (deleted)";

/// The sockets that listen in one network namespace: the port of each inode.
type Sockets = HashMap<u64, u16>;

impl Listener {
    /// All listeners of this host that this process may see, by process id. A process of another
    /// user is seen by root alone; a process that ends meanwhile is left out.
    pub fn all() -> Vec<Self> {
        let mut namespaces: HashMap<u64, Arc<Sockets>> = HashMap::new();
        let processes = procfs::process::all_processes().into_iter().flatten().flatten();
        let mut processes: Vec<Process> = processes.collect();
        processes.sort_by_key(Process::pid);
        // Processes that share a socket run one service: a server and its workers.
        let mut by_ports: BTreeMap<(PathBuf, u64, Vec<u16>), Self> = BTreeMap::new();
        for process in processes {
            if let Ok(Some((namespace, listener))) = of(&process, &mut namespaces) {
                let key = (listener.program.clone(), namespace, listener.ports.clone());
                by_ports.entry(key).or_insert(listener);
            }
        }
        let mut all: Vec<Self> = by_ports.into_values().collect();
        all.sort_by_key(|listener| listener.pid);
        all
    }
}

/// The listener that `process` is, with its network namespace; `None` if it does not listen.
fn of(
    process: &Process,
    namespaces: &mut HashMap<u64, Arc<Sockets>>,
) -> ProcResult<Option<(u64, Listener)>> {
    let inodes: BTreeSet<u64> = process
        .fd()?
        .flatten()
        .filter_map(|file| match file.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect();
    if inodes.is_empty() {
        return Ok(None);
    }
    let namespace = process.namespaces()?.0.get(OsStr::new("net")).map_or(0, |net| net.identifier);
    let sockets = match namespaces.get(&namespace) {
        Some(known) => known.clone(),
        None => {
            let (sockets, is_whole) = sockets(process)?;
            let sockets = Arc::new(sockets);
            if is_whole {
                namespaces.insert(namespace, sockets.clone());
            }
            sockets
        }
    };
    let ports: BTreeSet<u16> =
        inodes.iter().filter_map(|inode| sockets.get(inode).copied()).collect();
    if ports.is_empty() {
        return Ok(None);
    }
    let (program, is_replaced) = without_mark(process.exe()?);
    let name = ServiceName::of(process, &program);
    let pid = process.pid().unsigned_abs();
    Ok(Some((
        namespace,
        Listener { pid, ports: ports.into_iter().collect(), program, is_replaced, name },
    )))
}

/// `path` without the mark with which the kernel ends the path of a file that was replaced, and
/// whether it had the mark.
fn without_mark(path: PathBuf) -> (PathBuf, bool) {
    match path.to_str().and_then(|text| text.strip_suffix(REPLACED)) {
        Some(text) => (text.into(), true),
        None => (path, false),
    }
}

/// The listening sockets of the network namespace of `process`, and whether those of IPv6 could be
/// read, if this kernel has IPv6. The process may end meanwhile.
fn sockets(process: &Process) -> ProcResult<(Sockets, bool)> {
    let (v4, v6) = (process.tcp()?, process.tcp6());
    let is_whole = v6.is_ok() || !Path::new("/proc/net/tcp6").exists();
    let listens = |entry: &TcpNetEntry| entry.state == TcpState::Listen;
    let entries = v4.into_iter().chain(v6.unwrap_or_default()).filter(listens);
    Ok((entries.map(|entry| (entry.inode, entry.local_address.port())).collect(), is_whole))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

    use super::*;

    #[test]
    fn this_process_is_found_by_the_ports_on_which_it_listens() {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = v4.local_addr().unwrap().port();
        let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok();
        let all = Listener::all();
        let own = all.iter().find(|listener| listener.pid == std::process::id()).unwrap();
        assert!(own.ports.contains(&port), "{own:?}");
        if let Some(v6) = v6 {
            assert!(own.ports.contains(&v6.local_addr().unwrap().port()), "{own:?}");
        }
        assert_eq!(without_mark("/bin/cart (deleted)".into()), ("/bin/cart".into(), true));
        assert_eq!(own.program, std::env::current_exe().unwrap().canonicalize().unwrap());
    }
}
