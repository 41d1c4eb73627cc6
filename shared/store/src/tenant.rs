//! The tenant: one stack is one tenant, and its id never changes.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use engine::ports::StoreError;
use uuid::Uuid;

use crate::item::{Draft, Stored};
use crate::{DynamoStore, keys};

const TENANT_ID: &str = "tenantId";

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
}

fn read(stored: &Stored) -> Result<Uuid, StoreError> {
    stored.text(TENANT_ID)?.parse().map_err(|error| stored.wrong(TENANT_ID, format!("is not an id: {error}")))
}
