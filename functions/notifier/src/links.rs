//! Where a mail leads: pages and answers that only those see who may.

use engine::model::JobId;
use url::Url;

/// How many days of records a link shows: as many as a mail that was read after the weekend needs.
const DAYS: &str = "7";

/// Where the console and the API are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Url);

impl Place {
    /// By the address of the stack, such as `https://api.example.com`.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("'{text}' is no address of a console; write one such as https://rollcall.example.com");
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        let speaks = matches!(url.scheme(), "https" | "http") && url.host().is_some();
        let plain = url.username().is_empty() && url.password().is_none();
        (speaks && plain).then_some(Self(url)).ok_or_else(wrong)
    }

    fn at(&self, steps: &[&str]) -> Url {
        let mut url = self.0.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(steps);
        }
        url
    }

    /// The console's page of an application: what a mail tells, as it is by now.
    pub(crate) fn application(&self, id: &str) -> String {
        self.at(&["applications", id]).into()
    }

    /// What failed, record by record.
    pub(crate) fn failures(&self, id: &str) -> String {
        let mut url = self.at(&["logs"]);
        let fields = [("application", id), ("status", "failure"), ("days", DAYS)];
        url.query_pairs_mut().extend_pairs(fields);
        url.into()
    }

    /// The job in the API.
    pub(crate) fn job(&self, id: &str, job: &JobId) -> String {
        self.at(&["v1.0", "servicePrincipals", id, "synchronization", "jobs", job.as_str()]).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_id_holds_it_is_one_step_of_a_path() {
        let place = Place::parse("https://rollcall.example.com/stage/?x#y").unwrap();
        assert_eq!(
            place.application("a/../b?c"),
            "https://rollcall.example.com/stage/applications/a%2F..%2Fb%3Fc"
        );
        let failures =
            "https://rollcall.example.com/stage/logs?application=a%26status%3D&status=failure&days=7";
        assert_eq!(place.failures("a&status="), failures);
        let job = "https://rollcall.example.com/stage/v1.0/servicePrincipals/a/synchronization/jobs/scim.1";
        assert_eq!(place.job("a", &JobId::new("scim.1")), job);
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for wrong in
            ["", "rollcall.example.com", "javascript:alert(1)", "mailto:a@b", "https://eve:x@b.example"]
        {
            assert!(Place::parse(wrong).unwrap_err().contains("write one such as https://"), "{wrong}");
        }
    }
}
