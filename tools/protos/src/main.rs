//! Generates the messages and services of `proto/`, and their descriptors for gRPC reflection.
//! In Rust throughout: no `protoc` has to be installed. Usage: `coral-protos PROTO_DIR OUT_DIR`.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use prost::Message;

const FILES: [&str; 4] = [
    "coral/agent/v1/agent.proto",
    "coral/colony/v1/colony.proto",
    "tempopb/common/v1/common.proto",
    "tempopb/tempo.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = env::args_os().skip(1).map(PathBuf::from);
    let (Some(protos), Some(out)) = (folders.next(), folders.next()) else {
        return Err("usage: coral-protos PROTO_DIR OUT_DIR".into());
    };
    let descriptors = protox::compile(FILES, [protos])?;
    fs::write(out.join("coral.bin"), descriptors.encode_to_vec())?;
    // A sorted map, so that one message always has the same bytes.
    tonic_prost_build::configure().btree_map(".coral").out_dir(out).compile_fds(descriptors)?;
    Ok(())
}
