//! The two tables as data, and how they are made where nobody deployed them.
//!
//! In the cloud the SAM template makes the tables; a test compares it with [`definitions`]. On the laptop and in tests
//! [`create`] makes them.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
    TimeToLiveStatus,
};
use engine::ports::StoreError;

use crate::keys;
use crate::table::failed;

/// The prefix of both tables' names unless the deployment says otherwise.
pub const DEFAULT_PREFIX: &str = "rollcall";

/// The attribute both tables expire items by.
pub const TTL_ATTRIBUTE: &str = keys::TTL;

/// How long a new table may take to become active: in DynamoDB it takes seconds, a minute at worst.
const PATIENCE: u32 = 300;

/// The names of the two tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// State.
    pub state: String,
    /// The provisioning log.
    pub logs: String,
}

impl TableNames {
    /// The names under a prefix: `<prefix>-state` and `<prefix>-logs`.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        Self { state: format!("{prefix}-state"), logs: format!("{prefix}-logs") }
    }
}

impl Default for TableNames {
    fn default() -> Self {
        Self::with_prefix(DEFAULT_PREFIX)
    }
}

/// A table: its name, and its indexes. Hash key `pk`, range key `sk`, pay per request, expiry by
/// [`TTL_ATTRIBUTE`]; all key attributes are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// The indexes.
    pub indexes: Vec<Index>,
}

/// An index that holds keys only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The name.
    pub name: &'static str,
    /// The hash attribute.
    pub hash: &'static str,
    /// The range attribute.
    pub range: &'static str,
}

/// Both tables: state, then logs.
#[must_use]
pub fn definitions(names: &TableNames) -> [Definition; 2] {
    let due = Index { name: keys::DUE, hash: keys::DUE_KEY, range: keys::DUE_AT };
    let logs = [keys::BY_JOB, keys::BY_CYCLE, keys::BY_SOURCE, keys::BY_TARGET, keys::FAILED, keys::ALL];
    let logs = logs.map(|index| Index { name: index.name, hash: index.hash, range: keys::AT });
    [
        Definition { name: names.state.clone(), indexes: vec![due] },
        Definition { name: names.logs.clone(), indexes: logs.to_vec() },
    ]
}

/// Makes what is absent of both tables and waits until they can be used. Making them again changes nothing.
///
/// # Errors
/// [`StoreError::Unavailable`]; [`StoreError::Inconsistent`] when a table of that name lacks an index.
pub async fn create(client: &Client, names: &TableNames) -> Result<(), StoreError> {
    for definition in definitions(names) {
        if describe(client, &definition.name).await?.is_none() {
            make(client, &definition).await?;
        }
        let table = active(client, &definition.name).await?;
        check(&definition, &table)?;
        expire(client, &definition.name).await?;
    }
    Ok(())
}

/// Whether [`create`] has been through with these tables, asked in two small requests. Describing a table counts its
/// items where the engine is embedded, which takes seconds for a hundred thousand people.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn are_made(client: &Client, names: &TableNames) -> Result<bool, StoreError> {
    for definition in definitions(names) {
        // The last thing that is done to a table.
        if expires(client, &definition.name).await? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, StoreError> {
    match client.describe_table().table_name(name).send().await {
        Ok(answer) => Ok(answer.table),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(StoreError::unavailable(format!("looking for table '{name}'"), error)),
    }
}

async fn make(client: &Client, definition: &Definition) -> Result<(), StoreError> {
    let failing = || format!("making table '{}'", definition.name);
    let mut attributes = BTreeSet::from(["pk", "sk"]);
    attributes.extend(definition.indexes.iter().flat_map(|index| [index.hash, index.range]));
    let mut request = client
        .create_table()
        .table_name(&definition.name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema("pk", "sk").map_err(failed(failing()))?));
    for name in attributes {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(failed(failing()))?;
        request = request.attribute_definitions(attribute);
    }
    for index in &definition.indexes {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(key_schema(index.hash, index.range).map_err(failed(failing()))?))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .map_err(failed(failing()))?;
        request = request.global_secondary_indexes(index);
    }
    match request.send().await {
        Ok(_) => Ok(()),
        // Another process was quicker.
        Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
        Err(error) => Err(StoreError::unavailable(failing(), error)),
    }
}

fn key_schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    let element = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![element(hash, KeyType::Hash)?, element(range, KeyType::Range)?])
}

async fn active(client: &Client, name: &str) -> Result<TableDescription, StoreError> {
    for _ in 0..PATIENCE {
        if let Some(table) = describe(client, name).await?
            && table.table_status == Some(TableStatus::Active)
        {
            return Ok(table);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(StoreError::unavailable(format!("making table '{name}'"), "it did not become active in five minutes"))
}

fn check(definition: &Definition, table: &TableDescription) -> Result<(), StoreError> {
    let there: BTreeSet<&str> =
        table.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    match definition.indexes.iter().find(|index| !there.contains(index.name)) {
        None => Ok(()),
        Some(index) => Err(StoreError::Inconsistent {
            key: format!("table '{}'", definition.name),
            problem: format!("it has no index '{}': it was made by something else", index.name),
        }),
    }
}

/// Whether items of a table expire; `None` when there is no such table.
async fn expires(client: &Client, name: &str) -> Result<Option<bool>, StoreError> {
    match client.describe_time_to_live().table_name(name).send().await {
        Ok(answer) => {
            let status = answer.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
            Ok(Some(matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))))
        }
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(StoreError::unavailable(format!("looking for table '{name}'"), error)),
    }
}

/// Switches expiry on; DynamoDB refuses to do so twice.
async fn expire(client: &Client, name: &str) -> Result<(), StoreError> {
    let failing = || format!("switching on the expiry of table '{name}'");
    if expires(client, name).await? == Some(true) {
        return Ok(());
    }
    let ttl = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(TTL_ATTRIBUTE)
        .build()
        .map_err(failed(failing()))?;
    let request = client.update_time_to_live().table_name(name).time_to_live_specification(ttl);
    request.send().await.map(drop).map_err(failed(failing()))
}
