//! The `inbound:` section of an application document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The vendor's own figure for most tenants: a hundred thousand people a day, fifty a call.
const USUAL: u32 = 2_000;

/// The vendor's own figure for its largest edition.
const MOST: u32 = 6_000;

/// People are uploaded, by `bulkUpload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InboundConfig {
    /// How many uploads are taken on one day (UTC); each has up to 50 people.
    #[schemars(range(min = 1, max = MOST))]
    pub uploads_per_day: u32,
}

impl Default for InboundConfig {
    fn default() -> Self {
        Self { uploads_per_day: USUAL }
    }
}

impl InboundConfig {
    /// What cannot work: field and sentence.
    pub(crate) fn problems(&self) -> Vec<(String, String)> {
        let sound = (1..=MOST).contains(&self.uploads_per_day);
        let problem = || format!("must lie between 1 and {MOST}; leave it out for {USUAL}");
        if sound { Vec::new() } else { vec![("uploadsPerDay".to_owned(), problem())] }
    }
}
