//! Formats, and printing by them.

use super::*;

#[test]
fn standard_formats_print_as_in_the_invariant_culture() {
    let cases = [
        ("d", "06/15/2009"),
        ("D", "Monday, 15 June 2009"),
        ("f", "Monday, 15 June 2009 13:45"),
        ("F", "Monday, 15 June 2009 13:45:30"),
        ("g", "06/15/2009 13:45"),
        ("G", "06/15/2009 13:45:30"),
        ("m", "June 15"),
        ("M", "June 15"),
        ("o", "2009-06-15T13:45:30.6170000"),
        ("O", "2009-06-15T13:45:30.6170000"),
        ("r", "Mon, 15 Jun 2009 13:45:30 GMT"),
        ("R", "Mon, 15 Jun 2009 13:45:30 GMT"),
        ("s", "2009-06-15T13:45:30"),
        ("t", "13:45"),
        ("T", "13:45:30"),
        ("u", "2009-06-15 13:45:30Z"),
        ("U", "Monday, 15 June 2009 13:45:30"),
        ("y", "2009 June"),
        ("Y", "2009 June"),
    ];
    for (format, expected) in cases {
        assert_eq!(printed(format, "2009-06-15T13:45:30.617"), expected, "{format}");
    }
}

#[test]
fn letters_print_as_documented() {
    let cases = [
        ("%d", "2009-06-01T13:45:30", "1"),
        ("dd", "2009-06-01T13:45:30", "01"),
        ("ddd", "2009-06-15T13:45:30", "Mon"),
        ("dddd", "2009-06-15T13:45:30", "Monday"),
        ("ddddddd", "2009-06-14T13:45:30", "Sunday"),
        ("%f", "2009-06-15T13:45:30.617", "6"),
        ("ff", "2009-06-15T13:45:30.617", "61"),
        ("fff", "2009-06-15T13:45:30.0005", "000"),
        ("fffffff", "2009-06-15T13:45:30.6175425", "6175425"),
        ("%F", "2009-06-15T13:45:30.05", ""),
        ("FF", "2009-06-15T13:45:30.617", "61"),
        ("FFF", "2009-06-15T13:45:30.0005", ""),
        ("FFFF", "2009-06-15T13:45:30.5275", "5275"),
        ("FFFFFFF", "2009-06-15T13:45:30.0001", "0001"),
        ("ss.FFF", "2009-06-15T13:45:30.5", "30.5"),
        ("ss.FFF", "2009-06-15T13:45:30", "30"),
        ("ss.fff", "2009-06-15T13:45:30", "30.000"),
        ("%g", "2009-06-15T13:45:30", "A.D."),
        ("%h", "2009-06-15T01:45:30", "1"),
        ("hh", "2009-06-15T13:45:30", "01"),
        ("hh", "2009-06-15T00:45:30", "12"),
        ("hh tt", "2009-06-15T12:45:30", "12 PM"),
        ("%H", "2009-06-15T01:45:30", "1"),
        ("HH", "2009-06-15T13:45:30", "13"),
        ("HHHH", "2009-06-15T03:45:30", "03"),
        ("%m", "2009-06-15T01:09:30", "9"),
        ("mm", "2009-06-15T01:45:30", "45"),
        ("%M", "2009-06-15T13:45:30", "6"),
        ("MM", "2009-06-15T13:45:30", "06"),
        ("MMM", "2009-06-15T13:45:30", "Jun"),
        ("MMMM", "2009-09-15T13:45:30", "September"),
        ("%s", "2009-06-15T13:45:09", "9"),
        ("ss", "2009-06-15T13:45:09", "09"),
        ("%t", "2009-06-15T13:45:30", "P"),
        ("tt", "2009-06-15T09:45:30", "AM"),
        ("%y", "0001-01-01T00:00:00", "1"),
        ("yy", "1900-01-01T00:00:00", "00"),
        ("%y", "2019-01-01T00:00:00", "19"),
        ("yyy", "0900-01-01T00:00:00", "900"),
        ("yyy", "0001-01-01T00:00:00", "001"),
        ("yyyy", "0001-01-01T00:00:00", "0001"),
        ("yyyyy", "2009-06-15T00:00:00", "02009"),
        ("%z", "2009-06-15T13:45:30", "+0"),
        ("zz", "2009-06-15T13:45:30", "+00"),
        ("zzz", "2009-06-15T13:45:30", "+00:00"),
        ("HH:mm/dd", "2009-06-15T13:45:30", "13:45/15"),
        ("yyyy-MM-ddTHH:mm:ssZ", "2009-06-15T13:45:30", "2009-06-15T13:45:30Z"),
        ("yyyyMMddHHmmss.fZ", "2015-01-23T10:53:47.1", "20150123105347.1Z"),
        ("%h 'h'", "2009-06-15T01:45:30", "1 h"),
        ("h \"o'clock\"", "2009-06-15T01:45:30", "1 o'clock"),
        (r"h \h\o\u\r", "2009-06-15T01:45:30", "1 hour"),
        (r"'it\'s' yyyy", "2009-06-15T01:45:30", "it's 2009"),
        ("d. MMMM", "2009-06-05T01:45:30", "5. June"),
        ("ddé ü", "2009-06-05T01:45:30", "05é ü"),
    ];
    for (format, date, expected) in cases {
        assert_eq!(printed(format, date), expected, "{format} {date}");
    }
}

#[test]
fn the_kind_prints_what_is_known_of_the_zone() {
    let format = Format::new("HH:mmK").unwrap();
    for (kind, expected) in
        [(Kind::Unspecified, "13:45"), (Kind::Utc, "13:45Z"), (Kind::Local, "13:45+00:00")]
    {
        assert_eq!(format.print(&Moment { civil: at("2009-06-15T13:45:30"), kind }), expected);
    }
}

#[test]
fn a_format_that_cannot_be_honoured_is_refused_with_a_cure() {
    let cases = [
        ("", "an empty format"),
        ("  ", "an empty format"),
        ("h", "write %h"),
        ("z", "write %z"),
        ("K", "write %K"),
        ("x", "'x' alone is no format"),
        ("'", "'''"),
        ("yyyy'T", "the quote ' is never closed"),
        ("yyyy\"T", "the quote \" is never closed"),
        (r"yyyy'\", "the quote ' is never closed"),
        (r"yyyy\", "a backslash at the end"),
        ("yyyy%", "% stands before a single letter"),
        ("%%d", "% stands before a single letter"),
        ("%'d'", "% stands before a single letter"),
        ("%dd", "leave it out before 'dd'"),
        ("ffffffff", "'f' is repeated 8 times"),
        ("FFFFFFFF", "'F' is repeated 8 times"),
        ("yyyyyyyyyyyyyyyyy", "'y' is repeated 17 times"),
        ("HH:mm GMT", "write 'GMT'"),
    ];
    for (format, expected) in cases {
        let problem = Format::new(format).unwrap_err();
        assert!(problem.contains(expected), "{format}: {problem}");
    }
}

#[test]
fn the_language_writes_dates_in_its_own_form() {
    let cases = [
        ("2026-03-09T08:05:00", "3/9/2026 8:05:00 AM"),
        ("2026-12-31T00:00:00", "12/31/2026 12:00:00 AM"),
        ("2026-12-31T12:00:09.9", "12/31/2026 12:00:09 PM"),
        ("2026-12-31T23:59:59", "12/31/2026 11:59:59 PM"),
        ("0900-01-01T00:00:00", "1/1/0900 12:00:00 AM"),
    ];
    for (date, expected) in cases {
        assert_eq!(super::super::language_form(at(date)), expected);
        assert_eq!(printed("M/d/yyyy h:mm:ss tt", date), expected);
    }
}
