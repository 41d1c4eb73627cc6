//! The manager: written as the RFC has it or as the bare id, read in every spelling, cleared, never asked for.

use engine::mapping::TargetSchema;
use engine::model::TargetId;
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::{Value as Json, json};
use testkit::sandbox::{Quirks, Sandbox, Settings};

use super::super::convert::write::{self, Lists, Style};
use super::super::{ManagerForm, ScimConfig, ScimSchema};
use super::server::{Reply, Server};
use super::{
    ENTERPRISE, TOKEN, USER, attributes, change, cleared, config, execute, paths, target_at, target_with,
    text,
};

fn manager() -> String {
    format!("{ENTERPRISE}:manager")
}

#[test]
fn the_manager_refers_under_both_names_and_nothing_else_does() {
    for (path, refers) in [
        (manager(), true),
        (format!("{}.value", manager()), true),
        (format!("{}.$ref", manager()), false),
        (format!("{ENTERPRISE}:department"), false),
        ("urn:contoso:2.0:User:manager".into(), false),
    ] {
        let definition = ScimSchema.attribute(&path).unwrap();
        assert_eq!(definition.refers, refers, "{path}");
        assert!(!(refers && definition.matchable), "{path}: no target is asked who has this manager");
    }
}

#[test]
fn the_manager_is_written_in_the_form_that_was_chosen() {
    for (form, expected) in [(ManagerForm::Object, json!({ "value": "9" })), (ManagerForm::Text, json!("9"))]
    {
        let style = Style { kind: USER, manager: form };
        for path in [manager(), format!("{}.value", manager())] {
            let created =
                write::create_body(style, &attributes([("userName", text("a")), (&path, text("9"))]))
                    .unwrap();
            assert_eq!(created[ENTERPRISE]["manager"], expected);
            for (old, op) in [(None, "add"), (Some("8"), "replace")] {
                let body = write::patch_body(style, &[change(&path, old, "9")], Lists::ByPath);
                let operation = json!([{ "op": op, "path": manager(), "value": expected }]);
                assert_eq!(body.unwrap().unwrap()["Operations"], operation);
            }
            let body = write::patch_body(style, &[cleared(&path, "9")], Lists::ByPath);
            let removal = json!([{ "op": "remove", "path": manager() }]);
            assert_eq!(body.unwrap().unwrap()["Operations"], removal);
        }
    }
}

#[test]
fn a_manager_that_was_read_is_put_back_in_the_form_that_was_chosen() {
    let spellings = [json!("9"), json!({ "value": "9" }), json!([{ "value": "9" }]), json!(["9"])];
    for (form, expected) in [(ManagerForm::Object, json!({ "value": "9" })), (ManagerForm::Text, json!("9"))]
    {
        let style = Style { kind: USER, manager: form };
        for held in &spellings {
            let user = json!({ "id": "1", ENTERPRISE: { "manager": held } });
            let body = write::put_body(style, user.as_object().unwrap(), &[change("title", None, "x")]);
            assert_eq!(body.unwrap()[ENTERPRISE]["manager"], expected, "{held}");
        }
    }
}

#[tokio::test]
async fn a_manager_is_read_as_the_id_in_every_spelling() {
    let spellings = [
        (json!("9"), Some("9")),
        (json!({ "value": "9", "$ref": "../Users/9", "displayName": "Ada" }), Some("9")),
        (json!([{ "value": "9" }]), Some("9")),
        (json!(["9"]), Some("9")),
        (json!({}), None),
        (json!([]), None),
        (Json::Null, None),
    ];
    for (held, expected) in spellings {
        let user = json!({ "id": "1", ENTERPRISE: { "manager": held } });
        for path in [manager(), format!("{}.value", manager())] {
            let server = Server::start([Reply::json(200, &user)]).await;
            let (target, _) = target_at(&server.url(), TOKEN);
            let read = target.get(USER, &TargetId::new("1"), &paths([&path])).await.unwrap().unwrap();
            assert_eq!(read.attributes.get(&path), expected.map(text).as_ref(), "{held}");
        }
    }
}

#[tokio::test]
async fn a_manager_comes_changes_and_goes_in_either_form() {
    let plain = Quirks::default;
    let cases = [
        (ManagerForm::Object, plain()),
        (ManagerForm::Object, Quirks { manager_as_text: true, ..plain() }),
        (ManagerForm::Object, Quirks { no_patch: true, manager_as_text: true, ..plain() }),
        (ManagerForm::Text, Quirks { manager_must_be_text: true, ..plain() }),
        (ManagerForm::Text, Quirks { manager_must_be_text: true, no_patch: true, ..plain() }),
    ];
    for (manager_form, quirks) in cases {
        let sandbox =
            Sandbox::start(Settings { quirks: quirks.clone(), ..Settings::default() }).await.unwrap();
        let config = ScimConfig { manager_form, ..config(&sandbox.base_url()) };
        let (target, _) = target_with(&config, sandbox.token());
        let path = manager();
        let anna = attributes([("userName", text("anna")), (&path, text("7"))]);
        let id = execute(&target, TargetOperation::Create(USER, anna)).await.unwrap();
        let held = async || {
            let read = target.get(USER, &id, &paths([&path])).await.unwrap().unwrap();
            read.attributes.get(&path).map(ToString::to_string)
        };
        assert_eq!(held().await.as_deref(), Some("7"), "{quirks:?}");
        for (changes, expected) in [
            (vec![change(&path, Some("7"), "8")], Some("8")),
            (vec![change("title", None, "Chef")], Some("8")),
            (vec![cleared(&path, "8")], None),
            (vec![change(&path, None, "9")], Some("9")),
        ] {
            execute(&target, TargetOperation::Update(USER, id.clone(), changes)).await.unwrap();
            assert_eq!(held().await.as_deref(), expected, "{quirks:?}");
        }
    }
}

#[tokio::test]
async fn the_object_is_not_turned_into_text_unasked() {
    let quirks = Quirks { manager_must_be_text: true, ..Quirks::default() };
    let sandbox = Sandbox::start(Settings { quirks, ..Settings::default() }).await.unwrap();
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    let anna = attributes([("userName", text("anna")), (&manager(), text("7"))]);
    let error = execute(&target, TargetOperation::Create(USER, anna)).await.unwrap_err();
    assert_eq!(error.kind, Kind::InvalidValue);
    assert_eq!((sandbox.users().len(), target.calls()), (0, 1));
}
