//! The engine's port, method by method.

use std::collections::BTreeSet;

use async_trait::async_trait;
use engine::model::{Attributes, Cursor, ObjectType, TargetId, TargetObject, Value};
use engine::ports::{Habits, Pace, Target, TargetError, TargetErrorKind, TargetOperation, TargetPage};
use serde_json::json;

use super::book::{Account, is_same};
use super::faults::{Fault, error};
use super::{Inside, MemoryTarget};

/// How often a call of a restless app lets others go first, at the most: before it is done, and again before its
/// answer arrives.
const TURNS: usize = 3;

impl MemoryTarget {
    /// A call: counted, struck by chance, and done at some moment between question and answer.
    async fn call<T>(
        &self,
        request: impl Fn() -> String,
        act: impl FnOnce(&mut Inside, Option<Fault>) -> T,
    ) -> T {
        self.pause().await;
        let answer = {
            let inside = &mut *self.inside();
            inside.calls += 1;
            let fault = inside.faults.strike(inside.calls, &mut inside.chance);
            inside.struck += u64::from(fault.is_some());
            if let Some(journal) = &mut inside.journal {
                let fault = fault.map(|fault| format!("  ✗ {fault:?}")).unwrap_or_default();
                journal.push(format!("{}{fault}", request()));
            }
            act(inside, fault)
        };
        self.pause().await;
        answer
    }

    /// A question: whatever strikes it, it has no answer and changed nothing.
    async fn ask<T>(
        &self,
        request: impl Fn() -> String,
        answer: impl FnOnce(&mut Inside) -> Result<T, TargetError>,
    ) -> Result<T, TargetError> {
        self.call(&request, |inside, fault| match fault {
            None => answer(inside),
            Some(Fault::Refused(kind)) => Err(error(kind, &request(), "the call failed")),
            Some(Fault::AnswerLost | Fault::Cut) => {
                Err(error(TargetErrorKind::Unreachable, &request(), "the connection broke"))
            }
        })
        .await
    }

    async fn pause(&self) {
        if self.settings.restless {
            let turns = self.inside().chance.below(TURNS + 1);
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Does operations as far as the fault lets it, and answers each.
    fn carry_out(
        &self,
        inside: &mut Inside,
        fault: Option<Fault>,
        operations: &[TargetOperation],
    ) -> Vec<Result<TargetId, TargetError>> {
        let done = match fault {
            None | Some(Fault::AnswerLost) => operations.len(),
            Some(Fault::Refused(_)) => 0,
            Some(Fault::Cut) => inside.chance.below(operations.len() + 1),
        };
        let mut answers = Vec::with_capacity(operations.len());
        for (turn, operation) in operations.iter().enumerate() {
            let answer =
                (turn < done).then(|| inside.book.execute(operation, &self.settings, &inside.poison));
            answers.push(match (fault, answer) {
                (None, Some(Ok(id))) => Ok(id),
                (None, Some(Err((kind, why)))) => Err(error(kind, &name(operation), &why)),
                (Some(Fault::Refused(kind)), _) => Err(error(kind, &name(operation), "the call failed")),
                _ => Err(error(TargetErrorKind::Ambiguous, &name(operation), "the answer was lost")),
            });
        }
        answers
    }
}

#[async_trait]
impl Target for MemoryTarget {
    async fn list(
        &self,
        kind: ObjectType,
        paths: &[String],
        cursor: Option<&Cursor>,
    ) -> Result<TargetPage, TargetError> {
        let request = || format!("GET /{kind}s");
        let unsupported = || error(TargetErrorKind::NotSupported, "GET", "no listing");
        let after = cursor.and_then(|Cursor(after)| after.as_str()).map(TargetId::new);
        self.ask(request, |inside| {
            if !self.settings.can_list {
                return Err(unsupported());
            }
            let all = inside.book.all(kind);
            let later = || all.iter().filter(|(id, _)| after.as_ref().is_none_or(|after| *id > after));
            let objects: Vec<TargetObject> = later()
                .take(self.settings.page.max(1))
                .map(|(id, account)| show(id, account, paths))
                .collect();
            let last = objects.last().filter(|_| later().nth(objects.len()).is_some());
            let next = last.map(|last| Cursor(json!(last.id.as_str())));
            Ok(TargetPage { objects, next, total: Some(all.len() as u64) })
        })
        .await
    }

    async fn find(
        &self,
        kind: ObjectType,
        path: &str,
        value: &Value,
        paths: &[String],
    ) -> Result<Vec<TargetObject>, TargetError> {
        let request = || format!("GET /{kind}s?filter={path} eq {value}");
        let unsupported = || error(TargetErrorKind::NotSupported, "GET", "no filter");
        self.ask(request, |inside| {
            if !self.settings.can_find {
                return Err(unsupported());
            }
            let matches = |account: &Account| {
                account.attributes.get(path).is_some_and(|held| is_same(path, held, value))
            };
            let found = inside.book.all(kind).iter().filter(|(_, account)| matches(account));
            Ok(found.map(|(id, account)| show(id, account, paths)).collect())
        })
        .await
    }

    async fn get(
        &self,
        kind: ObjectType,
        id: &TargetId,
        paths: &[String],
    ) -> Result<Option<TargetObject>, TargetError> {
        self.ask(
            || format!("GET /{kind}s/{id}"),
            |inside| Ok(inside.book.all(kind).get(id).map(|account| show(id, account, paths))),
        )
        .await
    }

    async fn members(&self, group: &TargetId) -> Result<Option<BTreeSet<TargetId>>, TargetError> {
        let request = || format!("GET /Groups/{group}?attributes=members");
        let gone = || error(TargetErrorKind::NotFound, &request(), "the group is gone");
        self.ask(request, |inside| {
            let account = inside.book.all(ObjectType::Group).get(group).ok_or_else(gone)?;
            Ok((!self.settings.hides_members).then(|| account.members.clone()))
        })
        .await
    }

    async fn batch_size(&self) -> usize {
        self.settings.batch
    }

    async fn execute(&self, operations: &[TargetOperation]) -> Vec<Result<TargetId, TargetError>> {
        let request = || operations.iter().map(describe).collect::<Vec<_>>().join(" + ");
        if operations.len() > self.settings.batch.max(1) {
            let too_many =
                |operation| Err(error(TargetErrorKind::TooLarge, &name(operation), "too many at once"));
            return operations.iter().map(too_many).collect();
        }
        self.call(request, |inside, fault| self.carry_out(inside, fault, operations)).await
    }

    async fn probe(&self) -> Result<(), TargetError> {
        self.inside().probes += 1;
        Ok(())
    }

    fn habits(&self) -> Habits {
        self.wishes()
    }

    fn calls(&self) -> u64 {
        self.inside().calls
    }

    fn pace(&self) -> Pace {
        Pace::default()
    }
}

fn show(id: &TargetId, account: &Account, paths: &[String]) -> TargetObject {
    let shown = |path: &String| Some((path.clone(), account.attributes.get(path)?.clone()));
    TargetObject { id: id.clone(), attributes: paths.iter().filter_map(shown).collect::<Attributes>() }
}

/// The failing request, as a connector tells it.
fn name(operation: &TargetOperation) -> String {
    match operation {
        TargetOperation::Create(kind, _) => format!("POST /{kind}s"),
        TargetOperation::Update(kind, id, _) => format!("PATCH /{kind}s/{id}"),
        TargetOperation::Delete(kind, id) => format!("DELETE /{kind}s/{id}"),
        TargetOperation::AddMembers(group, _) | TargetOperation::RemoveMembers(group, _) => {
            format!("PATCH /Groups/{group}")
        }
    }
}

/// An operation with its values, for the journal.
fn describe(operation: &TargetOperation) -> String {
    let ids = |ids: &[TargetId]| ids.iter().map(TargetId::as_str).collect::<Vec<_>>().join(" ");
    let name = name(operation);
    match operation {
        TargetOperation::Create(_, attributes) => {
            format!("{name} {}", Value::Complex(attributes.clone()))
        }
        TargetOperation::Update(_, _, changes) => {
            let value = |value: &Option<Value>| value.as_ref().map_or("∅".to_owned(), ToString::to_string);
            let changes: Vec<String> = changes
                .iter()
                .map(|change| format!("{}: {} → {}", change.path, value(&change.old), value(&change.new)))
                .collect();
            format!("{name} {}", changes.join("; "))
        }
        TargetOperation::Delete(..) => name,
        TargetOperation::AddMembers(_, members) => format!("{name} + {}", ids(members)),
        TargetOperation::RemoveMembers(_, members) => format!("{name} − {}", ids(members)),
    }
}
