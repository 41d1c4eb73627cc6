//! A target that changes nothing: questions go through, changes are answered as if they had been made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::cycle::plan::folded;
use crate::model::{Attributes, Cursor, ObjectType, TargetId, TargetObject, Value};
use crate::ports::{Habits, Pace, Target, TargetError, TargetOperation, TargetPage};

/// How ids begin that the target would give. They are shown where a plan names an account that it makes.
const INVENTED: &str = "new account ";

/// The target of a rehearsal.
pub(super) struct Untouched<'a> {
    below: &'a dyn Target,
    made: Mutex<BTreeMap<(ObjectType, TargetId), Attributes>>,
}

impl<'a> Untouched<'a> {
    pub(super) fn new(below: &'a dyn Target) -> Self {
        Self { below, made: Mutex::default() }
    }

    /// Whether an id is one that the target would only give.
    pub(super) fn is_invented(id: &str) -> bool {
        id.starts_with(INVENTED)
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<(ObjectType, TargetId), Attributes>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Target for Untouched<'_> {
    async fn list(
        &self,
        kind: ObjectType,
        paths: &[String],
        cursor: Option<&Cursor>,
    ) -> Result<TargetPage, TargetError> {
        self.below.list(kind, paths, cursor).await
    }

    async fn find(
        &self,
        kind: ObjectType,
        path: &str,
        value: &Value,
        paths: &[String],
    ) -> Result<Vec<TargetObject>, TargetError> {
        let mut found = self.below.find(kind, path, value, paths).await?;
        let same = |held: &Attributes| held.get(path).is_some_and(|held| folded(held) == folded(value));
        let made = self.made();
        let made = made.iter().filter(|((made, _), held)| *made == kind && same(held));
        found.extend(made.map(|((_, id), held)| TargetObject { id: id.clone(), attributes: held.clone() }));
        Ok(found)
    }

    async fn get(
        &self,
        kind: ObjectType,
        id: &TargetId,
        paths: &[String],
    ) -> Result<Option<TargetObject>, TargetError> {
        if let Some(held) = self.made().get(&(kind, id.clone())) {
            return Ok(Some(TargetObject { id: id.clone(), attributes: held.clone() }));
        }
        self.below.get(kind, id, paths).await
    }

    async fn members(&self, group: &TargetId) -> Result<Option<BTreeSet<TargetId>>, TargetError> {
        if self.made().contains_key(&(ObjectType::Group, group.clone())) {
            return Ok(Some(BTreeSet::new()));
        }
        self.below.members(group).await
    }

    async fn batch_size(&self) -> usize {
        self.below.batch_size().await
    }

    async fn execute(&self, operations: &[TargetOperation]) -> Vec<Result<TargetId, TargetError>> {
        let mut made = self.made();
        let answer = |operation: &TargetOperation| match operation {
            TargetOperation::Create(kind, attributes) => {
                let id = TargetId::new(format!("{INVENTED}{}", made.len() + 1));
                made.insert((*kind, id.clone()), attributes.clone());
                Ok(id)
            }
            TargetOperation::Update(_, id, _)
            | TargetOperation::Delete(_, id)
            | TargetOperation::AddMembers(id, _)
            | TargetOperation::RemoveMembers(id, _) => Ok(id.clone()),
        };
        operations.iter().map(answer).collect()
    }

    async fn probe(&self) -> Result<(), TargetError> {
        self.below.probe().await
    }

    fn habits(&self) -> Habits {
        self.below.habits()
    }

    fn calls(&self) -> u64 {
        self.below.calls()
    }

    fn pace(&self) -> Pace {
        self.below.pace()
    }
}
