//! What the rootDSE says: which directory it is, and what it can do.

use super::config::{Anchor, Changes};
use super::wire::Entry;

/// RFC 4533.
pub(super) const SYNC: &str = "1.3.6.1.4.1.4203.1.9.1.1";

/// `supportedCapabilities` of Active Directory, and of AD LDS.
const ACTIVE_DIRECTORY: [&str; 2] = ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1851"];

/// Which directory it is, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Active Directory, AD LDS, Samba as a domain controller.
    ActiveDirectory,
    /// OpenLDAP, 389 Directory Server, and all others.
    Generic,
}

/// The rootDSE, understood.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) family: Family,
    /// OIDs of controls.
    pub(super) controls: Vec<String>,
    /// Where the schema lies.
    pub(super) subschema: Option<String>,
    /// The whole rootDSE: `highestCommittedUSN`, `dsServiceName`, `defaultNamingContext` …
    pub(super) root: Entry,
}

impl Server {
    /// Understands a rootDSE.
    pub(super) fn of(root: Entry) -> Self {
        let texts = |name: &str| -> Vec<String> {
            root.values(name).iter().filter_map(|value| String::from_utf8(value.clone()).ok()).collect()
        };
        let capabilities = texts("supportedCapabilities");
        let family = if capabilities.iter().any(|oid| ACTIVE_DIRECTORY.contains(&oid.as_str())) {
            Family::ActiveDirectory
        } else {
            Family::Generic
        };
        let subschema = root.text("subschemaSubentry").map(str::to_owned);
        Self { family, controls: texts("supportedControl"), subschema, root }
    }

    /// Whether a control is offered.
    pub(super) fn offers(&self, oid: &str) -> bool {
        self.controls.iter().any(|control| control == oid)
    }

    /// The attribute that identifies entries unless the document names another.
    pub(super) fn anchor(&self) -> Anchor {
        match self.family {
            Family::ActiveDirectory => Anchor::ObjectGuid,
            Family::Generic => Anchor::EntryUuid,
        }
    }

    /// The way to learn changes, when the document leaves the choice.
    pub(super) fn changes(&self, anchor: Anchor) -> Changes {
        match self.family {
            Family::ActiveDirectory => Changes::UsnChanged,
            Family::Generic if anchor == Anchor::EntryUuid && self.offers(SYNC) => Changes::Sync,
            Family::Generic => Changes::ModifyTimestamp,
        }
    }
}
