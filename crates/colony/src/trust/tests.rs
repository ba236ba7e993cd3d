use coral_engine::{Engine, KnownAgent};
use coral_store::{Store, StoreConfig};
use coral_trust::ledger::Ledger;

use super::*;
use crate::registry::Registry;

/// A colony in `dir` that has `web-1` in its configuration, and at which `web-2` registered.
fn colony(dir: &Path) -> Colony {
    let store = Store::open(StoreConfig { dir: dir.join("colony"), segment_rows: 1_000 });
    let engine: Arc<dyn Engine> = Arc::new(store.unwrap());
    let at = |id: &str| KnownAgent { agent_id: id.into(), address: format!("https://{id}:1") };
    let registry = Arc::new(Registry::load(&[at("web-1")], engine.clone()).unwrap());
    registry.register(&at("web-2")).unwrap();
    let trust = ColonyTrust::none(dir).unwrap();
    let (health, retained) = (Arc::default(), Arc::default());
    let exports = Default::default();
    Colony { engine, registry, health, trust, exports, member: None, retained }
}

fn revoke(dir: &Path, agents: &[&str]) {
    change(dir, |ledger| {
        for agent in agents {
            ledger.revoke_agent(&agent.parse().unwrap(), clock::now());
        }
    });
}

fn change(dir: &Path, change: impl FnOnce(&mut Ledger)) {
    let changed = Ledger::change(&TrustDir::of(dir), clock::now(), |ledger| {
        change(ledger);
        Ok::<_, LedgerError>(())
    });
    changed.unwrap();
}

fn known(colony: &Colony) -> Vec<String> {
    colony.registry.watch().borrow().keys().cloned().collect()
}

#[test]
fn a_revoked_agent_is_not_polled_any_more_whether_it_is_configured_or_registered() {
    let dir = tempfile::tempdir().unwrap();
    let colony = colony(dir.path());
    colony.trust.look(&colony, false);
    assert_eq!(known(&colony), ["web-1", "web-2"]);
    revoke(dir.path(), &["web-1"]);
    colony.trust.look(&colony, false);
    assert_eq!(known(&colony), ["web-2"]);
    revoke(dir.path(), &["web-2"]);
    colony.trust.look(&colony, false);
    assert!(known(&colony).is_empty() && colony.engine.agents().unwrap().is_empty());
}

#[test]
fn an_agent_that_was_revoked_while_no_colony_ran_is_not_polled() {
    let dir = tempfile::tempdir().unwrap();
    revoke(dir.path(), &["web-1", "web-2"]);
    let colony = colony(dir.path());
    colony.trust.look(&colony, false);
    assert!(known(&colony).is_empty(), "{:?}", known(&colony));
}

#[test]
fn an_agent_whose_registration_ends_after_its_revocation_is_not_polled() {
    let dir = tempfile::tempdir().unwrap();
    let colony = colony(dir.path());
    revoke(dir.path(), &["web-2"]);
    colony.trust.look(&colony, false);
    let late = KnownAgent { agent_id: "web-2".into(), address: "https://web-2:1".into() };
    colony.registry.register(&late).unwrap();
    colony.trust.look(&colony, false);
    assert_eq!(known(&colony), ["web-1"]);
}

#[test]
fn a_revoked_agent_that_joined_again_is_polled() {
    let dir = tempfile::tempdir().unwrap();
    revoke(dir.path(), &["web-1"]);
    change(dir.path(), |ledger| {
        let issued = seconds(clock::now());
        ledger.certificates.push(CertificateEntry {
            serial: "01".into(),
            agent: "web-1".into(),
            issued,
            expires: issued + 60,
            revoked: false,
        });
    });
    let colony = colony(dir.path());
    colony.trust.look(&colony, false);
    assert_eq!(known(&colony), ["web-1", "web-2"]);
}
