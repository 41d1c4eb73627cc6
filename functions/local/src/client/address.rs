//! The address of a service, as people write it.

use std::net::Ipv4Addr;

use url::{Host, Url};

use crate::exit::Refusal;
use ::api::web;

/// What all paths of the API begin with.
const VERSION: &str = "/v1.0";

/// Where a service is: `https`, or `http` on this machine. Without the API's version, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    /// Reads `--url`. The version may be there and need not.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |problem: &str| {
            Refusal(format!(
                "--url '{}' {problem}; write it such as https://api.tessera.example or http://127.0.0.1:8080",
                without_password(text)
            ))
        };
        let mut url = Url::parse(text.trim()).map_err(|_| refused("is no address"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(refused("is no https address"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("holds a name or a password, which the service does not take"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("holds more than an address"));
        }
        // `rollcall serve` listens there, whatever else a resolver makes of the name.
        if url.scheme() == "http" && url.host() == Some(Host::Domain("localhost")) {
            url.set_ip_host(Ipv4Addr::LOCALHOST.into()).map_err(|()| refused("is no address"))?;
        }
        if !web::safe(&url) {
            return Err(refused(
                "is not encrypted, and a token must not be sent that way: begin it with https",
            ));
        }
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix(VERSION).unwrap_or(path).trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// A path of the API, with its query: `/servicePrincipals`.
    pub(super) fn at(&self, path: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{self}{VERSION}{path}"))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Of a link that a service gives the part below the version, which is the same wherever the service is asked. The token
/// therefore goes nowhere but to the address that was named.
pub(super) fn below_version(link: &str) -> Option<&str> {
    let start = link.find(&format!("{VERSION}/"))? + VERSION.len();
    link.get(start..)
}

/// The text as it may be shown.
fn without_password(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_and_without_version_and_slash() {
        let aws = "https://abc.execute-api.eu-central-1.amazonaws.com";
        let cases = [
            (aws.to_owned(), aws),
            (format!("{aws}/"), aws),
            (format!("{aws}/v1.0"), aws),
            (format!(" {aws}/v1.0/ "), aws),
            (format!("{aws}/prod/v1.0"), &format!("{aws}/prod")),
            ("HTTPS://Api.Tessera.Example:8443/".to_owned(), "https://api.tessera.example:8443"),
            ("http://127.0.0.1:8080/v1.0".to_owned(), "http://127.0.0.1:8080"),
            ("http://[::1]:8080".to_owned(), "http://[::1]:8080"),
            ("http://localhost:8080".to_owned(), "http://127.0.0.1:8080"),
        ];
        for (text, expected) in cases {
            let address = Address::parse(&text).unwrap();
            assert_eq!(address.to_string(), expected, "{text}");
            let path = address.at("/servicePrincipals?$top=5").unwrap();
            assert_eq!(path.as_str(), format!("{expected}/v1.0/servicePrincipals?$top=5"));
        }
    }

    #[test]
    fn what_is_no_address_for_a_token_is_refused_with_an_example() {
        let cases = [
            ("", "is no address"),
            ("api.tessera.example", "is no address"),
            ("127.0.0.1:8080", "is no address"),
            ("ftp://api.tessera.example", "is no https address"),
            ("http://api.tessera.example", "is not encrypted"),
            ("http://192.168.1.5:8080", "is not encrypted"),
            ("http://localhost.tessera.example", "is not encrypted"),
            ("https://ada:secret@api.tessera.example", "holds a name or a password"),
            ("https://api.tessera.example/?token=secret", "holds more"),
            ("https://api.tessera.example/#jobs", "holds more"),
        ];
        for (text, expected) in cases {
            let problem = Address::parse(text).unwrap_err().to_string();
            assert!(problem.contains(expected), "{text}: {problem}");
            assert!(problem.contains("https://api.tessera.example or http://127.0.0.1:8080"), "{problem}");
            assert!(!problem.contains("ada:secret"), "{problem}");
        }
    }

    #[test]
    fn a_link_leads_on_at_the_address_that_was_named_wherever_it_points() {
        let cases = [
            ("https://elsewhere.example/v1.0/a/b?$skiptoken=x", Some("/a/b?$skiptoken=x")),
            ("http://127.0.0.1:1/prod/v1.0/operations/1", Some("/operations/1")),
            ("https://elsewhere.example/a", None),
        ];
        for (link, expected) in cases {
            assert_eq!(below_version(link), expected, "{link}");
        }
    }
}
