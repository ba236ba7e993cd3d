//! Programs that Beyla does not instrument when it instruments every listening service: those of
//! the system, whose requests nobody asks for, and data stores, whose calls are seen at the callers.
//! A service that is named in the configuration or connected is instrumented in any case.

use std::path::Path;
use std::sync::LazyLock;

use regex::RegexSet;

use coral_config::beyla::glob;

use super::listener::Listener;

/// Programs of the system and of containers, as globs for file names. They are always left out. A
/// program that is started by an instrumented one is instrumented, and some of these hold sockets of
/// others, such as systemd.
const SYSTEM: [&str; 52] = [
    "systemd*",
    "init",
    "tini",
    "dumb-init",
    "s6-*",
    "runsv*",
    "supervisord",
    "sshd*",
    "ssh",
    "dbus-*",
    "cron",
    "crond",
    "anacron",
    "rsyslogd",
    "syslog-ng",
    "chronyd",
    "ntpd",
    "ntpdate",
    "dhclient",
    "dhcpcd",
    "NetworkManager",
    "wpa_supplicant",
    "avahi-daemon",
    "cupsd",
    "cups-browsed",
    "rpcbind",
    "rpc.*",
    "polkitd",
    "snapd",
    "udisksd",
    "exim4",
    "master",
    "sendmail",
    "dnsmasq",
    "named",
    "unbound",
    "coredns",
    "smbd",
    "nmbd",
    "xinetd",
    "inetd",
    "containerd*",
    "dockerd",
    "docker-proxy",
    "docker-init",
    "rootlessport",
    "conmon",
    "crio",
    "kubelet",
    "kube-*",
    "k3s*",
    "pause",
];
/// Data stores, brokers, and programs of observation. One that listens on a connected port is
/// instrumented.
const OTHERS: [&str; 29] = [
    "postgres",
    "postmaster",
    "pgbouncer",
    "mysqld",
    "mariadbd",
    "mongod",
    "mongos",
    "redis-server",
    "redis-sentinel",
    "valkey-server",
    "memcached",
    "clickhouse*",
    "etcd",
    "cockroach",
    "influxd",
    "nats-server",
    "mosquitto",
    "beam.smp",
    "epmd",
    "alloy",
    "otelcol*",
    "prometheus*",
    "node_exporter",
    "grafana*",
    "vector",
    "fluent-bit",
    "telegraf",
    "jaeger*",
    "netdata",
];

/// The globs of all programs that are left out, but for those of data stores and observation that
/// listen on one of the `connected` ports.
pub fn programs(connected: &[u16], listeners: &[Listener]) -> Vec<&'static str> {
    let is_connected =
        |listener: &&Listener| listener.ports.iter().any(|port| connected.contains(port));
    let wanted: Vec<&Listener> = listeners.iter().filter(is_connected).collect();
    let is_wanted = |glob: &&str| wanted.iter().any(|listener| has(&[glob], &listener.program));
    SYSTEM.into_iter().chain(OTHERS.into_iter().filter(|glob| !is_wanted(glob))).collect()
}

/// The name of the program that listens on `port`, if it is left out although the port is connected,
/// and no other program listens there.
pub(super) fn sole_listener(port: u16, listeners: &[Listener]) -> Option<String> {
    let globs = programs(&[port], listeners);
    let mut there = listeners.iter().filter(|listener| listener.ports.contains(&port)).peekable();
    let first = there.peek()?.program.file_name()?.to_string_lossy().into_owned();
    there.all(|listener| has(&globs, &listener.program)).then_some(first)
}

/// Whether one of `globs`, which are those of [`programs`], matches the file name of `program`.
pub(super) fn has(globs: &[&str], program: &Path) -> bool {
    static ALL: LazyLock<RegexSet> = LazyLock::new(|| {
        let regexes = SYSTEM.iter().chain(&OTHERS).filter_map(|glob| glob::to_regex(glob).ok());
        RegexSet::new(regexes).expect("a test translates each glob")
    });
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let glob = |at: usize| SYSTEM.iter().chain(&OTHERS).nth(at);
    ALL.matches(&name).iter().filter_map(glob).any(|found| globs.contains(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(program: &str, port: u16) -> Listener {
        Listener { ports: vec![port], program: program.into(), ..Listener::default() }
    }

    #[test]
    fn programs_of_the_system_and_data_stores_are_left_out_and_services_are_not() {
        let globs = programs(&[], &[]);
        for program in
            ["/usr/sbin/sshd", "/usr/lib/postgresql/16/bin/postgres", "/usr/lib/systemd/systemd"]
        {
            assert!(has(&globs, Path::new(program)), "{program}");
        }
        for program in
            ["/usr/bin/python3.11", "/usr/sbin/nginx", "/opt/redis-server-ui", "/srv/cart"]
        {
            assert!(!has(&globs, Path::new(program)), "{program}");
        }
    }

    #[test]
    fn a_data_store_whose_port_is_connected_is_not_left_out() {
        let all = [listener("/usr/bin/redis-server", 6379), listener("/usr/bin/mysqld", 3306)];
        let globs = programs(&[6379], &all);
        assert!(!has(&globs, &all[0].program));
        assert!(has(&globs, &all[1].program));
    }

    #[test]
    fn a_supervisor_that_holds_the_socket_of_a_connected_service_is_still_left_out() {
        let all = [listener("/usr/lib/systemd/systemd", 80), listener("/srv/web", 80)];
        assert!(has(&programs(&[80], &all), &all[0].program));
    }

    #[test]
    fn a_port_of_a_supervisor_alone_cannot_be_connected() {
        let (systemd, web) = (listener("/usr/lib/systemd/systemd", 80), listener("/srv/web", 80));
        assert_eq!(sole_listener(80, std::slice::from_ref(&systemd)).as_deref(), Some("systemd"));
        assert_eq!(sole_listener(80, &[systemd, web]), None);
        assert_eq!(sole_listener(6379, &[listener("/usr/bin/redis-server", 6379)]), None);
        assert_eq!(sole_listener(81, &[]), None);
    }

    #[test]
    fn no_glob_needs_to_be_quoted_in_a_list_of_globs() {
        for glob in SYSTEM.iter().chain(&OTHERS) {
            assert!(glob::to_regex(glob).is_ok());
            assert!(!glob.contains(['{', '}', ',', '/', '\\', '$']), "{glob}");
        }
    }
}
