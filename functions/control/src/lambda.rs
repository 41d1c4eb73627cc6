//! `sync` and `notifier` as Lambda functions of their own: called, and waited for as long as a request may take.
//!
//! In: an ask. Out: its answer. Promised: it is called once. One that takes longer goes on, and its operation tells what
//! came of it; called synchronously, its payload lies in no queue.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::{DisplayErrorContext, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use runtime::ask::{Answer, AskError, Asked, PATIENCE, Worker};

/// A function that is asked.
pub struct Function {
    client: Client,
    name: String,
}

impl Function {
    /// The function of this name. Asks are not repeated: what they do may be done already.
    #[must_use]
    pub fn new(config: &aws_sdk_lambda::config::Config, name: String) -> Self {
        let patience: Duration = PATIENCE.unsigned_abs();
        let waits = TimeoutConfig::builder().operation_timeout(patience).read_timeout(patience).build();
        let config = config.to_builder().retry_config(RetryConfig::disabled()).timeout_config(waits).build();
        Self { client: Client::from_conf(config), name }
    }
}

#[async_trait]
impl Worker for Function {
    async fn ask(&self, asked: Asked) -> Result<Answer, AskError> {
        let payload = serde_json::to_vec(&asked).map_err(|error| AskError::Failed(error.to_string()))?;
        let request = self.client.invoke().function_name(&self.name);
        let request = request.invocation_type(InvocationType::RequestResponse).payload(Blob::new(payload));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(SdkError::TimeoutError(_)) => return Err(AskError::StillAtIt),
            Err(error) => return Err(AskError::Failed(DisplayErrorContext(error).to_string())),
        };
        let bytes = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if let Some(kind) = answer.function_error {
            // The words of a function that failed may quote what it was given.
            return Err(AskError::Failed(format!("it ended with an error ({kind}); its log says more")));
        }
        serde_json::from_slice(&bytes).map_err(|error| AskError::Failed(error.to_string()))
    }
}
