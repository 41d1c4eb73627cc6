//! The `file:` section of an application document.
//!
//! In: what the administrator wrote. Out: [`FileConfig`].

use std::fmt;

use encoding_rs::Encoding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a path into a bucket begins.
const S3_SCHEME: &str = "s3://";

/// The largest file read unless `maxBytes` says otherwise: 1 GiB is ten million people at 100 bytes each, and
/// still fits twice (raw and as UTF-8) into the work folder of a small machine.
const MAX_BYTES: u64 = 1 << 30;

/// A CSV file as the source of people, and another one with groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "if" = { "properties": { "lists": { "minItems": 1 } }, "required": ["lists"] },
    "then" = { "required": ["listSeparator"] }
))]
pub struct FileConfig {
    /// Where it is: a local path, absolute or relative to the document's folder, or `s3://bucket/key`.
    #[schemars(extend("pattern" = r"^(s3://[^/]+/.+|(?!.*://).*\S.*)$", "examples" = ["people.csv", "s3://bucket/people.csv"]))]
    pub path: String,
    /// The column with the id that never changes and is never given to someone else.
    #[schemars(extend("pattern" = r"\S"))]
    pub id: String,
    /// The column that says whether the account is switched on (`true`, `yes`, `1`, `active`, `enabled`, or the
    /// opposite). Without one everybody listed is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
    /// The column with the name people know; `displayName` when there is such a column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What stands between two cells.
    #[serde(default)]
    pub delimiter: Delimiter,
    /// The text encoding: `auto`, or a name such as `utf-8`, `windows-1252`, `utf-16le`. A byte order mark in the
    /// file wins over it.
    #[serde(default)]
    pub encoding: TextEncoding,
    /// What stands between two values of one cell, in the columns named in `lists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub list_separator: Option<String>,
    /// The columns whose cells hold several values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// A larger file is refused.
    #[serde(default = "max_bytes")]
    #[schemars(range(min = 1))]
    pub max_bytes: u64,
    /// The file with the groups. It is read when the document has a section `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupsFile>,
}

fn max_bytes() -> u64 {
    MAX_BYTES
}

impl FileConfig {
    /// A file with an id column and otherwise the defaults.
    #[must_use]
    pub fn new(path: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            id: id.into(),
            enabled: None,
            display_name: None,
            delimiter: Delimiter::Auto,
            encoding: TextEncoding::default(),
            list_separator: None,
            lists: Vec::new(),
            max_bytes: MAX_BYTES,
            groups: None,
        }
    }

    /// Bucket and key, when the path leads to S3.
    #[must_use]
    pub fn s3(&self) -> Option<(&str, &str)> {
        s3(&self.path)
    }

    pub(super) fn dialect(&self) -> Dialect {
        let Self { id, delimiter, encoding, max_bytes, .. } = self;
        Dialect { id: id.clone(), delimiter: *delimiter, encoding: *encoding, max_bytes: *max_bytes }
    }
}

/// A CSV file with groups: one row a group with the ids of all its members in one cell, or one row a membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("not" = { "required": ["members", "member"] }))]
pub struct GroupsFile {
    /// Where it is: a local path, absolute or relative to the document's folder, or `s3://bucket/key`.
    #[schemars(extend("pattern" = r"^(s3://[^/]+/.+|(?!.*://).*\S.*)$", "examples" = ["groups.csv", "s3://bucket/groups.csv"]))]
    pub path: String,
    /// The column with the id that never changes and is never given to another group, nor to a person.
    #[schemars(extend("pattern" = r"\S"))]
    pub id: String,
    /// The column with the name people know; `displayName` when there is such a column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For files with one row a group: the column with the ids of its members, people or groups; `members` when there
    /// is such a column. An empty cell says that there are none; without a column nobody's membership is touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<String>,
    /// For files with one row a membership, the group's id repeated: the column with the id of the one member. Rows of
    /// a group may stand anywhere; what else they say of the group must agree. An empty cell adds nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// What stands between two ids in `members`.
    #[serde(default = "separator")]
    #[schemars(length(min = 1))]
    pub separator: String,
    /// What stands between two cells.
    #[serde(default)]
    pub delimiter: Delimiter,
    /// The text encoding: `auto`, or a name such as `utf-8`, `windows-1252`, `utf-16le`. A byte order mark in the
    /// file wins over it.
    #[serde(default)]
    pub encoding: TextEncoding,
    /// A larger file is refused.
    #[serde(default = "max_bytes")]
    #[schemars(range(min = 1))]
    pub max_bytes: u64,
}

fn separator() -> String {
    ";".to_owned()
}

impl GroupsFile {
    /// A file with an id column and otherwise the defaults.
    #[must_use]
    pub fn new(path: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            id: id.into(),
            name: None,
            members: None,
            member: None,
            separator: separator(),
            delimiter: Delimiter::Auto,
            encoding: TextEncoding::default(),
            max_bytes: MAX_BYTES,
        }
    }

    /// Bucket and key, when the path leads to S3.
    #[must_use]
    pub fn s3(&self) -> Option<(&str, &str)> {
        s3(&self.path)
    }

    pub(super) fn dialect(&self) -> Dialect {
        let Self { id, delimiter, encoding, max_bytes, .. } = self;
        Dialect { id: id.clone(), delimiter: *delimiter, encoding: *encoding, max_bytes: *max_bytes }
    }
}

/// Bucket and key, when a path leads to S3.
pub(super) fn s3(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(S3_SCHEME)?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

/// How one of the files is written, whatever it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    /// The column with the id.
    pub(super) id: String,
    pub(super) delimiter: Delimiter,
    pub(super) encoding: TextEncoding,
    pub(super) max_bytes: u64,
}

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Delimiter {
    /// Whichever of the four makes the id column appear in the header.
    #[default]
    Auto,
    /// `,`
    Comma,
    /// `;`, as spreadsheets write it where the comma is the decimal sign.
    Semicolon,
    /// The tabulator.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// The bytes to try, most common first.
    #[must_use]
    pub fn candidates(self) -> &'static [u8] {
        match self {
            Self::Auto => b",;\t|",
            Self::Comma => b",",
            Self::Semicolon => b";",
            Self::Tab => b"\t",
            Self::Pipe => b"|",
        }
    }
}

/// `auto`, or an encoding by one of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub struct TextEncoding(Option<&'static Encoding>);

impl TextEncoding {
    /// The encoding, unless it is to be found out.
    #[must_use]
    pub fn named(self) -> Option<&'static Encoding> {
        self.0
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("auto"),
            Some(encoding) => f.write_str(&encoding.name().to_lowercase()),
        }
    }
}

impl From<TextEncoding> for String {
    fn from(encoding: TextEncoding) -> Self {
        encoding.to_string()
    }
}

impl TryFrom<String> for TextEncoding {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self(None));
        }
        Encoding::for_label_no_replacement(text.as_bytes()).map(|encoding| Self(Some(encoding))).ok_or_else(|| {
            format!("'{text}' is no encoding known here; write auto, utf-8, windows-1252, utf-16le or another WHATWG name")
        })
    }
}
