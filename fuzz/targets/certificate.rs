//! Of any bytes as a certificate, as certificates in PEM, and as the certificate request of an agent
//! that joins. What the CA issues names the agent that the CA was told, whatever the request says.
#![no_main]

use std::sync::LazyLock;

use coral_trace::UnixNanos;
use coral_trust::authority::{Authority, certificates};
use coral_trust::directory::TrustDir;
use coral_trust::material::Holder;
use coral_trust::workload::Workload;

const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let dir = std::env::temp_dir().join(format!("coral-fuzz-{}", std::process::id()));
    Authority::create(&TrustDir::of(&dir), NOW).expect("a directory of its own")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Holder::of(&bytes.into());
    if let Ok(pem) = std::str::from_utf8(bytes) {
        certificates(pem).iter().for_each(|certificate| drop(Holder::of(certificate)));
    }
    let agent = Workload::Agent("web-1".parse().expect("a name"));
    if let Ok(issued) = AUTHORITY.issue(&agent, bytes, NOW) {
        let holder = Holder::of(&issued.chain[0]).expect("a certificate with an identity");
        assert_eq!(holder.workload, agent);
        assert_eq!(holder.expires, issued.expires);
    }
});
