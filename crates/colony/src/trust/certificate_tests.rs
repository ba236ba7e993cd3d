//! What certificates and join tokens need.

use coral_trust::ledger::{JoinEntry, Ledger};
use coral_trust::material::new_request;

use super::*;

const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

fn change(dir: &TrustDir, change: impl FnOnce(&mut Ledger)) {
    let changed = Ledger::change(dir, NOW, |ledger| {
        change(ledger);
        Ok::<_, LedgerError>(())
    });
    changed.unwrap();
}

#[test]
fn a_join_secret_that_nobody_made_waits_for_no_lock() {
    let data = tempfile::tempdir().unwrap();
    let dir = TrustDir::of(data.path());
    let authority = Authority::create(&dir, NOW).unwrap();
    let trust = ColonyTrust::none(data.path()).unwrap();
    let random = || JoinToken::random(authority.fingerprint()).unwrap();
    let (_, request) = new_request().unwrap();
    let locked = dir.lock().unwrap();
    for secret in [random().secret(), "no secret".to_owned()] {
        let refused = trust.join(&secret, &request, NOW).err();
        assert!(matches!(refused, Some(IssueError::Join(JoinRefused::Unknown))), "{refused:?}");
    }
    drop(locked);
    // A token that another process has just made is known at once.
    let made = random();
    let (hash, created) = (made.hash(), seconds(NOW));
    change(&dir, |ledger| {
        let (agent, expires, used) = ("web-1".to_owned(), created + 60, None);
        ledger.joins.push(JoinEntry { hash, agent, created, expires, used });
    });
    assert_eq!(trust.join(&made.secret(), &request, NOW).unwrap().agent.as_str(), "web-1");
    let again = trust.join(&made.secret(), &request, NOW).err();
    assert!(matches!(again, Some(IssueError::Join(JoinRefused::Used))), "{again:?}");
}

#[test]
fn a_renewal_asks_the_ledger_on_disk_whether_the_agent_was_revoked() {
    let data = tempfile::tempdir().unwrap();
    let dir = TrustDir::of(data.path());
    Authority::create(&dir, NOW).unwrap();
    let trust = ColonyTrust::none(data.path()).unwrap();
    let (agent, (_, request)): (AgentName, _) = ("web-1".parse().unwrap(), new_request().unwrap());
    let renewed = trust.renew(&agent, "of before the ledger", &request, NOW).unwrap();
    change(&dir, |ledger| {
        ledger.revoke_agent(&agent, NOW);
    });
    assert!(!trust.trusted.ledger().is_revoked(&agent, &renewed.issued.serial));
    for shown in [renewed.issued.serial.as_str(), "of before the ledger", ""] {
        let refused = trust.renew(&agent, shown, &request, NOW).err();
        assert!(matches!(refused, Some(IssueError::Revoked)), "{refused:?}");
    }
    assert_eq!(Ledger::load(&dir).unwrap().certificates.len(), 1);
}

#[test]
fn polls_believe_no_agent_that_was_revoked() {
    let data = tempfile::tempdir().unwrap();
    let dir = TrustDir::of(data.path());
    Authority::create(&dir, clock::now()).unwrap();
    let config = coral_config::Sources {
        flags: vec![format!("data_dir={}", data.path().display())],
        ..coral_config::Sources::default()
    };
    let trust = ColonyTrust::open(&ColonyConfig::load(&config).unwrap(), vec![]).unwrap();
    let agent: AgentName = "web-1".parse().unwrap();
    let (_, request) = new_request().unwrap();
    let renewed = trust.renew(&agent, "the first", &request, clock::now()).unwrap();
    let holder = Holder::of(&renewed.issued.chain[0]).unwrap();
    let belief = trust.identity().unwrap().belief;
    assert!(belief(&holder));
    change(&dir, |ledger| {
        ledger.revoke_agent(&agent, clock::now());
    });
    // A change of this process is followed by another look at the file, so none is overlooked.
    assert!(trust.trusted.refresh());
    assert!(!belief(&holder));
}
