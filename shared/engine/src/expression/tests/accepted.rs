//! What the parser accepts, and as what.

use crate::expression::{Comparison, LONGEST, Syntax, SyntaxKind, parse};

/// A part without its place, which equality does not ask for.
fn part(kind: SyntaxKind) -> Syntax {
    Syntax { kind, at: 0..0 }
}

fn attribute(name: &str) -> Syntax {
    part(SyntaxKind::Attribute(name.into()))
}

fn text(text: &str) -> Syntax {
    part(SyntaxKind::Text(text.into()))
}

fn number(digits: &str) -> Syntax {
    part(SyntaxKind::Number(digits.into()))
}

fn word(word: &str) -> Syntax {
    part(SyntaxKind::Identifier(word.into()))
}

fn call(name: &str, arguments: &[Option<Syntax>]) -> Syntax {
    part(SyntaxKind::Call { name: name.into(), arguments: arguments.to_vec() })
}

fn compare(left: Syntax, comparison: Comparison, right: Syntax) -> Syntax {
    part(SyntaxKind::Compare { comparison, left: Box::new(left), right: Box::new(right) })
}

fn concat(parts: &[Syntax]) -> Syntax {
    part(SyntaxKind::Concat(parts.to_vec()))
}

#[test]
fn attributes_keep_what_stands_between_their_brackets() {
    let names = [
        "mail",
        "Cost center",
        "extension_9d98ed114c4840d298fad781915f27e4_costCenter",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        r#"emails[type eq "work"].value"#,
        r#"emails[type eq "a]b"].value"#,
        r#"emails[type eq "a\"]b"].value"#,
        "Price [EUR]",
        "Last name, first name",
        "Straße",
    ];
    for name in names {
        assert_eq!(parse(&format!("[{name}]")), Ok(attribute(name)), "{name}");
    }
}

#[test]
fn texts_know_two_escapes_and_keep_every_other_backslash() {
    let cases = [
        (r#""""#, ""),
        (r#""text""#, "text"),
        (r#""a\\b\"c""#, r#"a\b"c"#),
        (r#""\\d+""#, r"\d+"),
        (r#""\d+""#, r"\d+"),
        (r#""\n\t""#, r"\n\t"),
        (r#""C:\\""#, r"C:\"),
        (r#""\\\\""#, r"\\"),
        (r#""\\\"""#, r#"\""#),
        (r#""[mail], (it's) & “more”; =""#, "[mail], (it's) & “more”; ="),
        ("\"two\nlines\"", "two\nlines"),
        ("\"Łukasz 🦀\"", "Łukasz 🦀"),
    ];
    for (written, meant) in cases {
        assert_eq!(parse(written), Ok(text(meant)), "{written}");
    }
}

#[test]
fn numbers_stay_as_they_are_written() {
    for digits in ["0", "42", "007", "-1", "-1.50", "3.0", "9223372036854775808"] {
        assert_eq!(parse(digits), Ok(number(digits)), "{digits}");
    }
    for digits in ["1C", "ff", "0", "FFFFFFFFFFFFFFFFFF"] {
        assert_eq!(parse(&format!("&H{digits}")), Ok(part(SyntaxKind::Hex(digits.into()))), "{digits}");
    }
}

#[test]
fn an_empty_slot_is_an_argument_left_out_and_a_call_without_any_has_none() {
    let a = || Some(word("a"));
    let cases = [
        ("f()", call("f", &[])),
        ("f( \n )", call("f", &[])),
        ("f(a)", call("f", &[a()])),
        ("f(a, )", call("f", &[a(), None])),
        ("f(,)", call("f", &[None, None])),
        ("f(, a)", call("f", &[None, a()])),
        ("f(,,a,,)", call("f", &[None, None, a(), None, None])),
        ("f(g(),)", call("f", &[Some(call("g", &[])), None])),
    ];
    for (written, meant) in cases {
        assert_eq!(parse(written), Ok(meant), "{written}");
    }
}

#[test]
fn joining_binds_tighter_than_comparing_and_parentheses_only_group() {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let [a, b, c] = [attribute("a"), attribute("b"), attribute("c")];
    let both = || concat(&[a.clone(), b.clone()]);
    let all = || concat(&[a.clone(), b.clone(), c.clone()]);
    let equal = || compare(a.clone(), Equal, b.clone());
    let cases = [
        ("[a] = [b]", equal()),
        ("[a]<>[b]", compare(a.clone(), NotEqual, b.clone())),
        ("[a]>=[b]", compare(a.clone(), GreaterOrEqual, b.clone())),
        ("[a]<=[b]", compare(a.clone(), LessOrEqual, b.clone())),
        ("[a]>[b]", compare(a.clone(), Greater, b.clone())),
        ("[a]<[b]", compare(a.clone(), Less, b.clone())),
        ("[a]>-1", compare(a.clone(), Greater, number("-1"))),
        ("[a] & [b]", both()),
        ("[a]&[b]&[c]", all()),
        ("([a] & [b]) & [c]", all()),
        ("[a] & ([b] & [c])", all()),
        ("[a] & [b] = [c]", compare(both(), Equal, c.clone())),
        ("[c] = [a] & [b]", compare(c.clone(), Equal, both())),
        ("([a] = [b]) = [c]", compare(equal(), Equal, c.clone())),
        ("[c] = ([a] = [b])", compare(c.clone(), Equal, equal())),
        ("([a] = [b]) & [c]", concat(&[equal(), c.clone()])),
        ("((([a])))", a.clone()),
        ("(([a]) = ([b]))", equal()),
        ("[a] & &H1C", concat(&[a.clone(), part(SyntaxKind::Hex("1C".into()))])),
        ("f([a] = [b])", call("f", &[Some(equal())])),
    ];
    for (written, meant) in cases {
        assert_eq!(parse(written), Ok(meant), "{written}");
    }
}

#[test]
fn white_space_between_tokens_means_nothing() {
    let plain = parse(r#"IIF([a]<>"x",f(1,),[b]&[c])"#).unwrap();
    let spread = "\n IIF (\u{a0}[a] <>\t\"x\" ,\r\n f ( 1 , ) , [b]\n & \n[c] ) \u{3000}";
    assert_eq!(parse(spread), Ok(plain));
}

#[test]
fn every_part_knows_its_place() {
    // (expression, the parts in the order they are walked)
    let cases = [
        ("  [a]  ", vec!["[a]"]),
        ("Join( \"-\" , [b] , )", vec!["Join( \"-\" , [b] , )", "\"-\"", "[b]"]),
        ("(([a])) & ([b]&1) = c", vec!["(([a])) & ([b]&1) = c", "(([a])) & ([b]&1)", "[a]", "[b]", "1", "c"]),
        ("\"Ł\" & f(\n&H1C )", vec!["\"Ł\" & f(\n&H1C )", "\"Ł\"", "f(\n&H1C )", "&H1C"]),
    ];
    for (written, parts) in cases {
        let mut seen = Vec::new();
        walk(&parse(written).unwrap(), &mut |part| seen.push(&written[part.at.clone()]));
        assert_eq!(seen, parts, "{written}");
    }
}

fn walk(part: &Syntax, see: &mut impl FnMut(&Syntax)) {
    see(part);
    match &part.kind {
        SyntaxKind::Call { arguments, .. } => arguments.iter().flatten().for_each(|part| walk(part, see)),
        SyntaxKind::Compare { left, right, .. } => [left, right].into_iter().for_each(|part| walk(part, see)),
        SyntaxKind::Concat(parts) => parts.iter().for_each(|part| walk(part, see)),
        _ => {}
    }
}

#[test]
fn an_expression_has_at_most_10_000_characters_however_many_bytes_they_take() {
    for filling in ["a", "Ł", "🦀"] {
        let longest = format!("\"{}\"", filling.repeat(LONGEST - 2));
        assert_eq!(parse(&longest), Ok(text(&filling.repeat(LONGEST - 2))), "{filling}");
        let error = parse(&format!("{longest} ")).unwrap_err();
        assert_eq!(error.column, LONGEST + 1, "{filling}");
        assert!(
            error.problem.starts_with("the expression has 10001 characters, and at most 10000 are allowed")
        );
    }
}
