//! Content synchronization (RFC 4533), refreshOnly.
//!
//! In: the cookie of the last refresh, one a kind. Out: changed entries; and who is gone, either by name (delete
//! phase) or as everyone who is not among those present (present phase).
//!
//! # Assumptions
//! The anchor is entryUUID: by it the server names entries. A refresh is one search without pages, so the server's
//! size limit for the bind account must allow the whole list; where the document leaves the choice, time stamps are
//! followed instead.

use std::collections::BTreeMap;

use ldap3::asn1::{StructureTag, parse_tag};
use ldap3::controls::RawControl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::super::config::{Anchor, Changes};
use super::super::draft::Draft;
use super::super::error::LdapFailure;
use super::super::plan::Kind;
use super::super::reader::Reader;
use super::super::server::SYNC;
use super::super::wire::{self, Message};
use super::{Since, domain, modify_timestamp, untold};

const STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";

/// Anchors asked for in one search.
const BATCH: usize = 100;

/// A content cookie by kind, in hexadecimal digits: servers may put any bytes into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
struct Position(BTreeMap<String, String>);

/// What one refresh said in the end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Refresh {
    cookie: Option<Vec<u8>>,
    /// A present phase ended: whoever was not mentioned is gone.
    everyone: bool,
}

/// Reads everyone; answers where to go on from. Where the document leaves the choice and the server does not do a
/// whole refresh for this account, pages and time stamps serve as well.
pub(super) async fn full(
    wanted: Changes,
    reader: &Reader,
    draft: &mut Draft,
) -> Result<(Changes, Option<Value>), LdapFailure> {
    if reader.plan.anchor != Anchor::EntryUuid {
        return Err(LdapFailure::Refused(
            "source.ldap.changes: sync names entries by entryUUID, and this directory's anchor is another; choose another way".into(),
        ));
    }
    let mut position = Position::default();
    // Nor is anyone told who comes into a filter by computed attributes, or falls out of it.
    let untold = untold(&reader.plan, "content synchronization") || domain::filters_computed(&reader.plan);
    for kind in &reader.plan.kinds {
        match refresh(reader, kind, None, draft).await {
            Ok(Refresh { cookie: Some(cookie), .. }) => {
                position.0.insert(kind.object_type.to_string(), digits(&cookie));
            }
            Ok(_) => return Ok((Changes::Sync, None)),
            Err(LdapFailure::Result { code, .. }) if wanted == Changes::Auto => {
                tracing::info!(
                    server = reader.client.server(),
                    code,
                    "content synchronization is refused for a list of this size; time stamps are followed instead"
                );
                draft.clear()?;
                let position = modify_timestamp::full(reader, draft).await?;
                return Ok((Changes::ModifyTimestamp, position));
            }
            Err(failure) => return Err(reader.cut(kind, failure)),
        }
    }
    let position = serde_json::to_value(position).ok();
    Ok((Changes::Sync, position.filter(|_| !untold)))
}

/// Reads what changed since `position`.
pub(super) async fn since(
    reader: &Reader,
    position: &Value,
    draft: &mut Draft,
) -> Result<Since, LdapFailure> {
    let Ok(mut position) = serde_json::from_value::<Position>(position.clone()) else {
        return Ok(Since::Lost("the cookie is none that this version understands".into()));
    };
    let mut everyone = None;
    for kind in &reader.plan.kinds {
        let name = kind.object_type.to_string();
        let Some(cookie) = position.0.get(&name).and_then(|cookie| bytes(cookie)) else {
            return Ok(Since::Lost("there is no cookie for this kind".into()));
        };
        let refresh = match refresh(reader, kind, Some(cookie), draft).await {
            Ok(refresh) => refresh,
            // 4096 asks for it; whatever else the server has against the cookie, a full reading shows.
            Err(LdapFailure::Result { code, .. }) => {
                return Ok(Since::Lost(format!(
                    "the server cannot tell what changed since the cookie (result {code})"
                )));
            }
            Err(failure) => return Err(failure),
        };
        if *everyone.get_or_insert(refresh.everyone) != refresh.everyone {
            return Ok(Since::Lost("users and groups were refreshed in different ways".into()));
        }
        // Without a new cookie the old one stays good: the server tells more than necessary.
        if let Some(cookie) = refresh.cookie {
            position.0.insert(name, digits(&cookie));
        }
    }
    spare(reader, draft).await?;
    let position = serde_json::to_value(position).unwrap_or_default();
    Ok(if everyone == Some(true) { Since::Full(position) } else { Since::Delta(position) })
}

/// A refresh names as gone whoever changed and is not selected *by it*: a user whom groups are refreshed after, when
/// someone changes between the two. Who is there after all is not gone; the next refresh of its own kind shows it.
async fn spare(reader: &Reader, draft: &mut Draft) -> Result<(), LdapFailure> {
    if reader.plan.kinds.len() < 2 {
        return Ok(());
    }
    for ids in draft.gone_unless_shown().chunks(BATCH) {
        for id in reader.there(ids).await? {
            draft.not_gone(&id);
        }
    }
    Ok(())
}

async fn refresh(
    reader: &Reader,
    kind: &Kind,
    cookie: Option<Vec<u8>>,
    draft: &mut Draft,
) -> Result<Refresh, LdapFailure> {
    let initial = cookie.is_none();
    let mut ask = reader.ask(kind, None, kind.asked.clone());
    ask.controls.push(request(cookie));
    let mut listing = reader.client.list(ask, None);
    let mut said = Refresh::default();
    let garbled = || reader.client.garbled("a synchronization message in another shape");
    while let Some(message) = listing.next().await? {
        match message {
            Message::Entry(entry) => {
                let (state, id) = state(&entry.controls).ok_or_else(garbled)?;
                match state {
                    State::Present => draft.present(id, kind),
                    State::Changed => {
                        let entry = reader.whole(entry).await?;
                        draft.entry(&entry, kind, &reader.plan)?;
                    }
                    State::Gone => draft.gone(id),
                }
            }
            Message::Reference(urls) => reader.reference(kind, &urls)?,
            Message::Intermediate { oid, value } if oid == INFO => {
                match value.as_deref().and_then(info).ok_or_else(garbled)? {
                    Info::Cookie(cookie) => said.cookie = Some(cookie),
                    Info::PresentPhaseEnded(cookie) => {
                        said.everyone = true;
                        said.cookie = cookie.or(said.cookie);
                    }
                    Info::DeletePhaseEnded(cookie) => said.cookie = cookie.or(said.cookie),
                    Info::Present(ids) => ids.into_iter().for_each(|id| draft.present(id, kind)),
                    Info::Gone(ids) => ids.into_iter().for_each(|id| draft.gone(id)),
                }
            }
            Message::Intermediate { .. } => {}
        }
    }
    let (cookie, deletes) = done(listing.controls()).ok_or_else(garbled)?;
    said.cookie = cookie.or(said.cookie);
    said.everyone |= !deletes && !initial;
    Ok(said)
}

fn request(cookie: Option<Vec<u8>>) -> RawControl {
    let mut parts = vec![wire::enumerated(1)];
    parts.extend(cookie.map(wire::octets));
    wire::control(SYNC, true, Some(wire::sequence_of(parts)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Present,
    Changed,
    Gone,
}

/// Sync State: what is the matter with an entry, and which it is.
fn state(controls: &[RawControl]) -> Option<(State, Uuid)> {
    let control = controls.iter().find(|control| control.ctype == STATE)?;
    let mut parts = wire::sequence(control.val.as_deref()?)?.into_iter();
    let state = match wire::integer(parts.next()?)? {
        0 => State::Present,
        1 | 2 => State::Changed,
        3 => State::Gone,
        _ => return None,
    };
    Some((state, Uuid::from_slice(&wire::primitive(parts.next()?)?).ok()?))
}

/// Sync Done: the new cookie, and whether a delete phase ended the refresh.
fn done(controls: &[RawControl]) -> Option<(Option<Vec<u8>>, bool)> {
    let control = controls.iter().find(|control| control.ctype == DONE)?;
    cookie_and_flag(wire::sequence(control.val.as_deref()?)?, false)
}

/// Sync Info.
#[derive(Debug, PartialEq, Eq)]
enum Info {
    Cookie(Vec<u8>),
    DeletePhaseEnded(Option<Vec<u8>>),
    PresentPhaseEnded(Option<Vec<u8>>),
    Present(Vec<Uuid>),
    Gone(Vec<Uuid>),
}

fn info(value: &[u8]) -> Option<Info> {
    let (_, tag) = parse_tag(value).ok()?;
    match tag.id {
        0 => Some(Info::Cookie(wire::primitive(tag)?)),
        1 => Some(Info::DeletePhaseEnded(cookie_and_flag(wire::constructed(tag)?, true)?.0)),
        2 => Some(Info::PresentPhaseEnded(cookie_and_flag(wire::constructed(tag)?, true)?.0)),
        3 => {
            let (sets, rest): (Vec<_>, Vec<_>) =
                wire::constructed(tag)?.into_iter().partition(|part| part.id == SET);
            let (_, deletes) = cookie_and_flag(rest, false)?;
            let ids =
                sets.into_iter().map(wire::constructed).collect::<Option<Vec<_>>>()?.into_iter().flatten();
            let ids = ids.map(|id| Uuid::from_slice(&wire::primitive(id)?).ok()).collect::<Option<_>>()?;
            Some(if deletes { Info::Gone(ids) } else { Info::Present(ids) })
        }
        _ => None,
    }
}

const BOOLEAN: u64 = 1;
const OCTETS: u64 = 4;
const SET: u64 = 17;

fn cookie_and_flag(parts: Vec<StructureTag>, otherwise: bool) -> Option<(Option<Vec<u8>>, bool)> {
    let (mut cookie, mut flag) = (None, otherwise);
    for part in parts {
        match part.id {
            OCTETS => cookie = Some(wire::primitive(part)?),
            BOOLEAN => flag = *wire::primitive(part)?.first()? != 0,
            _ => return None,
        }
    }
    Some((cookie, flag))
}

/// Bytes as text: two digits each.
pub(super) fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that [`digits`] stand for.
pub(super) fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
