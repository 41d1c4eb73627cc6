//! The guard's tables: what is held, what counts, who is protected.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn verdict(removals: u64, today: u64, managed: u64) -> Verdict {
    Verdict {
        removed: Removed::Users,
        removals,
        today,
        managed,
        thresholds: Thresholds::default(),
        approved_by: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

fn row(id: &str, removed: Removed, count: u64, decision: Option<bool>) -> StagedRemoval {
    let decided = |approved| HumanDecision { approved, by: "ada".to_owned(), at: Timestamp::UNIX_EPOCH };
    StagedRemoval {
        source_id: SourceId::new(id),
        removed,
        count,
        decision: decision.map(decided),
        object: None,
        label: id.to_owned(),
        staged_at: Timestamp::UNIX_EPOCH,
        held_record: None,
        rejection_told: None,
    }
}

fn hours(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000 + hours)
}

#[test]
fn removals_are_held_above_the_count_or_above_the_share() {
    let cases = [
        // (removals, managed, held)
        (0, 0, false),
        (1, 1, false),
        (5, 6, false),
        // Nobody would be left.
        (2, 2, true),
        (5, 5, true),
        (6, 50, true),
        (6, 60, false),
        (10, 100, false),
        (11, 100, true),
        (500, 100_000, false),
        (501, 100_000, true),
    ];
    for (removals, managed, held) in cases {
        assert_eq!(verdict(removals, 0, managed).held_because().is_some(), held, "{removals} of {managed}");
    }
}

#[test]
fn removals_of_a_whole_day_are_held_like_those_of_one_cycle_and_the_sentence_says_which() {
    let cases = [
        // (removals, within the day before, managed, what the sentence says)
        (3, 2, 10, None),
        (3, 3, 50, Some("3 removals, with 3 in the day before them, are 12 % of the 50 accounts managed")),
        (6, 90, 50, Some("6 removals are 12 % of the 50 accounts managed")),
        (1, 499, 100_000, None),
        (1, 500, 100_000, Some("1 removals, with 500 in the day before them, are more than the 500")),
        (501, 0, 100_000, Some("501 removals are more than the 500")),
        // What is over is over: nothing is left to hold.
        (0, 9_000, 100, None),
    ];
    for (removals, today, managed, expected) in cases {
        let because = verdict(removals, today, managed).held_because();
        let says = |words: &str| because.as_ref().is_some_and(|because| because.starts_with(words));
        assert!(
            expected.map_or(because.is_none(), says),
            "{removals} after {today} of {managed}: {because:?}"
        );
    }
}

#[test]
fn a_person_may_approve_what_the_thresholds_hold() {
    let approved = Verdict { approved_by: Some("ada".into()), ..verdict(90, 90, 100) };
    assert_eq!(approved.held_because(), None);
}

#[test]
fn each_kind_is_judged_by_itself_and_what_a_person_decided_is_left_out() {
    let rows = [
        row("1", Removed::Users, 1, None),
        row("2", Removed::Users, 1, Some(true)),
        row("3", Removed::Users, 1, Some(false)),
        row("4", Removed::Memberships, 70, None),
        row("5", Removed::Memberships, 7, None),
        row("6", Removed::Memberships, 900, Some(true)),
        row("7", Removed::Groups, 1, Some(false)),
    ];
    let removals = |removed| {
        let case = Circumstances {
            today: 0,
            managed: 1_000,
            thresholds: Thresholds::default(),
            approved_by: None,
            at: Timestamp::UNIX_EPOCH,
        };
        Verdict::about(removed, &rows, case).map(|verdict| verdict.removals)
    };
    assert_eq!(Removed::ALL.map(removals), [Some(1), None, Some(77)]);
}

#[test]
fn the_rolling_day_has_24_hours_and_keeps_kinds_apart() {
    let mut removed = RemovedToday::default();
    removed.add(hours(0), Removed::Users, 3);
    removed.add(hours(0), Removed::Users, 1);
    removed.add(hours(5), Removed::Users, 2);
    removed.add(hours(5), Removed::Memberships, 40);
    let cases = [(0, 6, 40), (5, 6, 40), (23, 6, 40), (24, 2, 40), (28, 2, 40), (29, 0, 0)];
    for (at, users, memberships) in cases {
        assert_eq!(removed.within(hours(at), Removed::Users), users, "users at hour {at}");
        assert_eq!(removed.within(hours(at), Removed::Memberships), memberships, "memberships at hour {at}");
        assert_eq!(removed.within(hours(at), Removed::Groups), 0);
    }
}

#[test]
fn what_was_removed_counts_also_after_the_clock_was_put_back() {
    let mut removed = RemovedToday::default();
    removed.add(hours(3), Removed::Users, 4);
    assert_eq!(removed.within(hours(1), Removed::Users), 4);
    assert_eq!(
        removed.within(hours(-90), Removed::Users),
        0,
        "a clock that was far ahead counts for a day only"
    );
}

proptest! {
    #[test]
    fn the_rolling_day_stays_small_and_never_forgets_the_last_23_hours(
        steps in proptest::collection::vec((0_i64..6, 0_u64..9), 1..200)
    ) {
        let (mut removed, mut hour, mut all) = (RemovedToday::default(), 0, Vec::new());
        for (wait, count) in steps {
            hour += wait;
            removed.add(hours(hour), Removed::Users, count);
            all.push((hour, count));
        }
        let expected: u64 = all.iter().filter(|(then, _)| hour - then < 24).map(|(_, count)| count).sum();
        prop_assert_eq!(removed.within(hours(hour), Removed::Users), expected);
        let entries = serde_json::to_value(&removed).unwrap().as_array().unwrap().len();
        prop_assert!(entries <= 24, "{entries} entries");
    }
}

#[test]
fn an_account_is_protected_by_its_id_or_by_a_name_in_any_case() {
    let list = Protected(
        ["4711", "Break.Glass@tessera.example", "svc-*", "*@ops.example", "*backup*"]
            .map(str::to_owned)
            .to_vec(),
    );
    let cases = [
        // (source id, names, covered)
        ("4711", vec![], true),
        ("47110", vec!["47110"], false),
        ("1", vec!["break.glass@tessera.example"], true),
        ("1", vec!["my.break.glass@tessera.example"], false),
        ("1", vec!["SVC-payroll"], true),
        ("1", vec!["my-svc-payroll"], false),
        ("1", vec!["ada@tessera.example", "ada@OPS.example"], true),
        ("1", vec!["Nightly Backup 2"], true),
        // An id is compared as it is: ids of two people may differ in case alone.
        ("SVC-1", vec!["ada"], false),
        ("1", vec![], false),
    ];
    for (id, names, covered) in cases {
        assert_eq!(list.covers(&SourceId::new(id), names.clone()), covered, "{id} {names:?}");
    }
    assert!(!Protected::default().covers(&SourceId::new(""), [""]));
}

#[test]
fn an_entry_that_protects_nobody_or_everybody_is_refused_by_name() {
    let cases = [
        ("svc-*", None),
        ("*", Some("'*' would protect everyone")),
        ("**", Some("'**' would protect everyone")),
        ("* *", Some("'* *' would protect everyone")),
        ("", Some("an entry is empty")),
        ("  ", Some("an entry is empty")),
        ("a*b", Some("'a*b' has a * in its middle")),
        ("***a", Some("'***a' has a * in its middle")),
    ];
    for (pattern, expected) in cases {
        let problem = Protected(vec!["fine".to_owned(), pattern.to_owned()]).problem();
        let says = |words: &str| problem.as_ref().is_some_and(|problem| problem.starts_with(words));
        assert!(expected.map_or(problem.is_none(), says), "{pattern}: {problem:?}");
        // Checked or not, it never protects everyone.
        let everyone = Protected(vec![pattern.to_owned()]).covers(&SourceId::new("9"), ["ada", " "]);
        assert!(!everyone, "{pattern}");
    }
    assert!(Protected(vec!["a".to_owned(); 501]).problem().unwrap().contains("at most 500"));
    assert!(Protected(vec!["a".repeat(257)]).problem().unwrap().contains("256 characters"));
}

#[test]
fn a_reading_half_the_size_of_the_last_one_or_empty_infers_no_leavers() {
    let cases = [
        (100, 50, true),
        (100, 51, false),
        (100, 0, true),
        (9, 4, false),
        (9, 0, true),
        (1, 0, true),
        (0, 0, false),
    ];
    for (before, now, shrunken) in cases {
        assert_eq!(shrunken_because(before, now).is_some(), shrunken, "{before} then {now}");
    }
}

#[test]
fn a_row_of_the_version_before_still_loads() {
    let stored = r#"{"sourceId":"7","object":null,"stagedAt":"2026-03-02T09:00:00Z"}"#;
    let row: StagedRemoval = serde_json::from_str(stored).unwrap();
    assert_eq!((row.removed, row.count, row.decision, row.rejection_told), (Removed::Users, 1, None, None));
}
