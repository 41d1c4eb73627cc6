//! What is asked of the log, out of a query string.
//!
//! In: the query string. Out: [`Options`], or a sentence that says what this path takes. What makes up the question, as
//! opposed to how a page of its answer looks, is told apart here: it is what a token is bound to.

use api::pages::top;
use logs::odata::{Filter, Known};
use logs::{Question, oldest_first, text_to_search};
use url::form_urlencoded;
use uuid::Uuid;

const ACCEPTED: &str = "this path takes $filter, $search (a person's name or an id), $top, \
                        $orderby=activityDateTime desc or asc, $select, $count and $skiptoken";

/// A record's properties, as `$select` names them.
const PROPERTIES: [&str; 17] = [
    "id",
    "activityDateTime",
    "tenantId",
    "jobId",
    "cycleId",
    "changeId",
    "provisioningAction",
    "durationInMilliseconds",
    "servicePrincipal",
    "sourceSystem",
    "targetSystem",
    "initiatedBy",
    "sourceIdentity",
    "targetIdentity",
    "provisioningStatusInfo",
    "provisioningSteps",
    "modifiedProperties",
];

/// What is asked, out of the query string.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Options {
    pub(super) question: Question,
    pub(super) top: Option<usize>,
    /// All of them, when nobody says which.
    pub(super) select: Option<Vec<&'static str>>,
    pub(super) count: bool,
    pub(super) token: Option<String>,
}

/// Options that say how a page looks, and not what is in the answer. They may differ from page to page.
const OF_A_PAGE: [&str; 4] = ["$top", "$select", "$count", "$skiptoken"];

/// What a query string asks, whatever the order of its options: what a token is bound to.
pub(super) fn question(query: &str) -> String {
    let mut asked: Vec<_> =
        form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !OF_A_PAGE.contains(&&**name)).collect();
    asked.sort_unstable();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish()
}

impl Options {
    /// Reads a query string. Names that are not known are refused: a misspelt filter must not show everything.
    pub(super) fn parse(query: &str) -> Result<Self, String> {
        let mut options = Self::default();
        let mut known = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if known.contains(&name) {
                return Err(format!("{name} is given twice"));
            }
            match &*name {
                "$filter" => {
                    options.question.filter = Filter::parse(&value).map_err(|error| error.to_string())?;
                }
                "$search" => options.question.search = Some(text_to_search(&value)?),
                "$top" => options.top = Some(top(&value)?),
                "$orderby" => {
                    let order = oldest_first(&value).map_err(|problem| format!("{problem}. {ACCEPTED}"))?;
                    options.question.oldest_first = order;
                }
                "$select" => options.select = Some(select(&value)?),
                "$count" => options.count = truth(&value)?,
                "$skiptoken" => options.token = Some(value.into_owned()),
                _ => return Err(format!("'{name}' is no option of this path. {ACCEPTED}")),
            }
            known.push(name);
        }
        Ok(options)
    }

    /// The one record that is asked for, by its own id or its change's. An id that none can have is nobody's.
    pub(super) fn single(&self) -> Result<Option<Uuid>, String> {
        let Known { id, change, .. } = self.question.filter.known();
        if self.question.search.is_some() && id.or(change).is_some() {
            return Err(
                "$search does not go together with id or changeId: they name one record already".to_owned()
            );
        }
        Ok(self.question.one())
    }
}

fn select(value: &str) -> Result<Vec<&'static str>, String> {
    let named = value.split(',').map(str::trim).map(|name| {
        PROPERTIES.into_iter().find(|property| *property == name).ok_or_else(|| {
            format!("'{name}' in $select is no property of a record; there are {}", PROPERTIES.join(", "))
        })
    });
    named.collect()
}

fn truth(value: &str) -> Result<bool, String> {
    value.trim().parse().map_err(|_| "$count is true or false".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_not_known_are_refused() {
        let cases = [
            ("filter=jobId+eq+'a'", "'filter' is no option"),
            ("$count=yes", "true or false"),
            ("$expand=jobs", "'$expand' is no option"),
            ("$select=id,name", "'name' in $select is no property"),
            ("$select=", "'' in $select"),
            ("$top=0", "from 1 to 1000"),
            ("$top=1001", "from 1 to 1000"),
            ("$top=many", "from 1 to 1000"),
            ("$top=5&%24top=6", "$top is given twice"),
            ("$orderby=jobId", "no order of the log"),
            ("$orderby=activityDateTime+asc,id", "no order of the log"),
            ("$search=%22%22", "$search is empty"),
            ("$filter=nonsense", "$filter, column 1: 'nonsense' is no property"),
        ];
        for (query, expected) in cases {
            let problem = Options::parse(query).unwrap_err();
            assert!(problem.contains(expected), "{query}: {problem}");
        }
    }

    #[test]
    fn the_question_is_what_is_asked_and_not_how_a_page_of_the_answer_looks() {
        let same = [
            "$search=kim&$filter=jobId+eq+'a'",
            "%24filter=jobId%20eq%20'a'&$search=kim",
            "$top=5&$search=kim&$select=id&$count=true&$filter=jobId eq 'a'&$skiptoken=x",
        ];
        for query in same {
            assert_eq!(question(query), question(same[0]), "{query}");
        }
        let others = [
            "$search=kim",
            "$search=kim&$filter=jobId eq 'b'",
            "$search=kim&$filter=jobId eq 'a'&$orderby=activityDateTime asc",
            "$search=kim%26%24filter%3DjobId+eq+'a'",
        ];
        for query in others {
            assert_ne!(question(query), question(same[0]), "{query}");
        }
    }
}
