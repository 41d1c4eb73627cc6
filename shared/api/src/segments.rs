//! Keys as OData writes them: `jobs('scim.1')` means `jobs/scim.1`, and `servicePrincipals(appId='x')` means
//! `servicePrincipals/x`, since an application has one id here. Calls of functions, too: `functions()` means `functions`.
//!
//! In: a request as it came. Out: the same with a path that routes know. What is not of this form stays as it is.

use std::fmt::Write as _;

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// Gives a request the path that routes know.
pub(crate) async fn plain(mut request: Request) -> Request {
    if let Some(uri) = rewritten(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn rewritten(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    // Some clients write parentheses as they are, and some do not.
    if !path.contains('(') && !path.contains("%28") {
        return None;
    }
    let segments: Vec<String> =
        path.split('/').map(|segment| keyed(segment).unwrap_or_else(|| segment.to_owned())).collect();
    let mut plain = segments.join("/");
    if let Some(query) = uri.query() {
        plain = format!("{plain}?{query}");
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(plain).ok()?);
    Uri::from_parts(parts).ok()
}

/// What OData calls as functions. Of any other name the parentheses may belong to a key.
const CALLED: [&str; 2] = ["functions", "filterOperators"];

/// `name/key` of `name('key')` or `name(property='key')`, `name` of the call `name()`.
fn keyed(segment: &str) -> Option<String> {
    let decoded = decoded(segment)?;
    let (name, rest) = decoded.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    if inner.is_empty() && CALLED.contains(&name) {
        return Some(name.to_owned());
    }
    let (property, quoted) = inner.split_at(inner.find('\'')?);
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_property = property.is_empty() || property.strip_suffix('=').is_some_and(is_word);
    if name.is_empty() || !is_word(name) || !is_property {
        return None;
    }
    let key = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    // A quote that belongs to the key is written twice.
    if key.is_empty() || key.replace("''", "").contains('\'') {
        return None;
    }
    Some(format!("{name}/{}", encoded(&key.replace("''", "'"))))
}

fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// A key as one segment of a path.
fn encoded(key: &str) -> String {
    let mut segment = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => segment.push(byte.into()),
            _ => {
                let _ = write!(segment, "%{byte:02X}");
            }
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_in_parentheses_become_segments() {
        let cases = [
            ("/v1.0/jobs('a')/schema?$top=1", "/v1.0/jobs/a/schema?$top=1"),
            ("/v1.0/jobs%28%27a%27%29", "/v1.0/jobs/a"),
            (
                "/servicePrincipals(appId='x-1')/synchronization/jobs('s.1')",
                "/servicePrincipals/x-1/synchronization/jobs/s.1",
            ),
            ("/objectConnections('o''neil')", "/objectConnections/o%27neil"),
            ("/objectConnections('cn=Kim%2Cdc%3Da%2Fb')", "/objectConnections/cn%3DKim%2Cdc%3Da%2Fb"),
            ("/objectConnections('cn=Kim%20(x)')", "/objectConnections/cn%3DKim%20%28x%29"),
            ("/jobs('a')/schema/functions()", "/jobs/a/schema/functions"),
            ("/jobs/a/schema/filterOperators%28%29?$top=1", "/jobs/a/schema/filterOperators?$top=1"),
        ];
        for (path, expected) in cases {
            assert_eq!(rewritten(&path.parse().unwrap()).unwrap().to_string(), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_of_this_form_stays_as_it_is() {
        for path in [
            "/jobs/a",
            "/jobs(a)",
            "/jobs()",
            "/jobs('')",
            "/jobs('a'b')",
            "/('a')",
            "/a-b('c')",
            "/jobs('a",
            "/jobs(id'a')",
            "/jobs(%FF)",
        ] {
            let uri: Uri = path.parse().unwrap();
            assert_eq!(rewritten(&uri).unwrap_or(uri), path, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_key_arrives_as_it_was(key in ".{1,12}") {
            let path = format!("/jobs{}", encoded(&format!("('{}')", key.replace('\'', "''"))));
            let plain = rewritten(&path.parse().unwrap()).unwrap();
            let segment = plain.path().strip_prefix("/jobs/").unwrap();
            prop_assert_eq!(decoded(segment), Some(key));
        }
    }
}
