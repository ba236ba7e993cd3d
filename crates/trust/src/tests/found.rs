//! Certificates and certificate requests that are damaged anywhere: the files that
//! `fuzz/targets/certificate.rs` begins with and finds.

use std::path::Path;

use coral_trace::UnixNanos;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::authority::{Authority, certificates, pem};
use crate::directory::TrustDir;
use crate::material::Holder;
use crate::workload::Workload;

const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

fn found() -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/found/certificate");
    let mut files: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Reads `bytes` as everything that a peer may send.
fn read(authority: &Authority, bytes: &[u8]) -> bool {
    let holder = Holder::of(&bytes.into());
    let in_pem = certificates(&pem(&bytes.into()));
    assert_eq!(in_pem.first().and_then(Holder::of), holder);
    let agent = Workload::Agent("web-1".parse().unwrap());
    let issued = authority.issue(&agent, bytes, NOW);
    if let Ok(issued) = &issued {
        assert_eq!(Holder::of(&issued.chain[0]).unwrap().workload, agent);
    }
    holder.is_some() || issued.is_ok()
}

fn authority() -> (tempfile::TempDir, Authority) {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create(&TrustDir::of(dir.path()), NOW).unwrap();
    (dir, authority)
}

#[test]
fn what_fuzzing_begins_with_is_a_certificate_and_a_request_in_der() {
    let (_dir, authority) = authority();
    assert!(found().iter().filter(|bytes| read(&authority, bytes)).count() >= 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damaged_certificates_and_requests_are_read_or_refused(
        file in any::<Index>(),
        at in any::<Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..6),
        cut in prop::option::of(any::<Index>()),
    ) {
        let (_dir, authority) = authority();
        let mut damaged = file.get(&found()).clone();
        let at = at.index(damaged.len());
        for (old, new) in damaged[at..].iter_mut().zip(bytes) {
            *old = new;
        }
        if let Some(cut) = cut {
            damaged.truncate(cut.index(damaged.len()));
        }
        read(&authority, &damaged);
    }
}
