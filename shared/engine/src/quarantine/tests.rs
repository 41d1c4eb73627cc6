//! The tables of health: what makes a job unhealthy, how often it is tried then, and what is kept of the cause.

use uuid::Uuid;

use super::*;
use crate::escrow::{EscrowEntry, Failure, FailureCode};
use crate::model::{ObjectType, SourceId};
use crate::ports::{SourceError, TargetError, TargetErrorKind};

use QuarantineReason::{
    EncounteredBaseEscrowThreshold as Base, EncounteredEscrowProportionThreshold as Proportion,
    EncounteredQuarantineException as Exception, EncounteredTotalEscrowThreshold as Total,
    IngestionInterrupted as Interrupted, QuarantinedOnDemand as ByHand, TooManyDeletes,
};

fn minutes(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

fn hours(hours: i64) -> Timestamp {
    minutes(hours * 60)
}

fn job() -> JobId {
    JobId::new("scim.test")
}

fn ill(state: &mut JobState, reason: QuarantineReason, now: Timestamp) -> Option<Event> {
    state.impose(&job(), reason, Some(Side::Target), "no answer".to_owned(), now)
}

#[test]
fn a_job_is_unhealthy_by_share_by_count_or_with_its_references() {
    let cases = [
        // (failed, references, fine, in scope, expected)
        // The vendor's worked examples, in its own sizes.
        (4_000, 0, 2_000, 60_000, None),
        (30_000, 0, 5_000, 35_000, Some(Proportion)),
        (20_000, 0, 100_000, 120_000, None),
        (45_000, 0, 100_000, 145_000, Some(Base)),
        (40_000, 21_000, 100_000, 140_000, Some(Total)),
        // On the thresholds nothing happens yet.
        (40_000, 20_000, 60_000, 100_000, None),
        (40_001, 0, 60_002, 100_000, Some(Base)),
        // A company of fifty: from twenty on, above 40 %.
        (19, 0, 10, 50, None),
        (20, 0, 30, 50, None),
        (21, 0, 29, 50, Some(Proportion)),
        (20, 0, 0, 20, Some(Proportion)),
        // One of a thousand: a tenth of it.
        (99, 0, 0, 1_000, None),
        (100, 0, 0, 1_000, Some(Proportion)),
        (0, 60_000, 0, 0, None),
        (0, 0, 0, 0, None),
    ];
    for (failed, references, fine, in_scope, expected) in cases {
        let tally = Tally { failed, references, fine, in_scope };
        let found = reason_of(tally, &HealthThresholds::default());
        assert_eq!(found.as_ref().map(|(reason, _)| *reason), expected, "{tally:?}: {found:?}");
    }
}

#[test]
fn the_thresholds_are_settings_and_the_sentence_names_the_one_that_was_exceeded() {
    let strict =
        HealthThresholds { at_least: Some(2), percent: 10.0, maximum: 5, maximum_with_references: 7 };
    let cases = [
        ((1, 0, 1), None),
        ((2, 0, 10), Some("2 of 12 objects failed and wait to be tried again; 17 % are more than the 10 %")),
        ((6, 0, 600), Some("6 objects failed and wait to be tried again, more than the 5")),
        (
            (5, 3, 600),
            Some("5 objects and 3 references failed and wait to be tried again, together more than the 7"),
        ),
    ];
    for ((failed, references, fine), expected) in cases {
        let tally = Tally { failed, references, fine, in_scope: fine };
        let said = reason_of(tally, &strict).map(|(_, message)| message);
        let says = |words: &str| said.as_ref().is_some_and(|said| said.starts_with(words));
        assert!(expected.map_or(said.is_none(), says), "{tally:?}: {said:?}");
    }
}

#[test]
fn escrow_is_looked_at_only_when_some_threshold_may_be_exceeded() {
    let usual = HealthThresholds::default();
    let few = HealthThresholds { maximum_with_references: 3, ..usual };
    let counts = |escrowed, in_scope| Counts { escrowed, in_scope, ..Counts::default() };
    assert!(!usual.may_be_exceeded(&counts(0, 0)));
    assert!(!usual.may_be_exceeded(&counts(19, 50)));
    assert!(usual.may_be_exceeded(&counts(20, 50)));
    assert!(!usual.may_be_exceeded(&counts(99, 1_000)));
    assert!(few.may_be_exceeded(&counts(4, 1_000)));
}

#[test]
fn an_unhealthy_job_is_tried_as_usual_for_six_hours_then_at_12_at_24_and_daily() {
    let cases = [
        // (minutes since the series began, minutes after its beginning at which it is tried next)
        (0, 40),
        (5 * 60 + 59, 5 * 60 + 59 + 40),
        (6 * 60, 12 * 60),
        (11 * 60, 12 * 60),
        // Run by hand just before its time: a healthy job's gap is kept.
        (11 * 60 + 50, 11 * 60 + 50 + 40),
        (12 * 60, 24 * 60),
        (24 * 60, 48 * 60),
        (49 * 60, 72 * 60),
        (27 * 24 * 60, 28 * 24 * 60),
    ];
    let mut state = JobState::new(minutes(0));
    assert!(ill(&mut state, Exception, minutes(0)).is_some());
    for (now, expected) in cases {
        assert_eq!(state.schedule(&job(), minutes(now + 40), minutes(now)), None);
        assert_eq!(state.next_due, minutes(expected), "{now} minutes after the beginning");
    }
}

#[test]
fn a_schedule_that_is_slower_by_itself_stays_as_it_is() {
    let mut state = JobState::new(hours(0));
    assert!(ill(&mut state, Exception, hours(0)).is_some());
    assert_eq!(state.schedule(&job(), hours(7 + 24), hours(7)), None);
    assert_eq!(state.next_due, hours(7 + 24));
}

#[test]
fn a_slowed_job_is_not_taken_for_one_whose_clock_was_put_back() {
    let mut state = JobState::new(hours(0));
    assert!(ill(&mut state, Exception, hours(0)).is_some());
    for now in [0, 3, 6, 13, 30, 27 * 24] {
        assert_eq!(state.schedule(&job(), minutes(now * 60 + 36), hours(now)), None);
        for later in [hours(now), minutes(now * 60 + 20)] {
            let latest = state.latest_due(later + SignedDuration::from_mins(39), later);
            assert!(state.next_due <= latest, "due {} but at the latest {latest}", state.next_due);
        }
    }
    let before = state.latest_due(hours(-9), hours(-10));
    assert!(state.next_due > before, "a clock that is put back before the trouble is noticed");
}

#[test]
fn after_28_days_the_job_is_disabled_once_and_says_why() {
    let mut state = JobState::new(hours(0));
    assert!(ill(&mut state, Interrupted, hours(0)).is_some());
    assert_eq!(state.schedule(&job(), hours(1), hours(28 * 24 - 1)), None);
    let told = state.schedule(&job(), hours(1), hours(28 * 24)).map(|event| event.detail);
    assert_eq!(told, Some(EventDetail::JobDisabled { reason: Interrupted }));
    assert_eq!(state.disabled, Some(hours(28 * 24)));
    assert_eq!(state.schedule(&job(), hours(1), hours(29 * 24)), None);
    assert!(state.recover(&job(), hours(30 * 24)).is_some());
    assert_eq!((state.disabled, state.code), (None, StatusCode::Active));
}

#[test]
fn what_waits_for_a_person_neither_slows_nor_ends_a_job() {
    for reason in [TooManyDeletes, ByHand] {
        let mut state = JobState::new(hours(0));
        assert!(ill(&mut state, reason, hours(0)).is_some());
        assert_eq!(state.schedule(&job(), hours(9_001), hours(9_000)), None, "{reason:?}");
        assert_eq!((state.next_due, state.disabled), (hours(9_001), None));
    }
}

#[test]
fn a_series_begins_anew_after_one_whose_clock_stood_still() {
    let cases = [
        // (before, after, does the series go on)
        (Exception, Exception, true),
        (Exception, Interrupted, true),
        (Exception, TooManyDeletes, true),
        (TooManyDeletes, TooManyDeletes, true),
        (TooManyDeletes, Exception, false),
    ];
    for (before, after, goes_on) in cases {
        let mut state = JobState::new(hours(0));
        let _ = ill(&mut state, before, hours(0));
        let _ = ill(&mut state, after, hours(500));
        let quarantine = state.quarantine.unwrap();
        let expected = if goes_on { (hours(0), 1) } else { (hours(500), 0) };
        assert_eq!((quarantine.series_began, quarantine.series_count), expected, "{before:?} {after:?}");
        assert_eq!(quarantine.current_began, hours(500));
    }
}

#[test]
fn the_same_trouble_is_told_once_and_counted_each_time() {
    let mut state = JobState::new(hours(0));
    let told = |event: Option<Event>| event.map(|event| event.detail);
    assert_eq!(
        told(ill(&mut state, Exception, hours(1))),
        Some(EventDetail::JobQuarantined { reason: Exception })
    );
    assert_eq!(told(ill(&mut state, Exception, hours(2))), None);
    let cause = state.quarantine.as_ref().unwrap().cause.clone().unwrap();
    assert_eq!((cause.seen, cause.first, cause.last), (2, Some(hours(1)), Some(hours(2))));

    let changed = told(ill(&mut state, Interrupted, hours(3)));
    assert_eq!(changed, Some(EventDetail::QuarantineReasonChanged { reason: Interrupted }));
    let cause = state.quarantine.as_ref().unwrap().cause.clone().unwrap();
    assert_eq!((cause.seen, cause.first, cause.last), (1, Some(hours(3)), Some(hours(3))));
}

#[test]
fn what_a_person_imposed_is_not_replaced_by_what_a_cycle_finds() {
    let mut state = JobState::new(hours(0));
    assert!(ill(&mut state, ByHand, hours(0)).is_some());
    assert_eq!(ill(&mut state, Exception, hours(1)), None);
    assert_eq!(state.quarantine.unwrap().reason, ByHand);
}

#[test]
fn a_job_that_a_person_paused_stays_paused() {
    let mut state = JobState { code: StatusCode::Paused, ..JobState::new(hours(0)) };
    let _ = ill(&mut state, Exception, hours(0));
    assert_eq!(state.code, StatusCode::Paused);
    let _ = state.recover(&job(), hours(1));
    assert_eq!((state.code, state.quarantine), (StatusCode::Paused, None));
}

#[test]
fn a_proof_of_health_counts_for_a_day() {
    assert!(is_stale(None, hours(0)));
    assert!(!is_stale(Some(hours(0)), minutes(24 * 60 - 1)));
    assert!(is_stale(Some(hours(0)), hours(24)));
}

#[test]
fn a_failed_call_is_kept_exactly_with_what_to_do() {
    let error = TargetError {
        kind: TargetErrorKind::Credentials,
        summary: "the target did not accept the token".to_owned(),
        request: "GET /Users".to_owned(),
        status: Some(401),
        extract: Some("expired".to_owned()),
    };
    let trouble = Trouble::from(&error);
    assert_eq!((trouble.reason, trouble.side), (Exception, Some(Side::Target)));
    assert_eq!(trouble.message, "the target did not accept the token (GET /Users)");
    let cause = trouble.cause;
    assert_eq!(
        (cause.request.as_deref(), cause.status, cause.extract.as_deref()),
        (Some("GET /Users"), Some(401), Some("expired"))
    );
    assert!(cause.advice.unwrap().starts_with("Renew the token"));
    let down = TargetError { kind: TargetErrorKind::Unreachable, ..error };
    assert!(Trouble::from(&down).cause.advice.unwrap().contains("asked again"));
}

#[test]
fn refused_credentials_of_the_source_are_another_reason_than_a_source_that_is_away() {
    let cases = [
        (SourceError::Credentials("no".to_owned()), Exception, "Renew the source's credentials"),
        (SourceError::Refused("no".to_owned()), Interrupted, "Correct the source"),
        (SourceError::Unavailable("no".to_owned()), Interrupted, "Nothing, if the source is away"),
    ];
    for (error, reason, advice) in cases {
        let trouble = Trouble::from(&error);
        assert_eq!((trouble.reason, trouble.side), (reason, Some(Side::Source)), "{error:?}");
        assert!(trouble.cause.advice.unwrap().starts_with(advice), "{error:?}");
    }
}

#[test]
fn too_many_failures_are_told_by_the_one_that_most_of_them_share() {
    let entry = |id: &str, code, at| EscrowEntry {
        source_id: SourceId::new(id),
        object: None,
        failure: Failure {
            request: Some(format!("POST /Users for {id}")),
            status: Some(400),
            extract: Some("bad value".to_owned()),
            ..Failure::new(code, "a secret of somebody")
        },
        attempts: 1,
        first_failed: hours(0),
        last_failed: hours(at),
        next_attempt: None,
        change_id: Uuid::nil(),
        object_type: ObjectType::User,
        reference: false,
        doubtful: false,
        ignored: None,
    };
    let entries = [
        entry("1", FailureCode::UnprocessableEntity, 1),
        entry("2", FailureCode::UnprocessableEntity, 3),
        entry("3", FailureCode::EntryConflict, 9),
        entry("4", FailureCode::UnprocessableEntity, 2),
    ];
    let trouble = Trouble::of_failures(Proportion, "4 of 5 objects failed", &entries);
    assert_eq!(trouble.message, "4 of 5 objects failed; most often with UnprocessableEntity (3 of 4)");
    let cause = trouble.cause;
    assert_eq!((cause.escrowed, cause.object), (Some(4), Some(SourceId::new("2"))));
    assert_eq!(cause.request.as_deref(), Some("POST /Users for 2"));
    assert!(cause.advice.unwrap().starts_with("Correct the value"));
    assert_eq!(Trouble::of_failures(Total, "none", &[]).cause.escrowed, Some(0));
}
