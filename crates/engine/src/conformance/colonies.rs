//! Colonies that share an engine.

use super::Subject;
use crate::{Fleet, KnownColony};

/// A colony that beats is known, also after a restart of the engine, until it leaves. An engine that
/// only one colony can use knows none, whatever beats.
pub fn a_colony_that_beats_is_known_until_it_leaves<S: Subject>() {
    let mut subject = S::new();
    let colony = |id: &str, address: Option<&str>| KnownColony {
        colony_id: id.to_owned(),
        address: address.map(str::to_owned),
    };
    let known = |subject: &S| subject.engine().colonies().expect("they are read");
    let is_shared = match known(&subject) {
        Some(none) => {
            assert_eq!(none, []);
            true
        }
        None => false,
    };
    let [east, west] = [colony("east", None), colony("west", Some("https://west:9000"))];
    let moved = colony("east", Some("https://east:9000"));
    for beating in [&west, &east, &moved, &moved] {
        subject.engine().beat(beating).expect("the beat is recorded");
    }
    assert_eq!(known(&subject), is_shared.then(|| vec![moved.clone(), west.clone()]));
    subject.restart();
    assert_eq!(known(&subject), is_shared.then(|| vec![moved.clone(), west.clone()]));
    for leaving in ["east", "unknown"] {
        subject.engine().leave(leaving).expect("it is recorded");
    }
    assert_eq!(known(&subject), is_shared.then(|| vec![west.clone()]));
    subject.engine().beat(&east).expect("the beat is recorded");
    assert_eq!(known(&subject), is_shared.then(|| vec![east, west]));
}
