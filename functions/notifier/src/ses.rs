//! Mail through Amazon SES.
//!
//! In: a letter. Out: one message to all of its recipients, tagged with its claim. Promised: a message is handed over once, for
//! SES knows no token by which it could tell a repetition; and not faster than the account may.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::get_account::GetAccountOutput;
use aws_sdk_sesv2::operation::get_email_identity::GetEmailIdentityError;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag, SendQuota,
};
use runtime::checkup::Finding;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::feedback::{APPLICATION, CLAIM};
use crate::letter::{Letter, Mailer, SendError, Sender};

/// SES answers within a second; a mail that took longer is not worth the rest of an invocation.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest value of a tag.
const LONGEST_TAG: usize = 256;

/// Messages a second of an account in the sandbox: the least there is, for when SES does not say.
const LEAST_RATE: f64 = 1.0;

/// Time between two messages at that rate.
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// What an account may.
#[derive(Debug, Clone, Copy)]
struct Account {
    /// Time between two messages.
    gap: Duration,
    /// Whether it may write to verified addresses only.
    is_sandbox: bool,
}

/// Amazon SES.
pub struct Ses {
    client: Client,
    region: String,
    sender: Sender,
    /// What SES verified, a domain or an address, that the sender belongs to.
    identity: Option<String>,
    /// Whose events tell what became of a message.
    configuration_set: Option<String>,
    account: OnceCell<Account>,
    /// When the next message may go.
    next: Mutex<Instant>,
}

impl Ses {
    /// The service of an account and region.
    #[must_use]
    pub fn new(
        config: &aws_sdk_sesv2::config::Config,
        sender: Sender,
        identity: Option<String>,
        configuration_set: Option<String>,
    ) -> Self {
        let waits = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
        let config = config.to_builder().retry_config(RetryConfig::disabled()).timeout_config(waits).build();
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let (account, next) = (OnceCell::new(), Mutex::new(Instant::now()));
        let client = Client::from_conf(config);
        Self { client, region, sender, identity, configuration_set, account, next }
    }

    /// What the account may; asked once, and again as long as SES does not say.
    async fn account(&self) -> Account {
        let account = self.account.get_or_try_init(async || {
            let told = self.ask_account().await?;
            let rate = told.send_quota().map_or(LEAST_RATE, SendQuota::max_send_rate);
            let gap = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(LONGEST_GAP);
            Ok::<_, String>(Account { gap, is_sandbox: !told.production_access_enabled() })
        });
        match account.await {
            Ok(account) => *account,
            Err(error) => {
                tracing::warn!("{error}");
                Account { gap: LONGEST_GAP, is_sandbox: false }
            }
        }
    }

    async fn ask_account(&self) -> Result<GetAccountOutput, String> {
        self.client.get_account().send().await.map_err(|error| {
            let cause = DisplayErrorContext(&error);
            format!("SES in {} does not say what the account may: {cause}", self.region)
        })
    }

    /// Whether the account may write, to whom, and how much of the day's quota is left.
    async fn look_at_account(&self) -> Vec<Finding> {
        let answer = match self.ask_account().await {
            Ok(answer) => answer,
            Err(problem) => return vec![Finding::problem("mail", problem)],
        };
        let mut found = Vec::new();
        if !answer.sending_enabled() {
            let problem = "SES does not let this account send: look at its reputation page";
            found.push(Finding::problem("mail", problem));
        }
        if !answer.production_access_enabled() {
            let problem = format!(
                "the account is in SES's sandbox in {}, where it writes to verified addresses only; ask for production access, or verify the recipients",
                self.region
            );
            found.push(Finding::warning("mail", problem));
        }
        // An unlimited quota is -1.
        if let Some(quota) = answer.send_quota()
            && quota.max24_hour_send() > 0.0
            && quota.sent_last24_hours() >= quota.max24_hour_send()
        {
            let problem = "the account's quota of the day is used up; ask SES for more";
            found.push(Finding::problem("mail", problem));
        }
        found
    }

    /// Whether SES verified what the sender belongs to.
    async fn look_at_identity(&self) -> Option<Finding> {
        let identity = self.identity.as_ref()?;
        let answer = self.client.get_email_identity().email_identity(identity).send().await;
        let cure = format!("verify {identity} in SES in {}", self.region);
        match answer {
            Ok(answer) if answer.verified_for_sending_status() => None,
            Ok(_) => Some(Finding::problem("mail", format!("{identity} is not verified yet; {cure}"))),
            Err(error)
                if error.as_service_error().is_some_and(GetEmailIdentityError::is_not_found_exception) =>
            {
                Some(Finding::problem("mail", format!("SES does not know {identity}; {cure}")))
            }
            Err(error) => {
                let problem = format!("SES does not tell of {identity}: {}", DisplayErrorContext(&error));
                Some(Finding::problem("mail", problem))
            }
        }
    }

    /// Waits for this message's turn.
    async fn take_turn(&self) {
        let gap = self.account().await.gap;
        let mut next = self.next.lock().await;
        let turn = (*next).max(Instant::now());
        *next = turn + gap;
        drop(next);
        tokio::time::sleep_until(turn).await;
    }

    fn request(&self, letter: &Letter) -> Result<SendEmailFluentBuilder, SendError> {
        let refused = |error: aws_sdk_sesv2::error::BuildError| SendError::Refused(error.to_string());
        let part = |text: &str| Content::builder().data(text).charset("UTF-8").build().map_err(refused);
        let body = Body::builder().text(part(&letter.text)?).html(part(&letter.html)?).build();
        // Keeps automatic answers away: RFC 3834 §5.
        let header = MessageHeader::builder().name("Auto-Submitted").value("auto-generated").build();
        let message = Message::builder()
            .subject(part(&letter.subject)?)
            .body(body)
            .headers(header.map_err(refused)?)
            .build();
        let to = letter.to.iter().map(ToString::to_string).collect();
        let tags = [(CLAIM, letter.id.to_string()), (APPLICATION, letter.about.clone())];
        let tag = |(name, value): &(&str, String)| MessageTag::builder().name(*name).value(value).build();
        let tags: Result<Vec<_>, _> = tags.iter().filter(|(_, value)| is_tag(value)).map(tag).collect();
        let mut request = self
            .client
            .send_email()
            .from_email_address(format!("{} <{}>", Sender::NAME, self.sender.from))
            .destination(Destination::builder().set_to_addresses(Some(to)).build())
            .content(EmailContent::builder().simple(message).build())
            .set_email_tags(Some(tags.map_err(refused)?))
            .set_configuration_set_name(self.configuration_set.clone());
        if let Some(to) = &self.sender.reply_to {
            request = request.reply_to_addresses(to.to_string());
        }
        Ok(request)
    }

    /// What went wrong, and what can be done about it.
    async fn explain(&self, error: &SendEmailError) -> String {
        let said = error.message().unwrap_or("without a word");
        let code = error.code().unwrap_or("an error");
        let cure = match error {
            SendEmailError::MessageRejected(_) if said.contains("not verified") => {
                let sandbox = if self.account().await.is_sandbox {
                    "; the account is in SES's sandbox, where recipients must be verified, too: ask for production access"
                } else {
                    ""
                };
                format!(
                    "verify the identity of the sender {} in SES in {}, and give it as MailIdentity{sandbox}",
                    self.sender.from, self.region
                )
            }
            SendEmailError::MailFromDomainNotVerifiedException(_) => {
                "mend the MAIL FROM domain's DNS records, as SES shows them".to_owned()
            }
            SendEmailError::AccountSuspendedException(_) | SendEmailError::SendingPausedException(_) => {
                "SES does not let this account or configuration set send: look at its reputation page"
                    .to_owned()
            }
            SendEmailError::TooManyRequestsException(_) | SendEmailError::LimitExceededException(_) => {
                "the account's rate or its day's quota is used up: it is tried again".to_owned()
            }
            SendEmailError::NotFoundException(_) => {
                "deploy the stack again: its configuration set is gone".to_owned()
            }
            _ => "look the error up in SES's reference".to_owned(),
        };
        format!("SES answered {code} ({said}); {cure}")
    }
}

/// What SES takes as a tag's value.
fn is_tag(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_TAG).contains(&value.len()) && value.bytes().all(plain)
}

#[async_trait]
impl Mailer for Ses {
    async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let request = self.request(letter)?;
        self.take_turn().await;
        match request.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ConstructionFailure(error)) => {
                Err(SendError::Refused(format!("the request could not be made: {error:?}")))
            }
            // What SES refused with 4xx it did not do; what it did before a 5xx nobody knows.
            Err(SdkError::ServiceError(failure)) if failure.raw().status().is_client_error() => {
                Err(SendError::Refused(self.explain(failure.err()).await))
            }
            Err(error) => {
                let cause = DisplayErrorContext(&error).to_string();
                Err(SendError::Unanswered(format!("SES in {} did not answer: {cause}", self.region)))
            }
        }
    }

    async fn look(&self) -> Vec<Finding> {
        let (mut found, identity) = tokio::join!(self.look_at_account(), self.look_at_identity());
        found.extend(identity);
        if found.is_empty() {
            found.push(Finding::good("mail", format!("SES sends mail as {}", self.sender.from)));
        }
        found
    }
}

/// A stack without a sender: every mail is refused, with what is missing.
pub struct NoSender;

/// What is missing of a stack without a sender, and how it gets one.
const NO_SENDER: &str = "no sender is configured: give the stack's parameters MailIdentity and MailSender";

#[async_trait]
impl Mailer for NoSender {
    async fn send(&self, _: &Letter) -> Result<(), SendError> {
        Err(SendError::Refused(NO_SENDER.to_owned()))
    }

    async fn look(&self) -> Vec<Finding> {
        vec![Finding::warning("mail", NO_SENDER)]
    }
}
