//! Groups that name people who came only now.
//!
//! In: a draft with the people who changed. Out: the same, with the groups that name them.
//!
//! Outside Active Directory a group may name someone who is not there yet, or not selected: by DN without referential
//! integrity, by `memberUid` always. Such a name leads nowhere and is left out. When it leads somewhere later, the
//! group itself has not changed, and no change feed tells of it.

use engine::model::ObjectType;

use super::convert;
use super::draft::{Called, Draft};
use super::error::LdapFailure;
use super::plan::{Kind, MEMBERS, Plan};
use super::reader::Reader;
use super::schema::Syntax;
use super::server::Family;

/// People asked for in one search: servers limit the length of a filter.
const BATCH: usize = 20;

/// With more people than this, listing all groups takes no longer than asking for those that name them.
const MANY: usize = 1000;

/// Takes in the groups that name people whom the draft shows.
pub(super) async fn take_in(reader: &Reader, draft: &mut Draft) -> Result<(), LdapFailure> {
    let people = draft.people();
    let Some(kind) = reader.plan.kind_of(ObjectType::Group) else { return Ok(()) };
    // There, links hold both ends: a member who goes or comes changes the group.
    if reader.server.family == Family::ActiveDirectory || people.is_empty() {
        return Ok(());
    }
    if people.len() > MANY {
        return naming(reader, kind, None, draft).await;
    }
    for people in people.chunks(BATCH) {
        let any: String = people.iter().flat_map(|person| names(person, &reader.plan)).collect();
        if !any.is_empty() {
            naming(reader, kind, Some(&format!("(|{any})")), draft).await?;
        }
    }
    Ok(())
}

/// Takes in those groups that match the filter besides and were not shown yet.
async fn naming(
    reader: &Reader,
    kind: &Kind,
    filter: Option<&str>,
    draft: &mut Draft,
) -> Result<(), LdapFailure> {
    let mut listing = reader.list(reader.ask(kind, filter, kind.asked.clone()));
    while let Some(entry) = reader.next(kind, &mut listing).await? {
        let shown = convert::anchor(&entry, &reader.plan).is_ok_and(|id| draft.has_shown(&id));
        if !shown {
            draft.entry(&entry, kind, &reader.plan)?;
        }
    }
    Ok(())
}

/// The filters by which groups name a person.
fn names(person: &Called, plan: &Plan) -> Vec<String> {
    let filter = |attribute: &&str| {
        let by_dn = plan.definition(attribute)?.syntax == Syntax::Reference;
        let name = if by_dn { Some(&person.dn) } else { person.name.as_ref() };
        name.map(|name| format!("({attribute}={})", ldap3::ldap_escape(name.as_str())))
    };
    MEMBERS.iter().filter_map(filter).collect()
}
