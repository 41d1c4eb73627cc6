//! What Graph's `secrets` say about an application: credentials and settings in one list of keys and values.
//!
//! In: a document, and the pairs somebody sends. Out: the pairs of a document, credentials masked; or the changed document,
//! and the credentials to put away. Works on documents that are not whole yet: that is how they become whole.
//!
//! | Key | In the document |
//! |---|---|
//! | `BaseAddress` | `target.scim.url` |
//! | `SecretToken` | behind `target.scim.token` |
//! | `Server` | `source.ldap.url` |
//! | `UserName` | `source.ldap.bindDn` |
//! | `Password` | behind `source.ldap.password` |
//! | `SyncAll` | `users.scope.assigned`, absent when `true` |
//! | `SkipOutOfScopeDeletions` | `users.scope.skipOutOfScopeDeletions` |
//! | `SyncNotificationSettings` | `notification.enabled`, `notification.to`, `removals.maximum` |
//!
//! # Guarantees
//! What is not named stays as it is, and `"*"` keeps a credential: whoever sends back what they read changes nothing.
//! Graph replaces the whole set; here a setting that was forgotten must not widen the scope to everybody.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::{Problem, Removals};

/// What stands for a credential, and keeps it.
pub const MASK: &str = "*";

/// The longest value of a key, in bytes: the settings of notifications are the longest, and tokens have some thousand.
pub const LONGEST: usize = 16 * 1024;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Graph's key.
    pub key: &'static str,
    /// Its value; [`MASK`] for a credential.
    pub value: String,
}

/// A document with other settings.
#[derive(Debug)]
pub struct Changed {
    /// The document. Credentials are not in it.
    pub document: Value,
    /// Credentials to put away, and where the document refers to them.
    pub credentials: Vec<NewCredential>,
}

/// A credential to put away.
#[derive(Debug)]
pub struct NewCredential {
    /// Graph's key.
    pub key: &'static str,
    /// The JSON pointer of the reference in the document.
    pub place: &'static str,
    /// The credential.
    pub secret: SecretString,
}

/// Keys whose value stands in the document as it is.
const PLAIN: [(&str, &str); 3] = [
    ("BaseAddress", "/target/scim/url"),
    ("Server", "/source/ldap/url"),
    ("UserName", "/source/ldap/bindDn"),
];

/// Keys whose value is kept elsewhere.
const CREDENTIALS: [(&str, &str); 2] =
    [("SecretToken", "/target/scim/token"), ("Password", "/source/ldap/password")];

const SYNC_ALL: &str = "SyncAll";
const SKIP: &str = "SkipOutOfScopeDeletions";
const NOTIFICATION: &str = "SyncNotificationSettings";

/// The settings of a document. Credentials are masked.
#[must_use]
pub fn of(document: &Value) -> Vec<Setting> {
    let text = |place: &str| document.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty());
    let plain = PLAIN.iter().filter_map(|(key, place)| Some(Setting { key, value: text(place)?.to_owned() }));
    let masked = CREDENTIALS.iter().filter_map(|(key, place)| {
        text(place)?;
        Some(Setting { key, value: MASK.to_owned() })
    });
    let scope = &document["users"]["scope"];
    let words = [
        (SYNC_ALL, scope["assigned"].is_null()),
        (SKIP, scope["skipOutOfScopeDeletions"].as_bool().unwrap_or_default()),
    ];
    let words = words.into_iter().map(|(key, is)| Setting { key, value: is.to_string() });
    let notification = Setting { key: NOTIFICATION, value: notification_of(document).to_string() };
    plain.chain(masked).chain(words).chain([notification]).collect()
}

fn notification_of(document: &Value) -> Value {
    let to: Vec<&str> =
        document["notification"]["to"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let maximum = document["removals"]["maximum"].as_u64().unwrap_or(Removals::default().maximum);
    json!({
        "Enabled": !to.is_empty() && document["notification"]["enabled"].as_bool().unwrap_or(true),
        "Recipients": to.join(", "),
        "DeleteThresholdEnabled": true,
        "DeleteThresholdValue": maximum,
    })
}

/// Changes the settings of a document.
///
/// # Errors
/// A key that this application does not use, or a value that cannot be.
pub fn change(document: &Value, pairs: &[(String, Option<String>)]) -> Result<Changed, Problem> {
    let mut changed = Changed { document: document.clone(), credentials: Vec::new() };
    for (key, value) in pairs {
        let Some(value) = value.as_deref() else { continue };
        if value.len() > LONGEST {
            return Err(wrong(key, format!("is longer than {LONGEST} bytes")));
        }
        set(&mut changed, key, value)?;
    }
    Ok(changed)
}

fn set(changed: &mut Changed, key: &str, value: &str) -> Result<(), Problem> {
    let document = &mut changed.document;
    if let Some((_, place)) = PLAIN.iter().find(|(known, _)| *known == key) {
        return put(document, place, key, Value::String(value.trim().to_owned()));
    }
    if let Some((key, place)) = CREDENTIALS.iter().find(|(known, _)| *known == key) {
        if value != MASK {
            // The reference follows once the credential has been put away; its section must be there.
            section(document, place, key)?;
            changed.credentials.push(NewCredential { key, place, secret: SecretString::from(value) });
        }
        return Ok(());
    }
    match key {
        SYNC_ALL => sync_all(document, truth(key, value)?),
        SKIP => put(document, "/users/scope/skipOutOfScopeDeletions", key, Value::Bool(truth(key, value)?)),
        NOTIFICATION => notification(document, value),
        _ => {
            let known: Vec<&str> = PLAIN
                .iter()
                .chain(&CREDENTIALS)
                .map(|(key, _)| *key)
                .chain([SYNC_ALL, SKIP, NOTIFICATION])
                .collect();
            Err(wrong(
                key,
                format!("is no key that an application here uses; there are {}", known.join(", ")),
            ))
        }
    }
}

fn sync_all(document: &mut Value, all: bool) -> Result<(), Problem> {
    match (all, document["users"]["scope"]["assigned"].is_null()) {
        (true, true) | (false, false) => Ok(()),
        (true, false) => {
            if let Some(Value::Object(scope)) = document.pointer_mut("/users/scope") {
                scope.remove("assigned");
            }
            Ok(())
        }
        (false, true) => put(document, "/users/scope/assigned", SYNC_ALL, json!({})),
    }
}

fn notification(document: &mut Value, value: &str) -> Result<(), Problem> {
    let settings: Map<String, Value> = serde_json::from_str(value).map_err(|_| {
        wrong(NOTIFICATION, "is no JSON object; write {\"Enabled\":true,\"Recipients\":\"…\"}")
    })?;
    let is = |name: &str| settings.get(name).and_then(Value::as_bool);
    let recipients = settings.get("Recipients").and_then(Value::as_str).unwrap_or_default();
    let to: Vec<&str> = recipients.split([',', ';']).map(str::trim).filter(|to| !to.is_empty()).collect();
    match (is("Enabled"), to.is_empty()) {
        (Some(true), true) => return Err(wrong(NOTIFICATION, "is enabled and has no Recipients")),
        (Some(true), false) => {
            put(document, "/notification/to", NOTIFICATION, json!(to))?;
            if let Some(Value::Object(fields)) = document.get_mut("notification") {
                fields.remove("enabled");
            }
        }
        // Whoever is told again later, is told of those who were named.
        (Some(false), _) => {
            if !to.is_empty() {
                put(document, "/notification/to", NOTIFICATION, json!(to))?;
            }
            if document["notification"]["to"].is_array() {
                put(document, "/notification/enabled", NOTIFICATION, json!(false))?;
            }
        }
        (None, _) => {}
    }
    let threshold = settings.get("DeleteThresholdValue").filter(|value| !value.is_null());
    if let (Some(threshold), true) = (threshold, is("DeleteThresholdEnabled").unwrap_or(true)) {
        let threshold = threshold
            .as_u64()
            .ok_or_else(|| wrong(NOTIFICATION, "DeleteThresholdValue is no number of accounts"))?;
        put(document, "/removals/maximum", NOTIFICATION, json!(threshold))?;
    }
    Ok(())
}

fn truth(key: &str, value: &str) -> Result<bool, Problem> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong(key, "is true or false")),
    }
}

/// Writes a value, making the objects around it; the system itself must be the document's.
fn put(document: &mut Value, place: &str, key: &str, value: Value) -> Result<(), Problem> {
    let (around, name) = place.rsplit_once('/').unwrap_or(("", place));
    let section = match around {
        "/target/scim" | "/source/ldap" => section(document, place, key)?,
        _ => made(document, around),
    };
    if let Some(fields) = section.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    Ok(())
}

/// The section of a system that the application has.
fn section<'a>(document: &'a mut Value, place: &str, key: &str) -> Result<&'a mut Value, Problem> {
    let (around, _) = place.rsplit_once('/').unwrap_or(("", place));
    document.pointer_mut(around).filter(|section| section.is_object()).ok_or_else(|| {
        wrong(
            key,
            format!(
                "belongs to {}, which this application does not have",
                around.trim_start_matches('/').replace('/', ".")
            ),
        )
    })
}

/// The object at a place, made when it is not there.
fn made<'a>(document: &'a mut Value, place: &str) -> &'a mut Value {
    let mut at = document;
    for name in place.split('/').filter(|name| !name.is_empty()) {
        if !at[name].is_object() {
            at[name] = json!({});
        }
        at = &mut at[name];
    }
    at
}

/// Refers to a credential that was put away.
pub fn refer(document: &mut Value, credential: &NewCredential, reference: &str) {
    if let Ok(section) = section(document, credential.place, credential.key)
        && let (Some(fields), Some((_, name))) = (section.as_object_mut(), credential.place.rsplit_once('/'))
    {
        fields.insert(name.to_owned(), Value::String(reference.to_owned()));
    }
}

fn wrong(key: &str, problem: impl Into<String>) -> Problem {
    Problem { place: key.to_owned(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn document() -> Value {
        json!({
            "application": "Ledgerly",
            "source": { "ldap": { "url": "ldaps://dc", "bindDn": "cn=reader", "password": "env:PW" } },
            "target": { "scim": { "url": "https://ledgerly.example/scim", "token": "secretsmanager:arn" } },
            "users": { "scope": { "assigned": { "users": ["1"] } } },
            "notification": { "to": ["a@x.example", "b@x.example"] },
        })
    }

    fn pairs(given: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        given.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect()
    }

    #[test]
    fn settings_are_told_and_credentials_are_not() {
        let told: Vec<(&str, String)> =
            of(&document()).into_iter().map(|setting| (setting.key, setting.value)).collect();
        assert!(told.contains(&("BaseAddress", "https://ledgerly.example/scim".to_owned())), "{told:?}");
        assert!(
            told.contains(&("SecretToken", MASK.to_owned())) && told.contains(&("Password", MASK.to_owned()))
        );
        assert!(told.contains(&("SyncAll", "false".to_owned())));
        assert!(told.iter().all(|(_, value)| !value.contains("arn") && !value.contains("env:")), "{told:?}");
    }

    #[test]
    fn whoever_sends_back_what_they_read_changes_nothing() {
        let before = document();
        let read: Vec<_> =
            of(&before).into_iter().map(|setting| (setting.key.to_owned(), Some(setting.value))).collect();
        let Changed { mut document, credentials } = change(&before, &read).unwrap();
        assert!(credentials.is_empty());
        // What was the default before is written down now.
        assert_eq!(document["removals"].take(), json!({ "maximum": 500 }));
        assert_eq!(document["users"]["scope"]["skipOutOfScopeDeletions"].take(), json!(false));
        document.as_object_mut().unwrap().remove("removals");
        document["users"]["scope"].as_object_mut().unwrap().remove("skipOutOfScopeDeletions");
        assert_eq!(document, before);
    }

    #[test]
    fn a_credential_never_enters_the_document() {
        let given = pairs(&[("SecretToken", "s3cret"), ("BaseAddress", " https://new.example ")]);
        let mut changed = change(&document(), &given).unwrap();
        assert!(!changed.document.to_string().contains("s3cret"));
        assert_eq!(changed.document["target"]["scim"]["url"], "https://new.example");
        assert_eq!(changed.document["target"]["scim"]["token"], "secretsmanager:arn");
        let [credential] = &changed.credentials[..] else { panic!("{changed:?}") };
        assert_eq!((credential.key, credential.secret.expose_secret()), ("SecretToken", "s3cret"));
        refer(&mut changed.document, credential, "file:/vault/token");
        assert_eq!(changed.document["target"]["scim"]["token"], "file:/vault/token");
    }

    #[test]
    fn a_document_becomes_whole_by_its_settings() {
        let bare = json!({ "application": "a", "target": { "scim": {} }, "users": {} });
        let changed =
            change(&bare, &pairs(&[("BaseAddress", "https://a.example"), ("SyncAll", "False")])).unwrap();
        assert_eq!(changed.document["target"]["scim"], json!({ "url": "https://a.example" }));
        assert_eq!(changed.document["users"]["scope"], json!({ "assigned": {} }));
        let all = change(&changed.document, &pairs(&[("SyncAll", "TRUE")])).unwrap();
        assert!(all.document["users"]["scope"]["assigned"].is_null());
    }

    #[test]
    fn notifications_and_their_threshold_are_settings() {
        let value = r#"{"Enabled":true,"Recipients":"a@x.example; ops@x.example","DeleteThresholdEnabled":true,"DeleteThresholdValue":50}"#;
        let changed = change(&document(), &pairs(&[("SyncNotificationSettings", value)])).unwrap().document;
        assert_eq!(changed["notification"], json!({ "to": ["a@x.example", "ops@x.example"] }));
        assert_eq!(changed["removals"]["maximum"], 50);
        let off = change(&changed, &pairs(&[("SyncNotificationSettings", r#"{"Enabled":false}"#)])).unwrap();
        let kept = json!({ "to": ["a@x.example", "ops@x.example"], "enabled": false });
        assert_eq!(off.document["notification"], kept);
        let shown = of(&off.document).pop().unwrap();
        let shown: Value = serde_json::from_str(&shown.value).unwrap();
        assert_eq!(
            (&shown["Enabled"], &shown["Recipients"]),
            (&json!(false), &json!("a@x.example, ops@x.example"))
        );
        let on = r#"{"Enabled":true,"Recipients":"ops@x.example"}"#;
        let on = change(&off.document, &pairs(&[("SyncNotificationSettings", on)])).unwrap();
        assert_eq!(on.document["notification"], json!({ "to": ["ops@x.example"] }));
        let mut nobody = document();
        nobody.as_object_mut().unwrap().remove("notification");
        let off = change(&nobody, &pairs(&[("SyncNotificationSettings", r#"{"Enabled":false}"#)])).unwrap();
        assert_eq!(off.document.get("notification"), None);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_key() {
        let cases = [
            ("Sandbox", "true", "is no key that an application here uses; there are BaseAddress"),
            ("SyncAll", "yes", "is true or false"),
            ("SyncNotificationSettings", "on", "is no JSON object"),
            ("SyncNotificationSettings", r#"{"Enabled":true}"#, "has no Recipients"),
            ("SyncNotificationSettings", r#"{"DeleteThresholdValue":"many"}"#, "no number"),
        ];
        for (key, value, expected) in cases {
            let problem = change(&document(), &pairs(&[(key, value)])).unwrap_err();
            assert_eq!(problem.place, key);
            assert!(problem.problem.contains(expected), "{problem}");
        }
        let file = json!({ "source": { "file": {} }, "target": { "scim": {} } });
        let problem = change(&file, &pairs(&[("Password", "x")])).unwrap_err();
        assert!(problem.problem.contains("source.ldap"), "{problem}");
        let long = "x".repeat(LONGEST + 1);
        assert!(change(&document(), &pairs(&[("SecretToken", &long)])).is_err());
    }
}
