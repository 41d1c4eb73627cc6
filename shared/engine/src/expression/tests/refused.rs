//! What the parser refuses: where it points, and with which cure.

use crate::expression::parse;

/// Checks that each text is refused at its column, in these words.
fn check(cases: &[(&str, usize, &str)]) {
    for (text, column, words) in cases {
        let error = parse(text).expect_err(text);
        assert_eq!(error.column, *column, "{text}: {error}");
        assert!(error.problem.contains(words), "{text}: {error}");
    }
}

#[test]
fn nothing_is_not_an_expression() {
    check(&[
        ("", 1, "the expression is empty; write an attribute such as [mail]"),
        (" \n\t", 4, "the expression is empty"),
        ("()", 2, "a value is missing before ')'"),
        ("[]", 1, "these brackets are empty; write an attribute's name between them"),
        ("f([ ])", 3, "these brackets are empty"),
    ]);
}

#[test]
fn what_is_not_closed_is_shown_where_it_opens() {
    check(&[
        ("Join(\" \", [a]", 5, "this '(' is not closed; add ')' where Join ends"),
        ("Join(\" \", ", 5, "add ')' where Join ends"),
        ("Trim(Left([a], 2)", 5, "add ')' where Trim ends"),
        ("([a] & [b]", 1, "this '(' is not closed; add ')'"),
        ("Trim([a)", 6, "this '[' is not closed; add ']' behind the attribute's name"),
        ("Append([a, \"]\")", 8, "this '[' is not closed"),
        ("[emails[type eq \"work\".value]", 1, "this '[' is not closed"),
        ("[emails[type eq \"work].value]", 1, "this '[' is not closed"),
        ("Append([a], \"-ext)", 13, "this text is not closed; add \" at its end"),
        ("Append([a], \"x”)", 13, "it holds a typographic quote, and a text ends with a straight one"),
        ("Append([a], \"C:\\\")", 13, "a text that ends with a backslash has two of them: \\\\"),
    ]);
}

#[test]
fn a_bracket_forgotten_before_the_next_attribute_is_not_taken_for_a_long_name() {
    check(&[
        ("Join(\" \", [givenName, [surname]])", 11, "this '[' is not closed before the next one opens"),
        ("[givenName & [surname]]", 1, "not closed before the next one opens"),
        ("IIF([a = [b]], 1, 2)", 5, "not closed before the next one opens"),
    ]);
}

#[test]
fn what_closes_nothing_is_too_much() {
    check(&[
        ("Trim([a]))", 10, "this ')' closes nothing; remove it"),
        ("Trim(a])", 7, "this ']' closes nothing; write '[' before the attribute's name"),
        ("Trim([a]),", 10, "the expression ends before this comma"),
        ("[a], [b]", 4, "the expression ends before this comma"),
        ("([a], [b])", 5, "these parentheses hold one value"),
        ("Trim([a]);", 10, "arguments are separated by commas, not by ';'"),
        ("Trim([a]) [b]", 11, "a comma is missing before this, or & to join both"),
        ("Trim([a]) }", 11, "'}' cannot follow a value"),
    ]);
}

#[test]
fn a_comma_that_is_missing_or_another_sign_is_named() {
    check(&[
        ("Join(\"-\" [a], [b])", 10, "a comma is missing before this, or & to join both"),
        ("Join(\"-\", [a] \"x\")", 15, "a comma is missing before this, or & to join both"),
        ("Left([a] 3)", 10, "a comma is missing before '3'"),
        (
            "Append([a], New York)",
            17,
            "a comma is missing before 'York', or quotes around a text with blanks",
        ),
        ("Join(\"-\"; [a])", 9, "arguments are separated by commas, not by ';'"),
        ("Join(\"-\"， [a])", 9, "this is not a plain comma; write ','"),
        ("Join \"-\", [a]", 5, "the arguments of a function stand in parentheses: Join(…)"),
        ("Not [a]", 4, "the arguments of a function stand in parentheses: Not(…)"),
        ("Append(source: [a])", 8, "arguments have no names, only an order; leave out 'source:'"),
    ]);
}

#[test]
fn quotes_of_other_kinds_are_shown_the_straight_double_one() {
    check(&[
        (
            "Append([a], “x”)",
            13,
            "this is a typographic quote, as word processors make them; write a straight one: \"",
        ),
        ("Append([a], „x“)", 13, "typographic quote"),
        ("Append([a], x”)", 14, "typographic quote"),
        ("Append([a], «x»)", 13, "typographic quote"),
        ("Append([a], \"x\" ”)", 17, "typographic quote"),
        ("[emails[type eq “work”].value]", 1, "this attribute's name holds a typographic quote"),
        ("Append([a], 'x')", 13, "a text stands in double quotes: \"text\""),
        ("Append([a], ‘x’)", 13, "a text stands in double quotes"),
        ("Append([a], `x`)", 13, "a text stands in double quotes"),
        ("Append([a], \"say \"\"x\"\"\")", 19, "a quote within a text is written \\\""),
        ("f(&quot;x&quot;)", 3, "as HTML and XML spell it, such as &quot; or &amp;; write the sign itself"),
        ("[a] &amp; [b]", 5, "as HTML and XML spell it"),
        ("[a] &#38; [b]", 5, "as HTML and XML spell it"),
        ("f(\u{200b}[a])", 3, "there is an invisible character here"),
        ("f([ma\u{ad}il])", 3, "this attribute's name holds an invisible character"),
        ("\u{feff}f([a])", 1, "there is an invisible character here"),
    ]);
}

#[test]
fn text_without_its_quotes_is_shown_whole() {
    check(&[
        (
            "ToLower([a], en-US)",
            14,
            "'en-US' stands alone; write [en-US] for the attribute or \"en-US\" for the text",
        ),
        ("Trim(user.department)", 6, "'user.department' stands alone; write [user.department]"),
        ("Join(\"@\", [a], acme.example)", 16, "\"acme.example\" for the text"),
        ("Append([a], 3rd)", 13, "'3rd' stands alone"),
        ("f(1.2.3)", 3, "'1.2.3' stands alone"),
        ("f(O'Neil)", 3, "'O'Neil' stands alone"),
        ("BitAnd([a], &H1G)", 13, "'&H1G' stands alone"),
        ("f({a})", 3, "an attribute stands in square brackets, such as [mail]"),
        ("f(%a%)", 3, "a value is missing before '%'"),
        ("[ mail ]", 1, "there is a blank behind '[' or before ']'"),
    ]);
}

#[test]
fn numbers_are_written_out() {
    check(&[
        ("f(.5)", 3, "a number begins with a digit: 0.5 instead of .5"),
        ("f(5.)", 3, "'5.' stands alone"),
        ("f(- 5)", 3, "a minus stands directly before a number's digits"),
        ("f(–5)", 3, "this is a dash, not a minus"),
        ("BitAnd([a], &h1C)", 13, "a hexadecimal number is written with a capital H and its digits: &H1C"),
        ("BitAnd([a], &H)", 13, "a hexadecimal number is written with a capital H and its digits: &H1C"),
        ("[a]&H1C", 4, "&H begins a hexadecimal number; put a blank behind & to join"),
    ]);
}

#[test]
fn operators_of_other_languages_are_translated() {
    check(&[
        ("=Trim([a])", 1, "an expression begins without '='; leave it out"),
        ("IIF([a] == 1, 2, 3)", 9, "'equal' is written ="),
        ("IIF([a] != 1, 2, 3)", 9, "'not equal' is written <>"),
        ("IIF([a] >< 1, 2, 3)", 9, "'not equal' is written <>"),
        ("IIF([a] => 1, 2, 3)", 9, "'greater or equal' is written >="),
        ("IIF([a] =< 1, 2, 3)", 9, "'less or equal' is written <="),
        ("IIF([a] -eq 1, 2, 3)", 9, "'equal' is written ="),
        ("IIF([a] ne 1, 2, 3)", 9, "'not equal' is written <>"),
        (
            "IIF([a]=1 AND [b]=2, 3, 4)",
            11,
            "there is no AND; write IIF within IIF: IIF(first, IIF(second, yes, no), no)",
        ),
        ("IIF([a]=1 && [b]=2, 3, 4)", 11, "there is no AND"),
        (
            "IIF([a]=1 or [b]=2, 3, 4)",
            11,
            "there is no OR; write IIF within IIF: IIF(first, yes, IIF(second, yes, no))",
        ),
        ("IIF([a]=1||[b]=2, 3, 4)", 10, "there is no OR"),
        ("[a] + [b]", 5, "there is no arithmetic; texts are joined with & or Join"),
        ("[a]-1", 4, "there is no arithmetic"),
        ("2*3", 2, "there is no arithmetic"),
    ]);
}

#[test]
fn a_comparison_is_compared_again_only_in_parentheses() {
    check(&[
        ("[a] = [b] = [c]", 11, "put the first one in parentheses, or write IIF within IIF"),
        ("1 < [a] < 5", 9, "put the first one in parentheses"),
        ("IIF([a]=1&[b]=2, 3, 4)", 14, "put the first one in parentheses"),
    ]);
}

#[test]
fn an_operator_needs_a_value_on_both_sides() {
    check(&[
        ("IIF([a] = , 1, 2)", 11, "a value is missing before ','"),
        ("IIF(= 1, 2, 3)", 5, "a value is missing before '='"),
        ("IIF([a] = = 1, 2, 3)", 11, "a value is missing before '='"),
        ("& [a]", 1, "a value is missing before '&'"),
        ("[a] &", 6, "a value is missing here at the end"),
        ("f([a] & )", 9, "a value is missing before ')'"),
    ]);
}
