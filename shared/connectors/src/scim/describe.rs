//! Asking a target what it can hold: `/Schemas` and `/ResourceTypes` (RFC 7644 §4).
//!
//! In: nothing. Out: the attributes of its users and groups by the paths that mappings use. Promises: nobody else of the
//! connector needs the answer, so that a target which does not describe itself is provisioned as well; pages, schemas
//! and attributes have an end.

use std::collections::BTreeSet;

use engine::model::ObjectType;
use engine::ports::{TargetError, TargetErrorKind};
use engine::schema::document::AttributeDefinition;
use jiff::Timestamp;
use reqwest::Method;

use super::client::Request;
use super::convert::Object;
use super::convert::described::{self, ResourceType, Room};
use super::error::{About, failed};
use super::kind::core_schema;
use super::schema::definitions;
use super::target::ScimTarget;

/// 10 pages of schemas or of types: most servers have three of each, and show them on one page.
const PAGES: usize = 10;

/// 1,000 attributes: what is kept of them must fit into one item of DynamoDB, 400 KB, whatever they are called.
const MOST_ATTRIBUTES: usize = 1_000;

/// What a target says it can hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// The attributes of users.
    pub users: Vec<AttributeDefinition>,
    /// The attributes of groups.
    pub groups: Vec<AttributeDefinition>,
    /// Attributes that it has besides: those that no mapping may name, and those past the thousandth.
    pub left_out: usize,
}

impl ScimTarget {
    /// Asks the target what it can hold.
    ///
    /// # Errors
    /// The target's failure, also when it describes neither users nor groups.
    pub async fn describe(&self) -> Result<Description, TargetError> {
        let deadline = self.deadline();
        let mut parts = Parts::default();
        let read = |one: &Object| parts.note(described::resource_type(one));
        match self.each_resource("/ResourceTypes", read, deadline).await {
            // Which schemas belong together is known by their names then.
            Err(error) if !is_missing(error.kind) => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let (mut found, mut room) = (Description::default(), Room::default());
        let read = |one: &Object| found.take(one, &parts, &mut room);
        self.each_resource("/Schemas", read, deadline).await?;
        if found.users.is_empty() && found.groups.is_empty() {
            let why = "The target describes neither users nor groups at /Schemas, so nothing can be discovered; map its attributes by the names that the app documents";
            return Err(failed(TargetErrorKind::NotSupported, "GET /Schemas".to_owned(), why).error);
        }
        Ok(found)
    }

    /// Reads everything at an address. The RFC does not page here, some servers do; one that shows the same page again has
    /// no more.
    async fn each_resource(
        &self,
        path: &str,
        mut read: impl FnMut(&Object),
        deadline: Timestamp,
    ) -> Result<(), TargetError> {
        let (mut seen, mut first) = (0, None);
        for _ in 0..PAGES {
            let request = Request::new(Method::GET, path, About::Discovery);
            let request = if seen == 0 { request } else { request.query(format!("startIndex={}", seen + 1)) };
            let answer = self.client.send(&request, deadline).await.map_err(|refusal| refusal.error)?;
            let (page, total) =
                described::resources(&answer.body).map_err(|why| self.no_list(&request, &answer, &why))?;
            let begins = page.first().map(|&one| one.clone());
            if begins.is_none() || begins == first {
                break;
            }
            first = begins;
            seen += page.len();
            page.into_iter().for_each(&mut read);
            if total.is_none_or(|total| seen as u64 >= total) {
                break;
            }
        }
        Ok(())
    }
}

/// Which schemas users and groups are made of, as far as the target says.
#[derive(Default)]
pub(super) struct Parts {
    users: Option<ResourceType>,
    groups: Option<ResourceType>,
}

/// What a schema is to a kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its attributes stand without its name.
    Core,
    /// They stand with it.
    Extension,
}

impl Parts {
    /// Keeps a type of resources that is one of the two.
    fn note(&mut self, found: Option<ResourceType>) {
        let Some(found) = found else { return };
        match found.endpoint.to_ascii_lowercase().as_str() {
            "users" => self.users = Some(found),
            "groups" => self.groups = Some(found),
            _ => {}
        }
    }

    fn of(&self, kind: ObjectType, schema: &str) -> Option<Part> {
        let own = if kind == ObjectType::User { &self.users } else { &self.groups };
        let own = own.as_ref();
        let core = own.map_or(core_schema(kind), |own| &own.schema);
        let is_extension = || match own {
            Some(own) => own.extensions.iter().any(|urn| urn.eq_ignore_ascii_case(schema)),
            None => is_named_like(schema, core),
        };
        match schema.eq_ignore_ascii_case(core) {
            true => Some(Part::Core),
            false => is_extension().then_some(Part::Extension),
        }
    }
}

impl Description {
    /// Takes a schema that users or groups are made of.
    pub(super) fn take(&mut self, resource: &Object, parts: &Parts, room: &mut Room) {
        let Some(id) = described::id(resource) else { return };
        for kind in [ObjectType::User, ObjectType::Group] {
            let Some(part) = parts.of(kind, &id) else { continue };
            let Some(schema) = described::schema(resource, room) else { continue };
            let (found, left_out) = definitions(kind, &schema, part == Part::Extension);
            self.left_out += left_out;
            self.extend(kind, found);
        }
    }

    /// Adds attributes, each once, as long as they are not too many.
    fn extend(&mut self, kind: ObjectType, found: Vec<AttributeDefinition>) {
        let room = MOST_ATTRIBUTES.saturating_sub(self.users.len() + self.groups.len());
        let mine = if kind == ObjectType::User { &mut self.users } else { &mut self.groups };
        let mut known: BTreeSet<String> = mine.iter().map(lower_name).collect();
        let mut news: Vec<_> = found.into_iter().filter(|one| known.insert(lower_name(one))).collect();
        self.left_out += news.len().saturating_sub(room);
        news.truncate(room);
        mine.extend(news);
    }
}

fn lower_name(one: &AttributeDefinition) -> String {
    one.name.text().unwrap_or_default().to_lowercase()
}

/// Whether the URN of an extension ends as that of the schema it extends: `…:2.0:User`.
fn is_named_like(extension: &str, core: &str) -> bool {
    let last = |urn: &str| urn.rsplit(':').next().unwrap_or_default().to_lowercase();
    last(extension) == last(core)
}

/// Whether there is nothing at an address that could be read, rather than nobody who answers.
fn is_missing(kind: TargetErrorKind) -> bool {
    use TargetErrorKind as Kind;
    !matches!(
        kind,
        Kind::Credentials
            | Kind::InsufficientRights
            | Kind::Throttled
            | Kind::ServerError
            | Kind::Unreachable
    )
}
