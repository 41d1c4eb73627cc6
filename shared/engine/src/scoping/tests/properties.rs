//! What holds of every scope and every object.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Few names and values, so that clauses and people meet.
fn name() -> impl Strategy<Value = String> {
    select(&["a", "b", "c", "objectId", "accountEnabled"][..]).prop_map(str::to_owned)
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&["", "x", "X", "xy", "yx", "1", "12", "-3", "true", "False", "E1", "é"][..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        6 => word().prop_map(Value::Text),
        1 => any::<bool>().prop_map(Value::Boolean),
        1 => any::<i64>().prop_map(Value::Integer),
        1 => (-3i64..13).prop_map(Value::Integer),
        1 => word().prop_map(|word| secret(&word)),
        1 => word().prop_map(|word| forgotten(&word)),
    ];
    plain.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::List),
            btree_map(name(), inner, 0..3).prop_map(Value::Complex),
        ]
    })
}

fn object() -> impl Strategy<Value = SourceObject> {
    (word(), any::<bool>(), btree_map(name(), value(), 0..5)).prop_map(|(id, enabled, attributes)| {
        SourceObject { id: SourceId::new(id), enabled, attributes, ..person([]) }
    })
}

fn any_clause() -> impl Strategy<Value = Clause> {
    let reading = option::of(select(&[PatternReading::Whole, PatternReading::Search][..]));
    (name(), select(Operator::all()), option::weighted(0.8, word()), reading)
        .prop_map(|(attribute, operator, value, matches)| Clause { attribute, operator, value, matches })
}

/// Clauses that pass the check.
fn sound_clause() -> impl Strategy<Value = Clause> {
    let operand = select(&["x", "xy", "1", "12", "-3", "true", "False", "E1", "é"][..]);
    (name(), select(Operator::all()), operand, select(&["0", "5", "-1", "12"][..])).prop_map(
        |(attribute, operator, operand, number)| {
            let value = match operator {
                Operator::IsTrue | Operator::IsFalse | Operator::IsNull | Operator::IsNotNull => None,
                Operator::GreaterThan | Operator::GreaterThanOrEquals => Some(number),
                _ => Some(operand),
            };
            clause(&attribute, operator.name(), value)
        },
    )
}

fn sound_scope() -> impl Strategy<Value = Scope> {
    let assigned = (vec(word(), 0..2), vec(word(), 0..2), name())
        .prop_map(|(users, groups, member_of)| Assignment { users, groups, member_of: Some(member_of) });
    (option::of(assigned), vec(vec(sound_clause(), 1..4).prop_map(group), 0..4))
        .prop_map(|(assigned, filter)| Scope { assigned, filter, skip_out_of_scope_deletions: false })
}

proptest! {
    #[test]
    fn the_trace_always_agrees_with_the_decision(scope in sound_scope(), object in object()) {
        // Duplicates and blanks are refused; whatever passes must agree.
        if let Ok(scope) = scope.check() {
            let (outcome, trace) = scope.explain(&object);
            prop_assert_eq!(&outcome, &scope.admits(&object));
            prop_assert_eq!(trace.holds, outcome.ok());
            for group in trace.groups.iter().filter(|group| group.holds.is_some()) {
                let all = group.clauses.iter().all(|clause| clause.holds == Some(true));
                prop_assert_eq!(group.holds, Some(all));
            }
        }
    }

    #[test]
    fn a_clause_and_its_opposite_never_hold_together(attribute in name(), operand in "[a-zé1-9]{1,3}", object in object()) {
        let opposites = [
            ("EQUALS", "NOT EQUALS", true),
            ("REGEX MATCH", "NOT REGEX MATCH", true),
            ("&", "!&", true),
            ("IS NULL", "IS NOT NULL", false),
        ];
        for (one, other, takes_value) in opposites {
            let judge = |operator| {
                only(clause(&attribute, operator, takes_value.then_some(operand.as_str()))).admits(&object)
            };
            let has_value = only(clause(&attribute, "IS NOT NULL", None)).admits(&object);
            match (judge(one), judge(other)) {
                (Ok(one), Ok(other)) if takes_value => prop_assert_eq!(one || other, has_value == Ok(true)),
                (Ok(one), Ok(other)) => prop_assert!(one != other),
                (one, other) => prop_assert!(one.is_err() && other.is_err()),
            }
            prop_assert!(!(judge(one) == Ok(true) && judge(other) == Ok(true)));
        }
    }

    #[test]
    fn without_a_value_only_is_null_admits(clause in sound_clause(), empty in select(&[0, 1, 2, 3][..])) {
        let value = match empty {
            0 => None,
            1 => Some(text("")),
            2 => Some(list([])),
            _ => Some(list([""])),
        };
        let clause = Clause { attribute: "a".into(), ..clause };
        let admits = only(clause.clone()).admits(&person(value.map(|value| ("a", value))));
        prop_assert_eq!(admits, Ok(clause.operator == Operator::IsNull));
    }

    #[test]
    fn groups_and_clauses_may_stand_in_any_order(scope in sound_scope(), object in object()) {
        let mut reversed = scope.clone();
        reversed.filter.reverse();
        reversed.filter.iter_mut().for_each(|group| group.clauses.reverse());
        if let (Ok(scope), Ok(reversed)) = (scope.check(), reversed.check()) {
            prop_assert_eq!(scope.admits(&object).ok(), reversed.admits(&object).ok());
        }
    }

    #[test]
    fn nothing_that_is_written_and_nobody_who_is_read_makes_it_panic(
        groups in vec(vec(any_clause(), 0..4), 0..4),
        object in object(),
    ) {
        let scope = filter(groups.into_iter().map(group).collect::<Vec<_>>());
        if let Ok(scope) = scope.check() {
            let (outcome, trace) = scope.explain(&object);
            prop_assert_eq!(&outcome, &scope.admits(&object));
            prop_assert!(!trace.to_string().contains('\n') && trace.details().len() <= 24, "{}", trace);
        }
    }

    #[test]
    fn any_text_is_an_operator_or_refused(written in any::<String>()) {
        if let Ok(operator) = written.parse::<Operator>() {
            prop_assert_eq!(operator.name().parse::<Operator>().unwrap(), operator);
        }
    }
}
