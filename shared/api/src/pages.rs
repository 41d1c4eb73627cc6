//! Pages of short lists: those that one request to the table reads, and that are sorted here.
//!
//! In: everything there is, with the key that orders it. Out: a page in Graph's shape. A token holds the key that was shown
//! last, so that what comes or goes between two pages moves nobody else; it is signed for its list ([`crate::token`]).
//! `$top` may differ from page to page.

use axum::http::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::ApiError;
use crate::answer::{context, origin};
use crate::token::List;

/// Entries of a page when nobody says how many.
const USUAL: usize = 100;

/// The largest page, Graph's own.
const LARGEST: usize = 1_000;

/// What changes how an entry looks and not which there are: a link goes on all the same.
const SELECT: &str = "$select";

/// Which page is asked for, of which list.
#[derive(Debug)]
pub struct Paging {
    list: List,
    top: usize,
    /// The key that was shown last.
    after: Option<String>,
    /// What else was asked, of the options that the path has.
    options: Vec<(String, String)>,
}

impl Paging {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400, for options that this path does not have and for tokens of another list.
    pub fn parse(query: Option<&str>, list: List) -> Result<Self, ApiError> {
        Self::with(query, list, &[])
    }

    /// Reads the query string of a list that has more options, such as `$search`. A link to the next page keeps them.
    ///
    /// # Errors
    /// The same.
    pub fn with(query: Option<&str>, list: List, options: &[&str]) -> Result<Self, ApiError> {
        let mut paging = Self { list, top: USUAL, after: None, options: Vec::new() };
        let mut token = None;
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "$top" => paging.top = top(&value).map_err(ApiError::bad_request)?,
                "$skiptoken" => token = Some(value),
                name if paging.option(name).is_some() => {
                    return Err(ApiError::bad_request(format!("'{name}' stands there twice; give it once")));
                }
                name if options.contains(&name) => paging.options.push((name.to_owned(), value.into_owned())),
                _ => {
                    let accepted = [options, &["$top"]].concat().join(", ");
                    return Err(ApiError::bad_request(format!(
                        "'{name}' is no option of this path. This path takes {accepted} and $skiptoken"
                    )));
                }
            }
        }
        paging.after = token.map(|token| paging.list.open(&paging.question(), &token)).transpose()?;
        Ok(paging)
    }

    /// What was given for an option.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// What a token is bound to.
    fn question(&self) -> String {
        let mut asked: Vec<_> = self.options.iter().filter(|(name, _)| name != SELECT).collect();
        asked.sort();
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(asked.into_iter().map(|(name, value)| (name, value)))
            .finish()
    }

    /// Reads the query string of a list that has one page.
    ///
    /// # Errors
    /// 400, also when another page is asked for.
    pub fn single(query: Option<&str>, list: List) -> Result<Self, ApiError> {
        let mut options = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        if options.any(|(name, _)| name == "$skiptoken") {
            return Err(ApiError::bad_request(
                "this list has one page, as long as $top says; leave $skiptoken out",
            ));
        }
        Self::parse(query, list)
    }

    /// How many entries the page has at the most.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The key that was shown last.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
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

    /// The page as Graph writes it.
    pub fn answer(&self, headers: &HeaderMap, page: &[impl Serialize], last: Option<&str>) -> Value {
        let path = self.list.path();
        let mut answer = json!({ "@odata.context": context(headers, path), "value": page });
        if let Some(last) = last {
            let (token, top) = (self.list.seal(&self.question(), last), self.top);
            let options: String =
                self.options.iter().map(|(name, value)| format!("{name}={}&", encoded(value))).collect();
            let link = format!("{}/v1.0/{path}?{options}$top={top}&$skiptoken={token}", origin(headers));
            answer["@odata.nextLink"] = Value::String(link);
        }
        answer
    }
}

fn encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// `$top`: how many entries a page has.
pub fn top(value: &str) -> Result<usize, String> {
    let number = value.parse().ok().filter(|number| (1..=LARGEST).contains(number));
    number.ok_or_else(|| format!("$top is a number from 1 to {LARGEST}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Caller;
    use crate::token::{KEY, Signer};

    fn list() -> List {
        let caller = Caller { id: "ada".to_owned(), name: "Ada".to_owned(), owner_only: false };
        List::new(&Signer::new(&[7; KEY]), jiff::Timestamp::UNIX_EPOCH, &caller, "jobs")
    }

    #[test]
    fn options_that_are_not_known_are_refused() {
        for query in ["$filter=a", "top=5", "$top=0", "$top=1001", "$skiptoken=%25"] {
            assert!(Paging::parse(Some(query), list()).is_err(), "{query}");
        }
        let paging = Paging::parse(None, list()).unwrap();
        assert_eq!((paging.top, paging.after), (USUAL, None));
    }

    #[test]
    fn the_link_to_the_next_page_leads_on_from_the_last_entry() {
        let all = || ["a", "b", "c"].map(|key| (key.to_owned(), key)).to_vec();
        let first = Paging::parse(Some("$top=2"), list()).unwrap();
        let (page, last) = first.of(all());
        let answer = first.answer(&HeaderMap::new(), &page, last.as_deref());
        let (_, query) = answer["@odata.nextLink"].as_str().unwrap().split_once('?').unwrap();
        let (page, last) = Paging::parse(Some(query), list()).unwrap().of(all());
        assert_eq!((page, last), (vec!["c"], None));
    }

    #[test]
    fn a_link_keeps_what_was_asked_and_fits_no_other_question() {
        let options = ["$search", "$select"];
        let asked = |query: &str| Paging::with(Some(query), list(), &options);
        let first = asked("$search=Zo%C3%AB+%26+co&$top=1&$select=id").unwrap();
        assert_eq!((first.option("$search"), first.option("$select")), (Some("Zoë & co"), Some("id")));
        let answer = first.answer(&HeaderMap::new(), &["a"], Some("a"));
        let (_, query) = answer["@odata.nextLink"].as_str().unwrap().split_once('?').unwrap();
        let again = asked(query).unwrap();
        assert_eq!((again.option("$search"), again.after()), (Some("Zoë & co"), Some("a")));
        assert!(asked(&query.replace("$select=id", "$select=id,displayName")).is_ok());
        for other in
            [query.replace("Zo%C3%AB", "Zoe"), query.replace("$search", "x"), format!("{query}&$search=a")]
        {
            assert!(asked(&other).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn pages_hold_everything_once_in_order_while_others_come_and_go(
            keys in prop::collection::btree_set("[a-f]{1,3}", 0..40),
            others in prop::collection::vec("[a-f]{1,3}z", 0..8),
            top in 1_usize..7,
        ) {
            let mut paging = Paging { list: list(), top, after: None, options: Vec::new() };
            let (mut shown, mut others) = (Vec::new(), others.into_iter());
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
