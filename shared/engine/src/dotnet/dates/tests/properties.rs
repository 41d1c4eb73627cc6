//! What holds for every date, every format and every text.

use jiff::Span;
use proptest::prelude::*;

use super::super::{in_range, language_form, read_any, to_rfc3339};
use super::*;

/// Any date of .NET's, to the tick.
fn dates() -> impl Strategy<Value = DateTime> {
    let first = at("0001-01-01T00:00:00");
    let seconds = at("9999-12-31T23:59:59").duration_since(first).as_secs();
    (0..=seconds, 0..10_000_000_i32).prop_map(move |(seconds, ticks)| {
        in_range(first + Span::new().seconds(seconds).nanoseconds(ticks * 100)).unwrap()
    })
}

/// Text that is likely to get far: made of letters of formats, digits and separators.
fn likely() -> impl Strategy<Value = String> {
    "[yMdghHmsfFtzKZGT%'\"\\\\./: 0-9+\\-AP,é]{0,24}"
}

proptest! {
    #[test]
    fn formats_that_keep_everything_read_what_they_print(
        civil in dates(),
        kind in prop_oneof![Just(Kind::Unspecified), Just(Kind::Utc)],
        format in prop_oneof![
            Just("o"),
            Just("yyyy-MM-ddTHH:mm:ss.fffffffK"),
            Just("dddd, d. MMMM yyyy 'at' h:m:s.fffffff tt K"),
            Just("ddMMyyyyHHmmssfffffffK"),
            Just("ddd MMM yyyyy H'h'mm\\mss.FFFFFFFK d/M"),
        ],
    ) {
        let moment = Moment { civil, kind };
        let text = Format::new(format).unwrap().print(&moment);
        let reader = Reader::new(format, Styles::DEFAULT).unwrap();
        prop_assert_eq!(reader.read(&text, at("2026-03-09T08:05:00")), Ok(moment), "{}", text);
    }

    #[test]
    fn what_the_language_writes_it_reads(civil in dates()) {
        let seconds = civil.with().subsec_nanosecond(0).build().unwrap();
        prop_assert_eq!(read_any(&language_form(civil)), Some(seconds));
    }

    #[test]
    fn rfc_3339_is_read_as_it_is_written(civil in dates()) {
        let text = format!("{civil}Z");
        prop_assert_eq!(read_any(&text), Some(civil));
        prop_assert_eq!(to_rfc3339(&text), Some(text));
    }

    #[test]
    fn no_text_makes_the_free_reading_panic(text in prop_oneof![any::<String>(), likely()]) {
        if let Some(date) = read_any(&text) {
            prop_assert_eq!(in_range(date), Some(date));
        }
    }

    #[test]
    fn no_format_and_no_text_make_anything_panic(
        format in prop_oneof![any::<String>(), likely()],
        text in prop_oneof![any::<String>(), likely()],
        styles in prop_oneof![Just(""), Just("None"), Just("AllowWhiteSpaces"), Just("NoCurrentDateDefault,AdjustToUniversal")],
        civil in dates(),
    ) {
        let styles = Styles::new(styles).unwrap();
        if let Ok(reader) = Reader::new(&format, styles) {
            let printed = Format::new(&format).map(|format| format.print(&Moment { civil, kind: Kind::Local }));
            for text in [Ok(text), printed].into_iter().flatten() {
                if let Ok(moment) = reader.read(&text, civil) {
                    prop_assert_eq!(in_range(moment.civil), Some(moment.civil));
                }
            }
        }
    }

    #[test]
    fn no_names_of_styles_make_anything_panic(names in any::<String>()) {
        prop_assert!(Styles::new(&names).is_err() || names.trim().is_empty());
    }
}
