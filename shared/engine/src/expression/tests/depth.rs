//! No expression exhausts the stack. This can only be seen in a debug build, where frames are several times as large
//! as in a release.

use crate::expression::functions::testing::person;
use crate::expression::parse::DEEPEST;
use crate::expression::{Context, Expression, ExpressionError, Settings, parse};

/// What threads get unless they ask for more, those of the runtime included.
const STACK: usize = 2 * 1024 * 1024;

fn with_the_usual_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap()
}

fn nested(open: &str, inmost: &str, close: &str, levels: usize) -> String {
    format!("{}{inmost}{}", open.repeat(levels), close.repeat(levels))
}

/// Everything that walks a tree.
fn walk(text: &str) -> Result<(), ExpressionError> {
    let expression: Expression = text.parse()?;
    assert_eq!(parse(&expression.to_string()).as_ref(), Ok(expression.syntax()));
    let object = person(&[]);
    let settings = Settings::default();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let context = Context { object: &object, soft_deleted: false, now, seed: [7; 32], settings: &settings };
    let value = expression.evaluate(&context);
    let (explained, trace) = expression.explain(&context);
    assert_eq!(explained, value);
    assert!(!trace.to_string().is_empty());
    assert!(serde_json::to_string(&trace).is_ok());
    drop(expression.clone());
    Ok(())
}

#[test]
fn the_deepest_expressions_of_every_kind_fit_on_the_usual_stack() {
    // (opens a level, innermost, closes it, levels of the tree that one takes)
    let kinds = [
        (r#"IIF([c]="D",1,"#, "1", ")", 1),
        ("IIF(1=1&", "1", ",1,1)", 3),
        ("Append(1=1&", "1", ",1)", 3),
        ("Append(", "1", ",1)", 1),
        ("(1=", "1", ")", 1),
        ("(", "1", ")", 1),
    ];
    for (open, inmost, close, levels) in kinds {
        // One level is left for the comparison in the innermost condition.
        let text = nested(open, inmost, close, (DEEPEST - 1) / levels);
        assert_eq!(with_the_usual_stack(move || walk(&text)), Ok(()), "{open}");
    }
}

#[test]
fn a_chain_with_a_link_for_every_country_is_deep_and_passes() {
    let text = format!("Trim({})", nested(r#"IIF([c]="Fiji","Suva","#, r#""""#, ")", 250));
    assert_eq!(with_the_usual_stack(move || parse(&text).map(drop)), Ok(()));
}

#[test]
fn what_is_deeper_is_refused_before_it_can_do_harm() {
    for (open, close) in [("(", ")"), ("f(", ")"), ("(1=", ")"), ("f(1,", ",1)")] {
        assert_eq!(parse(&nested(open, "1", close, DEEPEST)).map(drop), Ok(()), "{open}");
    }
    // (opens a level, innermost, closes it, levels, the column of what is too deep)
    let kinds = [
        ("(", "1", ")", DEEPEST + 1, DEEPEST + 1),
        ("(", "1", ")", 4_999, DEEPEST + 1),
        ("f(", "1", ")", DEEPEST + 1, 2 * DEEPEST + 2),
        ("f(", "1", ")", 3_333, 2 * DEEPEST + 2),
        ("(1=", "1", ")", DEEPEST + 1, 3 * DEEPEST + 1),
        ("f(1=1&", "1", ")", DEEPEST / 3 + 1, 2 * DEEPEST + 1),
        ("f(1=1&", "1", ")", DEEPEST, 2 * DEEPEST + 1),
    ];
    for (open, inmost, close, levels, column) in kinds {
        let text = nested(open, inmost, close, levels);
        let error = with_the_usual_stack(move || parse(&text)).unwrap_err();
        assert_eq!(error.column, column, "{levels} of {open}: {error}");
        assert!(error.problem.starts_with("this is nested more than 300 deep; use Switch"), "{error}");
    }
}
