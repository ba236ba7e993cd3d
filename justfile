# `just` is a convenience; the README's commands need nothing but cargo.

# List what there is.
default:
    @just --list

# Everything that CI checks.
ci:
    .ci/run

# The tests that need no files or processes: seconds.
quick:
    cargo test --release -p coral-trace -p coral-wire

# Real Beyla recordings, and three commands to try.
demo:
    cargo run --release -- demo

# How often the cause is found: recorded and simulated faults, through running processes (seven minutes).
rca:
    cargo build --release --workspace
    cargo run --release -p coral-bench -- rca

# Files, functions and what is documented (needs python3).
shape:
    python3 ../shared/tools/shape.py crates/
