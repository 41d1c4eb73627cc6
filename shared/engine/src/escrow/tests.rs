//! The tables of retries: when an object is tried again, and when the whole cycle stops.

use super::*;
use crate::model::Value;

fn entry(object: Option<&str>, hours: i64) -> EscrowEntry {
    EscrowEntry {
        source_id: SourceId::new("7"),
        object: object
            .map(|title| crate::testing::somebody([("title".to_owned(), Value::text(title))].into())),
        failure: Failure::new(FailureCode::EntryConflict, "the name is taken."),
        attempts: 1,
        first_failed: after(hours),
        last_failed: after(hours),
        next_attempt: None,
        change_id: Uuid::nil(),
        object_type: ObjectType::User,
        reference: false,
        doubtful: false,
        ignored: None,
    }
}

fn after(hours: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap()
}

#[test]
fn gaps_grow_from_the_next_cycle_to_daily_and_end_after_28_days() {
    let cases = [
        // (code, attempts, hours since the first failure, next attempt in hours after the first failure)
        (FailureCode::TooManyRequests, 1, 0, Some(0)),
        (FailureCode::TooManyRequests, 2, 1, Some(6)),
        (FailureCode::TooManyRequests, 3, 6, Some(12)),
        (FailureCode::TooManyRequests, 4, 12, Some(24)),
        (FailureCode::TooManyRequests, 5, 24, Some(48)),
        (FailureCode::EntryConflict, 1, 0, Some(6)),
        (FailureCode::EntryConflict, 9, 100, Some(120)),
        (FailureCode::EntryConflict, 31, 28 * 24, None),
    ];
    for (code, attempts, elapsed, expected) in cases {
        let next = next_attempt(code, attempts, after(0), after(elapsed));
        assert_eq!(next, expected.map(after), "{code} attempt {attempts} after {elapsed} h");
    }
}

#[test]
fn one_bad_record_goes_to_escrow_and_a_dead_target_stops_the_cycle() {
    let cases = [
        (TargetErrorKind::Conflict, 1, Consequence::Escrow),
        (TargetErrorKind::InvalidValue, 500, Consequence::Escrow),
        (TargetErrorKind::ServerError, 1, Consequence::Escrow),
        (TargetErrorKind::ServerError, UNWELL_CALLS, Consequence::StopCycle),
        (TargetErrorKind::Unreachable, UNWELL_CALLS, Consequence::StopCycle),
        (TargetErrorKind::Credentials, 1, Consequence::StopCycle),
        (TargetErrorKind::CollectionMissing, 1, Consequence::StopCycle),
    ];
    for (kind, in_a_row, expected) in cases {
        assert_eq!(judge(kind, in_a_row), expected, "{kind:?}, {in_a_row} in a row");
    }
}

#[test]
fn attempts_and_time_go_on_while_the_object_stays_as_it_is_and_begin_anew_when_it_changes() {
    let first = entry(Some("Clerk"), 0).after(None);
    assert_eq!((first.attempts, first.next_attempt), (1, Some(after(6))));

    let second = entry(Some("Clerk"), 6).after(Some(&first));
    assert_eq!((second.attempts, second.first_failed, second.next_attempt), (2, after(0), Some(after(12))));
    let moved = entry(Some("Treasurer"), 500).after(Some(&second));
    assert_eq!((moved.attempts, moved.first_failed, moved.next_attempt), (1, after(500), Some(after(506))));
}

#[test]
fn after_28_days_an_entry_stays_and_its_last_failure_says_so() {
    let first = entry(None, 0).after(None);
    assert_eq!(first.failure.reason, "the name is taken.");
    let last = entry(None, 28 * 24).after(Some(&first));
    assert_eq!(last.next_attempt, None);
    assert_eq!(
        last.failure.reason,
        "the name is taken. It failed for 28 days and is tried again only when it or the mapping changes, or a person asks for it"
    );
}

#[test]
fn who_is_tried_again_is_no_longer_ignored() {
    let ignored = HumanDecision { approved: false, by: "ada".to_owned(), at: after(1) };
    let before = EscrowEntry { ignored: Some(ignored), ..entry(None, 0) };
    assert_eq!(entry(None, 9).after(Some(&before)).ignored, None);
}
