//! Members coming and going in the sandbox, with the quirks of real servers: nobody else in the group is touched.

use engine::model::TargetId;
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::json;
use testkit::sandbox::{Quirks, Sandbox, Settings, UnknownMembers};

use super::super::{MemberRemoval, ScimConfig, ScimTarget};
use super::{GROUP, TOKEN, attributes, config, execute, target_at, target_with, text};

/// A target, and a group with ada, ben and cem in it.
async fn kitchen(quirks: Quirks) -> (Sandbox, ScimTarget, TargetId, Vec<TargetId>) {
    let sandbox = Sandbox::start(Settings { quirks, ..Settings::default() }).await.unwrap();
    let names = ["ada", "ben", "cem", "dee"];
    sandbox.seed(names.iter().map(|name| json!({ "userName": name })).collect()).unwrap();
    let users = sandbox.users();
    let users = users.iter().map(|user| TargetId::new(user["id"].as_str().unwrap())).collect::<Vec<_>>();
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    let chefs = attributes([("displayName", text("Chefs"))]);
    let group = execute(&target, TargetOperation::Create(GROUP, chefs)).await.unwrap();
    let everyone = TargetOperation::AddMembers(group.clone(), users[..3].to_vec());
    execute(&target, everyone).await.unwrap();
    (sandbox, target, group, users)
}

#[tokio::test]
async fn members_come_and_go_with_every_quirk_that_a_client_can_cope_with() {
    let plain = Quirks::default;
    let quirks = [
        plain(),
        Quirks { no_patch: true, ..plain() },
        Quirks { no_value_path: true, ..plain() },
        Quirks { hide_members: true, ..plain() },
        Quirks { duplicate_members: true, ..plain() },
        Quirks { remove_members_ignores_value: true, ..plain() },
        Quirks { refuse_remove_value: true, no_pathless_patch: true, ..plain() },
        Quirks { patch_answers204: true, no_etag: true, ..plain() },
        Quirks { unknown_members: UnknownMembers::Kept, ..plain() },
    ];
    for quirks in quirks {
        let (sandbox, target, group, users) = kitchen(quirks.clone()).await;
        let names = || sandbox.memberships()["Chefs"].iter().cloned().collect::<Vec<_>>();
        let shown = target.members(&group).await.unwrap();
        assert_eq!(shown, (!quirks.hide_members).then(|| users[..3].iter().cloned().collect()));
        for _ in 0..2 {
            let leavers =
                TargetOperation::RemoveMembers(group.clone(), vec![users[1].clone(), users[3].clone()]);
            assert_eq!(execute(&target, leavers).await, Ok(group.clone()), "{quirks:?}");
            assert_eq!(names(), ["ada", "cem"], "{quirks:?}");
        }
        for _ in 0..2 {
            let joiners =
                TargetOperation::AddMembers(group.clone(), vec![users[3].clone(), users[0].clone()]);
            assert_eq!(execute(&target, joiners).await, Ok(group.clone()), "{quirks:?}");
            assert_eq!(names(), ["ada", "cem", "dee"], "{quirks:?}");
        }
        let everyone = TargetOperation::RemoveMembers(group.clone(), users.clone());
        assert_eq!(execute(&target, everyone).await, Ok(group.clone()), "{quirks:?}");
        assert_eq!(names(), Vec::<String>::new(), "{quirks:?}");
    }
}

#[tokio::test]
async fn the_listed_form_empties_a_group_where_the_list_is_not_looked_at_and_the_filtered_does_not() {
    let cases = [
        (MemberRemoval::Value, false, vec!["ben", "cem"]),
        (MemberRemoval::Value, true, vec![]),
        (MemberRemoval::Filtered, true, vec!["ben", "cem"]),
    ];
    for (member_removal, remove_members_ignores_value, left) in cases {
        let quirks = Quirks { remove_members_ignores_value, ..Quirks::default() };
        let (sandbox, _, group, users) = kitchen(quirks).await;
        let config = ScimConfig { member_removal, ..config(&sandbox.base_url()) };
        let (target, _) = target_with(&config, sandbox.token());
        let one = TargetOperation::RemoveMembers(group, vec![users[0].clone()]);
        execute(&target, one).await.unwrap();
        assert_eq!(sandbox.memberships()["Chefs"].iter().collect::<Vec<_>>(), left, "{member_removal:?}");
    }
}

#[tokio::test]
async fn a_cap_and_a_stranger_are_told_so_that_the_engine_finds_them() {
    for member_cap_answers413 in [false, true] {
        let (sandbox, target, group, users) = kitchen(Quirks::default()).await;
        sandbox.set_quirks(Quirks { member_cap: Some(1), member_cap_answers413, ..Quirks::default() });
        let two = users[2..].to_vec();
        for operation in [
            TargetOperation::AddMembers(group.clone(), two.clone()),
            TargetOperation::RemoveMembers(group.clone(), two),
        ] {
            let error = execute(&target, operation).await.unwrap_err();
            assert_eq!(error.kind, Kind::TooLarge, "{error}");
        }
        assert_eq!(sandbox.memberships()["Chefs"].len(), 3);
    }
    for unknown_members in [UnknownMembers::Refused, UnknownMembers::NotFound] {
        let (_sandbox, target, group, users) = kitchen(Quirks { unknown_members, ..Quirks::default() }).await;
        let strangers = vec![users[3].clone(), TargetId::new("stranger")];
        let error = execute(&target, TargetOperation::AddMembers(group, strangers)).await.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidValue, "{unknown_members:?}: {error}");
    }
}

#[tokio::test]
async fn changes_of_one_group_at_the_same_time_lose_nobody() {
    for quirks in [Quirks::default(), Quirks { no_patch: true, ..Quirks::default() }] {
        let (sandbox, target, group, users) = kitchen(quirks).await;
        let change = |joins: bool, user: &TargetId| {
            let (group, users) = (group.clone(), vec![user.clone()]);
            if joins {
                TargetOperation::AddMembers(group, users)
            } else {
                TargetOperation::RemoveMembers(group, users)
            }
        };
        let changes = [change(false, &users[0]), change(false, &users[1]), change(true, &users[3])];
        assert!(target.execute(&changes).await.iter().all(Result::is_ok));
        assert_eq!(sandbox.memberships()["Chefs"].iter().collect::<Vec<_>>(), ["cem", "dee"]);
    }
}

#[tokio::test]
async fn a_change_of_members_is_one_call() {
    let (sandbox, target, group, users) = kitchen(Quirks::default()).await;
    sandbox.reset_counters();
    let before = target.calls();
    execute(&target, TargetOperation::AddMembers(group.clone(), users.clone())).await.unwrap();
    execute(&target, TargetOperation::RemoveMembers(group, users)).await.unwrap();
    assert_eq!((target.calls() - before, sandbox.counters().patch), (2, 2));
    assert_eq!(target.habits().members_per_call, 100);
    let config = ScimConfig { members_per_call: 7, ..config(&sandbox.base_url()) };
    assert_eq!(target_with(&config, TOKEN).0.habits().members_per_call, 7);
}
