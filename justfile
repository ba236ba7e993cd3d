# `just` is a convenience; the README's commands need nothing but cargo.

# List what there is.
default:
    @just --list

# Everything that CI checks.
ci:
    .ci/run

# The tests of the crates without files and sockets: seconds.
quick:
    cargo test -p coral-trace -p coral-wire

# Real Beyla recordings, and three commands to try.
demo:
    cargo run -- demo

# How often the cause is found: recorded and simulated faults, through running processes (seven minutes).
rca:
    cargo build --release --workspace
    cargo run --release -p coral-bench -- rca

# The longer things, with their bars: kills at random moments, root causes, 460 demos, every measurement (hours).
acceptance:
    cargo build --release --workspace
    cargo run --release -p coral-bench -- soak kill
    cargo run --release -p coral-bench -- soak kill --role colony
    just faults
    cargo run --release -p coral-bench -- rca
    cargo run --release -p coral-bench -- demo --runs 20
    cargo run --release -p coral-bench -- report
    cargo run --release -p coral-bench -- ui --minutes 10 || [ $? -eq 3 ]
    just traceql-grammar
    just beyla
    just mcp-clients
    just jaeger
    just collector
    just zipkin-clients
    just prometheus-clients
    just clickhouse

# The official MCP clients in front of a real colony, from PyPI and npm (a minute).
mcp-clients:
    CORAL_TEST_MCP_CLIENTS="$(tools/fetch-mcp-clients "$HOME/.cache/coral/mcp-clients")" \
        CORAL_TEST_PEERS_REQUIRED=1 cargo test -p coral --test e2e peers::mcp

# The grammar of TraceQL in Grafana's editor, beside Coral's parser (needs node and npm).
traceql-grammar:
    CORAL_TEST_PEERS_REQUIRED=1 CORAL_TEST_TRACEQL_GRAMMAR="$(tools/fetch-traceql-grammar target/traceql-grammar)" \
        cargo test -p coral-traceql --test grammar

# A real Jaeger on a colony, compared with one that has the same spans in memory. Builds Jaeger where Go is (five
# minutes the first time).
jaeger:
    CORAL_TEST_PEERS_REQUIRED=1 CORAL_TEST_JAEGER="$(tools/build-jaeger "$HOME/.cache/coral/peers")" \
        cargo test -p coral --test e2e peers::jaeger

# Real clients of Zipkin in front of an agent and a colony, from PyPI.
zipkin-clients:
    CORAL_TEST_PEERS_REQUIRED=1 CORAL_TEST_ZIPKIN_PYTHON="$(tools/fetch-zipkin-clients "$HOME/.cache/coral/zipkin-clients")" \
        cargo test -p coral --test e2e peers::zipkin

# Real clients of Prometheus in front of a colony, and a parser of OpenMetrics, from PyPI.
prometheus-clients:
    CORAL_TEST_PEERS_REQUIRED=1 CORAL_TEST_PROMETHEUS_PYTHON="$(tools/fetch-prometheus-clients "$HOME/.cache/coral/prometheus-clients")" \
        cargo test -p coral --test e2e peers::prometheus

# The engine on ClickHouse: real servers of Debian 12's 18.16, killed and cut off (five minutes).
clickhouse:
    CORAL_TEST_CLICKHOUSE_REQUIRED=1 CORAL_TEST_CLICKHOUSE_SERVER="$(tools/fetch-clickhouse "$HOME/.cache/coral/clickhouse")" \
        cargo test -p coral-cluster
    CORAL_TEST_CLICKHOUSE_REQUIRED=1 CORAL_TEST_CLICKHOUSE_SERVER="$(tools/fetch-clickhouse "$HOME/.cache/coral/clickhouse")" \
        cargo test -p coral --test e2e clickhouse

# An OpenTelemetry Collector that receives an export and exports to an agent. Builds it where Go is (three minutes
# the first time).
collector:
    CORAL_TEST_PEERS_REQUIRED=1 CORAL_TEST_OTELCOL="$(tools/build-otelcol "$HOME/.cache/coral/peers")" \
        cargo test -p coral --test e2e peers::collector

# A real Beyla or OBI, as root, where BEYLA_PATH names one; else it says "not run here" (five minutes).
beyla:
    cargo build --release --workspace
    cargo run --release -p coral-bench -- beyla || [ $? -eq 3 ]

# What a first build costs, from a fresh clone.
newcomer-build:
    tools/newcomer-build --release

# The same bad days while files fail at random: kills, then everything at once (16 minutes).
faults:
    cargo build --release --workspace --features coral/faults
    target/release/coral-bench soak kill --faults 0.001
    target/release/coral-bench soak kill --role colony --faults 0.001
    target/release/coral-bench soak mixed --faults 0.0005

# Frequent words that are neither ordinary English nor in the glossary.
words:
    tools/words

# Builds the web page of `web/src` into the committed files of `crates/ui/dist`.
ui:
    cd web && npx tsc && node build.mjs

# The tests of the web page in Chromium.
ui-test *FILES:
    cargo build
    node web/test/run.mjs {{FILES}}

# The pictures of docs/ui.md, from a demo.
ui-pictures:
    cargo build
    cd web && UPDATE_PICTURES=1 node --test test/pictures.test.mjs

# A colony that serves the files of the web page as they are on disk (`coral demo`, with what follows).
ui-dev *OPTIONS:
    cargo run -- demo --set colony.ui.dir={{justfile_directory()}}/crates/ui/dist {{OPTIONS}}

# What the web page costs in a real Chromium, in front of a real demo (`--minutes N` of live use; default 1).
ui-bench *OPTIONS:
    cargo build --release
    cd web && CORAL={{justfile_directory()}}/target/release/coral node bench.mjs {{OPTIONS}}

# The pictures of docs/diagrams.
diagrams:
    tools/render-diagrams
