//! Whatever is saved can be evaluated for whomever: without a panic, twice with one result, and explained with the
//! same one.
//!
//! An input is an expression, a zero byte, and bytes from which the values of the attributes it reads are made. So a
//! seed is an expression in a file, and the values are the fuzzer's to find.
#![no_main]

use std::collections::BTreeMap;

use engine::expression::{Context, Evaluated, EvaluationError, Expression, LONGEST, Settings};
use engine::model::{ObjectType, Secret, SourceId, SourceObject, Value};
use jiff::Timestamp;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (text, values) = input.split_at(end);
    let Ok(text) = str::from_utf8(text) else { return };
    let Ok(expression) = text.parse::<Expression>() else { return };
    // Without bytes there are only zeros, and that is a person without attributes in 1970.
    let _ = judge(&expression, &mut Unstructured::new(values.get(1..).unwrap_or_default()));
});

fn judge(expression: &Expression, values: &mut Unstructured<'_>) -> Result<()> {
    let settings = Settings {
        default_domain: values.arbitrary::<bool>()?.then(|| "tessera.example".to_owned()),
        strict_entra: values.arbitrary()?,
        ..Settings::default()
    };
    let soft_deleted = values.arbitrary()?;
    let now = values.arbitrary::<i64>()? % Timestamp::MAX.as_second();
    let now = Timestamp::from_second(now).expect("the first is farther from 1970 than the last");
    let seed = values.arbitrary()?;
    let object = person(expression, values)?;
    let context = Context { object: &object, soft_deleted, now, seed, settings: &settings };

    let result = expression.evaluate(&context);
    assert_eq!(expression.evaluate(&context), result, "evaluated twice");
    let (explained, trace) = expression.explain(&context);
    assert_eq!(explained, result, "explained");
    assert!(!trace.to_string().is_empty());
    means_the_same_in_its_normal_form(expression, &context, &result);
    if let Ok(value) = result {
        let _stored = value.into_value();
    }
    Ok(())
}

fn means_the_same_in_its_normal_form(
    expression: &Expression,
    context: &Context<'_>,
    result: &std::result::Result<Evaluated<'_>, EvaluationError>,
) {
    let print = expression.to_string();
    // What is drawn depends on where it stands.
    if expression.facts().uses_chance || print.chars().count() > LONGEST {
        return;
    }
    let normal: Expression = print.parse().expect("what was printed is read again");
    match (normal.evaluate(context), result) {
        (Ok(normal), Ok(value)) => assert_eq!(&normal, value),
        (Err(normal), Err(error)) => assert_eq!(normal.to_string(), error.to_string()),
        (normal, _) => panic!("{result:?} became {normal:?} in {print}"),
    }
}

/// Somebody with values for the attributes that the expression reads.
fn person(expression: &Expression, values: &mut Unstructured<'_>) -> Result<SourceObject> {
    let mut attributes = BTreeMap::new();
    for name in &expression.facts().attributes {
        if values.arbitrary()? {
            attributes.insert(name.clone(), value(values, 2)?);
        }
    }
    Ok(SourceObject {
        id: SourceId::new("7"),
        object_type: ObjectType::User,
        display_name: None,
        enabled: values.arbitrary()?,
        soft_deleted: values.arbitrary()?,
        attributes,
    })
}

/// A value; lists and parts are at most as deep as that.
fn value(values: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    Ok(match values.int_in_range(0..=if depth > 0 { 6 } else { 4 })? {
        0 => Value::Boolean(values.arbitrary()?),
        1 => Value::Integer(values.arbitrary()?),
        2 => Value::Secret(Secret::new(values.arbitrary()?, &engine::ids::Key::new([7; 32]))),
        3 => Value::text(*values.choose(&TELLING)?),
        5 => Value::List(several(values, depth)?),
        6 => {
            let names = ["value", "displayName", "id"].map(str::to_owned);
            Value::Complex(names.into_iter().zip(several(values, depth)?).collect())
        }
        _ => Value::text(values.arbitrary::<&str>()?),
    })
}

fn several(values: &mut Unstructured<'_>, depth: usize) -> Result<Vec<Value>> {
    (0..values.int_in_range(0..=3)?).map(|_| value(values, depth - 1)).collect()
}

/// Texts that functions look at closely, and that chance would not find soon.
const TELLING: [&str; 16] = [
    "",
    "True",
    "514",
    "-1",
    "134116992000000000",
    "2026-02-28",
    "2024-02-29T23:59:59.9999999+14:00",
    "12/31/9999 11:59:59 PM",
    "0001-01-01",
    "Łukasz Müßig",
    "ǅungla İstanbul ﬁn",
    "e\u{301}\u{200d}👩‍💻",
    "cn=Kim\\, Ada+uid=7,ou=x,dc=acme,dc=example",
    "AQUAAAAAAAUVAAAA",
    "a@b@c, d;e",
    "SGVsbG8=",
];
