//! When a request is sent again, and how long is waited before.

use std::time::Duration;

use jiff::Timestamp;

use super::super::error::About;
use super::super::retry::{Next, Outcome, Raw, Tries, after, pause, retry_after};

fn now() -> Timestamp {
    "2015-10-21T07:28:00Z".parse().unwrap()
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered(Raw { status, ..Raw::default() })
}

fn told(status: u16, retry_after: &str) -> Outcome {
    Outcome::Answered(Raw { status, retry_after: Some(retry_after.into()), ..Raw::default() })
}

fn said(status: u16, body: &str) -> Outcome {
    Outcome::Answered(Raw { status, body: body.into(), ..Raw::default() })
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let cases = [
        ("0", Some(0)),
        (" 120 ", Some(120)),
        ("Wed, 21 Oct 2015 07:28:30 GMT", Some(30)),
        ("Wed, 21 Oct 2015 07:27:00 GMT", Some(0)),
        ("soon", None),
        ("-5", None),
        ("", None),
    ];
    for (header, expected) in cases {
        assert_eq!(retry_after(header, now()), expected.map(seconds), "'{header}'");
    }
}

#[test]
fn what_throttles_slows_the_connection_and_what_broke_is_repeated_if_harmless() {
    let repeat = || Next::Repeat(seconds(1));
    let cases = [
        // (outcome, about a change, about a create)
        (answered(200), Next::Settle, Next::Settle),
        (answered(404), Next::Settle, Next::Settle),
        (answered(403), Next::Settle, Next::Settle),
        (answered(501), Next::Settle, Next::Settle),
        (answered(429), Next::SlowDown(seconds(1)), Next::SlowDown(seconds(1))),
        (told(429, "7"), Next::SlowDown(seconds(7)), Next::SlowDown(seconds(7))),
        (told(429, "0"), Next::SlowDown(seconds(1)), Next::SlowDown(seconds(1))),
        (told(503, "7"), Next::SlowDown(seconds(7)), Next::SlowDown(seconds(7))),
        (told(403, "7"), Next::SlowDown(seconds(7)), Next::SlowDown(seconds(7))),
        (said(403, "userRateLimitExceeded"), Next::SlowDown(seconds(1)), Next::SlowDown(seconds(1))),
        (answered(500), repeat(), Next::Settle),
        (answered(503), repeat(), Next::Settle),
        (answered(408), repeat(), Next::Settle),
        (Outcome::Lost("reset".into()), repeat(), Next::Settle),
        (Outcome::NotSent("refused".into()), repeat(), repeat()),
        (Outcome::Unusable(200, "html".into()), Next::Settle, Next::Settle),
    ];
    for (outcome, change, create) in cases {
        assert_eq!(after(&outcome, About::Account, &mut Tries::default(), now()), change, "{outcome:?}");
        assert_eq!(after(&outcome, About::Create, &mut Tries::default(), now()), create, "{outcome:?}");
    }
}

#[test]
fn only_what_throttles_pauses_the_connection_be_it_the_last_try_or_not() {
    let tried = Tries { throttled: 5, failed: 0 };
    let cases = [
        (answered(429), Some(32)),
        (told(429, "7"), Some(7)),
        (told(503, "7"), Some(7)),
        (told(500, "7"), None),
        (answered(503), None),
        (answered(200), None),
        (Outcome::Lost("reset".into()), None),
    ];
    for (outcome, expected) in cases {
        assert_eq!(pause(&outcome, tried, now()), expected.map(seconds), "{outcome:?}");
    }
}

#[test]
fn back_off_doubles_and_both_kinds_of_trying_end() {
    let waits = |outcome: Outcome| {
        let mut tries = Tries::default();
        let mut waits = Vec::new();
        loop {
            match after(&outcome, About::Account, &mut tries, now()) {
                Next::Settle => return waits,
                Next::Repeat(wait) | Next::SlowDown(wait) => waits.push(wait.as_secs()),
            }
        }
    };
    assert_eq!(waits(answered(429)), [1, 2, 4, 8, 16]);
    assert_eq!(waits(answered(502)), [1, 2]);
}
