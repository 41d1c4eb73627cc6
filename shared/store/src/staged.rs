//! Staged removals: they outlive cycles, and an object staged twice counts once.
//!
//! What a person decided about one is an attribute of its own, which staging does not write: a cycle that stages the
//! object again, meanwhile or later, takes no decision away, nor does it bring one back. It goes with its row.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::guard::{HumanDecision, StagedKey, StagedRemoval};
use engine::ids::IdHash;
use engine::model::JobId;
use engine::ports::{Lease, StoreError};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{Draft, Stored, json, key_item};
use crate::keys::Key;
use crate::table::{AT_ONCE, refused};
use crate::{DynamoStore, keys};

const REMOVAL: &str = "removal";
const DECISION: &str = "decision";

impl DynamoStore {
    /// See [`engine::ports::Store::stage`]. A decision in `removals` is not written: it is as old as their reading.
    pub(crate) async fn write_staged(
        &self,
        lease: &Lease,
        removals: &[StagedRemoval],
    ) -> Result<(), StoreError> {
        let drafts: Result<_, _> = removals
            .iter()
            .map(|removal| {
                let undecided = StagedRemoval { decision: None, ..removal.clone() };
                Draft::new(key(&lease.job, &removal.key())).json(REMOVAL, &undecided)
            })
            .collect();
        self.state.set_all_fenced(lease, drafts?).await
    }

    /// See [`engine::ports::Store::staged`].
    pub(crate) async fn read_staged(&self, job: &JobId) -> Result<Vec<StagedRemoval>, StoreError> {
        self.state.list(&keys::all_staged(job), "").await?.iter().map(read).collect()
    }

    /// See [`engine::ports::Store::unstage`].
    pub(crate) async fn forget_staged(&self, lease: &Lease, objects: &[StagedKey]) -> Result<(), StoreError> {
        let keys = objects.iter().map(|object| key(&lease.job, object)).collect();
        self.state.delete_all_fenced(lease, keys).await
    }

    /// Writes down what a person decided about staged removals, beside a running cycle; `None` takes a decision back.
    /// Answers how many of them are staged: the others were executed or cancelled meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn decide_removals(
        &self,
        job: &JobId,
        removals: &[StagedKey],
        decision: Option<&HumanDecision>,
    ) -> Result<usize, StoreError> {
        let keys: BTreeSet<Key> = removals.iter().map(|removal| key(job, removal)).collect();
        let decided: Vec<bool> = stream::iter(keys)
            .map(|key| self.decide(key, decision))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(decided.into_iter().filter(|staged| *staged).count())
    }

    /// Whether the removal is staged.
    async fn decide(&self, key: Key, decision: Option<&HumanDecision>) -> Result<bool, StoreError> {
        let mut request = self
            .state
            .client
            .update_item()
            .table_name(&self.state.name)
            .set_key(Some(key_item(&key)))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#decision", DECISION);
        request = match decision {
            Some(decision) => request
                .update_expression("SET #decision = :decision")
                .expression_attribute_values(":decision", AttributeValue::S(json(&key, DECISION, decision)?)),
            None => request.update_expression("REMOVE #decision"),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if refused(&error) => Ok(false),
            Err(error) => Err(StoreError::unavailable(format!("writing {key}"), error)),
        }
    }
}

fn key(job: &JobId, removal: &StagedKey) -> Key {
    keys::staged(job, IdHash::of(&removal.source_id), removal.members)
}

fn read(stored: &Stored) -> Result<StagedRemoval, StoreError> {
    let removal: StagedRemoval = stored.json(REMOVAL)?;
    Ok(StagedRemoval { decision: stored.json_if_any(DECISION)?, ..removal })
}
