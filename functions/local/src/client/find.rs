//! The application that a command names: by its name, or by its job's id.

use serde_json::Value;
use url::form_urlencoded;

use super::{Client, ClientError, Where};
use crate::exit::Refusal;

/// Where the applications are. Each is two reads for the service, so its pages are as long as it likes them.
const ALL: &str = "/servicePrincipals";

/// An application with its job, as the API shows them.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) job: Value,
}

impl Known {
    fn read(principal: &Value) -> Option<Self> {
        let text = |name: &str| Some(principal[name].as_str()?.to_owned());
        let job = &principal["synchronization"]["jobs"][0];
        job["id"].as_str()?;
        Some(Self { id: text("id")?, name: text("displayName")?, job: job.clone() })
    }

    pub(crate) fn job_id(&self) -> &str {
        self.job["id"].as_str().unwrap_or_default()
    }

    /// The path of the application.
    pub(crate) fn path(&self) -> String {
        format!("{ALL}/{}", encoded(&self.id))
    }

    /// A path below the job.
    pub(crate) fn at_job(&self, below: &str) -> String {
        format!("{}/synchronization/jobs/{}{below}", self.path(), encoded(self.job_id()))
    }

    fn is(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase() || self.job_id() == name || self.id == name
    }
}

impl Client {
    /// All applications that there are for whoever asks, by name.
    pub(crate) async fn applications(&self) -> Result<Vec<Known>, ClientError> {
        let all = self.list(ALL, usize::MAX).await?;
        all.iter()
            .map(|principal| {
                Known::read(principal).ok_or_else(|| self.strange("an application without a job"))
            })
            .collect()
    }

    /// The application of a name or a job's id.
    pub(crate) async fn application(&self, named: &str) -> anyhow::Result<Known> {
        match self.get(&format!("{ALL}/{}", encoded(named))).await {
            // A name such as `..` leads to some other answer.
            Ok(principal) => {
                if let Some(known) = Known::read(&principal) {
                    return Ok(known);
                }
            }
            Err(error) if error.is_nothing_there() => {}
            Err(error) => return Err(error.into()),
        }
        let all = self.applications().await?;
        if let Some(known) = all.iter().find(|known| known.is(named)) {
            return Ok(known.clone());
        }
        let names: Vec<&str> = all.iter().map(|known| known.name.as_str()).collect();
        let known = match (names.is_empty(), self.place()) {
            (true, Where::Here) => "there is none yet; save one with: rollcall apply FILE".to_owned(),
            (true, Where::There(_)) => "there is none yet".to_owned(),
            (false, _) => format!("known are {}", names.join(", ")),
        };
        Err(Refusal(format!("there is no application or job '{named}'; {known}")).into())
    }
}

/// A text as one segment of a path.
fn encoded(text: &str) -> String {
    // A form has a plus where a path has a space; a plus itself is written in hexadecimal by both.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_of_a_path_whatever_is_in_it() {
        let cases = [
            ("Ledgerly", "Ledgerly"),
            ("Tessera HR", "Tessera%20HR"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("1+1 %", "1%2B1%20%25"),
            ("Übersee", "%C3%9Cbersee"),
        ];
        for (text, expected) in cases {
            assert_eq!(encoded(text), expected);
        }
    }
}
