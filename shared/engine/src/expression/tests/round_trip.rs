//! What holds for every tree and every text.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::expression::{Comparison, Syntax, SyntaxKind, parse};

fn constant() -> impl Strategy<Value = SyntaxKind> {
    let name = prop_oneof![
        "[\\p{L}][\\p{L}0-9_.:,()=& -]{0,12}[\\p{L}0-9]",
        r#"[a-z]{1,8}\[[a-z]{1,8} eq "([^"\\]|\\.){0,8}"\]\.[a-z]{1,8}"#,
    ];
    prop_oneof![
        name.prop_map(SyntaxKind::Attribute),
        any::<String>().prop_map(SyntaxKind::Text),
        r#"[\\"nd \[\],]{0,8}"#.prop_map(SyntaxKind::Text),
        "-?[0-9]{1,12}(\\.[0-9]{1,6})?".prop_map(SyntaxKind::Number),
        "[0-9A-Fa-f]{1,16}".prop_map(SyntaxKind::Hex),
        word().prop_map(SyntaxKind::Identifier),
    ]
}

fn word() -> impl Strategy<Value = String> {
    // An operator of another language is no word.
    "[A-Za-z\\p{L}][A-Za-z0-9_]{0,12}"
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    prop::sample::select(vec![Equal, NotEqual, GreaterOrEqual, LessOrEqual, Greater, Less])
}

/// Trees as the parser may give them: no concatenation directly in another, no call whose only slot is empty.
fn tree() -> impl Strategy<Value = Syntax> {
    let leaf = constant().prop_map(|kind| Syntax { kind, at: 0..0 });
    leaf.prop_recursive(5, 48, 4, |inner| {
        let slots = vec(option::weighted(0.8, inner.clone()), 0..5);
        let call = (word(), slots).prop_map(|(name, mut arguments)| {
            if matches!(*arguments, [None]) {
                arguments.clear();
            }
            SyntaxKind::Call { name, arguments }
        });
        let compare = (comparison(), inner.clone(), inner.clone()).prop_map(|(comparison, left, right)| {
            SyntaxKind::Compare { comparison, left: Box::new(left), right: Box::new(right) }
        });
        let concat = vec(inner, 2..4).prop_map(|parts| {
            let flat = parts.into_iter().flat_map(|part| match part.kind {
                SyntaxKind::Concat(parts) => parts,
                _ => vec![part],
            });
            SyntaxKind::Concat(flat.collect())
        });
        prop_oneof![3 => call, 1 => compare, 1 => concat].prop_map(|kind| Syntax { kind, at: 0..0 })
    })
}

/// Texts made of the language's own tokens and of what gets between them: nearly right, and often quite right.
fn soup() -> impl Strategy<Value = String> {
    let tokens = [
        "(",
        ")",
        "[",
        "]",
        ",",
        ", ",
        "\"",
        "\\",
        "&",
        "&H",
        "1C",
        "=",
        "<>",
        ">=",
        "<",
        "-",
        ".",
        "7",
        "IIF(",
        "Join(\"-\", ",
        "[mail]",
        "\"x\"",
        "a",
        " ",
        "\n",
        "“",
        "'",
        ";",
        "[a[b eq \"c\"].d]",
        "\u{200b}",
        "Ł",
        "and",
        "&amp;",
        "==",
        "f()",
    ];
    vec(prop::sample::select(tokens.to_vec()), 0..24).prop_map(|tokens| tokens.concat())
}

/// Whether an error points into its text or right behind it, says something, and can be drawn.
fn is_helpful(text: &str) -> bool {
    match parse(text) {
        Ok(_) => true,
        Err(error) => {
            let _drawn = error.pointer(text);
            (1..=text.chars().count() + 1).contains(&error.column)
                && !error.problem.is_empty()
                && !error.problem.contains("not understood")
        }
    }
}

#[test]
fn the_normal_form_has_one_blank_behind_commas_and_around_operators() {
    let cases = [
        (r#"Replace([a],"/",,,".",,)"#, r#"Replace([a], "/", , , ".", , )"#),
        ("f( )", "f()"),
        ("f(,)", "f(, )"),
        ("f( a , )", "f(a, )"),
        ("IIF( [a]<>\"\" ,\n [b]&[c] , -1 )", "IIF([a] <> \"\", [b] & [c], -1)"),
        ("((([a])))", "[a]"),
        ("([a] & [b]) & ([c])", "[a] & [b] & [c]"),
        ("([a] = [b]) <> ([c] = [d])", "([a] = [b]) <> ([c] = [d])"),
        ("([a] & [b]) = [c]", "[a] & [b] = [c]"),
        ("([a] = [b]) & [c]", "([a] = [b]) & [c]"),
        ("f(([a] = [b]))", "f([a] = [b])"),
        (r#""\d\\\"""#, r#""\\d\\\"""#),
        ("&H1c", "&H1c"),
    ];
    for (written, normal) in cases {
        assert_eq!(parse(written).unwrap().to_string(), normal, "{written}");
    }
}

proptest! {
    #[test]
    fn the_print_of_a_tree_is_read_as_the_same_tree(tree in tree()) {
        prop_assert_eq!(parse(&tree.to_string()), Ok(tree));
    }

    #[test]
    fn no_text_whatever_panics(text in any::<String>()) {
        prop_assert!(is_helpful(&text));
    }

    #[test]
    fn tokens_in_any_order_are_answered_and_what_is_read_can_be_printed(text in soup()) {
        prop_assert!(is_helpful(&text), "{:?}", parse(&text));
        if let Ok(tree) = parse(&text) {
            prop_assert_eq!(parse(&tree.to_string()), Ok(tree));
        }
    }
}
