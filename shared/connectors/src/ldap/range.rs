//! Long attribute values of Active Directory, fetched in slices.
//!
//! In: an entry that may hold `member;range=0-1499`. Out: the same entry with all values under `member`. A domain
//! controller hands out 1500 values at a time unless configured otherwise (`MaxValRange`); the last slice is called
//! `member;range=1500-*`.

use super::client::{Ask, Client};
use super::error::LdapFailure;
use super::verdict::Place;
use super::wire::Entry;

/// The option's name, in the lower case that names are compared in.
const RANGE: &str = "range=";

/// One slice of values, by what its attribute is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    /// The attribute, with its other options.
    pub(super) attribute: String,
    /// Where the next slice begins; none after the last one.
    pub(super) next: Option<u64>,
}

/// Understands `member;range=0-1499`; `None` when it is no slice.
pub(super) fn slice(name: &str) -> Option<Slice> {
    let range = |option: &&str| option.to_ascii_lowercase().starts_with(RANGE);
    let options: Vec<&str> = name.split(';').collect();
    let (_, end) = options.iter().find(|option| range(option))?[RANGE.len()..].split_once('-')?;
    let next = match end {
        "*" => None,
        end => Some(end.parse::<u64>().ok()?.checked_add(1)?),
    };
    let rest: Vec<&str> = options.into_iter().filter(|option| !range(option)).collect();
    Some(Slice { attribute: rest.join(";"), next })
}

/// Completes the attributes of an entry that came in part.
pub(super) async fn complete(client: &Client, entry: &mut Entry) -> Result<(), LdapFailure> {
    while let Some(at) = entry.attributes.iter().position(|(name, _)| slice(name).is_some()) {
        let (name, mut values) = entry.attributes.swap_remove(at);
        let Some(Slice { attribute, mut next }) = slice(&name) else { continue };
        while let Some(from) = next {
            let (more, then) = fetch(client, &entry.dn, &attribute, from).await?;
            values.extend(more);
            next = then;
        }
        // Active Directory also sends the plain name, without values.
        entry.attributes.retain(|(known, _)| !known.eq_ignore_ascii_case(&attribute));
        entry.attributes.push((attribute, values));
    }
    Ok(())
}

/// The values from a position on, and where the slice after them begins.
async fn fetch(
    client: &Client,
    dn: &str,
    attribute: &str,
    from: u64,
) -> Result<(Vec<Vec<u8>>, Option<u64>), LdapFailure> {
    let wanted = format!("{attribute};range={from}-*");
    let entry = client.entry(&Ask::entry(Place::Reference, dn, &[&wanted])).await?;
    let mut attributes = entry.into_iter().flat_map(|entry| entry.attributes);
    let found = attributes.find_map(|(name, values)| Some((slice(&name)?, values)));
    match found {
        // A slice that ends before it began would be fetched for ever.
        Some((Slice { next, .. }, values)) if next.is_none_or(|next| next > from) => Ok((values, next)),
        // Values were removed meanwhile, or the entry is gone: half a group is no group.
        _ => Err(client.garbled("an attribute whose values end early")),
    }
}
