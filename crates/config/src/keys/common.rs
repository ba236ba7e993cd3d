//! Keys that both roles read. In a standalone, one value applies to the agent and to the colony.

use super::{Key, Kind, Preset, Roles, key};

pub(super) const KEYS: &[Key] = &[
    both(
        "data_dir",
        Kind::Text,
        Preset::FromHost("`/var/lib/coral` for root, else `$XDG_DATA_HOME/coral`, else `~/.local/share/coral`"),
        "Directory of all data: the agent's in its subdirectory `agent/`, the colony's in `colony/`.",
    )
    .such_as("/var/lib/coral")
    .also_set_by(&["--data-dir", "CORAL_DATA_DIR"]),
    both(
        "log",
        Kind::LogLevel,
        Preset::Value("info"),
        "Lowest level of the log lines that are written, or a filter by module.",
    )
    .also_set_by(&["--log", "CORAL_LOG"]),
    both(
        "drain_within",
        Kind::Duration,
        Preset::Value("10s"),
        "Time that the process may take, after SIGTERM, to finish the requests that it has accepted; in an \
         agent, this time begins when its Beyla has ended.",
    ),
    both(
        "tls.cert",
        Kind::Text,
        Preset::Unset("the process uses the certificate of `coral agent join`, or the colony's own CA"),
        "File with the certificate chain in PEM, of one's own certificate authority; the certificate names \
         `spiffe://coral/colony` or `spiffe://coral/agent/NAME`.",
    )
    .such_as("/etc/coral/tls.crt"),
    both(
        "tls.key",
        Kind::Text,
        Preset::Unset("`tls.cert` is unset too"),
        "File with the private key of `tls.cert` in PEM.",
    )
    .such_as("/etc/coral/tls.key"),
    both(
        "tls.ca",
        Kind::Text,
        Preset::Unset("`tls.cert` is unset too"),
        "File with the certificate authorities, in PEM, whose certificates are believed.",
    )
    .such_as("/etc/coral/ca.crt"),
    both(
        "insecure_plaintext",
        Kind::Bool,
        Preset::Value("false"),
        "Whether the process may use addresses other than loopback without TLS; everybody on the network can \
         then read what is sent, and agents and colonies are believed without proof.",
    )
    .also_set_by(&["--insecure-plaintext"]),
];

const fn both(name: &'static str, kind: Kind, default: Preset, description: &'static str) -> Key {
    key(name, kind, Roles::Both, default, description)
}
