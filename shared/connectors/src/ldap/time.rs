//! Points in time as directories write them. Pure.
//!
//! In: GeneralizedTime (RFC 4517 §3.3.13) or Active Directory's file time. Out: a [`Timestamp`].

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// From 1601, where file times begin, to 1970.
const FILE_EPOCH: i64 = 11_644_473_600;

/// A file time in 100 ns steps; `None` inside for "never" (0 and the largest number).
pub(super) fn file_time(text: &str) -> Option<Option<Timestamp>> {
    let steps: i64 = text.trim().parse().ok()?;
    if steps == 0 || steps == i64::MAX {
        return Some(None);
    }
    let (seconds, rest) = (steps.div_euclid(10_000_000), steps.rem_euclid(10_000_000));
    Timestamp::new(seconds.checked_sub(FILE_EPOCH)?, i32::try_from(rest * 100).ok()?).ok().map(Some)
}

/// `20260316070000Z`, `20260316070000.0Z`, `2026031607+0100`. A comma may stand for the point.
pub(super) fn generalized(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (stamp, rest) = text.split_at(digits);
    let part = |from: usize, to: usize| stamp.get(from..to).and_then(|part| part.parse::<i8>().ok());
    let date = Date::new(stamp.get(0..4)?.parse().ok()?, part(4, 6)?, part(6, 8)?).ok()?;
    let (minute, second, unit) = match stamp.len() {
        10 => (0, 0, 3600),
        12 => (part(10, 12)?, 0, 60),
        14 => (part(10, 12)?, part(12, 14)?, 1),
        _ => return None,
    };
    // A leap second counts as the one before.
    let time = Time::new(part(8, 10)?, minute, second.min(59), 0).ok()?;
    let (fraction, zone) = fraction(rest, unit)?;
    let local = DateTime::from_parts(date, time).checked_add(fraction).ok()?;
    offset(zone)?.to_timestamp(local).ok()
}

/// The fraction of the last unit, and what follows it.
fn fraction(rest: &str, unit: i64) -> Option<(SignedDuration, &str)> {
    let Some(after) = rest.strip_prefix(['.', ',']) else { return Some((SignedDuration::ZERO, rest)) };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = after.split_at(digits);
    let share: f64 = format!("0.{digits}").parse().ok()?;
    Some((SignedDuration::try_from_secs_f64(share * unit as f64).ok()?, zone))
}

fn offset(zone: &str) -> Option<Offset> {
    if zone == "Z" {
        return Some(Offset::UTC);
    }
    let sign = match zone.get(0..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let hours: i32 = zone.get(1..3)?.parse().ok()?;
    let minutes: i32 = zone.get(3..5).map_or(Some(0), |minutes| minutes.parse().ok())?;
    (zone.len() <= 5).then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok())?
}

/// GeneralizedTime for a filter.
pub(super) fn for_filter(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%SZ").to_string()
}
