//! The fields of an address.
//!
//! In: what stands after the question mark. Out: the fields of a page, or a refusal. Promised: a field that is misspelt, or given
//! twice, is never passed over: the page would look as if it were an answer.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::asking::Refusal;

/// Reads fields that are all texts.
pub(crate) fn read<T: DeserializeOwned>(query: Option<&str>) -> Result<T, Refusal> {
    let mut fields = Map::new();
    for (name, text) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if fields.insert(name.to_string(), text.into()).is_some() {
            return Err(refused(&format!("'{name}' stands in it twice")));
        }
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| refused(&error.to_string()))
}

fn refused(problem: &str) -> Refusal {
    Refusal::bad(format!("This address cannot be understood: {problem}."))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Eq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Known {
        status: String,
        name: String,
    }

    #[test]
    fn what_is_not_known_or_comes_twice_is_refused_by_its_name() {
        let read = |query| read::<Known>(query).map_err(|refusal| refusal.message);
        assert_eq!(read(None), Ok(Known::default()));
        let zoe = Known { name: "Zoë & co".to_owned(), ..Known::default() };
        assert_eq!(read(Some("name=Zo%C3%AB+%26+co")), Ok(zoe));
        let cases = [
            ("staus=failure", "unknown field `staus`, expected `status` or `name`"),
            ("name=a&name=b", "'name' stands in it twice"),
        ];
        for (query, expected) in cases {
            let told = read(Some(query)).unwrap_err();
            assert!(told.contains(expected), "{query}: {told}");
        }
    }
}
