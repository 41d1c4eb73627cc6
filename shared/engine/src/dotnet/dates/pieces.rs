//! From the pieces that a text named to a moment: what is missing, what contradicts itself, and the zone.

use jiff::civil::{Date, DateTime, Time};

use super::read::Mismatch;
use super::{Kind, Moment, Styles, TICK, in_range, without_offset};

/// The last year that two digits can mean: `49` is 2049 and `50` is 1950. .NET's default since version 8, and
/// Windows' before that.
const LAST_SHORT_YEAR: u32 = 2049;

/// What a text said. Absent is what its format did not ask for.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) year: Piece<u32>,
    pub(super) month: Piece<u32>,
    pub(super) day: Piece<u32>,
    /// From 0, which is Sunday.
    pub(super) weekday: Piece<u32>,
    pub(super) hour: Piece<u32>,
    pub(super) minute: Piece<u32>,
    pub(super) second: Piece<u32>,
    /// Ten-millionths of a second.
    pub(super) ticks: Piece<u32>,
    pub(super) half: Piece<Half>,
    /// Seconds ahead of UTC, when the text named a zone.
    pub(super) offset: Piece<i64>,
    /// Whether it named UTC by its name, rather than by an offset of nothing.
    is_zulu: bool,
    /// Whether the year was asked for with two digits.
    pub(super) has_short_year: bool,
    /// Whether the hour was asked for on a clock of twelve.
    pub(super) has_hour12: bool,
}

/// One piece. A format may ask for it twice; the answers have to agree.
#[derive(Debug)]
pub(super) struct Piece<T>(Option<T>);

/// The half of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// AM.
    Morning,
    /// PM.
    Afternoon,
}

impl<T> Default for Piece<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Copy + PartialEq> Piece<T> {
    pub(super) fn is(&mut self, value: T) -> Result<(), Mismatch> {
        if *self.0.get_or_insert(value) == value { Ok(()) } else { Err(Mismatch) }
    }
}

impl Pieces {
    /// The text named UTC.
    pub(super) fn zulu(&mut self) -> Result<(), Mismatch> {
        self.is_zulu = true;
        self.offset.is(0)
    }

    /// The moment they make up.
    ///
    /// # Errors
    /// A sentence, when there is no such moment.
    pub(super) fn settle(&self, styles: &Styles, now: DateTime) -> Result<Moment, String> {
        let time = self.time()?;
        let date = self.date(styles, now)?;
        if self
            .weekday
            .0
            .is_some_and(|weekday| i64::from(weekday) != i64::from(date.weekday().to_sunday_zero_offset()))
        {
            return Err("names a weekday on which its date does not fall; correct one of them".into());
        }
        self.zoned(date.to_datetime(time), styles)
    }

    fn date(&self, styles: &Styles, now: DateTime) -> Result<Date, String> {
        let (year, month, day) = match (self.year()?, self.month.0, self.day.0) {
            (None, None, None) if styles.no_current_date => (1, 1, 1),
            (None, None, None) => return Ok(now.date()),
            (year, month, day) => {
                (year.unwrap_or(i64::from(now.year())), month.unwrap_or(1), day.unwrap_or(1))
            }
        };
        let none = || "names a day that no calendar has; correct the value".to_owned();
        let year = i16::try_from(year).ok().filter(|year| *year >= 1).ok_or_else(none)?;
        let month = i8::try_from(month).map_err(|_| none())?;
        let day = i8::try_from(day).map_err(|_| none())?;
        Date::new(year, month, day).map_err(|_| none())
    }

    fn year(&self) -> Result<Option<i64>, String> {
        Ok(match self.year.0 {
            Some(year) if self.has_short_year && year < 100 => {
                let same_century = LAST_SHORT_YEAR / 100 * 100 + year;
                Some(i64::from(if same_century > LAST_SHORT_YEAR {
                    same_century - 100
                } else {
                    same_century
                }))
            }
            year => year.map(i64::from),
        })
    }

    fn time(&self) -> Result<Time, String> {
        let none = || "names a time that no clock shows; correct the value".to_owned();
        let hour = self.hour()?;
        let part = |value: u32| i8::try_from(value).map_err(|_| none());
        let ticks = i32::try_from(self.ticks.0.unwrap_or(0)).map_err(|_| none())?;
        let (minute, second) = (self.minute.0.unwrap_or(0), self.second.0.unwrap_or(0));
        Time::new(part(hour)?, part(minute)?, part(second)?, ticks * TICK).map_err(|_| none())
    }

    /// The hour from 0 to 23. On a clock of twelve it is before noon unless the text says otherwise; on a clock of
    /// twenty-four, AM and PM have to agree with it.
    fn hour(&self) -> Result<u32, String> {
        let hour = self.hour.0;
        if self.has_hour12 {
            return match (hour.unwrap_or(0), self.half.0.unwrap_or(Half::Morning)) {
                (13.., _) => {
                    Err("has an hour beyond 12 where the format has h; write H in the format".into())
                }
                (12, Half::Morning) => Ok(0),
                (hour @ ..12, Half::Afternoon) => Ok(hour + 12),
                (hour, _) => Ok(hour),
            };
        }
        let agrees = match self.half.0 {
            None => true,
            Some(Half::Morning) => hour.is_none_or(|hour| hour < 12),
            Some(Half::Afternoon) => hour.is_some_and(|hour| hour >= 12),
        };
        if agrees {
            Ok(hour.unwrap_or(0))
        } else {
            Err("has an AM or PM that contradicts its hour; write h rather than H in the format".into())
        }
    }

    /// The server's zone is UTC: what names a zone ends there, on another day if need be.
    fn zoned(&self, civil: DateTime, styles: &Styles) -> Result<Moment, String> {
        let Some(offset) = self.offset.0 else {
            return Ok(Moment { civil, kind: assumed(styles) });
        };
        let is_utc = styles.adjust_to_universal || (styles.roundtrip && self.is_zulu);
        let kind = if is_utc { Kind::Utc } else { Kind::Local };
        // What falls before the first day that .NET knows, it keeps on that day.
        let shifted = without_offset(civil, offset)
            .and_then(|shifted| if shifted.year() < 1 { shifted.tomorrow().ok() } else { Some(shifted) });
        match shifted.and_then(in_range) {
            Some(civil) => Ok(Moment { civil, kind }),
            None => {
                Err("has an offset of more than 14 hours, or leaves the years 1 to 9999; correct the value"
                    .into())
            }
        }
    }
}

/// What is made of a text that names no zone.
fn assumed(styles: &Styles) -> Kind {
    match (styles.assume_local || styles.assume_universal, styles.adjust_to_universal) {
        (true, true) => Kind::Utc,
        (true, false) => Kind::Local,
        (false, _) => Kind::Unspecified,
    }
}
