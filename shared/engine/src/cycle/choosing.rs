//! Choosing values that nobody has yet (`SelectUniqueValue`): the target tells, candidate by candidate.
//!
//! In: a decision that asks for free values. Out: the decision made with them. The first candidate that neither the
//! target has nor a person of the same page is about to get is taken; a question that fails is that person's failure.

use std::collections::HashMap;

use super::matching::Matcher;
use super::plan::folded;
use super::{Run, Stop};
use crate::decide::{Case, Decision, Operation, decide};
use crate::model::{Attributes, SourceId, Value};

/// Values that people of this page are about to get, by path and folded value.
pub(super) type Reserved = HashMap<(String, String), SourceId>;

/// Finds free values where the decision asks for them, and decides again.
pub(super) async fn choose(
    run: &Run<'_>,
    matcher: &Matcher,
    case: &Case<'_>,
    decision: Decision,
    reserved: &Reserved,
) -> Result<Decision, Stop> {
    let Operation::Choose(questions) = &decision.operation else { return Ok(decision) };
    let mut chosen = Attributes::new();
    for (path, candidates) in questions {
        for value in candidates {
            if reserved.contains_key(&(path.clone(), folded(value))) {
                continue;
            }
            match matcher.is_taken(run, path, value).await? {
                Ok(false) => {
                    chosen.insert(path.clone(), value.clone());
                    break;
                }
                Ok(true) => {}
                Err(failure) => return Ok(Decision { operation: Operation::Fail(failure), ..decision }),
            }
        }
    }
    Ok(decide(&Case { chosen: Some(&chosen), ..*case }, run.definition.mapping_of(matcher.kind())))
}

/// The first candidates that are not reserved, as if all of them were free in the target: for a preview, which asks
/// nobody.
pub(super) fn assume_free(questions: &[(String, Vec<Value>)], reserved: &Reserved) -> Attributes {
    let is_free = |path: &str, value: &Value| !reserved.contains_key(&(path.to_owned(), folded(value)));
    let first = |(path, values): &(String, Vec<Value>)| {
        Some((path.clone(), values.iter().find(|value| is_free(path, value))?.clone()))
    };
    questions.iter().filter_map(first).collect()
}
