//! AWS Secrets Manager: one document by its ARN, and one value out of a document.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, Config, Region};
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use secrecy::SecretString;
use serde_json::Value;

/// Days in which a deleted secret can be restored: as few as Secrets Manager allows without forcing it (DeleteSecret,
/// `RecoveryWindowInDays`), for those who deleted the wrong application.
const REGRET: i64 = 7;

/// The region of a secret: it is asked for where it lies, wherever this process runs.
fn there(arn: &str) -> Builder {
    let mut there = Config::builder();
    let region = arn.split(':').nth(3).filter(|region| !region.is_empty());
    there.set_region(region.map(|region| Region::new(region.to_owned())));
    there
}

/// The present version of a secret, whole. The problem in words otherwise.
pub(super) async fn fetch(client: &Client, arn: &str) -> Result<SecretString, String> {
    let request = client.get_secret_value().secret_id(arn).customize().config_override(there(arn));
    let answer = request.send().await.map_err(|error| problem(&error))?;
    match (answer.secret_string, answer.secret_binary) {
        (Some(text), _) => Ok(SecretString::from(text)),
        (None, Some(_)) => {
            Err("it is binary; store it as text (put-secret-value --secret-string)".to_owned())
        }
        (None, None) => Err("it has no value yet; put one with put-secret-value".to_owned()),
    }
}

/// Deletes a secret, which can be restored for some days. The problem in words otherwise.
pub(super) async fn delete(client: &Client, arn: &str) -> Result<(), String> {
    let request = client.delete_secret().secret_id(arn).recovery_window_in_days(REGRET);
    let Err(error) = request.customize().config_override(there(arn)).send().await else { return Ok(()) };
    match error.code() {
        // Gone, or scheduled to be.
        Some("ResourceNotFoundException" | "InvalidRequestException") => Ok(()),
        Some("AccessDeniedException") => Err(
            "this process may not delete it; allow secretsmanager:DeleteSecret on it, or delete it yourself"
                .to_owned(),
        ),
        Some(code) => Err(answers(code, error.message())),
        None => Err(unasked(&error)),
    }
}

/// What Secrets Manager's refusal means, and what to do about it.
fn problem(error: &SdkError<GetSecretValueError>) -> String {
    let Some(refusal) = error.as_service_error() else { return unasked(error) };
    match refusal.code().unwrap_or_default() {
        "ResourceNotFoundException" => {
            "there is no such secret, or it has no value yet; compare the ARN with the console's, its last six \
             characters and the region too"
                .to_owned()
        }
        "AccessDeniedException" => {
            "this process may not read it; in AWS name it after the stack's SecretPrefix (rollcall/…), elsewhere \
             allow secretsmanager:GetSecretValue on it"
                .to_owned()
        }
        "DecryptionFailure" | "DecryptionFailureException" => {
            "its KMS key may not be used; allow kms:Decrypt on that key, or choose the key aws/secretsmanager".to_owned()
        }
        "InvalidRequestException" => "it is scheduled for deletion; restore it, or refer to another".to_owned(),
        code => answers(code, refusal.message()),
    }
}

fn answers(code: &str, message: Option<&str>) -> String {
    format!("AWS Secrets Manager answers {code}: {}", message.unwrap_or("no reason given"))
}

fn unasked(error: &dyn std::error::Error) -> String {
    let causes = causes(error);
    format!(
        "AWS Secrets Manager could not be asked ({causes}). Check the network, and on a laptop AWS_PROFILE or the credentials"
    )
}

/// An error's own words and those of what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    words.join(": ")
}

/// The value that a reference means: the document itself, or the named value of a JSON document. Whoever means a whole
/// JSON document, such as a service account's key file, says so: `#*`.
pub(super) fn pick(document: &str, name: Option<&str>) -> Result<String, String> {
    let values = serde_json::from_str::<Value>(document).ok().and_then(|value| match value {
        Value::Object(values) => Some(values),
        _ => None,
    });
    match (name, values) {
        (None, None) | (Some("*"), _) => Ok(document.to_owned()),
        (None, Some(_)) => Err(
            "it is a JSON document; write #NAME behind the ARN for one of its values, or #* for all of it"
                .to_owned(),
        ),
        (Some(name), None) => {
            Err(format!("it is not a JSON document, so it has no value '{name}'; leave #{name} away"))
        }
        (Some(name), Some(mut values)) => match values.remove(name) {
            Some(Value::String(value)) => Ok(value),
            Some(_) => Err(format!("its value '{name}' is not text; put it in quotes")),
            None => Err(format!("its JSON document has no value '{name}'; the name's case counts")),
        },
    }
}
