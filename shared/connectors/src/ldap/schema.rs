//! The server's schema, as far as it matters here: names, aliases and syntax of attributes.
//!
//! In: `attributeTypes` of the subschema entry (RFC 4512 §4.1.2). Out: a [`Definition`] for each attribute that is
//! asked for, or a refusal with the nearest name: an attribute the server does not know would write nothing, for
//! everyone, silently.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::client::{Ask, Client};
use super::error::LdapFailure;
use super::server::Server;
use super::verdict::Place;

/// How values of an attribute are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Syntax {
    Text,
    Boolean,
    /// A DN, in the end an anchor.
    Reference,
    /// `20260316070000Z`.
    Time,
    /// 100 ns steps since 1601, Active Directory's.
    FileTime,
    Guid,
    Sid,
}

/// What the schema says about an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Definition {
    /// All its names, in lower case.
    pub(super) names: Vec<String>,
    pub(super) syntax: Syntax,
}

/// Syntaxes by OID, and by those names whose syntax says too little.
fn syntax(oid: Option<&str>, names: &[String]) -> Syntax {
    let is = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
    if is(&["objectguid", "ms-ds-consistencyguid", "msexchmailboxguid"]) {
        return Syntax::Guid;
    }
    if is(&["objectsid"]) {
        return Syntax::Sid;
    }
    if is(&FILE_TIMES) {
        return Syntax::FileTime;
    }
    // An entry's own name is a DN too, but nobody wants it as an anchor.
    if is(&["distinguishedname", "entrydn"]) {
        return Syntax::Text;
    }
    match oid {
        Some("1.3.6.1.4.1.1466.115.121.1.7") => Syntax::Boolean,
        Some("1.3.6.1.4.1.1466.115.121.1.12" | "1.3.6.1.4.1.1466.115.121.1.34") => Syntax::Reference,
        Some("1.3.6.1.4.1.1466.115.121.1.24") => Syntax::Time,
        _ => Syntax::Text,
    }
}

const FILE_TIMES: [&str; 9] = [
    "accountexpires",
    "badpasswordtime",
    "lastlogoff",
    "lastlogon",
    "lastlogontimestamp",
    "lockouttime",
    "msds-lastsuccessfulinteractivelogontime",
    "msds-userpasswordexpirytimecomputed",
    "pwdlastset",
];

/// Attribute types as the schema writes them.
#[derive(Debug, Default)]
pub(super) struct Schema {
    types: Vec<Type>,
    /// Position by name in lower case and by OID.
    places: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Type {
    /// As the schema spells them.
    names: Vec<String>,
    parent: Option<String>,
    syntax: Option<String>,
}

impl Schema {
    /// Reads the server's schema. One operation.
    pub(super) async fn read(client: &Client, server: &Server) -> Result<Self, LdapFailure> {
        let refused = || {
            LdapFailure::Refused(format!(
                "{} does not show its schema, so nobody can tell which attributes there are; give the bind account read access to the subschema entry ({})",
                client.server(),
                server.subschema.as_deref().unwrap_or("cn=Subschema")
            ))
        };
        let dn = server.subschema.clone().ok_or_else(refused)?;
        let mut ask = Ask::entry(Place::Server, dn, &["attributeTypes"]);
        ask.filter = "(objectClass=subschema)".into();
        let entry = client.entry(&ask).await?.ok_or_else(refused)?;
        let schema = Self::of(entry.values("attributeTypes"));
        if schema.types.is_empty() { Err(refused()) } else { Ok(schema) }
    }

    /// Understands definitions; those in another shape are left out.
    pub(super) fn of(definitions: &[Vec<u8>]) -> Self {
        let mut schema = Self::default();
        for definition in definitions {
            let Some((oid, kind)) = std::str::from_utf8(definition).ok().and_then(parsed) else { continue };
            let place = schema.types.len();
            schema.places.insert(oid.to_lowercase(), place);
            schema.places.extend(kind.names.iter().map(|name| (name.to_lowercase(), place)));
            schema.types.push(kind);
        }
        schema
    }

    /// What the schema says about an attribute; options (`;lang-de`) are no part of it.
    pub(super) fn definition(&self, name: &str) -> Option<Definition> {
        let kind = self.find(name)?;
        let mut names: Vec<String> = kind.names.iter().map(|name| name.to_lowercase()).collect();
        let bare = bare(name).to_lowercase();
        if !names.contains(&bare) {
            names.push(bare);
        }
        let syntax = syntax(self.syntax_oid(kind), &names);
        Some(Definition { names, syntax })
    }

    fn find(&self, name: &str) -> Option<&Type> {
        self.places.get(&bare(name).to_lowercase()).map(|place| &self.types[*place])
    }

    /// Its own syntax, or that of the type it is derived from.
    fn syntax_oid<'a>(&'a self, mut kind: &'a Type) -> Option<&'a str> {
        // Deeper than any schema; a circle ends here.
        for _ in 0..16 {
            if let Some(oid) = &kind.syntax {
                return Some(oid);
            }
            kind = self.find(kind.parent.as_deref()?)?;
        }
        None
    }

    /// The name that was probably meant.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        let wanted = name.to_lowercase();
        let names = self.types.iter().flat_map(|kind| &kind.names);
        let scored = names.map(|known| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known));
        let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        // Below it, suggestions have nothing to do with what was written.
        (best.0 > 0.8).then_some(best.1.as_str())
    }
}

/// A name without its options.
pub(super) fn bare(name: &str) -> &str {
    name.split(';').next().unwrap_or(name)
}

/// `( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name SYNTAX 1.3.6…{32768} )`; Active Directory puts the syntax into
/// quotes.
fn parsed(definition: &str) -> Option<(String, Type)> {
    let mut words = words(definition).into_iter().peekable();
    if words.next()? != "(" {
        return None;
    }
    let oid = words.next()?;
    let mut kind = Type { names: Vec::new(), parent: None, syntax: None };
    while let Some(word) = words.next() {
        match word.as_str() {
            "NAME" => match words.next()?.as_str() {
                "(" => kind.names.extend(words.by_ref().take_while(|word| word != ")")),
                name => kind.names.push(name.to_owned()),
            },
            "SUP" => kind.parent = words.next(),
            "SYNTAX" => {
                kind.syntax = words.next().map(|oid| oid.split('{').next().unwrap_or_default().to_owned());
            }
            // Their text may hold anything, keywords included.
            "DESC" => {
                words.next();
            }
            _ => {}
        }
    }
    Some((oid, kind))
}

/// Words, parentheses and quoted texts (without their quotation marks).
fn words(definition: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), definition.trim_start());
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '(' | ')' => rest.split_at(1),
            '\'' => rest[1..].split_once('\'').unwrap_or((&rest[1..], "")),
            _ => rest.split_at(rest.find([' ', '(', ')', '\'']).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}
