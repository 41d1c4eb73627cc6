//! From names of entries to anchors: the second pass over a reading.
//!
//! In: a [`Draft`] whose objects refer to others by DN or by user name. Out: a [`Spool`] whose objects refer to them
//! by anchor.
//!
//! Names that were listed are known from the first pass. The others are asked for, once each, a page of objects at a
//! time. Those that lead nowhere are dropped: an entry may name someone who was deleted.

use std::path::Path;

use engine::model::{ObjectType, SourceId, SourceObject, Value};
use engine::ports::MEMBERS;
use uuid::Uuid;

use super::convert::{Converted, Reference};
use super::dn;
use super::draft::{Draft, Names, Rest, Rough, name_hash};
use super::error::LdapFailure;
use super::reader::Reader;
use super::spool::{self, Line, Spool};
use super::watermark::Mark;

/// Objects whose references are looked up together.
const PAGE: usize = 500;

/// Keeps a draft as a spool, with references resolved.
pub(super) async fn settle(
    draft: Draft,
    reader: &Reader,
    delta: bool,
    mark: &Mark,
) -> Result<Spool, LdapFailure> {
    let Rest { users, groups, gone } = draft.rest();
    let mut users = users.into_iter();
    let Draft { lines: rough, spools, mut names, .. } = draft;
    let rough = rough.again()?;
    let mut lines = spools.begin()?;
    let (mut offset, mut dropped) = (0, 0);
    loop {
        let (page, read) = chunk(&rough, offset).await.map_err(|cause| spools.failed(cause))?;
        if read == 0 {
            break;
        }
        offset += read;
        learn(page.iter().filter_map(converted), &mut names, reader).await?;
        for line in page {
            // People who did not change come before the first group, too.
            if converted(&line).is_some_and(|found| found.object.object_type == ObjectType::Group) {
                users.by_ref().try_for_each(|id| lines.write(&present(id)))?;
                lines.groups_begin();
            }
            lines.write(&match line {
                Rough::Object(object) => Line::Object(resolved(*object, &names, &mut dropped)),
                Rough::Unreadable { place, id, reason } => Line::Unreadable { place, id, reason },
            })?;
        }
    }
    if dropped > 0 {
        tracing::debug!(dropped, "references to entries that are not there are left out");
    }
    users.try_for_each(|id| lines.write(&present(id)))?;
    lines.groups_begin();
    groups.into_iter().try_for_each(|id| lines.write(&present(id)))?;
    for id in gone {
        lines.write(&Line::Gone(SourceId::new(id.to_string())))?;
    }
    lines.keep(&mark.identity, delta, mark.stored())
}

fn present(id: Uuid) -> Line {
    Line::Present(SourceId::new(id.to_string()))
}

fn converted(line: &Rough) -> Option<&Converted> {
    match line {
        Rough::Object(object) => Some(object.as_ref()),
        Rough::Unreadable { .. } => None,
    }
}

async fn chunk(path: &Path, offset: u64) -> std::io::Result<(Vec<Rough>, u64)> {
    let path = path.to_owned();
    let work = move || {
        let mut page = Vec::new();
        let read = spool::read(&path, offset, None, PAGE, |line| page.push(line))?;
        Ok((page, read))
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// Resolves the references of a few objects.
pub(super) async fn resolve(
    objects: Vec<Converted>,
    reader: &Reader,
) -> Result<Vec<SourceObject>, LdapFailure> {
    let mut names = Names::new();
    learn(objects.iter(), &mut names, reader).await?;
    let mut dropped = 0;
    Ok(objects.into_iter().map(|object| resolved(object, &names, &mut dropped)).collect())
}

/// Looks up the names that are not known yet.
async fn learn<'a>(
    objects: impl Iterator<Item = &'a Converted>,
    names: &mut Names,
    reader: &Reader,
) -> Result<(), LdapFailure> {
    let (mut dns, mut users) = (Vec::new(), Vec::new());
    for reference in objects.flat_map(|object| object.references.values().flatten()) {
        let Some(hash) = hash(reference).filter(|hash| !names.contains_key(hash)) else { continue };
        names.insert(hash, None);
        match reference {
            Reference::Dn(dn) => dns.push(dn.clone()),
            Reference::Name(name) => users.push(name.clone()),
            Reference::Id(_) => {}
        }
    }
    for (dn, id) in reader.anchors(dns).await? {
        names.insert(dn::hash(&dn), Some(id));
    }
    for (name, id) in reader.users_named(&users).await? {
        names.insert(name_hash(&name), Some(id));
    }
    Ok(())
}

fn hash(reference: &Reference) -> Option<[u8; 16]> {
    match reference {
        Reference::Id(_) => None,
        Reference::Dn(dn) => Some(dn::hash(dn)),
        Reference::Name(name) => Some(name_hash(name)),
    }
}

fn resolved(converted: Converted, names: &Names, dropped: &mut u64) -> SourceObject {
    let Converted { mut object, references } = converted;
    for (attribute, named) in references {
        let mut ids = Vec::new();
        for reference in named {
            let id = match (&reference, hash(&reference)) {
                (Reference::Id(id), _) => Some(*id),
                (_, hash) => hash.and_then(|hash| names.get(&hash).copied().flatten()),
            };
            match id {
                Some(id) => ids.push(Value::text(id.to_string())),
                None => *dropped += 1,
            }
        }
        let value = if ids.len() > 1 || attribute == MEMBERS { Some(Value::List(ids)) } else { ids.pop() };
        object.attributes.extend(value.map(|value| (attribute, value)));
    }
    object
}
