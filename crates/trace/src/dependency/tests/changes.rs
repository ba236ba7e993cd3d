use super::super::*;
use super::map_of;

#[test]
fn added_removed_and_slower_edges_are_found() {
    let calls = |callee: &str, millis: u64, count: u64| {
        let trace =
            |at| format!("1 a client {at} | method=GET\n2 {callee} server {millis} < 1\n\n");
        trace(millis).repeat(count as usize)
    };
    let map = |text: String| map_of(text.trim_end(), false);
    let before =
        calls("gone", 1, 3) + &calls("slow", 2, 20) + &calls("few", 2, 19) + &calls("same", 20, 20);
    let now =
        calls("new", 1, 3) + &calls("slow", 3, 20) + &calls("few", 9, 50) + &calls("same", 29, 20);
    let (before, now) = (map(before), map(now));
    let changes = now.changes_since(&before);
    let to = |map: &Topology, at: usize| map.nodes[map.edges[at].to].name.clone();
    let names =
        |map: &Topology, edges: &[usize]| edges.iter().map(|at| to(map, *at)).collect::<Vec<_>>();
    assert_eq!(names(&now, &changes.added), ["new"]);
    assert_eq!(names(&before, &changes.removed), ["gone"]);
    let slower: Vec<_> =
        changes.slower.iter().map(|(was, is)| (to(&before, *was), to(&now, *is))).collect();
    assert_eq!(slower, [("slow".to_owned(), "slow".to_owned())]);
    assert_eq!(now.changes_since(&now), Changes::default());
}

#[test]
fn an_edge_of_which_a_larger_part_fails_is_found() {
    let calls = |callee: &str, count: usize, failed: usize| {
        let trace = |note| format!("1 a client 5 | method=GET {note}\n2 {callee} server 5 < 1\n\n");
        trace("error").repeat(failed) + &trace("").repeat(count - failed)
    };
    let map = |edges: &[(&str, usize, usize)]| {
        let text: String =
            edges.iter().map(|(name, all, failed)| calls(name, *all, *failed)).collect();
        map_of(text.trim_end(), false)
    };
    let before = map(&[
        ("chance", 20, 0),
        ("few", 19, 0),
        ("half", 200, 100),
        ("large", 1_000, 4),
        ("new-errors", 20, 0),
        ("point", 2_000, 0),
        ("same", 100, 10),
    ]);
    let now = map(&[
        // Three more of twenty may be chance.
        ("chance", 20, 3),
        ("few", 100, 100),
        ("half", 200, 140),
        ("large", 1_000, 65),
        ("new-errors", 20, 8),
        // Less than one percentage point.
        ("point", 2_000, 19),
        ("same", 100, 12),
    ]);
    let changes = now.changes_since(&before);
    let name = |at: usize| now.nodes[now.edges[at].to].name.as_str();
    let failing: Vec<&str> = changes.failing.iter().map(|(_, at)| name(*at)).collect();
    assert_eq!(failing, ["half", "large", "new-errors"]);
    assert_eq!((changes.slower.len(), now.changes_since(&now)), (0, Changes::default()));
}
