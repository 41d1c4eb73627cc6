//! What targets say of themselves, and what becomes of what they say in odd ways.

use engine::mapping::TargetSchema;
use engine::ports::{Target, TargetError, TargetErrorKind as Kind};
use engine::schema::document::AttributeDefinition;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use testkit::sandbox::{Sandbox, Settings};

use super::super::convert::described::Room;
use super::super::describe::{Description, Parts};
use super::super::{ScimGroupSchema, ScimSchema};
use super::server::{Reply, Server};
use super::{ENTERPRISE, TOKEN, target_at};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const BADGE: &str = "urn:ietf:params:scim:schemas:extension:badge:2.0:User";

/// What is at the two addresses, of which `/ResourceTypes` is asked first.
async fn describe<const N: usize>(replies: [Reply; N]) -> (Result<Description, TargetError>, Vec<String>) {
    let server = Server::start(replies).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let said = target.describe().await;
    assert_eq!(target.calls(), 0, "discovery is counted apart");
    (said, server.lines())
}

/// What a target without `/ResourceTypes` says.
async fn said(schemas: Json) -> Description {
    describe([Reply::raw(404, ""), Reply::json(200, &schemas)]).await.0.unwrap()
}

fn names(all: &[AttributeDefinition]) -> Vec<&str> {
    all.iter().map(|one| one.name.text().unwrap()).collect()
}

fn schema(id: &str, attributes: &[Json]) -> Json {
    json!({ "id": id, "name": "something", "attributes": attributes })
}

fn title() -> Json {
    json!({ "name": "title", "type": "string", "multiValued": false, "mutability": "readWrite" })
}

/// Definitions as `name: type`, with what is said besides.
fn shown(all: &[AttributeDefinition]) -> Vec<String> {
    let one = |one: &AttributeDefinition| {
        let json = serde_json::to_value(one).unwrap();
        let flag = |name: &str| if json[name] == true { format!(" {name}") } else { String::new() };
        let mutability = json["mutability"].as_str().filter(|word| *word != "ReadWrite");
        let refers = json["referencedObjects"][0]["referencedObjectName"].as_str();
        let more = [mutability, refers].into_iter().flatten().map(|word| format!(" {word}"));
        let name = json["name"].as_str().unwrap();
        let kind = json["type"].as_str().unwrap();
        format!("{name}: {kind}{}{}{}", flag("multivalued"), flag("required"), more.collect::<String>())
    };
    all.iter().map(one).collect()
}

#[tokio::test]
async fn the_sandbox_is_described_by_paths_that_mappings_use() {
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    let said = target.describe().await.unwrap();
    assert_eq!(said.left_out, 0);
    let users = shown(&said.users);
    for expected in [
        "userName: String required",
        "name.givenName: String",
        "active: Boolean",
        "password: String WriteOnly",
        "emails: String multivalued",
        r#"emails[type eq "work"].value: String"#,
        r#"emails[type eq "home"].primary: Boolean"#,
        r#"addresses[type eq "other"].postalCode: String"#,
        "roles: String multivalued",
        &format!("{ENTERPRISE}:department: String"),
        &format!("{ENTERPRISE}:manager: Reference {ENTERPRISE}"),
    ] {
        assert!(users.iter().any(|one| one == expected), "{expected} is not in {users:#?}");
    }
    let members = format!("members: Reference multivalued {ENTERPRISE}");
    assert_eq!(shown(&said.groups), ["displayName: String required", &members]);
    assert_eq!((sandbox.counters().discovery, target.calls()), (2, 0));
}

#[tokio::test]
async fn a_list_of_schemas_is_understood_in_every_shape_that_servers_give_it() {
    let user = schema(USER, &[title()]);
    let shapes = [
        json!({ "totalResults": 1, "Resources": [user] }),
        json!({ "totalResults": "1", "resources": [user] }),
        json!({ "Resources": [user] }),
        json!({ "totalResults": 1, "itemsPerPage": 1, "startIndex": 1, "Resources": [user, { "id": "urn:x" }] }),
        json!([user]),
        json!([user, "not a schema", { "name": "without id" }]),
        user.clone(),
        json!({ "Resources": [{ "ID": USER.to_uppercase(), "Attributes": [{ "NAME": "TITLE", "Type": "String" }] }] }),
        json!({ "Resources": [user, user] }),
    ];
    for shape in shapes {
        let said = said(shape.clone()).await;
        assert_eq!((names(&said.users), said.groups.len()), (vec!["title"], 0), "{shape}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_with_its_cure() {
    let empty = json!({ "totalResults": 0, "Resources": [] });
    let other = json!([schema("urn:ietf:params:scim:schemas:core:2.0:Device", &[title()])]);
    let cases = [
        (Reply::raw(401, ""), Kind::Credentials, "renew it"),
        (Reply::raw(403, ""), Kind::InsufficientRights, "grant its owner"),
        (Reply::raw(404, ""), Kind::NotSupported, "names that the app documents"),
        (Reply::raw(501, ""), Kind::NotSupported, "names that the app documents"),
        (Reply::json(400, &json!({ "detail": "no" })), Kind::InvalidValue, "names that the app documents"),
        (Reply::raw(200, "<html>Sign in</html>"), Kind::Incompatible, "check that url"),
        (Reply::raw(200, ""), Kind::Incompatible, "check that url"),
        (Reply::json(200, &json!({ "schemas": 7 })), Kind::Incompatible, "it has no Resources"),
        (Reply::json(200, &json!("schemas")), Kind::Incompatible, "neither a JSON object nor a list"),
        (Reply::json(200, &empty), Kind::NotSupported, "neither users nor groups"),
        (Reply::json(200, &other), Kind::NotSupported, "neither users nor groups"),
    ];
    for (reply, kind, cure) in cases {
        let error = describe([Reply::raw(404, ""), reply]).await.0.unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(error.summary.contains(cure) && error.request == "GET /Schemas", "{error:?}");
    }
}

#[tokio::test]
async fn which_schemas_belong_together_is_told_by_resource_types_and_otherwise_by_their_names() {
    let level = json!({ "name": "level", "type": "integer" });
    let fob = "urn:tessera:fob";
    let schemas = json!([
        schema(USER, &[title()]),
        schema(BADGE, std::slice::from_ref(&level)),
        schema(fob, &[level]),
        schema(GROUP, &[json!({ "name": "displayName" })]),
    ]);
    let (by_name, told) = (
        vec!["title".to_owned(), format!("{BADGE}:level")],
        vec!["title".to_owned(), format!("{fob}:level")],
    );
    let users = |endpoint: &str, extensions: Json| json!({ "Resources": [{ "name": "User", "endpoint": endpoint, "schema": USER, "schemaExtensions": extensions }] });
    let cases = [
        (Reply::json(200, &users("/Users", json!([{ "schema": fob, "required": false }]))), &told),
        (Reply::json(200, &users("https://app.example/scim/v2/users/", json!([fob]))), &told),
        (Reply::json(200, &users("/Accounts", json!([]))), &by_name),
        (Reply::json(200, &json!([{ "name": "User" }])), &by_name),
        (Reply::json(200, &json!([])), &by_name),
        (Reply::raw(404, ""), &by_name),
        (Reply::raw(200, "<html>"), &by_name),
        (Reply::raw(400, ""), &by_name),
    ];
    for (types, expected) in cases {
        let (said, lines) = describe([types, Reply::json(200, &schemas)]).await;
        let said = said.unwrap();
        assert_eq!(
            (names(&said.users), names(&said.groups)),
            (expected.iter().map(String::as_str).collect(), vec!["displayName"])
        );
        assert_eq!(lines, ["GET /scim/ResourceTypes", "GET /scim/Schemas"]);
    }
    let (refused, lines) = describe([Reply::raw(401, "")]).await;
    assert_eq!((refused.unwrap_err().kind, lines.len()), (Kind::Credentials, 1));
}

#[tokio::test]
async fn a_server_that_pages_is_read_to_its_end_and_one_that_shows_the_same_again_is_left() {
    let page = |id: &str, attribute: &str, total: usize| {
        Reply::json(
            200,
            &json!({ "totalResults": total, "Resources": [schema(id, &[json!({ "name": attribute })])] }),
        )
    };
    let none = || Reply::raw(404, "");
    let (said, lines) = describe([none(), page(USER, "title", 2), page(BADGE, "level", 2)]).await;
    assert_eq!(names(&said.unwrap().users), ["title", &format!("{BADGE}:level")]);
    assert_eq!(lines[1..], ["GET /scim/Schemas", "GET /scim/Schemas?startIndex=2"]);
    let (said, lines) = describe([none(), page(USER, "title", 9), page(USER, "title", 9)]).await;
    assert_eq!((names(&said.unwrap().users), lines.len()), (vec!["title"], 3));
}

#[tokio::test]
async fn attributes_keep_what_is_said_of_them_and_what_is_not_said_is_the_rfcs_default() {
    let part = |name: &str| json!({ "name": name });
    let all = [
        json!({ "name": "USERNAME", "required": true, "caseExact": false, "mutability": "immutable" }),
        json!({ "name": "active", "type": "string" }),
        json!({ "name": "displayName", "type": "string", "mutability": "ReadOnly" }),
        json!({ "name": "name", "type": "complex", "required": true,
            "subAttributes": [{ "name": "familyName", "required": true }, part("givenName"), part("shoeSize")] }),
        json!({ "name": "emails", "type": "complex", "multiValued": "true", "mutability": "readOnly", "subAttributes": [
            { "name": "value" }, { "name": "type", "canonicalValues": ["work", 7, ""] }] }),
        json!({ "name": "profileUrl", "type": "reference", "referenceTypes": ["external"] }),
    ];
    let badge = [
        json!({ "name": "floor", "type": "Integer", "mutability": "sometimes" }),
        json!({ "name": "since", "type": "dateTime", "multiValued": true }),
        json!({ "name": "height", "type": "decimal" }),
        json!({ "name": "owner", "type": "reference", "referenceTypes": ["user"] }),
        json!({ "name": "desk", "type": "complex", "subAttributes": [part("room")] }),
        json!({ "name": "keys", "type": "complex", "multiValued": true, "subAttributes": [
            part("value"), { "name": "type", "canonicalValues": ["door"] }] }),
    ];
    let said = said(json!([schema(USER, &all), schema(BADGE, &badge)])).await;
    let of_badge = |rest: &str| format!("{BADGE}:{rest}");
    let expected = [
        "userName: String required Immutable".to_owned(),
        "active: Boolean".into(),
        "displayName: String ReadOnly".into(),
        "name.familyName: String required".into(),
        "name.givenName: String".into(),
        "emails: String multivalued ReadOnly".into(),
        r#"emails[type eq "work"].value: String ReadOnly"#.into(),
        "profileUrl: String".into(),
        of_badge("floor: Integer"),
        of_badge("since: DateTime multivalued"),
        of_badge("height: String"),
        of_badge("owner: Reference"),
        of_badge("desk.room: String"),
        of_badge("keys: String multivalued"),
    ];
    assert_eq!(shown(&said.users), expected);
    assert_eq!(said.left_out, 0);
    assert!(said.users.iter().all(|one| one.case_exact.value() == Some(&true)));
}

#[tokio::test]
async fn what_no_mapping_can_name_is_left_out_and_counted() {
    let odd = [
        json!({ "name": "schemas", "type": "reference", "multiValued": true }),
        json!({ "name": "favouriteColour" }),
        json!({ "name": "two words" }),
        json!({ "name": "" }),
        json!({ "type": "string" }),
        json!("title"),
        json!({ "name": "emails", "type": "string" }),
        title(),
    ];
    let named_like = ["https://tessera.example/User", "urn:tessera:2.0"].map(|id| schema(id, &[title()]));
    let types = json!([{ "endpoint": "Users", "schema": USER, "schemaExtensions": ["https://tessera.example/User", "urn:tessera:2.0"] }]);
    let [web, version] = named_like;
    let schemas = json!([schema(USER, &odd), web, version]);
    let said = describe([Reply::json(200, &types), Reply::json(200, &schemas)]).await.0.unwrap();
    assert_eq!(
        names(&said.users),
        ["emails", "title"],
        "a list is written as a whole, whatever is said of its type"
    );
    assert_eq!(said.left_out, 7);
}

#[tokio::test]
async fn attributes_past_the_thousandth_are_counted_and_not_kept() {
    let many: Vec<Json> = (0..1_200).map(|number| json!({ "name": format!("a{number}") })).collect();
    let said = said(json!([schema(BADGE, &many), schema(GROUP, &[json!({ "name": "displayName" })])])).await;
    assert_eq!((said.users.len(), said.groups.len(), said.left_out), (1_000, 0, 201));
    let endless: Vec<Json> = (0..10_100).map(|_| json!({ "name": "a" })).collect();
    let said = self::said(json!([schema(BADGE, &endless)])).await;
    assert_eq!((said.users.len(), said.left_out), (1, 100));
}

const KNOWN: [&str; 10] =
    ["emails", "NAME", "manager", "members", "meta", "groups", "value", "type", "familyName", "level"];

/// A name that a schema has, or any text.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), ".{0,12}"]
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["string", "complex", "complex", "reference", "boolean", ""][..])
}

fn attribute() -> impl Strategy<Value = Json> {
    let part = (name(), kind(), prop::collection::vec(".{0,6}", 0..3))
        .prop_map(|(name, kind, values)| json!({ "name": name, "type": kind, "canonicalValues": values }));
    (name(), kind(), any::<bool>(), prop::collection::vec(part, 0..4)).prop_map(|(name, kind, many, parts)| {
        json!({ "name": name, "type": kind, "multiValued": many, "subAttributes": parts })
    })
}

proptest! {
    #[test]
    fn a_mapping_may_name_whatever_is_discovered(attributes in prop::collection::vec(attribute(), 0..12), urn in "urn:.{0,12}:User") {
        let (mut said, mut room) = (Description::default(), Room::default());
        for id in [USER, ENTERPRISE, GROUP, &urn] {
            let schema = schema(id, &attributes);
            said.take(schema.as_object().unwrap(), &Parts::default(), &mut room);
        }
        for one in names(&said.users) {
            prop_assert!(ScimSchema.attribute(one).is_ok(), "{one}");
        }
        for one in names(&said.groups) {
            prop_assert!(ScimGroupSchema.attribute(one).is_ok(), "{one}");
        }
    }
}
