//! Which colony of a cluster polls which agent: rendezvous hashing.
//!
//! Every colony computes the same from the same set of colonies, without asking another. A colony
//! that comes or goes moves only the agents that it gets or had.

use std::collections::BTreeSet;

/// How the agents are divided among the colonies of a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shares {
    /// The engine has one colony, which polls every agent.
    Alone,
    /// This colony does not know the others yet.
    NotKnownYet,
    /// These colonies are at work.
    Among {
        /// This colony's id.
        own: String,
        /// The ids of all colonies at work. This colony is among them, unless it beat too late.
        colonies: BTreeSet<String>,
    },
    /// This colony could not record that it is at work: others take its agents.
    CutOff,
}

/// Who polls an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Share<'a> {
    /// This colony.
    Own,
    /// The colony with this id.
    Of(&'a str),
    /// Not known yet.
    NobodysYet,
    /// Another colony that this one cannot know, being cut off.
    GivenUp,
}

impl Shares {
    /// Who polls `agent_id`.
    pub fn of(&self, agent_id: &str) -> Share<'_> {
        match self {
            Self::Alone => Share::Own,
            Self::NotKnownYet => Share::NobodysYet,
            Self::CutOff => Share::GivenUp,
            Self::Among { own, colonies } => {
                match poller_of(agent_id, colonies.iter().map(String::as_str)) {
                    None => Share::NobodysYet,
                    Some(colony) if colony == own => Share::Own,
                    Some(colony) => Share::Of(colony),
                }
            }
        }
    }
}

/// The colony that polls `agent_id`: the one with the greatest hash. `None` if there is no colony.
pub fn poller_of<'a>(
    agent_id: &str,
    colonies: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    colonies.into_iter().max_by_key(|colony| (weight(agent_id, colony), *colony))
}

/// A hash of an agent with a colony. It must not change: colonies of two versions of Coral must agree
/// while one replaces the other.
fn weight(agent_id: &str, colony_id: &str) -> u64 {
    // FNV-1a, with a byte between the ids that neither contains.
    let bytes = colony_id.bytes().chain([0xff]).chain(agent_id.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The finaliser of SplitMix64: FNV-1a changes its high bits little with the last byte.
    let word = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn ids() -> impl Strategy<Value = BTreeSet<String>> {
        prop::collection::btree_set("[a-z0-9-]{1,12}", 1..12)
    }

    fn poller<'a>(agent: &str, colonies: &'a BTreeSet<String>) -> &'a str {
        poller_of(agent, colonies.iter().map(String::as_str)).unwrap()
    }

    proptest! {
        #[test]
        fn exactly_one_colony_takes_an_agent_for_its_own(agent in ".{0,20}", colonies in ids()) {
            let of = |own: &String| Shares::Among { own: own.clone(), colonies: colonies.clone() };
            let takers = colonies.iter().filter(|own| of(own).of(&agent) == Share::Own);
            prop_assert_eq!(takers.collect::<Vec<_>>(), [poller(&agent, &colonies)]);
        }

        #[test]
        fn a_colony_that_goes_moves_only_its_agents(agents in ids(), colonies in ids()) {
            for gone in &colonies {
                let left: BTreeSet<String> = colonies.iter().filter(|id| *id != gone).cloned().collect();
                for agent in agents.iter().filter(|agent| poller(agent, &colonies) != gone) {
                    prop_assert_eq!(poller(agent, &left), poller(agent, &colonies));
                }
            }
        }
    }

    #[test]
    fn agents_spread_over_colonies_and_stay_where_they_are_in_every_version() {
        let colonies: BTreeSet<String> = ["east", "west", "north"].map(str::to_owned).into();
        let mut counts = BTreeMap::<&str, u32>::new();
        for number in 0..3_000 {
            *counts.entry(poller(&format!("web-{number}"), &colonies)).or_default() += 1;
        }
        assert!(
            counts.len() == 3 && counts.values().all(|count| (900..1_100).contains(count)),
            "{counts:?}"
        );
        let of = ["web-1", "web-2", "web-3", "db-1", ""].map(|agent| poller(agent, &colonies));
        assert_eq!(of, ["west", "east", "west", "east", "north"]);
    }

    #[test]
    fn without_other_colonies_an_agent_is_this_ones_nobodys_or_given_up() {
        let late = Shares::Among { own: "a".to_owned(), colonies: ["b".to_owned()].into() };
        let empty = Shares::Among { own: "a".to_owned(), colonies: BTreeSet::new() };
        for (shares, expected) in [
            (Shares::Alone, Share::Own),
            (Shares::NotKnownYet, Share::NobodysYet),
            (Shares::CutOff, Share::GivenUp),
            (empty, Share::NobodysYet),
            (late, Share::Of("b")),
        ] {
            assert_eq!(shares.of("web-1"), expected);
        }
    }
}
