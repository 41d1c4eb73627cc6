//! Claims: an account or group of the target belongs to one source object at most.
//!
//! In: an object that wants an account. Out: granted, or who holds it. A claim is an item written only when it is
//! absent, before the link: an index could not tell, it lags behind.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use engine::model::{JobId, ObjectType, SourceId, TargetId};
use engine::ports::{ClaimOutcome, Lease, StoreError};

use crate::item::{Draft, Item, Stored, key_item};
use crate::keys::Key;
use crate::table::fence;
use crate::{DynamoStore, keys};

/// The item is absent, or this object's own and not written by a newer worker.
const MINE: &str =
    "attribute_not_exists(pk) OR (#source = :source AND #target = :target AND fence <= :fence)";

impl DynamoStore {
    /// See [`engine::ports::Store::claim`].
    pub(crate) async fn take_claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<ClaimOutcome, StoreError> {
        let key = keys::claim(&lease.job, kind, target);
        let draft = Draft::new(key.clone())
            .text("source", source.as_str())
            .text("target", target.as_str())
            .number("fence", lease.fence);
        let answer = self
            .state
            .client
            .put_item()
            .table_name(&self.state.name)
            .set_item(Some(draft.into_item()))
            .condition_expression(MINE)
            .expression_attribute_names("#source", "source")
            .expression_attribute_names("#target", "target")
            .expression_attribute_values(":source", AttributeValue::S(source.as_str().to_owned()))
            .expression_attribute_values(":target", AttributeValue::S(target.as_str().to_owned()))
            .expression_attribute_values(":fence", fence(lease))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(ClaimOutcome::Granted),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                holder(lease, &key, target, refusal.item()).map(ClaimOutcome::HeldBy)
            }
            _ => Err(StoreError::unavailable(format!("writing {key}"), error)),
        }
    }

    /// See [`engine::ports::Store::owners`].
    pub(crate) async fn read_owners(
        &self,
        job: &JobId,
        kind: ObjectType,
        targets: &[TargetId],
    ) -> Result<BTreeMap<TargetId, SourceId>, StoreError> {
        let distinct: BTreeSet<&TargetId> = targets.iter().collect();
        let keys = distinct.into_iter().map(|target| keys::claim(job, kind, target)).collect();
        let read = |stored: &Stored| {
            Ok((TargetId::new(stored.text("target")?), SourceId::new(stored.text("source")?)))
        };
        self.state.get_many(keys).await?.iter().map(read).collect()
    }

    /// See [`engine::ports::Store::release_claim`].
    pub(crate) async fn drop_claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<(), StoreError> {
        let key = keys::claim(&lease.job, kind, target);
        let answer = self
            .state
            .client
            .delete_item()
            .table_name(&self.state.name)
            .set_key(Some(key_item(&key)))
            .condition_expression(MINE)
            .expression_attribute_names("#source", "source")
            .expression_attribute_names("#target", "target")
            .expression_attribute_values(":source", AttributeValue::S(source.as_str().to_owned()))
            .expression_attribute_values(":target", AttributeValue::S(target.as_str().to_owned()))
            .expression_attribute_values(":fence", fence(lease))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = answer else { return Ok(()) };
        match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(refusal)) => {
                holder(lease, &key, target, refusal.item()).map(drop)
            }
            _ => Err(StoreError::unavailable(format!("deleting {key}"), error)),
        }
    }
}

/// Who holds the claim that was refused.
fn holder(lease: &Lease, key: &Key, target: &TargetId, item: Option<&Item>) -> Result<SourceId, StoreError> {
    let Some(item) = item else {
        return Err(StoreError::unavailable(
            format!("writing {key}"),
            "the table refused without saying why",
        ));
    };
    let stored = Stored::read(item.clone())?;
    if stored.number::<u64>("fence")? > lease.fence {
        return Err(StoreError::Fenced(lease.job.clone()));
    }
    let held = stored.text("target")?;
    if held != target.as_str() {
        return Err(stored.wrong("target", format!("is '{held}', which has the same hash as '{target}'")));
    }
    stored.text("source").map(SourceId::new)
}
