//! Reading by a format.

use super::*;

/// Reads with the styles that hold when none are named.
fn by_default(text: &str, format: &str) -> Result<String, String> {
    read(text, format, "")
}

#[test]
fn texts_that_follow_their_format_are_read() {
    let cases = [
        ("20150123105347.1Z", "yyyyMMddHHmmss.fZ", "2015-01-23T10:53:47.1 UTC"),
        ("07.03.2026", "dd.MM.yyyy", "2026-03-07T00:00:00"),
        ("7.3.2026", "d.M.yyyy", "2026-03-07T00:00:00"),
        ("17.12.2026", "d.M.yyyy", "2026-12-17T00:00:00"),
        ("2020-12-31-08:00", "yyyy-MM-ddzzz", "2020-12-31T08:00:00 local"),
        ("3/16/2026 07:00:00 PM", "M/d/yyyy hh:mm:ss tt", "2026-03-16T19:00:00"),
        ("12:00 AM 01/02/2026", "hh:mm tt MM/dd/yyyy", "2026-01-02T00:00:00"),
        ("12:00 pm 01/02/2026", "hh:mm tt MM/dd/yyyy", "2026-01-02T12:00:00"),
        ("1P 2026", "ht yyyy", "2026-01-01T13:00:00"),
        ("Sun 15 Jun 2008 8:30 AM -06:00", "ddd dd MMM yyyy h:mm tt zzz", "2008-06-15T14:30:00 local"),
        ("MONDAY, 16 march 2026", "dddd, dd MMMM yyyy", "2026-03-16T00:00:00"),
        ("2026-03-16T07:00:00.1234567", "yyyy-MM-ddTHH:mm:ss.fffffff", "2026-03-16T07:00:00.1234567"),
        ("07:00:00.5 2026", "HH:mm:ss.FFF yyyy", "2026-01-01T07:00:00.5"),
        ("07:00:00 2026", "HH:mm:ss.FFF yyyy", "2026-01-01T07:00:00"),
        ("07:00:00. 2026", "HH:mm:ss.F yyyy", "2026-01-01T07:00:00"),
        ("2026", "yyyy", "2026-01-01T00:00:00"),
        ("02026", "yyyyy", "2026-01-01T00:00:00"),
        ("2 2026", "d yyyy", "2026-01-02T00:00:00"),
        ("2026-05", "yyyy-MM", "2026-05-01T00:00:00"),
        ("a 2026", "'a' yyyy", "2026-01-01T00:00:00"),
        ("d2026", r"\dyyyy", "2026-01-01T00:00:00"),
        ("2026 ad", "yyyy g", "2026-01-01T00:00:00"),
        ("2026 A.D.", "yyyy g", "2026-01-01T00:00:00"),
        ("2026/2026", "yyyy/yyyy", "2026-01-01T00:00:00"),
        ("20265", "yyyy%M", "2026-05-01T00:00:00"),
    ];
    for (text, format, expected) in cases {
        assert_eq!(by_default(text, format).as_deref(), Ok(expected), "{text} by {format}");
    }
}

#[test]
fn standard_formats_read_what_they_print() {
    let cases = [
        ("d", "03/16/2026", "2026-03-16T00:00:00"),
        ("D", "Monday, 16 March 2026", "2026-03-16T00:00:00"),
        ("f", "Monday, 16 March 2026 07:30", "2026-03-16T07:30:00"),
        ("F", "Monday, 16 March 2026 07:30:15", "2026-03-16T07:30:15"),
        ("g", "03/16/2026 07:30", "2026-03-16T07:30:00"),
        ("G", "03/16/2026 07:30:15", "2026-03-16T07:30:15"),
        ("M", "March 16", "2026-03-16T00:00:00"),
        ("o", "2026-03-16T07:30:15.1234567Z", "2026-03-16T07:30:15.1234567 UTC"),
        ("o", "2026-03-16T07:30:15.1234567", "2026-03-16T07:30:15.1234567"),
        ("o", "2026-03-16T07:30:15.1234567+02:00", "2026-03-16T05:30:15.1234567 local"),
        ("r", "Mon, 16 Mar 2026 07:30:15 GMT", "2026-03-16T07:30:15"),
        ("s", "2026-03-16T07:30:15", "2026-03-16T07:30:15"),
        ("t", "07:30", "2026-03-09T07:30:00"),
        ("T", "07:30:15", "2026-03-09T07:30:15"),
        ("u", "2026-03-16 07:30:15Z", "2026-03-16T07:30:15"),
        ("U", "Monday, 16 March 2026 07:30:15", "2026-03-16T07:30:15 UTC"),
        ("y", "2026 March", "2026-03-01T00:00:00"),
    ];
    for (format, text, expected) in cases {
        assert_eq!(by_default(text, format).as_deref(), Ok(expected), "{text} by {format}");
    }
}

#[test]
fn two_digits_of_a_year_end_with_2049() {
    for (text, expected) in [("00", "2000"), ("26", "2026"), ("49", "2049"), ("50", "1950"), ("99", "1999")] {
        assert_eq!(by_default(text, "yy"), Ok(format!("{expected}-01-01T00:00:00")));
    }
    assert_eq!(by_default("5", "%y").as_deref(), Ok("2005-01-01T00:00:00"));
}

#[test]
fn what_a_text_does_not_say_comes_from_today() {
    let cases = [
        ("14:05", "HH:mm", "", "2026-03-09T14:05:00"),
        ("14:05", "HH:mm", "NoCurrentDateDefault", "0001-01-01T14:05:00"),
        ("01:05+02:00", "HH:mmzzz", "NoCurrentDateDefault", "0001-01-01T23:05:00 local"),
        ("01:05+02:00", "HH:mmzzz", "", "2026-03-08T23:05:00 local"),
        ("12-24", "MM-dd", "", "2026-12-24T00:00:00"),
        ("12-24", "MM-dd", "NoCurrentDateDefault", "2026-12-24T00:00:00"),
        ("24", "dd", "", "2026-01-24T00:00:00"),
        ("12", "MM", "", "2026-12-01T00:00:00"),
    ];
    for (text, format, styles, expected) in cases {
        assert_eq!(read(text, format, styles).as_deref(), Ok(expected), "{text} by {format}, {styles}");
    }
}

#[test]
fn a_zone_ends_in_utc_and_the_styles_say_what_is_known_of_it() {
    let cases = [
        ("07:00+09:00", "HH:mmzzz", "None", "T22:00:00 local"),
        ("07:00+09:00", "HH:mmzzz", "AdjustToUniversal", "T22:00:00 UTC"),
        ("07:00+09:00", "HH:mmzzz", "RoundtripKind", "T22:00:00 local"),
        ("07:00+9", "HH:mmz", "None", "T22:00:00 local"),
        ("07:00+09", "HH:mmzz", "None", "T22:00:00 local"),
        ("07:00+0930", "HH:mmzzz", "None", "T21:30:00 local"),
        ("07:00-9:30", "HH:mmzzz", "None", "T16:30:00 local"),
        ("07:00+09:00", "HH:mmK", "None", "T22:00:00 local"),
        ("07:00Z", "HH:mmK", "None", "T07:00:00 local"),
        ("07:00Z", "HH:mmK", "RoundtripKind", "T07:00:00 UTC"),
        ("07:00", "HH:mmK", "RoundtripKind", "T07:00:00"),
        ("07:00Z", "HH:mmZ", "RoundtripKind", "T07:00:00 UTC"),
        ("07:00z", "HH:mmZ", "RoundtripKind", "T07:00:00 UTC"),
        ("07:00GMT", "HH:mmZ", "RoundtripKind", "T07:00:00 UTC"),
        ("07:00 GMT", "HH:mm GMT", "RoundtripKind", "T07:00:00 local"),
        ("07:00Z", "HH:mm'Z'", "RoundtripKind", "T07:00:00"),
        ("07:00Z", "HH:mmZ", "AdjustToUniversal", "T07:00:00 UTC"),
        ("07:00", "HH:mm", "None", "T07:00:00"),
        ("07:00", "HH:mm", "AdjustToUniversal", "T07:00:00"),
        ("07:00", "HH:mm", "AssumeUniversal", "T07:00:00 local"),
        ("07:00", "HH:mm", "AssumeLocal", "T07:00:00 local"),
        ("07:00", "HH:mm", "AssumeUniversal, AdjustToUniversal", "T07:00:00 UTC"),
        ("07:00", "HH:mm", "AssumeLocal,AdjustToUniversal", "T07:00:00 UTC"),
        ("07:00+09:00", "HH:mmzzz", "assumeuniversal", "T22:00:00 local"),
        ("07:00+14:00", "HH:mmzzz", "None", "T17:00:00 local"),
    ];
    for (text, format, styles, expected) in cases {
        let read = read(text, format, styles).unwrap();
        assert_eq!(read.split_at(10).1, expected, "{text} by {format}, {styles}");
    }
}

#[test]
fn white_space_counts_as_the_styles_say() {
    let cases = [
        (" 2026-03-16 ", "yyyy-MM-dd", "", true),
        (" 2026-03-16", "yyyy-MM-dd", "None", false),
        (" 2026-03-16", "yyyy-MM-dd", "AllowLeadingWhite", true),
        ("2026-03-16\t", "yyyy-MM-dd", "AllowLeadingWhite", false),
        ("2026-03-16\t", "yyyy-MM-dd", "AllowTrailingWhite", true),
        ("2026 -03- 16", "yyyy-MM-dd", "", false),
        ("2026 -03- 16", "yyyy-MM-dd", "AllowInnerWhite", true),
        (" 2026 -  03-16 ", "yyyy-MM-dd", "AllowWhiteSpaces", true),
        ("2026-03-16", "  yyyy-MM-dd ", "", true),
        ("2026-03-16", " yyyy-MM-dd", "None", false),
        ("2026-03-16", "' 'yyyy-MM-dd' '", "", true),
        ("16  March", "dd MMMM", "", false),
        ("16  March", "dd MMMM", "AllowInnerWhite", true),
        ("16March", "dd MMMM", "AllowInnerWhite", true),
        // .NET lets a blank be missing wherever trailing white space is allowed.
        ("16March", "dd MMMM", "", true),
        ("16March", "dd MMMM", "None", false),
        ("16 de March", "dd' de 'MMMM", "None", true),
        ("16  de  March", "dd' de 'MMMM", "AllowInnerWhite", true),
        ("16  de  March", "dd' de 'MMMM", "", false),
    ];
    for (text, format, styles, is_read) in cases {
        assert_eq!(read(text, format, styles).is_ok(), is_read, "'{text}' by '{format}', {styles}");
    }
}

#[test]
fn texts_that_do_not_follow_their_format_are_refused() {
    let cases = [
        ("", "yyyy"),
        ("2026-03-16", "dd.MM.yyyy"),
        ("7.3.2026", "dd.MM.yyyy"),
        ("2026-03-16T07:00", "yyyy-MM-dd"),
        ("2026-3-16", "yyyy-MM-dd"),
        ("226", "yyyy"),
        ("20261", "yyyy"),
        ("2026 26", "yyyy yy"),
        ("03 04", "MM MM"),
        ("7 XM", "h tt"),
        ("7p", "ht"),
        ("Sep", "MMMM"),
        ("Mär", "MMM"),
        ("07:00.5", "HH:mm.ff"),
        ("07:00", "HH:mm.F"),
        ("07:00+09", "HH:mmzzz"),
        ("07:00+09:60", "HH:mmzzz"),
        ("07:00 09:00", "HH:mm zzz"),
        ("07:00z", "HH:mmK"),
        ("07:00Zulu", "HH:mmZ"),
        ("07:00", "HH:mmZ"),
        ("07:00z", "HH:mm'Z'"),
        ("٢٠٢٦", "yyyy"),
        ("2026é", "yyyy"),
    ];
    for (text, format) in cases {
        let problem = by_default(text, format).unwrap_err();
        assert!(problem.starts_with("does not follow the format"), "{text} by {format}: {problem}");
    }
}

#[test]
fn what_follows_the_format_and_does_not_exist_is_refused() {
    let cases = [
        ("2026-02-29", "yyyy-MM-dd", "no calendar has"),
        ("2026-13-01", "yyyy-MM-dd", "no calendar has"),
        ("2026-00-01", "yyyy-MM-dd", "no calendar has"),
        ("0000-01-01", "yyyy-MM-dd", "no calendar has"),
        ("12026", "yyyyy", "no calendar has"),
        ("9999999999999999", "yyyyyyyyyyyyyyyy", "no calendar has"),
        ("24:00", "HH:mm", "no clock shows"),
        ("23:60", "HH:mm", "no clock shows"),
        ("23:59:60", "HH:mm:ss", "no clock shows"),
        ("13:00", "hh:mm", "beyond 12"),
        ("13:00 AM", "HH:mm tt", "contradicts"),
        ("03:00 PM", "HH:mm tt", "contradicts"),
        ("12:00AM", "HH:mmtt", "contradicts"),
        ("Tue 2026-03-16", "ddd yyyy-MM-dd", "weekday"),
        ("07:00+14:01", "HH:mmzzz", "14 hours"),
        ("07:00-99:00", "HH:mmzzz", "14 hours"),
        ("9999-12-31T23:00-02:00", "yyyy-MM-ddTHH:mmzzz", "years 1 to 9999"),
    ];
    for (text, format, expected) in cases {
        let problem = by_default(text, format).unwrap_err();
        assert!(problem.contains(expected), "{text} by {format}: {problem}");
        assert!(!problem.contains(text), "the sentence holds no value: {problem}");
    }
}

#[test]
fn the_weekday_is_judged_before_the_zone_moves_it() {
    let read = by_default("Mon 2026-03-16T01:00+09:00", "ddd yyyy-MM-ddTHH:mmzzz");
    assert_eq!(read.as_deref(), Ok("2026-03-15T16:00:00 local"));
}

#[test]
fn styles_that_contradict_each_other_or_do_not_exist_are_refused() {
    let cases = [
        ("AssumeLocal, AssumeUniversal", "contradict each other"),
        ("RoundtripKind, AssumeLocal", "RoundtripKind"),
        ("AssumeUniversal, RoundtripKind", "RoundtripKind"),
        ("RoundtripKind,AdjustToUniversal", "RoundtripKind"),
        ("Roundtrip", "'Roundtrip' is no style"),
        ("DateTimeStyles.None", "is no style"),
        ("None,", "'' is no style"),
        ("128", "is no style"),
    ];
    for (names, expected) in cases {
        let problem = Styles::new(names).unwrap_err();
        assert!(problem.contains(expected), "{names}: {problem}");
    }
}

#[test]
fn styles_left_empty_keep_the_kind_and_trim() {
    assert_eq!(Styles::new(" "), Styles::new("RoundtripKind, AllowLeadingWhite, AllowTrailingWhite"));
    assert_eq!(
        Styles::new("AllowWhiteSpaces"),
        Styles::new("AllowInnerWhite,AllowTrailingWhite,allowleadingwhite")
    );
}
