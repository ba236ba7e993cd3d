//! A certificate authority for measurements, and the certificates that it gives.

use std::path::Path;
use std::sync::Arc;

use coral_trace::UnixNanos;
use coral_trust::authority::Authority;
use coral_trust::directory::TrustDir;
use coral_trust::material::{self, Material};
use coral_trust::tls::{self, Anchor};
use coral_trust::workload::Workload;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use crate::{Failure, clock};

/// A certificate authority in a directory of its own.
pub struct BenchAuthority {
    data: TempDir,
    authority: Authority,
}

impl BenchAuthority {
    /// Makes a certificate authority.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn create() -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let authority = Authority::create(&TrustDir::of(data.path()), now())?;
        Ok(Self { data, authority })
    }

    /// Makes this the certificate authority of the colony that will run in `data_dir`.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn give_colony(&self, data_dir: &Path) -> Result<(), Failure> {
        let (from, to) = (TrustDir::of(self.data.path()), TrustDir::of(data_dir));
        let _locked = to.lock()?;
        for file in std::fs::read_dir(from.path(""))? {
            let name = file?.file_name().to_string_lossy().into_owned();
            if let Some(bytes) = from.read(&name)? {
                to.replace(&name, &bytes)?;
            }
        }
        Ok(())
    }

    /// Gives a certificate to the agent `id` that will run in `data_dir`.
    ///
    /// # Errors
    /// `id` cannot stand in a certificate, or a file cannot be written.
    pub fn give_agent(&self, id: &str, data_dir: &Path) -> Result<(), Failure> {
        let (key, chain) = self.issue(&Workload::Agent(id.parse()?))?;
        let roots = self.authority.roots_pem();
        Ok(material::store_agent(&TrustDir::of(data_dir), &key, &chain, &roots)?)
    }

    /// A TLS client that accepts only `expected`, and shows a certificate of `own` if there is one.
    ///
    /// # Errors
    /// The certificate authority does not sign.
    pub fn client(
        &self,
        own: Option<&Workload>,
        expected: Workload,
    ) -> Result<Arc<ClientConfig>, Failure> {
        let anchor = Anchor::Roots(self.authority.roots().to_vec());
        let own = own.map(|own| self.material(own)).transpose()?;
        Ok(Arc::new(tls::client(own, anchor, expected)?))
    }

    fn material(&self, workload: &Workload) -> Result<Material, Failure> {
        let (key, chain) = self.issue(workload)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
        Ok(Material { chain, key, roots: self.authority.roots().to_vec() })
    }

    /// A new key in PEM, and a certificate of `workload` for it.
    fn issue(
        &self,
        workload: &Workload,
    ) -> Result<(String, Vec<CertificateDer<'static>>), Failure> {
        let (key, request) = material::new_request()?;
        Ok((key, self.authority.issue(workload, &request, now())?.chain))
    }
}

fn now() -> UnixNanos {
    UnixNanos(clock::now())
}

#[cfg(test)]
mod tests {
    use coral_trust::material::MaterialFiles;

    use super::*;

    #[test]
    fn an_agent_gets_a_certificate_of_the_authority_that_the_colony_gets() {
        let authority = BenchAuthority::create().unwrap();
        let (agent, colony) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        authority.give_agent("web-1", agent.path()).unwrap();
        authority.give_colony(colony.path()).unwrap();
        let material = MaterialFiles::of_agent(&TrustDir::of(agent.path())).read().unwrap();
        let holder = material.holder().unwrap();
        assert_eq!(holder.workload, Workload::Agent("web-1".parse().unwrap()));
        let of_colony = Authority::load(&TrustDir::of(colony.path())).unwrap();
        assert_eq!(material.roots, of_colony.roots());
    }
}
