//! The text that a server prints when it listens: where to send spans, and commands to try.

use std::net::SocketAddr;

use coral_server::addresses::{Addresses, on_this_host};

/// The port at which commands look for a colony by default.
const COLONY_PORT: u16 = 9000;

/// The greeting of an agent, with commands to try. `program` is the command with which the user ran
/// this program.
pub fn agent(addresses: &Addresses, program: &str) -> String {
    format!(
        "Coral runs: an agent.\n{}\n\
         In another terminal, see what arrives:\n\n  \
         {program} agent status\n\n\
         A colony polls agents and answers questions: `{program} help colony start`. Ctrl-C stops the agent.\n",
        send(addresses)
    )
}

/// The greeting of a standalone, whose data is in `data_dir`, with commands to try.
pub fn standalone(addresses: &Addresses, program: &str, data_dir: &str) -> String {
    let (colony, page) = (colony_flag(addresses), page(addresses));
    format!(
        "Coral runs: an agent and a colony in one process. Data is kept in {data_dir}.\n{}\n\
         {page}In another terminal, try:\n\n  \
         {program} query beyla traces{colony}\n  \
         {program} query topology{colony}\n  \
         {program} why{colony}\n\n\
         `{program} beyla doctor` checks whether Beyla can trace this host. Ctrl-C stops Coral.\n",
        send(addresses)
    )
}

/// ` --colony http://…` if the colony does not listen at the default port; otherwise empty.
pub fn colony_flag(addresses: &Addresses) -> String {
    match addresses.colony {
        Some(address) if address.port() != COLONY_PORT => {
            format!(" --colony http://{}", on_this_host(address))
        }
        _ => String::new(),
    }
}

/// Where the web page of the colony is; empty without a colony.
pub fn page(addresses: &Addresses) -> String {
    let colony = addresses.colony.map(on_this_host);
    colony.map_or_else(String::new, |at| format!("Look at it in a browser: http://{at}/ui/\n"))
}

/// How to send spans to this server.
fn send(addresses: &Addresses) -> String {
    let at = |address: Option<SocketAddr>| {
        address.map(|address| format!("http://{}", on_this_host(address)))
    };
    let (Some(http), Some(grpc)) = (at(addresses.otlp_http), at(addresses.otlp_grpc)) else {
        return String::new();
    };
    format!(
        "Send OTLP to {http} (HTTP) or {grpc} (gRPC); for a program with an OpenTelemetry SDK:\n\n  \
         export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n  \
         export OTEL_EXPORTER_OTLP_ENDPOINT={http}\n"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn addresses(colony: &str) -> Addresses {
        Addresses {
            otlp_http: Some("0.0.0.0:4318".parse().unwrap()),
            otlp_grpc: Some("127.0.0.1:4317".parse().unwrap()),
            colony: Some(colony.parse().unwrap()),
            ..Addresses::default()
        }
    }

    #[test]
    fn a_standalone_names_the_next_steps() {
        let page = standalone(&addresses("127.0.0.1:9000"), "coral", "/var/lib/coral");
        expect![[r#"
            Coral runs: an agent and a colony in one process. Data is kept in /var/lib/coral.
            Send OTLP to http://127.0.0.1:4318 (HTTP) or http://127.0.0.1:4317 (gRPC); for a program with an OpenTelemetry SDK:

              export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
              export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318

            Look at it in a browser: http://127.0.0.1:9000/ui/
            In another terminal, try:

              coral query beyla traces
              coral query topology
              coral why

            `coral beyla doctor` checks whether Beyla can trace this host. Ctrl-C stops Coral.
        "#]].assert_eq(&page);
    }

    #[test]
    fn an_agent_names_the_next_steps() {
        expect![[r#"
            Coral runs: an agent.
            Send OTLP to http://127.0.0.1:4318 (HTTP) or http://127.0.0.1:4317 (gRPC); for a program with an OpenTelemetry SDK:

              export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
              export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318

            In another terminal, see what arrives:

              coral agent status

            A colony polls agents and answers questions: `coral help colony start`. Ctrl-C stops the agent.
        "#]].assert_eq(&agent(&addresses("127.0.0.1:9000"), "coral"));
    }

    #[test]
    fn a_colony_at_another_port_is_named_in_the_commands() {
        let text = standalone(&addresses("127.0.0.1:9100"), "coral", "data");
        assert!(text.contains("coral why --colony http://127.0.0.1:9100\n"), "{text}");
    }
}
