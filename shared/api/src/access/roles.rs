//! What a token gives: Graph's permissions, by their own names or through roles.
//!
//! In: the claims of a token that was checked. Out: names of permissions. A permission stands in `scp` or `scope` when a
//! person signed in to a program, in `roles` when a program asks for itself: the names are the same. A role stands in
//! one of the claims that the configuration names, and gives what the configuration says.

use std::collections::{BTreeMap, BTreeSet};

use super::caller::Claims;
use super::{Permission, SettingsError};

/// Claims that hold scopes: Entra's and Okta's, and everybody else's.
const SCOPES: [&str; 2] = ["scp", "scope"];

/// The claim that holds permissions of a program.
const ROLES: &str = "roles";

/// Claims that hold roles, when nobody says which: roles of the app registration, and Entra's directory roles. No groups:
/// in many directories anybody may make one, and call it as they like.
const USUAL_CLAIMS: [&str; 2] = [ROLES, "wids"];

/// What Entra's directory roles give, when nobody says otherwise. `wids` holds their template ids, the same everywhere.
const USUAL: [(&str, &str, &[&str]); 6] = [
    ("Reports Reader", "4a5d8f65-41da-4de4-8968-e035b65339cf", READS),
    ("Security Reader", "5d6b6bb7-de71-4623-b4af-96380a352509", READS),
    ("Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451", READS),
    ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", CHANGES),
    ("Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7", CHANGES),
    ("Hybrid Identity Administrator", "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", CHANGES),
];

const READS: &[&str] = &["Synchronization.Read.All", "ProvisioningLog.Read.All"];

const CHANGES: &[&str] =
    &["Synchronization.ReadWrite.All", "ProvisioningLog.Read.All", "SynchronizationData-User.Upload"];

/// Which roles give what, and where a token holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    permissions: BTreeMap<String, Vec<String>>,
    claims: Vec<String>,
}

impl Default for Roles {
    fn default() -> Self {
        let given = |permissions: &[&str]| permissions.iter().map(|name| (*name).to_owned()).collect();
        let both = |(name, id, permissions)| [(name, permissions), (id, permissions)];
        let permissions = USUAL.into_iter().flat_map(both);
        Self {
            permissions: permissions.map(|(role, gives)| (role.to_owned(), given(gives))).collect(),
            claims: USUAL_CLAIMS.map(ToOwned::to_owned).to_vec(),
        }
    }
}

impl Roles {
    /// Reads the configuration: JSON that gives each role its permissions, and the claims that hold roles, with commas
    /// between them. What is absent is as usual; what is there replaces the usual.
    ///
    /// # Errors
    /// [`SettingsError`]: no such JSON, or a permission that nothing here asks for.
    pub fn read(permissions: Option<&str>, claims: Option<&str>) -> Result<Self, SettingsError> {
        let mut roles = Self::default();
        if let Some(json) = permissions {
            let read = serde_json::from_str(json).map_err(|error| SettingsError::Roles(error.to_string()))?;
            roles.permissions = read;
            let ways = Permission::ALL.into_iter().flat_map(Permission::ways);
            let known: Vec<&str> = ways.flat_map(|way| way.iter().copied()).collect();
            let unknown = roles.permissions.values().flatten().find(|name| !known.contains(&name.as_str()));
            if let Some(name) = unknown {
                return Err(SettingsError::Permission(name.clone(), known.join(", ")));
            }
        }
        if let Some(claims) = claims {
            roles.claims = super::listed(claims);
        }
        Ok(roles)
    }

    /// The permissions in a token.
    pub(super) fn permissions_in(&self, claims: &Claims) -> BTreeSet<String> {
        // What stands before the last slash names the API (Amazon Cognito: `rollcall/ProvisioningLog.Read.All`).
        let bare = |scope: &str| scope.rsplit('/').next().unwrap_or(scope).to_owned();
        let scopes = SCOPES.iter().flat_map(|claim| claims.scopes(claim)).map(bare);
        let own = claims.list(ROLES).map(ToOwned::to_owned);
        let roles = self.claims.iter().flat_map(|claim| claims.list(claim));
        let through = roles.filter_map(|role| self.permissions.get(role)).flatten().cloned();
        scopes.chain(own).chain(through).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn given(roles: &Roles, claims: Value) -> Vec<Permission> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let names = roles.permissions_in(&Claims(claims));
        Permission::ALL.into_iter().filter(|permission| permission.is_given_by(&names)).collect()
    }

    #[test]
    fn permissions_are_found_wherever_issuers_put_them() {
        let read = vec![Permission::ReadLogs];
        let cases = [
            // Entra, for people and for programs.
            (json!({ "scp": "openid ProvisioningLog.Read.All" }), read.clone()),
            (json!({ "roles": ["Auditor", "ProvisioningLog.Read.All"] }), read.clone()),
            // Okta, Keycloak, Amazon Cognito.
            (json!({ "scp": ["openid", "ProvisioningLog.Read.All"] }), read.clone()),
            (json!({ "scope": "openid ProvisioningLog.Read.All" }), read.clone()),
            (json!({ "scope": "rollcall/ProvisioningLog.Read.All" }), read.clone()),
            // Both together, and only both.
            (json!({ "scp": "AuditLog.Read.All Directory.Read.All" }), read.clone()),
            (json!({ "scp": "AuditLog.Read.All", "roles": ["Directory.Read.All"] }), read),
            (json!({ "scp": "AuditLog.Read.All" }), vec![]),
            (json!({ "scp": "Directory.Read.All" }), vec![]),
            // None of it.
            (json!({ "scp": "ProvisioningLog.Read.All.Not" }), vec![]),
            (json!({ "scp": "provisioninglog.read.all" }), vec![]),
            (json!({ "scp": "" }), vec![]),
            (json!({ "scp": { "ProvisioningLog.Read.All": true } }), vec![]),
            (json!({ "roles": [["ProvisioningLog.Read.All"], 7, null] }), vec![]),
            (json!({ "roles": ["rollcall/ProvisioningLog.Read.All"] }), vec![]),
            (json!({ "sub": "ProvisioningLog.Read.All" }), vec![]),
            (json!({ "groups": ["ProvisioningLog.Read.All"] }), vec![]),
            // Ownership is in the applications, not in the token.
            (json!({ "roles": ["Application.ReadWrite.OwnedBy"] }), vec![]),
        ];
        for (claims, expected) in cases {
            assert_eq!(given(&Roles::default(), claims.clone()), expected, "{claims}");
        }
    }

    #[test]
    fn directory_roles_count_by_name_and_by_id_but_no_group_of_that_name_does() {
        let reads = vec![Permission::ReadJobs, Permission::ReadLogs];
        let cases = [
            (json!({ "roles": ["Reports Reader"] }), reads.clone()),
            (json!({ "wids": ["4a5d8f65-41da-4de4-8968-e035b65339cf"] }), reads),
            (json!({ "roles": ["Application Administrator"] }), Permission::ALL.to_vec()),
            (json!({ "wids": ["8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2"] }), Permission::ALL.to_vec()),
            (json!({ "groups": ["Application Administrator"] }), vec![]),
            (json!({ "scp": "Application Administrator" }), vec![]),
            (json!({ "roles": ["Helpdesk Administrator"] }), vec![]),
        ];
        for (claims, expected) in cases {
            assert_eq!(given(&Roles::default(), claims.clone()), expected, "{claims}");
        }
    }

    #[test]
    fn the_configuration_says_which_roles_give_what_and_where_they_are() {
        let json = r#"{ "it ops": ["ProvisioningLog.Read.All"], "nobody": [] }"#;
        let claims = "groups, cognito:groups,realm_access.roles,https://tessera.example/roles";
        let roles = Roles::read(Some(json), Some(claims)).unwrap();
        let holders = [
            json!({ "groups": ["all", "it ops"] }),
            json!({ "groups": "it ops" }),
            json!({ "cognito:groups": ["it ops"] }),
            json!({ "realm_access": { "roles": ["it ops"] } }),
            json!({ "https://tessera.example/roles": ["it ops"] }),
        ];
        for claims in holders {
            assert_eq!(given(&roles, claims.clone()), [Permission::ReadLogs], "{claims}");
        }
        for claims in [json!({ "roles": ["Reports Reader", "it ops"] }), json!({ "groups": ["nobody"] })] {
            assert_eq!(given(&roles, claims.clone()), [], "{claims}");
        }
    }

    #[test]
    fn a_configuration_that_would_silently_give_nothing_is_refused() {
        let cases = [
            (r#"{ "it ops": ["ProvisioningLog.ReadAll"] }"#, "ProvisioningLog.ReadAll"),
            (r#"{ "it ops": "ProvisioningLog.Read.All" }"#, "ROLLCALL_ROLES"),
            ("it ops", "ROLLCALL_ROLES"),
        ];
        for (json, named) in cases {
            let message = Roles::read(Some(json), None).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
        assert_eq!(Roles::read(None, None), Ok(Roles::default()));
    }
}
