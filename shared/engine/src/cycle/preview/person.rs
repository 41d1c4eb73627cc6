//! One person: how the scope and the mapping see them, and what the next cycle would do. Writes nothing.

use serde::Serialize;
use uuid::Uuid;

use super::Sight;
use super::accounts::{Accounts, Found};
use crate::cycle::choosing::{Reserved, assume_free};
use crate::cycle::matching::Candidates;
use crate::cycle::plan::Item;
use crate::cycle::{CycleError, Definition};
use crate::decide::{Answer, Case, Operation, References, decide};
use crate::escrow::EscrowEntry;
use crate::ids::IdHash;
use crate::mapping::{Explanation, Occasion};
use crate::model::{Link, ObjectType, SourceId, SourceObject};

/// What is known of one person, and what would come of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The anchor in the source.
    pub source_id: SourceId,
    /// How people call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// How the scope and the mapping see them; absent when the source does not show them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    /// What is remembered about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// By which attribute an existing account matches, when they have none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched_by: Option<String>,
    /// What the next cycle would do.
    pub operation: Operation,
    /// Why they failed last, when they wait in escrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escrow: Option<EscrowEntry>,
}

/// Looks at one person. `None` when neither the source nor the store knows the id.
///
/// # Errors
/// [`CycleError`] when source, target or store cannot be read.
pub async fn person(
    sight: &Sight<'_>,
    definition: &Definition,
    id: &SourceId,
) -> Result<Option<Person>, CycleError> {
    let mut object = sight.source.get(std::slice::from_ref(id)).await.map_err(CycleError::Source)?.pop();
    if let Some(object) = &mut object {
        definition.mapping.veil(object, &definition.key);
    }
    let hash = IdHash::of(id);
    let link = match sight.job {
        Some(_) => sight.store.links(&definition.job, &[hash]).await?.remove(&hash),
        None => None,
    };
    if object.is_none() && link.is_none() {
        return Ok(None);
    }
    let escrow = match sight.job {
        Some(job) if job.counts.escrowed > 0 => {
            sight.store.escrows(&definition.job).await?.into_iter().find(|entry| entry.source_id == *id)
        }
        _ => None,
    };
    let occasion = Occasion { now: sight.now, change: Uuid::nil(), key: definition.key };
    let references = references(sight, definition, object.as_ref()).await?;
    let explained = object.as_ref().map(|object| definition.mapping.explain(object, &occasion));
    let explanation = explained.map(|explained| explained.with_accounts(&references));
    let item = Item::new(ObjectType::User, id.clone(), object);
    let known = (link.as_ref(), &references);
    let (operation, matched_by) = operation(sight, definition, &item, known, occasion).await?;
    let display_name = item.object.and_then(|object| object.display_name);
    let display_name = display_name.or_else(|| link.as_ref().and_then(|link| link.display_name.clone()));
    Ok(Some(Person { source_id: id.clone(), display_name, explanation, link, matched_by, operation, escrow }))
}

/// The accounts of those whom somebody refers to, as far as they have one.
async fn references(
    sight: &Sight<'_>,
    definition: &Definition,
    object: Option<&SourceObject>,
) -> Result<References, CycleError> {
    let anchors = object.map(|object| definition.mapping.references(object)).unwrap_or_default();
    if sight.job.is_none() || anchors.is_empty() {
        return Ok(References::new());
    }
    let hashes: Vec<IdHash> = anchors.iter().map(|(_, anchor)| IdHash::of(anchor)).collect();
    let links = sight.store.links(&definition.job, &hashes).await?;
    let accounts = links.into_values().filter_map(|link| Some((link.source_id, link.target_id?)));
    Ok(accounts.collect())
}

async fn operation(
    sight: &Sight<'_>,
    definition: &Definition,
    item: &Item,
    (link, references): (Option<&Link>, &References),
    occasion: Occasion,
) -> Result<(Operation, Option<String>), CycleError> {
    let mapping = &definition.mapping;
    let first = decide(&item.case(link, None, references, occasion), mapping).operation;
    let Operation::Ask(values) = first else { return Ok((first, None)) };
    let asked = [Candidates { id: item.id.clone(), values }];
    let answer = match Accounts::new(sight, definition).answers(&asked, 1).await?.remove(&item.id) {
        Some(Found::Answer(answer)) => answer,
        Some(Found::Failed(failure)) => return Ok((Operation::Fail(failure), None)),
        None => Answer::Nobody,
    };
    let case = item.case(link, Some(&answer), references, occasion);
    let operation = match decide(&case, mapping).operation {
        Operation::Choose(questions) => {
            decide(&Case { chosen: Some(&assume_free(&questions, &Reserved::new())), ..case }, mapping)
                .operation
        }
        decided => decided,
    };
    let matched_by = match answer {
        Answer::One(path, _) => Some(path),
        _ => None,
    };
    Ok((operation, matched_by))
}
