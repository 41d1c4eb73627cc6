//! A table a function: the reference's examples first, then what is absent, wrong or too large.

use proptest::prelude::*;

use super::super::testing::{evaluate, evaluate_with, text_of};
use crate::dotnet::dates::{language_form, read_any};
use crate::model::Value;

/// Expressions and the text they yield.
fn yield_text(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let result = evaluate(expression).map(|value| value.map(|value| value.to_string()));
        assert_eq!(result, Ok(Some((*expected).to_owned())), "{expression}");
    }
}

/// Expressions, and a part of the sentence that refuses them.
fn fail(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let problem = evaluate(expression).unwrap_err();
        assert!(problem.contains(expected), "{expression}: {problem}");
    }
}

#[test]
fn now_is_the_time_that_the_cycle_began() {
    yield_text(&[("Now()", "3/9/2026 8:05:00 AM"), (r#"DateDiff("s", Now(), Now())"#, "0")]);
    fail(&[("Now([x])", "at most 0 arguments")]);
}

#[test]
fn c_date_gives_utc() {
    yield_text(&[
        (r#"CDate("2026-05-01+02:00")"#, "4/30/2026 10:00:00 PM"),
        (r#"CDate("2020-03-16-07:00")"#, "3/16/2020 7:00:00 AM"),
        (r#"CDate("2021-06-30+08:00")"#, "6/29/2021 4:00:00 PM"),
        (r#"CDate("2009-06-15T01:45:30-07:00")"#, "6/15/2009 8:45:30 AM"),
        (r#"CDate("2026-05-01")"#, "5/1/2026 12:00:00 AM"),
        (r#"CDate("20260316070000Z")"#, "3/16/2026 7:00:00 AM"),
        (r#"CDate(CDate("2026-05-01T13:05:09.99Z"))"#, "5/1/2026 1:05:09 PM"),
        ("CDate(Now())", "3/9/2026 8:05:00 AM"),
    ]);
    fail(&[
        (r#"CDate("")"#, "takes a date such as"),
        (r#"CDate("soon")"#, "FormatDateTime turns others"),
        (r#"CDate("16.03.2026")"#, "(it is '16.03.2026')"),
        (r#"CDate("2026-02-30")"#, "takes a date such as"),
        ("CDate()", "needs its argument 1"),
    ]);
}

#[test]
fn c_date_takes_one_value() {
    let list =
        |values: &[&str]| Value::List(values.iter().map(|value| Value::Text((*value).into())).collect());
    let date = |value: Value| evaluate_with("CDate([d])", &[("d", value)]);
    assert_eq!(date(list(&[])), Ok(None));
    assert_eq!(date(list(&["2026-05-01"])), Ok(Some(Value::Text("5/1/2026 12:00:00 AM".into()))));
    assert!(date(list(&["2026-05-01", "2026-05-02"])).unwrap_err().contains("takes one value"));
    assert!(date(Value::Integer(5)).unwrap_err().contains("takes a date"));
    assert!(date(Value::Boolean(true)).unwrap_err().contains("takes a date"));
}

#[test]
fn date_add_moves_by_intervals() {
    yield_text(&[
        (r#"DateAdd("m", 1, CDate("2026-01-31"))"#, "2/28/2026 12:00:00 AM"),
        (r#"DateAdd("d", 7, CDate("2012-03-16-07:00"))"#, "3/23/2012 7:00:00 AM"),
        (r#"DateAdd("d", -10, CDate("2012-03-16-07:00"))"#, "3/6/2012 7:00:00 AM"),
        (r#"DateAdd("ww", 2, CDate("2012-03-16-07:00"))"#, "3/30/2012 7:00:00 AM"),
        (r#"DateAdd("m", 10, CDate("2012-03-16-07:00"))"#, "1/16/2013 7:00:00 AM"),
        (r#"DateAdd("yyyy", 2, CDate("2012-03-16-07:00"))"#, "3/16/2014 7:00:00 AM"),
        (r#"DateAdd("m", 1, "2024-01-31")"#, "2/29/2024 12:00:00 AM"),
        (r#"DateAdd("m", -1, "2026-03-31")"#, "2/28/2026 12:00:00 AM"),
        (r#"DateAdd("m", -13, "2026-01-15")"#, "12/15/2024 12:00:00 AM"),
        (r#"DateAdd("yyyy", 1, "2024-02-29")"#, "2/28/2025 12:00:00 AM"),
        (r#"DateAdd("yyyy", 4, "2024-02-29")"#, "2/29/2028 12:00:00 AM"),
        (r#"DateAdd("h", 25, "2026-03-16")"#, "3/17/2026 1:00:00 AM"),
        (r#"DateAdd("n", -1, "2026-03-16")"#, "3/15/2026 11:59:00 PM"),
        (r#"DateAdd("s", 86400, "2026-03-16")"#, "3/17/2026 12:00:00 AM"),
        (r#"DateAdd("d", "1", "3/16/2026 7:00:00 AM")"#, "3/17/2026 7:00:00 AM"),
        (r#"DateAdd("d", 0, Now())"#, "3/9/2026 8:05:00 AM"),
        (r#"DateAdd("s", 315537897599, "0001-01-01")"#, "12/31/9999 11:59:59 PM"),
        (r#"DateAdd("d", -3652058, "9999-12-31")"#, "1/1/0001 12:00:00 AM"),
    ]);
    fail(&[
        (r#"DateAdd("q", 1, "2026-03-16")"#, "'interval' of DateAdd is one of yyyy, m, d, ww, h, n, s"),
        (r#"DateAdd("d", "one", "2026-03-16")"#, "takes a whole number"),
        (r#"DateAdd("d", 1.5, "2026-03-16")"#, "takes a whole number"),
        (r#"DateAdd("d", 1, "soon")"#, "'dateTime' takes a date"),
        (r#"DateAdd("d", 1)"#, "needs its argument 3 'dateTime'"),
    ]);
}

#[test]
fn date_add_beyond_the_years_fails_that_person() {
    for amount in [i64::MIN, i64::MIN + 1, -10_000_000_000_000, 10_000_000_000_000, i64::MAX] {
        for interval in super::INTERVALS {
            let expression = format!(r#"DateAdd("{interval}", {amount}, "2026-03-16")"#);
            let problem = evaluate(&expression).unwrap_err();
            assert!(problem.contains("leaves the years 1 to 9999"), "{expression}: {problem}");
        }
    }
    fail(&[
        (r#"DateAdd("s", 1, "9999-12-31T23:59:59Z")"#, "leaves the years 1 to 9999"),
        (r#"DateAdd("s", -1, "0001-01-01")"#, "leaves the years 1 to 9999"),
        (r#"DateAdd("yyyy", -2026, "2026-03-16")"#, "leaves the years 1 to 9999"),
    ]);
}

#[test]
fn date_diff_counts_from_the_first_to_the_second() {
    yield_text(&[
        (r#"DateDiff("yyyy", CDate("2025-12-31"), CDate("2026-01-01"))"#, "1"),
        (r#"DateDiff("d", CDate("2025-12-31"), CDate("2026-01-01"))"#, "1"),
        (r#"DateDiff("h", CDate("2026-01-02"), CDate("2026-01-01"))"#, "-24"),
        (r#"DateDiff("ww", CDate("2021-08-25T17:41:18Z"), CDate("2012-03-16-07:00"))"#, "-493"),
        (r#"DateDiff("d", CDate("2021-08-18+08:00"), CDate("2021-08-31+08:00"))"#, "13"),
        (r#"DateDiff("d", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))"#, "-3449"),
        (r#"DateDiff("ww", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))"#, "-493"),
        (r#"DateDiff("m", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))"#, "-113"),
        (r#"DateDiff("yyyy", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))"#, "-9"),
        (r#"DateDiff("d", "2021-08-31+08:00", "2021-08-31+08:00")"#, "0"),
        (r#"DateDiff("h", "2021-08-24", "2021-08-25")"#, "24"),
        (r#"DateDiff("n", "2021-08-24", "2021-08-25")"#, "1440"),
        (r#"DateDiff("s", "2021-08-24", "2021-08-25")"#, "86400"),
        // What has not passed in full does not count, in either direction.
        (r#"DateDiff("d", "2026-03-16T12:00Z", "2026-03-18T11:59Z")"#, "1"),
        (r#"DateDiff("d", "2026-03-18T11:59Z", "2026-03-16T12:00Z")"#, "-1"),
        (r#"DateDiff("d", "2026-03-16T23:59Z", "2026-03-17T00:01Z")"#, "0"),
        // Borders count, however near.
        (r#"DateDiff("m", "2026-01-31T23:59:59Z", "2026-02-01")"#, "1"),
        (r#"DateDiff("m", "2026-01-01", "2026-01-31")"#, "0"),
        (r#"DateDiff("ww", "2026-03-14", "2026-03-15")"#, "1"),
        (r#"DateDiff("ww", "2026-03-15", "2026-03-21")"#, "0"),
        (r#"DateDiff("ww", "2026-03-15", "2026-03-14")"#, "-1"),
        (r#"DateDiff("ww", "0001-01-01", "0001-01-07")"#, "1"),
        (r#"DateDiff("s", "0001-01-01", "9999-12-31T23:59:59Z")"#, "315537897599"),
        (r#"DateDiff("d", Now(), CDate("2026-03-13")) > 3"#, "False"),
    ]);
    fail(&[
        (r#"DateDiff("w", "2026-03-16", "2026-03-16")"#, "is one of yyyy, m, d, ww, h, n, s"),
        (r#"DateDiff("d", "2026-03-16", "soon")"#, "'date2' takes a date"),
    ]);
    assert_eq!(evaluate(r#"DateDiff("d", "2026-03-16", "2026-03-17")"#), Ok(Some(Value::Integer(1))));
}

#[test]
fn an_interval_may_be_computed() {
    let moved = |interval: &str| {
        let interval = Value::Text(interval.into());
        evaluate_with(r#"DateAdd([unit], 1, "2026-03-16")"#, &[("unit", interval)])
    };
    assert_eq!(moved("n"), Ok(Some(Value::Text("3/16/2026 12:01:00 AM".into()))));
    assert_eq!(moved("M"), Ok(Some(Value::Text("4/16/2026 12:00:00 AM".into()))));
    assert!(moved("min").unwrap_err().contains("is one of yyyy, m, d, ww, h, n, s (it is 'min')"));
}

#[test]
fn active_directory_counts_ticks_from_1601() {
    yield_text(&[
        ("DateFromNum(134116992000000000)", "1/1/2026 12:00:00 AM"),
        ("DateFromNum(129699324000000000)", "1/1/2012 11:00:00 PM"),
        (r#"NumFromDate("2026-03-31 23:59:59-05:00")"#, "134194931990000000"),
        (r#"NumFromDate("2026-01-01T00:00:00.1234567Z")"#, "134116992001234567"),
        ("DateFromNum(0)", "1/1/1601 12:00:00 AM"),
        (r#"DateFromNum("19999999")"#, "1/1/1601 12:00:01 AM"),
        (r#"NumFromDate("1601-01-01")"#, "0"),
        ("DateFromNum(2650467743999999999)", "12/31/9999 11:59:59 PM"),
        (r#"NumFromDate("9999-12-31T23:59:59.9999999Z")"#, "2650467743999999999"),
        (r#"NumFromDate(CDate("2020-12-31-08:00"))"#, "132538752000000000"),
        (
            r#"NumFromDate(FormatDateTime("2020-12-31-08:00", , "yyyy-MM-ddzzz", "yyyy-MM-dd") & " 23:59:59-08:00")"#,
            "132539615990000000",
        ),
    ]);
    fail(&[
        ("DateFromNum(2650467744000000000)", "1601 to 9999"),
        ("DateFromNum(9223372036854775807)", "where it stands for 'never'"),
        ("DateFromNum(-1)", "1601 to 9999"),
        ("DateFromNum(-9223372036854775808)", "1601 to 9999"),
        (r#"DateFromNum("2026-03-16")"#, "takes a whole number"),
        (r#"NumFromDate("1600-12-31T23:59:59Z")"#, "lies before 1601"),
        (r#"NumFromDate("134116992000000000")"#, "takes a date"),
    ]);
    assert_eq!(evaluate(r#"NumFromDate("1601-01-01")"#), Ok(Some(Value::Integer(0))));
}

#[test]
fn format_date_time_goes_from_one_format_to_another() {
    yield_text(&[
        (r#"FormatDateTime("07.03.2026", , "dd.MM.yyyy", "yyyy-MM-dd")"#, "2026-03-07"),
        (r#"FormatDateTime("20150123105347.1Z", , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")"#, "2015-01-23"),
        (r#"FormatDateTime("07.03.2026", "dd.MM.yyyy", "yyyy-MM-dd")"#, "2026-03-07"),
        (r#"FormatDateTime("07.03.2026", "dd.MM.yyyy", "yyyy-MM-dd", )"#, "2026-03-07"),
        (r#"FormatDateTime("07.03.2026", "", "dd.MM.yyyy", "yyyy-MM-dd")"#, "2026-03-07"),
        (r#"FormatDateTime("07.03.2026", "None", "dd.MM.yyyy", "d")"#, "03/07/2026"),
        (r#"FormatDateTime("07.03.2026", "None", "dd.MM.yyyy", "%d")"#, "7"),
        (
            r#"FormatDateTime(CDate("2026-03-07"), , "M/d/yyyy h:mm:ss tt", "o")"#,
            "2026-03-07T00:00:00.0000000",
        ),
        (r#"FormatDateTime("2026-03-07T01:00+02:00", , "yyyy-MM-ddTHH:mmzzz", "dd.MM.")"#, "06.03."),
        (
            r#"FormatDateTime("2026-03-07", "AssumeUniversal, AdjustToUniversal", "yyyy-MM-dd", "yyyy-MM-ddK")"#,
            "2026-03-07Z",
        ),
        (r#"FormatDateTime("14:05", , "HH:mm", "yyyy-MM-dd HH:mm")"#, "2026-03-09 14:05"),
        (
            r#"FormatDateTime("14:05", "NoCurrentDateDefault", "HH:mm", "yyyy-MM-dd HH:mm")"#,
            "0001-01-01 14:05",
        ),
        (r#"FormatDateTime("2026", , "yyyy", "'in' yyyy \"c\\\"e\"")"#, "in 2026 c\"e"),
    ]);
}

#[test]
fn what_does_not_follow_the_input_format_fails_that_person() {
    fail(&[
        (
            r#"FormatDateTime("7.3.26", , "dd.MM.yyyy", "s")"#,
            "'source' does not follow the format \"dd.MM.yyyy\"",
        ),
        (r#"FormatDateTime("7.3.26", , "dd.MM.yyyy", "s")"#, "(it is '7.3.26')"),
        (r#"FormatDateTime("31.02.2026", , "dd.MM.yyyy", "s")"#, "no calendar has"),
        (r#"FormatDateTime("", , "dd.MM.yyyy", "s")"#, "does not follow the format"),
    ]);
}

#[test]
fn formats_that_cannot_be_honoured_are_refused_when_saved() {
    fail(&[
        (r#"FormatDateTime([d], , "dd.MM.yyyy")"#, "lacks its output format"),
        (r#"FormatDateTime([d], "RoundtripKind", "dd.MM.yyyy")"#, "lacks its output format"),
        (r#"FormatDateTime([d], , , "s")"#, "needs its argument 3 'inputFormat'"),
        (r#"FormatDateTime([d])"#, "needs its argument 3 'inputFormat'"),
        (r#"FormatDateTime([d], , "", "s")"#, "column 23: an empty format"),
        (r#"FormatDateTime([d], , "s", "")"#, "column 28: an empty format"),
        (r#"FormatDateTime([d], , "s", "x")"#, "column 28: 'x' alone"),
        (r#"FormatDateTime([d], "yyyy'T", "s")"#, "column 21: the quote ' is never closed"),
        (r#"FormatDateTime([d], "Roundtrip", "s", "s")"#, "column 21: 'Roundtrip' is no style"),
        (r#"FormatDateTime([d], "AssumeLocal,RoundtripKind", "s", "s")"#, "RoundtripKind keeps"),
        (r#"FormatDateTime([d], , [f], "s")"#, "column 23: the input format of FormatDateTime must be known"),
        (r#"FormatDateTime([d], , "s", "s" & "")"#, "the output format of FormatDateTime must be known"),
        (r#"FormatDateTime([d], [s], "s", "s")"#, "the styles of FormatDateTime must be known"),
        (r#"FormatDateTime([d], [f], "s")"#, "the input format of FormatDateTime must be known"),
        (r#"FormatDateTime([d], , "s", "s", "s")"#, "at most 4 arguments"),
    ]);
}

#[test]
fn null_stays_null() {
    for expression in [
        "CDate([absent])",
        r#"DateAdd("d", 1, [absent])"#,
        r#"DateAdd("d", [absent], "2026-03-16")"#,
        r#"DateAdd([absent], 1, "2026-03-16")"#,
        r#"DateDiff("d", [absent], "2026-03-16")"#,
        r#"DateDiff("d", "2026-03-16", [absent])"#,
        "DateFromNum([absent])",
        "NumFromDate([absent])",
        r#"FormatDateTime([absent], , "yyyy", "yyyy")"#,
    ] {
        assert_eq!(evaluate(expression), Ok(None), "{expression}");
    }
}

#[test]
fn examples_of_the_help_can_be_pasted() {
    for function in super::FUNCTIONS {
        assert!(function.help.example.parse::<crate::expression::Expression>().is_ok(), "{}", function.name);
    }
}

proptest! {
    #[test]
    fn adding_and_taking_away_leaves_a_date_as_it_was(
        second in 0_i64..315_537_897_600,
        interval in prop_oneof![Just("d"), Just("ww"), Just("h"), Just("n"), Just("s")],
        amount in -100_000_i64..100_000,
    ) {
        let first = super::Interval::Second.add(second, read_any("0001-01-01").unwrap()).unwrap();
        let date = language_form(first);
        let moved = evaluate(&format!(r#"DateAdd("{interval}", {amount}, "{date}")"#));
        prop_assume!(moved.is_ok());
        let moved = moved.unwrap().unwrap();
        prop_assert_eq!(text_of(&format!(r#"DateAdd("{interval}", {}, "{moved}")"#, -amount)), Some(date.clone()));
        let counted = evaluate(&format!(r#"DateDiff("{interval}", "{date}", "{moved}")"#)).unwrap();
        prop_assert_eq!(counted, Some(Value::Integer(amount)));
    }

    #[test]
    fn numbers_of_active_directory_come_back(second in 0_i64..265_046_774_400) {
        let number = second * super::TICKS;
        prop_assert_eq!(evaluate(&format!("NumFromDate(DateFromNum({number}))")), Ok(Some(Value::Integer(number))));
    }

    #[test]
    fn no_amount_and_no_text_make_anything_panic(amount in any::<i64>(), text in any::<String>()) {
        for interval in super::INTERVALS {
            let attributes = [("n", Value::Integer(amount)), ("d", Value::Text(text.clone()))];
            let _ = evaluate_with(&format!(r#"DateAdd("{interval}", [n], "2026-03-16")"#), &attributes);
            let _ = evaluate_with(&format!(r#"DateDiff("{interval}", "2026-03-16", [d])"#), &attributes);
            let _ = evaluate_with("DateFromNum([n])", &attributes);
        }
    }
}

#[test]
fn what_is_longer_than_any_date_is_not_searched_for_one() {
    let person = [("x", Value::text("1".repeat(1_001)))];
    let error = evaluate_with(r#"FormatDateTime([x], , "yyyy", "yyyy")"#, &person).unwrap_err();
    assert!(error.contains("longer than any date"), "{error}");
}
