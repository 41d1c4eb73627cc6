//! Pages of short lists: those that one request to the table reads, and that are sorted here.
//!
//! In: everything there is, with the key that orders it. Out: a page in Graph's shape. A token names the key that was shown
//! last, so that what comes or goes between two pages moves nobody else.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::ApiError;
use crate::answer::{context, origin};

/// Entries of a page when nobody says how many.
const USUAL: usize = 100;

/// The largest page, Graph's own.
const LARGEST: usize = 1_000;

const ACCEPTED: &str = "this path takes $top and $skiptoken";

/// Which page is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Paging {
    top: usize,
    /// The key that was shown last.
    after: Option<String>,
}

impl Paging {
    /// Reads a query string.
    pub fn parse(query: Option<&str>) -> Result<Self, ApiError> {
        let mut paging = Self { top: USUAL, after: None };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "$top" => paging.top = top(&value).map_err(ApiError::bad_request)?,
                "$skiptoken" => paging.after = Some(key(&value).map_err(ApiError::bad_request)?),
                _ => {
                    return Err(ApiError::bad_request(format!(
                        "'{name}' is no option of this path. {ACCEPTED}"
                    )));
                }
            }
        }
        Ok(paging)
    }

    /// For a list that has one page.
    pub fn without_token(self) -> Result<Self, ApiError> {
        match self.after {
            None => Ok(self),
            Some(_) => Err(ApiError::bad_request("this list has one page; it takes $top")),
        }
    }

    /// How many entries the page has at the most.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The entries of the page, out of all of them with their keys, and the key to go on from.
    pub fn of<T>(&self, mut all: Vec<(String, T)>) -> (Vec<T>, Option<String>) {
        all.retain(|(key, _)| self.after.as_ref().is_none_or(|after| key > after));
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let more = all.len() > self.top;
        all.truncate(self.top);
        let last = all.last().map(|(key, _)| key.clone()).filter(|_| more);
        (all.into_iter().map(|(_, entry)| entry).collect(), last)
    }

    /// The page as Graph writes it. `path` is the one that was asked, below `/v1.0/`.
    pub fn answer(
        &self,
        headers: &HeaderMap,
        path: &str,
        page: &[impl Serialize],
        last: Option<&str>,
    ) -> Value {
        let mut answer = json!({ "@odata.context": context(headers, path), "value": page });
        if let Some(last) = last {
            let (token, top) = (URL_SAFE_NO_PAD.encode(last), self.top);
            let link = format!("{}/v1.0/{path}?$top={top}&$skiptoken={token}", origin(headers));
            answer["@odata.nextLink"] = Value::String(link);
        }
        answer
    }
}

/// `$top`: how many entries a page has.
pub fn top(value: &str) -> Result<usize, String> {
    let number = value.parse().ok().filter(|number| (1..=LARGEST).contains(number));
    number.ok_or_else(|| format!("$top is a number from 1 to {LARGEST}"))
}

fn key(token: &str) -> Result<String, String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        "$skiptoken is none of this list; use @odata.nextLink as it was given, or begin again".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_that_are_not_known_are_refused() {
        for query in ["$filter=a", "top=5", "$top=0", "$top=1001", "$skiptoken=%25"] {
            assert!(Paging::parse(Some(query)).is_err(), "{query}");
        }
        assert_eq!(Paging::parse(None).unwrap(), Paging { top: USUAL, after: None });
    }

    proptest! {
        #[test]
        fn pages_hold_everything_once_in_order_while_others_come_and_go(
            keys in prop::collection::btree_set("[a-f]{1,3}", 0..40),
            others in prop::collection::vec("[a-f]{1,3}z", 0..8),
            top in 1_usize..7,
        ) {
            let (mut paging, mut shown, mut others) = (Paging { top, after: None }, Vec::new(), others.into_iter());
            loop {
                let all = keys.iter().cloned().chain(others.next()).map(|key| (key.clone(), key)).collect();
                let (page, last) = paging.of(all);
                shown.extend(page.into_iter().filter(|key| keys.contains(key)));
                let Some(last) = last else { break };
                paging.after = Some(last);
            }
            prop_assert_eq!(shown, keys.into_iter().collect::<Vec<_>>());
        }
    }
}
