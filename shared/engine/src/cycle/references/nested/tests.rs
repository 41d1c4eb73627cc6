//! The walk through nested groups against the plainest way to say who is in a group.

use proptest::prelude::*;

use super::*;

/// Groups are numbers below this one, people the rest.
const GROUPS: usize = 14;

type Graph = Vec<Vec<usize>>;

fn id(number: usize) -> SourceId {
    SourceId::new(format!("{number:03}"))
}

fn expand(graph: &Graph, root: usize) -> BTreeSet<SourceId> {
    walk(graph, root).0
}

/// The people, and the groups that were too deep to look into.
fn walk(graph: &Graph, root: usize) -> (BTreeSet<SourceId>, Vec<SourceId>) {
    let members = |group: &SourceId| -> Option<Vec<SourceId>> {
        let number: usize = group.as_str().parse().unwrap();
        graph.get(number).map(|members| members.iter().copied().map(id).collect())
    };
    let mut expansion = Expansion::of(&id(root), members(&id(root)).unwrap().into_iter());
    let mut people = BTreeSet::new();
    while !expansion.level().is_empty() {
        let groups = expansion.level().iter().filter_map(|one| Some((one.clone(), members(one)?))).collect();
        people.extend(expansion.descend(groups));
    }
    (people, expansion.too_deep)
}

/// Everybody whom a chain of at most `levels` groups leads to.
fn closure(graph: &Graph, root: usize, levels: usize) -> BTreeSet<SourceId> {
    let mut reached = vec![false; GROUPS];
    reached[root] = true;
    for _ in 0..levels {
        let before = reached.clone();
        for (group, _) in before.iter().enumerate().filter(|(_, reached)| **reached) {
            graph[group].iter().filter(|member| **member < GROUPS).for_each(|inner| reached[*inner] = true);
        }
    }
    let groups = graph.iter().zip(reached).filter(|(_, reached)| *reached);
    groups.flat_map(|(members, _)| members).filter(|member| **member >= GROUPS).copied().map(id).collect()
}

fn graphs() -> impl Strategy<Value = Graph> {
    let members = prop::collection::vec(0..GROUPS + 12, 0..5);
    prop::collection::vec(members, GROUPS)
}

/// Each group in the one before, a person in each.
fn chain() -> Graph {
    (0..GROUPS).map(|group| vec![group + 1, GROUPS + group]).collect()
}

proptest! {
    #[test]
    fn expanding_gives_everybody_within_ten_levels_whatever_contains_whom(graph in graphs(), root in 0..GROUPS) {
        prop_assert_eq!(expand(&graph, root), closure(&graph, root, LEVELS));
    }
}

#[test]
fn the_eleventh_level_is_not_opened_and_told_of() {
    let (people, too_deep) = walk(&chain(), 0);
    assert_eq!(too_deep, [id(LEVELS + 1)]);
    assert!(people.contains(&id(GROUPS + LEVELS)));
    assert!(!people.contains(&id(GROUPS + LEVELS + 1)));
}

#[test]
fn groups_that_contain_one_another_end() {
    let graph: Graph = (0..GROUPS).map(|group| vec![(group + 1) % 3, 0, GROUPS + group % 3]).collect();
    assert_eq!(expand(&graph, 0).len(), 3);
}
