//! Programs that Beyla does not instrument when it instruments every listening service: those of
//! the system, whose requests nobody asks for, and data stores, whose calls are seen at the callers.
//! A service that is named in the configuration or connected is instrumented in any case.

use std::path::Path;

use regex::Regex;

use coral_config::beyla::glob;

use super::listener::Listener;

/// Globs for file names of programs.
const PROGRAMS: [&str; 81] = [
    // The system. A program that is started by an instrumented one is instrumented, so that
    // supervisors of processes must be here.
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
    // Containers.
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
    // Data stores and brokers.
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
    // Observation.
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

/// The globs of all programs that are left out, but for those of the programs that listen on one of
/// the `connected` ports.
pub fn programs(connected: &[u16], listeners: &[Listener]) -> Vec<&'static str> {
    let is_connected =
        |listener: &&Listener| listener.ports.iter().any(|port| connected.contains(port));
    let wanted: Vec<&Listener> = listeners.iter().filter(is_connected).collect();
    let programs = PROGRAMS.into_iter();
    programs
        .filter(|glob| !wanted.iter().any(|listener| matches(glob, &listener.program)))
        .collect()
}

/// Whether one of `globs` matches the file name of `program`.
pub(super) fn has(globs: &[&str], program: &Path) -> bool {
    globs.iter().any(|glob| matches(glob, program))
}

fn matches(of: &str, program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    glob_matches(of, &name)
}

/// Whether `text` is what `glob` stands for.
pub(super) fn glob_matches(glob: &str, text: &str) -> bool {
    let regex = glob::to_regex(glob).ok().and_then(|regex| Regex::new(&regex).ok());
    regex.is_some_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(program: &str, port: u16) -> Listener {
        Listener { pid: 1, ports: vec![port], program: program.into(), name: Default::default() }
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
    fn no_glob_needs_to_be_quoted_in_a_list_of_globs() {
        for glob in PROGRAMS {
            assert!(!glob.contains(['{', '}', ',', '/', '\\', '$']), "{glob}");
        }
    }
}
