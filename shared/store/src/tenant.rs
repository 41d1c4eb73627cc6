//! The tenant: one stack is one tenant, and its id never changes.
//!
//! Beside the id lies the key by which tokens of next links are signed. It opens nothing: a token says where a page ended, and
//! every request is judged by its own caller. So it may lie here, where all instances of a function find the same one.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use engine::ports::StoreError;
use uuid::Uuid;

use crate::item::{Draft, Stored, key_item};
use crate::table::failed;
use crate::{DynamoStore, keys};

const TENANT_ID: &str = "tenantId";
const TOKEN_KEY: &str = "tokenKey";

/// Bytes of the key: as many as its hash has.
const KEY_BYTES: usize = 32;

impl DynamoStore {
    /// The tenant's id: `candidate` when none was fixed yet. Of two candidates at the same time one wins, and both
    /// callers are told which.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Inconsistent`] when the stored id is not one.
    pub async fn tenant(&self, candidate: Uuid) -> Result<Uuid, StoreError> {
        let key = keys::tenant();
        if let Some(stored) = self.state.get(&key).await? {
            return read(&stored);
        }
        let answer = self
            .state
            .client
            .put_item()
            .table_name(&self.state.name)
            .set_item(Some(Draft::new(key).text(TENANT_ID, candidate.to_string()).into_item()))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = answer else { return Ok(candidate) };
        if let Some(PutItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error()
            && let Some(item) = refusal.item()
        {
            return read(&Stored::read(item.clone())?);
        }
        Err(StoreError::unavailable("fixing the tenant's id", error))
    }

    /// The key by which tokens are signed; `None` while nobody fixed one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Inconsistent`] when what is stored is none.
    pub async fn token_key(&self) -> Result<Option<[u8; KEY_BYTES]>, StoreError> {
        let Some(stored) = self.state.get(&keys::tenant()).await? else { return Ok(None) };
        if !stored.has(TOKEN_KEY) {
            return Ok(None);
        }
        let key = stored.bytes(TOKEN_KEY)?.try_into();
        key.map(Some).map_err(|_| stored.wrong(TOKEN_KEY, format!("does not have {KEY_BYTES} bytes")))
    }

    /// Fixes the key by which tokens are signed: `candidate`, unless there is one. The tenant's id is fixed first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn fix_token_key(&self, candidate: [u8; KEY_BYTES]) -> Result<(), StoreError> {
        if self.token_key().await?.is_some() {
            return Ok(());
        }
        self.state
            .client
            .update_item()
            .table_name(&self.state.name)
            .set_key(Some(key_item(&keys::tenant())))
            .condition_expression("attribute_exists(pk)")
            .update_expression(format!("SET {TOKEN_KEY} = if_not_exists({TOKEN_KEY}, :candidate)"))
            .expression_attribute_values(":candidate", AttributeValue::B(Blob::new(candidate)))
            .send()
            .await
            .map(drop)
            .map_err(failed("fixing the key of tokens"))
    }
}

fn read(stored: &Stored) -> Result<Uuid, StoreError> {
    stored.text(TENANT_ID)?.parse().map_err(|error| stored.wrong(TENANT_ID, format!("is not an id: {error}")))
}
