//! Ways in which real SCIM servers differ from the RFC, each behind a switch.
//!
//! In: one flag per deviation. Out: nothing by itself; the rest of the sandbox asks. Promise: the default is a
//! correct server, and no flag changes what another one means.

use serde::{Deserialize, Serialize};

/// Deviations to imitate. The default has none: a correct server that is strict about booleans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Quirks {
    /// A create answers without a `Location` header.
    pub no_location: bool,
    /// Filters compare `userName` with regard to case, although the schema says otherwise. Uniqueness still does not.
    pub case_sensitive_user_name: bool,
    /// A list calls its resources `resources`.
    pub lowercase_resources: bool,
    /// A list's `totalResults` is a string.
    pub total_results_as_text: bool,
    /// The strings `"True"` and `"False"` for a boolean answer 400 `invalidValue`. On by default, as the RFC
    /// has it; when off they are read as booleans.
    pub refuse_text_booleans: bool,
    /// `If-Match` is not looked at, so that the last writer wins.
    pub ignore_if_match: bool,
    /// A PATCH path with a `[filter]` answers 400 `invalidPath`, as at GitHub.
    pub no_value_path: bool,
    /// A PATCH operation without a path answers 400 `invalidSyntax`.
    pub no_pathless_patch: bool,
    /// PATCH answers 501, and `ServiceProviderConfig` says so.
    pub no_patch: bool,
    /// `/Bulk` answers 501, and `ServiceProviderConfig` says so.
    pub no_bulk: bool,
    /// A filter answers 400 `invalidFilter`, and `ServiceProviderConfig` says so.
    pub no_filter: bool,
    /// Only `eq`, alone or joined by `and`, is understood in filters, as at AWS IAM Identity Center.
    pub filter_only_eq: bool,
    /// A list without a filter answers 501, as at LinkedIn.
    pub no_list: bool,
    /// `sortBy` is not looked at, and `ServiceProviderConfig` says so.
    pub no_sort: bool,
    /// `/.search` answers 501.
    pub no_search: bool,
    /// No `ETag` header, no `meta.version`, and `If-Match` is not looked at; `ServiceProviderConfig` says so.
    pub no_etag: bool,
    /// Lists leave out extension objects that a read by id shows, as at Zoom.
    pub list_hides_extension: bool,
    /// A successful PATCH answers 204 without a body, unless attributes were asked for.
    pub patch_answers204: bool,
    /// DELETE of a user turns `active` off and keeps the user, as at Slack and Salesforce.
    pub delete_deactivates: bool,
    /// Booleans come back as `"True"` and `"False"`.
    pub answers_text_booleans: bool,
    /// The manager comes back as a bare id instead of an object.
    pub manager_as_text: bool,
    /// A PATCH `remove` that carries a value answers 400 `invalidValue`.
    pub refuse_remove_value: bool,
    /// The most members one request may add, remove or set; more answer 400 `invalidValue`. AWS takes 100.
    pub member_cap: Option<usize>,
    /// More members than `memberCap` answer 413 instead, as at Miro.
    pub member_cap_answers413: bool,
    /// What becomes of a member whose id nobody has. Refused by default.
    pub unknown_members: UnknownMembers,
    /// Nothing that is answered shows who is in a group, as at AWS IAM Identity Center.
    pub hide_members: bool,
    /// `remove` of `members` without a filter empties the group, whatever `value` says. When off, only those that
    /// `value` lists leave; without `value` everyone does, as the RFC has it.
    pub remove_members_ignores_value: bool,
    /// A member that is added again is in the group twice.
    pub duplicate_members: bool,
    /// The manager is the bare id of a user; an object answers 400 `invalidValue`.
    pub manager_must_be_text: bool,
    /// A PATCH that turns `active` on and changes something else, too, answers 400, as at FusionAuth.
    pub refuse_reactivation_with_changes: bool,
    /// A request without `User-Agent` answers 403, as at GitHub.
    pub require_user_agent: bool,
}

/// What becomes of a member whose id nobody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UnknownMembers {
    /// The request answers 400 `invalidValue`.
    #[default]
    Refused,
    /// The request answers 404, as if the group were not there.
    NotFound,
    /// It is kept like any other.
    Kept,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            no_location: false,
            case_sensitive_user_name: false,
            lowercase_resources: false,
            total_results_as_text: false,
            refuse_text_booleans: true,
            ignore_if_match: false,
            no_value_path: false,
            no_pathless_patch: false,
            no_patch: false,
            no_bulk: false,
            no_filter: false,
            filter_only_eq: false,
            no_list: false,
            no_sort: false,
            no_search: false,
            no_etag: false,
            list_hides_extension: false,
            patch_answers204: false,
            delete_deactivates: false,
            answers_text_booleans: false,
            manager_as_text: false,
            refuse_remove_value: false,
            member_cap: None,
            member_cap_answers413: false,
            unknown_members: UnknownMembers::Refused,
            hide_members: false,
            remove_members_ignores_value: false,
            duplicate_members: false,
            manager_must_be_text: false,
            refuse_reactivation_with_changes: false,
            require_user_agent: false,
        }
    }
}
