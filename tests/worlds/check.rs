//! What must hold when a world has come to rest.
//!
//! In: the world. Out: nothing, or the first thing that is not as it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use engine::model::{Attributes, ObjectType, SourceId, TargetId, Value};

use crate::life::World;
use crate::model::{Account, Manager};
use crate::setup::MANAGER;

/// Everything.
pub(crate) fn everything(world: &World) -> Result<(), String> {
    accounts(world)?;
    groups(world)?;
    links(world)?;
    claims(world)?;
    if world.overtaken { Ok(()) } else { counts(world) }
}

/// The target holds the accounts of the model, and no others.
fn accounts(world: &World) -> Result<(), String> {
    let all = world.target.accounts(ObjectType::User);
    let names: BTreeMap<&TargetId, String> = all
        .iter()
        .map(|(id, account)| (id, text(&account.attributes, "userName").unwrap_or_default()))
        .collect();
    let model = world.model.accounts();
    let mut actual = BTreeMap::new();
    for (id, account) in &all {
        let held = &account.attributes;
        let called = |id: String| {
            names.get(&TargetId::new(&id)).cloned().unwrap_or_else(|| format!("nobody has {id}"))
        };
        let expected = text(held, "userName").and_then(|name| model.get(&name));
        let manager = match expected.map(|account| &account.manager) {
            Some(Manager::AsBefore) => Manager::AsBefore,
            _ => text(held, MANAGER).map_or(Manager::Nobody, |id| Manager::Called(called(id))),
        };
        let account = Account {
            sign_in: names[id].clone(),
            name: text(held, "displayName"),
            title: text(held, "title"),
            active: held.get("active") == Some(&Value::Boolean(true)),
            manager,
        };
        if actual.insert(account.sign_in.clone(), account).is_some() {
            return Err(format!("two accounts are called {}", names[id]));
        }
    }
    same("account", &model, &actual)
}

/// The same of groups.
fn groups(world: &World) -> Result<(), String> {
    let users = world.target.accounts(ObjectType::User);
    let name = |id: &TargetId| {
        let user = users.get(id).and_then(|account| text(&account.attributes, "userName"));
        user.unwrap_or_else(|| format!("nobody has {id}"))
    };
    let mut actual = BTreeMap::new();
    for group in world.target.accounts(ObjectType::Group).values() {
        let called = text(&group.attributes, "displayName").unwrap_or_default();
        let members: BTreeSet<String> = group.members.iter().map(name).collect();
        if actual.insert(called.clone(), members).is_some() {
            return Err(format!("two groups are called {called}"));
        }
    }
    same("group", world.model.groups(), &actual)
}

fn text(held: &Attributes, path: &str) -> Option<String> {
    held.get(path).map(ToString::to_string)
}

fn same<T: PartialEq + Debug>(
    what: &str,
    expected: &BTreeMap<String, T>,
    actual: &BTreeMap<String, T>,
) -> Result<(), String> {
    let names: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
    let differs = |name: &&String| expected.get(*name) != actual.get(*name);
    let wrong: Vec<String> = names
        .into_iter()
        .filter(differs)
        .map(|name| {
            format!(
                "the {what} {name}\n  should be {:?}\n  and is    {:?}",
                expected.get(name),
                actual.get(name)
            )
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Every link's account is there, shadows say what it holds, and nothing is remembered of those who are gone, except
/// for accounts that are left alone.
fn links(world: &World) -> Result<(), String> {
    for link in world.store.all_links(&world.job) {
        let id = link.source_id.as_str();
        let is_known = world.directory.people.contains_key(id)
            || world.directory.groups.contains_key(id)
            || world.model.leaves_alone(id);
        if !is_known {
            return Err(format!("something is remembered of {id}, who is gone: {link:#?}"));
        }
        let Some(target) = &link.target_id else { continue };
        let all = world.target.accounts(link.object_type);
        let Some(account) = all.get(target) else {
            return Err(format!("{id} is linked to {target}, which is not there"));
        };
        for (path, value) in &link.shadow {
            if account.attributes.get(path) != Some(value) {
                let held = account.attributes.get(path);
                return Err(format!("the shadow of {id} says {path} is {value}, the account says {held:?}"));
            }
        }
    }
    Ok(())
}

/// No account has two owners, and claims and links say the same.
fn claims(world: &World) -> Result<(), String> {
    let links = world.store.all_links(&world.job);
    let linked: BTreeMap<(ObjectType, TargetId), SourceId> = links
        .iter()
        .filter_map(|link| Some(((link.object_type, link.target_id.clone()?), link.source_id.clone())))
        .collect();
    let with_account = links.iter().filter(|link| link.target_id.is_some()).count();
    if linked.len() != with_account {
        return Err("two objects are linked to one account".into());
    }
    let claims = world.store.claims(&world.job);
    if claims == linked {
        return Ok(());
    }
    let keys: BTreeSet<_> = claims.keys().chain(linked.keys()).collect();
    let wrong: Vec<String> = keys
        .into_iter()
        .filter(|key| claims.get(key) != linked.get(key))
        .map(|key| format!("{key:?} is claimed by {:?} and linked to {:?}", claims.get(key), linked.get(key)))
        .collect();
    Err(wrong.join("\n"))
}

/// The standing counts count what is there.
fn counts(world: &World) -> Result<(), String> {
    let Some(state) = world.store.state(&world.job) else { return Err("the job is gone".into()) };
    let links = world.store.all_links(&world.job);
    let of = |kind, what: fn(&engine::model::Link) -> bool| {
        links.iter().filter(|link| link.object_type == kind && what(link)).count() as u64
    };
    let counts = state.counts;
    let expected = [
        ("linked", counts.linked, of(ObjectType::User, |link| link.target_id.is_some())),
        ("in scope", counts.in_scope, of(ObjectType::User, |link| link.in_scope)),
        ("groups linked", counts.groups.linked, of(ObjectType::Group, |link| link.target_id.is_some())),
        ("groups in scope", counts.groups.in_scope, of(ObjectType::Group, |link| link.in_scope)),
        ("escrowed", counts.escrowed, 0),
        ("staged", counts.staged, 0),
    ];
    match expected.iter().find(|(_, counted, there)| counted != there) {
        Some((what, counted, there)) => Err(format!("{counted} are counted as {what}, and {there} are")),
        None => Ok(()),
    }
}
