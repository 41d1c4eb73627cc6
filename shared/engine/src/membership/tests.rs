//! Who is put in, who leaves, who is missing: tables, and what holds for all memberships.

use proptest::prelude::*;

use super::*;

fn id(name: &str) -> SourceId {
    SourceId::new(name)
}

fn account(name: &str) -> TargetId {
    TargetId::new(name)
}

/// A membership in words: `+ada` is wanted, `ada=a1` was given, `+ada=a1` is both.
fn membership(text: &str) -> Membership {
    let mut membership = Membership::default();
    for word in text.split_whitespace() {
        let (name, given) = word
            .trim_start_matches('+')
            .split_once('=')
            .map_or_else(|| (word.trim_start_matches('+'), None), |(name, given)| (name, Some(given)));
        if word.starts_with('+') {
            membership.apply(&MemberChange::Wanted(id(name)));
        }
        if let Some(given) = given {
            membership.apply(&MemberChange::Given(id(name), account(given)));
        }
    }
    membership
}

/// Those wanted in words: `ada=a1` has an account, `ada` has none.
fn wanted(text: &str) -> Wanted {
    let mut wanted = Wanted::default();
    for word in text.split_whitespace() {
        match word.split_once('=') {
            Some((name, has)) => wanted.insert(id(name), Some(account(has))),
            None => wanted.insert(id(word), None),
        }
    }
    wanted
}

/// A difference in words.
fn told(difference: &Difference) -> String {
    let pairs = |mark: &str, pairs: &[(SourceId, TargetId)]| -> Vec<String> {
        let mut words: Vec<String> =
            pairs.iter().map(|(id, account)| format!("{mark}{id}={account}")).collect();
        words.sort();
        words
    };
    let names = |mark: &str, names: &[SourceId]| -> Vec<String> {
        let mut words: Vec<String> = names.iter().map(|id| format!("{mark}{id}")).collect();
        words.sort();
        words
    };
    [
        pairs("+", &difference.add),
        pairs("-", &difference.leaving),
        names("~", &difference.lost),
        names("?", &difference.unresolved),
    ]
    .concat()
    .join(" ")
}

#[test]
fn the_difference_says_who_comes_who_leaves_and_who_cannot_come_yet() {
    let cases = [
        // what is remembered, who is wanted, what is to be done
        ("", "", ""),
        ("", "ada=a1", "+ada=a1"),
        ("+ada=a1", "ada=a1", ""),
        ("ada=a1", "", "-ada=a1"),
        // A diff by union would never see that Bo left.
        ("+ada=a1 bo=b1", "ada=a1 cleo=c1", "+cleo=c1 -bo=b1"),
        ("+ada", "ada", "?ada"),
        // Ada got another account: she is put in again, and the old one is not there to be taken out.
        ("+ada=a1", "ada=a2", "+ada=a2 ~ada"),
        // Ada's account is gone: she waits for a new one.
        ("+ada=a1", "ada", "~ada ?ada"),
        // Ada left, and her account went over to Bo, who is wanted: taking it out would take Bo out.
        ("ada=a1 +bo", "bo=a1", "+bo=a1 ~ada"),
        // Two people changed accounts with one another.
        ("+ada=a1 +bo=b1", "ada=b1 bo=a1", "+ada=b1 +bo=a1 ~ada ~bo"),
    ];
    for (remembered, shall, expected) in cases {
        let difference = membership(remembered).difference(&wanted(shall));
        assert_eq!(told(&difference), expected, "{remembered} against {shall}");
    }
}

#[test]
fn a_group_met_in_the_target_is_remembered_as_it_was_found() {
    let owners = BTreeMap::from([(account("a1"), id("ada")), (account("b1"), id("bo"))]);
    let cases = [
        // what is remembered, what the target shows, what is remembered then
        ("", "", ""),
        ("+ada", "a1", "+ada=a1"),
        // Bo is there and not wanted: he leaves, as everybody whom the job looks after.
        ("+ada", "a1 b1", "+ada=a1 bo=b1"),
        // A stranger's membership is nobody's business.
        ("+ada", "a1 x1", "+ada=a1"),
        // What was put into a group that is no more is not in the new one.
        ("+ada=a1 bo=b1", "", "+ada"),
        ("+ada=a0", "a1", "+ada=a1"),
    ];
    for (remembered, shown, expected) in cases {
        let mut found = membership(remembered);
        let shown = shown.split_whitespace().map(account).collect();
        for change in found.changes_as_found(&shown, &owners) {
            found.apply(&change);
        }
        assert_eq!(found, membership(expected), "{remembered}, shown {shown:?}");
    }
}

fn people() -> impl Strategy<Value = String> {
    prop::collection::btree_map(0u8..6, prop::option::of(0u8..6), 0..6).prop_map(|people| {
        let words = people.into_iter().map(|(person, account)| match account {
            Some(account) => format!("p{person}=a{account}"),
            None => format!("p{person}"),
        });
        words.collect::<Vec<_>>().join(" ")
    })
}

/// People with accounts, no account twice.
fn wanted_people() -> impl Strategy<Value = String> {
    let accounts = Just((0u8..6).collect::<Vec<_>>()).prop_shuffle();
    (prop::collection::btree_map(0u8..6, any::<bool>(), 0..6), accounts).prop_map(|(people, accounts)| {
        let words = people.into_iter().zip(accounts).map(|((person, has), account)| {
            if has { format!("p{person}=a{account}") } else { format!("p{person}") }
        });
        words.collect::<Vec<_>>().join(" ")
    })
}

proptest! {
    #[test]
    fn what_is_done_leaves_exactly_the_wanted_accounts_in_the_group(
        remembered in people(),
        shall in wanted_people(),
    ) {
        let (mut kept, wanted) = (membership(&remembered), wanted(&shall));
        // Members that were put in are in the group; strangers may be, too.
        let mut group: BTreeSet<TargetId> = kept.given().map(|(_, account)| account.clone()).collect();
        let difference = kept.difference(&wanted);
        let of_wanted: BTreeSet<TargetId> = wanted.0.values().filter_map(|(_, account)| account.clone()).collect();
        let lost: Vec<TargetId> = kept
            .given()
            .filter(|(id, _)| difference.lost.contains(id))
            .map(|(_, account)| account.clone())
            .collect();
        for id in &difference.lost {
            kept.apply(&MemberChange::Taken(id.clone()));
        }
        for (id, account) in &difference.add {
            group.insert(account.clone());
            kept.apply(&MemberChange::Given(id.clone(), account.clone()));
        }
        for (id, account) in &difference.leaving {
            prop_assert!(!of_wanted.contains(account), "{account} belongs to somebody wanted");
            group.remove(account);
            kept.apply(&MemberChange::Taken(id.clone()));
        }
        // Accounts that were lost are gone from the target by themselves, or are somebody else's.
        group.retain(|account| !lost.contains(account) || of_wanted.contains(account));
        prop_assert_eq!(&group, &of_wanted);
        let given: BTreeSet<TargetId> = kept.given().map(|(_, account)| account.clone()).collect();
        prop_assert_eq!(&given, &of_wanted);
        let again = kept.difference(&wanted);
        prop_assert!(again.add.is_empty() && again.leaving.is_empty() && again.lost.is_empty());
        prop_assert_eq!(again.unresolved, difference.unresolved);
    }

    #[test]
    fn changes_to_leave_exactly_those_wanted_and_forget_nobody_who_was_given(
        remembered in people(),
        shall in prop::collection::btree_set(0u8..6, 0..6),
    ) {
        let before = membership(&remembered);
        let wanted: Vec<SourceId> = shall.iter().map(|person| id(&format!("p{person}"))).collect();
        let mut after = before.clone();
        for change in before.changes_to(&wanted) {
            after.apply(&change);
        }
        let now: BTreeSet<&SourceId> = after.wanted().collect();
        prop_assert_eq!(now, wanted.iter().collect());
        prop_assert!(before.given().eq(after.given()));
        prop_assert!(after.changes_to(&wanted).is_empty());
    }
}
