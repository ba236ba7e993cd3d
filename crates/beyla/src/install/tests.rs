//! Valid and malicious archives, from files and over HTTP on loopback.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

use super::*;
use coral_install::archive::{unpack, unpack_at_most};
use coral_install::digest;

/// A program that prints Beyla's first log line.
fn program(version: &str) -> Vec<u8> {
    format!("#!/bin/sh\necho 'time=t level=INFO msg=\"Grafana Beyla\" Version=v{version} Revision=abc'\n")
        .into_bytes()
}

struct Packed(tar::Builder<GzEncoder<Vec<u8>>>);

impl Packed {
    fn new() -> Self {
        Self(tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast())))
    }

    /// Adds an entry with the given name, even one that the library refuses to write.
    fn entry(mut self, name: &str, kind: EntryType, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }

    fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.entry(name, EntryType::Regular, bytes)
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap().finish().unwrap()
    }
}

fn release(version: &str) -> Vec<u8> {
    Packed::new().file("beyla", &program(version)).file("LICENSE", b"Apache").bytes()
}

fn sha256(bytes: &[u8]) -> String {
    let mut digest = digest::Digest::default();
    digest.add(bytes);
    digest.hex()
}

struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn archive(&self, bytes: &[u8]) -> String {
        let path = self.0.path().join("archive.tar.gz");
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn install(&self, source: Source) -> Install {
        let versions = self.0.path().join("versions");
        Install { source, sha256: None, allow_unverified: false, versions }
    }

    /// All files below `versions`.
    fn left(&self) -> Vec<String> {
        let mut left: Vec<String> = std::fs::read_dir(self.0.path().join("versions"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        left
    }
}

/// Serves `count` requests: the file with the requested path, or 404. Returns the address.
fn serve(count: usize, files: Vec<(String, Vec<u8>)>) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "each test joins it")]
    let serving = std::thread::spawn(move || {
        for stream in listener.incoming().take(count) {
            let mut stream = stream.unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            request.read_line(&mut first).unwrap();
            let mut line = String::new();
            while request.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let path = first.split(' ').nth(1).unwrap();
            let (status, body) = match files.iter().find(|(known, _)| known == path) {
                Some((_, body)) => ("200 OK", body.as_slice()),
                None => ("404 Not Found", &b"none"[..]),
            };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            stream.write_all(body).unwrap();
        }
    });
    (url, serving)
}

fn official(version: &str) -> String {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    format!("/v{version}/beyla-linux-{arch}-v{version}.tar.gz")
}

fn asked(version: &str, mirror: String) -> Source {
    Source::Release { version: version.parse().unwrap(), mirror: Some(mirror) }
}

#[test]
fn a_release_is_fetched_verified_and_put_in_place() {
    let (host, bytes) = (Host::new(), release("3.31.0"));
    let path = official("3.31.0");
    let sidecar = format!("{}  beyla.tar.gz\n", sha256(&bytes)).into_bytes();
    let files = vec![(path.clone(), bytes.clone()), (format!("{path}.sha256"), sidecar)];
    let (url, serving) = serve(2, files);
    let installed = host.install(asked("3.31.0", format!("{url}/"))).run().unwrap();
    serving.join().unwrap();
    assert_eq!(installed.version, Version::new(3, 31, 0));
    assert_eq!(installed.path, host.0.path().join("versions/3.31.0/beyla"));
    assert_eq!(installed.sha256, sha256(&bytes));
    assert_eq!(installed.verified_by, Some(format!("{url}{path}.sha256")));
    assert_eq!(host.left(), ["3.31.0"]);
    assert!(host.0.path().join("versions/3.31.0/LICENSE").exists());
}

#[test]
fn a_file_is_installed_offline_with_its_digest_in_a_file_or_a_flag() {
    let (host, bytes) = (Host::new(), release("2.8.5"));
    let from = host.archive(&bytes);
    let mut install = host.install(Source::Archive(from.clone()));
    let error = install.run().unwrap_err();
    assert!(matches!(error, InstallError::Download(DownloadError::Unverified { .. })), "{error}");
    assert_eq!(host.left(), Vec::<String>::new());
    install.sha256 = Some(sha256(&bytes).to_uppercase());
    assert_eq!(install.run().unwrap().verified_by.as_deref(), Some("--sha256"));
    install.sha256 = None;
    std::fs::write(format!("{from}.sha256"), sha256(&bytes)).unwrap();
    assert_eq!(install.run().unwrap().verified_by, Some(format!("{from}.sha256")));
}

#[test]
fn an_unverified_archive_is_installed_only_if_allowed_and_is_reported() {
    let host = Host::new();
    let from = host.archive(&release("2.8.5"));
    let install = Install { allow_unverified: true, ..host.install(Source::Archive(from)) };
    assert_eq!(install.run().unwrap().verified_by, None);
}

#[test]
fn a_wrong_digest_is_refused_even_if_unverified_archives_are_allowed() {
    let (host, bytes) = (Host::new(), release("2.8.5"));
    let from = host.archive(&bytes);
    let wrong = sha256(b"something else");
    let install = Install {
        sha256: Some(wrong.clone()),
        allow_unverified: true,
        ..host.install(Source::Archive(from.clone()))
    };
    let error = install.run().unwrap_err().to_string();
    let found = sha256(&bytes);
    assert_eq!(
        error,
        format!(
            "`{from}` has the SHA-256 {found}, but --sha256 says {wrong}: it was not installed"
        )
    );
    let install = Install { sha256: Some("abc".into()), ..install };
    assert_eq!(install.run().unwrap_err().to_string(), "--sha256 has no SHA-256 in hex");
    assert_eq!(host.left(), Vec::<String>::new());
}

#[test]
fn a_failed_installation_keeps_the_installed_version() {
    let host = Host::new();
    let from = host.archive(&release("3.31.0"));
    let install = Install { allow_unverified: true, ..host.install(Source::Archive(from)) };
    let installed = install.run().unwrap();
    let before = std::fs::read(&installed.path).unwrap();
    host.archive(b"no archive");
    assert!(install.run().is_err());
    assert_eq!(std::fs::read(&installed.path).unwrap(), before);
    assert_eq!(host.left(), ["3.31.0"]);
}

#[test]
fn an_archive_with_an_obi_is_refused() {
    let host = Host::new();
    let greeting = r#"level=INFO msg="OpenTelemetry eBPF Instrumentation" Version=v0.12.1"#;
    let program = format!("#!/bin/sh\necho '{greeting}'\n");
    let from = host.archive(&Packed::new().file("beyla", program.as_bytes()).bytes());
    let install = Install { allow_unverified: true, ..host.install(Source::Archive(from)) };
    let error = install.run().unwrap_err().to_string();
    assert!(error.starts_with("the archive holds OBI 0.12.1; only Beyla is installed"), "{error}");
    assert_eq!(host.left(), Vec::<String>::new());
}

#[test]
fn an_archive_with_another_version_or_without_beyla_is_refused() {
    let host = Host::new();
    let path = official("3.31.0");
    let (url, serving) = serve(2, vec![(path, release("2.8.5"))]);
    let install = Install { allow_unverified: true, ..host.install(asked("3.31.0", url)) };
    assert_eq!(install.run().unwrap_err().to_string(), "the archive of 3.31.0 holds 2.8.5");
    serving.join().unwrap();
    for program in [&b"\x7fELF garbage"[..], b"#!/bin/sh\necho hello\n"] {
        let from = host.archive(&Packed::new().file("beyla", program).bytes());
        let install = Install { allow_unverified: true, ..host.install(Source::Archive(from)) };
        let error = install.run().unwrap_err();
        assert_eq!(error.to_string(), "the program in the archive does not run here");
    }
    assert_eq!(host.left(), Vec::<String>::new());
}

#[test]
fn a_missing_release_and_an_unreachable_server_are_named() {
    let host = Host::new();
    let (url, serving) = serve(1, vec![]);
    let error = host.install(asked("9.9.9", url.clone())).run().unwrap_err().to_string();
    serving.join().unwrap();
    assert_eq!(error, format!("cannot fetch `{url}{}`: there is none (404)", official("9.9.9")));
    let nobody = host.install(Source::Archive("http://127.0.0.1:1/beyla.tar.gz".into()));
    assert!(nobody.run().unwrap_err().to_string().contains("cannot fetch `http://127.0.0.1:1/"));
    let missing = host.install(Source::Archive("/nowhere/beyla.tar.gz".into()));
    assert_eq!(missing.run().unwrap_err().to_string(), "cannot read `/nowhere/beyla.tar.gz`");
}

fn unpacked(bytes: &[u8]) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let (archive, out) = (dir.path().join("a"), dir.path().join("out"));
    std::fs::write(&archive, bytes).unwrap();
    std::fs::create_dir(&out).unwrap();
    let outcome = unpack(CONTENTS, &archive, &out).map_err(|error| error.to_string());
    let beside: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(beside.len(), 2, "something was written outside");
    outcome
}

#[test]
fn an_archive_with_a_path_outside_of_it_is_refused() {
    for name in ["../beyla", "/etc/passwd", "a/../../beyla", "./../x", ".."] {
        let bytes = Packed::new().file("beyla", b"x").file(name, b"y").bytes();
        let expected = format!("it has an entry `{name}`, which points out of it");
        assert_eq!(unpacked(&bytes), Err(expected));
    }
}

#[test]
fn a_program_that_is_a_link_a_directory_or_comes_twice_is_refused() {
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::Fifo] {
        let bytes = Packed::new().entry("beyla", kind, b"").bytes();
        assert_eq!(unpacked(&bytes), Err("its `beyla` is not a plain file".to_owned()), "{kind:?}");
    }
    let twice = Packed::new().file("beyla", b"x").file("./beyla", b"y").bytes();
    assert_eq!(unpacked(&twice), Err("it has two entries `beyla`".to_owned()));
}

#[test]
fn other_entries_and_long_names_are_skipped() {
    let bytes = Packed::new()
        .entry("././@LongLink", EntryType::GNULongName, &[b'a'; 300])
        .file("docs/beyla", b"not this one")
        .entry("link", EntryType::Symlink, b"")
        .file("./beyla", b"this one")
        .bytes();
    assert_eq!(unpacked(&bytes), Ok(()));
    let none = Packed::new().file("docs/beyla", b"x").bytes();
    assert_eq!(unpacked(&none), Err("it holds no `beyla`".to_owned()));
}

#[test]
fn unpacking_stops_at_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a");
    let zeros = vec![0; 4 << 20];
    for name in ["beyla", "padding"] {
        let bytes = Packed::new().file(name, &zeros).file("beyla", b"x").bytes();
        assert!(bytes.len() < 100_000, "it is a bomb");
        std::fs::write(&archive, bytes).unwrap();
        let out = tempfile::tempdir().unwrap();
        let error = unpack_at_most(1 << 20, CONTENTS, &archive, out.path()).unwrap_err();
        assert_eq!(error.to_string(), "it unpacks to more than 1048576 bytes", "{name}");
    }
    let mut many = Packed::new();
    for number in 0..65 {
        many = many.file(&number.to_string(), b"");
    }
    assert_eq!(unpacked(&many.bytes()), Err("it has more than 64 entries".to_owned()));
}

#[test]
fn a_truncated_or_corrupt_archive_is_refused() {
    let whole = Packed::new().file("beyla", &[7; 100_000]).bytes();
    for bytes in [&b""[..], b"hello", &whole[..whole.len() / 2], &whole[..20]] {
        assert_eq!(
            unpacked(bytes),
            Err("it is not a complete .tar.gz".to_owned()),
            "{}",
            bytes.len()
        );
    }
}
