//! Generates the messages and services of `proto/`, and their descriptors for gRPC reflection.
//! In Rust throughout: no `protoc` has to be installed.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use prost::Message;

const PROTO: &str = "../../proto";
const FILES: [&str; 2] = ["coral/agent/v1/agent.proto", "coral/colony/v1/colony.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    println!("cargo::rerun-if-changed=build.rs");
    let descriptors = protox::compile(FILES, [PROTO])?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("coral.bin"), descriptors.encode_to_vec())?;
    // A sorted map, so that one message always has the same bytes.
    tonic_prost_build::configure().btree_map(".coral").compile_fds(descriptors)?;
    Ok(())
}
