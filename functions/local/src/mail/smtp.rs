//! Mail to a mail server.
//!
//! In: a letter. Out: one message to all of its recipients. Promised: over TLS, unless the server is on this machine; a message
//! is handed over once.

use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use notifier::message::message;
use notifier::{Letter, Mailer, SendError, Sender};
use runtime::checkup::Finding;
use url::{Host, Url};

use crate::exit::Refusal;

/// How long a server may take for an answer: they look recipients up, and scan what they take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail server.
pub(crate) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
    /// Without user and password.
    name: String,
}

impl Smtp {
    /// The server at an address.
    pub(crate) fn new(address: &str, sender: Sender) -> Result<Self, Refusal> {
        let name = checked(address).map_err(|problem| Refusal(format!("ROLLCALL_SMTP_URL {problem}")))?;
        // Its errors may quote the address, in which a password stands.
        let built = AsyncSmtpTransport::<Tokio1Executor>::from_url(address.trim());
        let built = built.map_err(|_| Refusal(format!("ROLLCALL_SMTP_URL {NO_ADDRESS}")))?;
        Ok(Self { transport: built.timeout(Some(PATIENCE)).build(), sender, name })
    }
}

const NO_ADDRESS: &str =
    "holds no address of a mail server; write one such as smtps://user:password@mail.example.com";

/// The server's name and port, when what is sent there is for its eyes alone.
fn checked(address: &str) -> Result<String, &'static str> {
    let url = Url::parse(address.trim()).map_err(|_| NO_ADDRESS)?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(NO_ADDRESS)?;
    let required = url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    match url.scheme() {
        "smtps" => {}
        "smtp" if required || is_here(host) => {}
        "smtp" => return Err("would send mail unencrypted; write smtps://, or append ?tls=required"),
        _ => return Err(NO_ADDRESS),
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{host}{port}"))
}

/// Whether it is this machine.
fn is_here(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let refused = |why: String| SendError::Refused(format!("the mail server {} {why}", self.name));
        let message =
            message(letter, &self.sender).map_err(|error| refused(format!("gets no such mail: {error}")))?;
        // Whoever cannot be reached has taken nothing. Later, a line that breaks says nothing about that.
        match self.transport.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Err(refused("hung up".to_owned())),
            Err(error) => return Err(refused(format!("cannot be used: {}", whole(&error)))),
        }
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() || error.is_transient() => {
                Err(refused(format!("refused it: {}", whole(&error))))
            }
            Err(error) => Err(SendError::Unanswered(format!(
                "the mail server {} did not answer: {}",
                self.name,
                whole(&error)
            ))),
        }
    }

    async fn look(&self) -> Vec<Finding> {
        let unusable =
            |why: String| vec![Finding::problem("mail", format!("the mail server {} {why}", self.name))];
        match self.transport.test_connection().await {
            Ok(true) => vec![Finding::good("mail", format!("the mail server {} lets us in", self.name))],
            Ok(false) => unusable("hangs up".to_owned()),
            Err(error) => unusable(format!("cannot be used: {}", whole(&error))),
        }
    }
}

/// An error with its causes.
fn whole(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        words.push_str(&format!(": {next}"));
        cause = next.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_leaves_this_machine_encrypted_or_not_at_all() {
        let sound = [
            ("smtps://u:p@mail.example.com", "mail.example.com"),
            ("smtp://mail.example.com:587?tls=required", "mail.example.com:587"),
            ("smtp://127.0.0.1:2525", "127.0.0.1:2525"),
            ("smtp://[::1]:25", "[::1]:25"),
            ("smtp://localhost", "localhost"),
        ];
        for (address, name) in sound {
            assert_eq!(checked(address).as_deref(), Ok(name), "{address}");
        }
        for address in [
            "smtp://mail.example.com",
            "smtp://u:p@mail.example.com?tls=opportunistic",
            "smtp://127.0.0.1.example.com",
        ] {
            assert!(checked(address).unwrap_err().contains("unencrypted"), "{address}");
        }
        for address in ["", "mail.example.com:25", "https://mail.example.com", "smtp:"] {
            assert!(checked(address).unwrap_err().contains("smtps://user:password@"), "{address}");
        }
    }
}
