//! Generates the messages and services of `proto/`, and their descriptors for gRPC reflection.
//! In Rust throughout: no `protoc` has to be installed. Usage: `coral-protos PROTO_DIR OUT_DIR`.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use prost::Message;
use protox::Compiler;
use protox::file::{
    ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver,
};

const FILES: [&str; 7] = [
    "coral/agent/v1/agent.proto",
    "coral/colony/v1/colony.proto",
    "jaeger/api_v3/query_service.proto",
    "jaeger/storage/v2/dependency_storage.proto",
    "jaeger/storage/v2/trace_storage.proto",
    "tempopb/common/v1/common.proto",
    "tempopb/tempo.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = env::args_os().skip(1).map(PathBuf::from);
    let (Some(protos), Some(out)) = (folders.next(), folders.next()) else {
        return Err("usage: coral-protos PROTO_DIR OUT_DIR".into());
    };
    // OTLP's messages are those of another crate.
    let mut files = ChainFileResolver::new();
    files.add(IncludeFileResolver::new(protos));
    files.add(DescriptorSetFileResolver::decode(opentelemetry_proto::DESCRIPTORS)?);
    files.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(files);
    let compiled = compiler.include_imports(true).include_source_info(true).open_files(FILES)?;
    let descriptors = compiled.file_descriptor_set();
    fs::write(out.join("coral.bin"), descriptors.encode_to_vec())?;
    // A sorted map, so that one message always has the same bytes.
    tonic_prost_build::configure()
        .btree_map(".coral")
        .btree_map(".jaeger")
        .extern_path(".opentelemetry.proto", "::opentelemetry_proto::tonic")
        .out_dir(out)
        .compile_fds(descriptors)?;
    Ok(())
}
