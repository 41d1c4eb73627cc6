//! Who is in a group, as a correct server has it and with each quirk.

use super::*;
use crate::sandbox::UnknownMembers;

/// A visitor with the users `ada`, `ben` and `cem`, and the group `Chefs`, in which ada is.
async fn kitchen(quirks: Quirks) -> (Visitor, Vec<String>, Value) {
    let visitor = Visitor::with_quirks(quirks).await;
    let mut ids = Vec::new();
    for name in ["ada", "ben", "cem"] {
        ids.push(visitor.create(name).await["id"].as_str().expect("an id").to_owned());
    }
    let group = json!({
        "schemas": [GROUP_URN], "displayName": "Chefs", "members": [{ "value": ids[0] }],
    });
    let group = visitor.post("/Groups", &group).await;
    assert_eq!(group.status(), 201);
    (visitor, ids, body(group).await)
}

fn add(id: &str) -> Value {
    json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }])
}

/// The members of `Chefs` by name.
fn chefs(visitor: &Visitor) -> Vec<String> {
    visitor.sandbox.memberships()["Chefs"].iter().cloned().collect()
}

#[tokio::test]
async fn a_member_says_what_it_is_and_where() {
    let (visitor, ids, group) = kitchen(Quirks::default()).await;
    let user = &ids[0];
    let address = format!("{}/Users/{user}", visitor.sandbox.base_url());
    let expected = json!([{ "value": user, "$ref": address, "type": "User", "display": "ada" }]);
    assert_eq!(group["members"], expected);

    let inner = json!({ "schemas": [GROUP_URN], "displayName": "Bakers" });
    let inner = body(visitor.post("/Groups", &inner).await).await;
    let nested = body(visitor.patch(&group, add(inner["id"].as_str().expect("an id"))).await).await;
    assert_eq!(nested["members"][1]["type"], "Group");
    assert_eq!(chefs(&visitor), ["Bakers", "ada"]);
    assert_eq!(visitor.send(Method::DELETE, &path_of(&inner), &json!({})).await.status(), 204);
    assert_eq!(chefs(&visitor), ["ada"], "a group that is gone is in no group");
}

#[tokio::test]
async fn a_member_that_is_there_already_is_not_added_again_unless_a_quirk_says_so() {
    for (duplicate_members, expected) in [(false, 1), (true, 2)] {
        let (visitor, ids, group) = kitchen(Quirks { duplicate_members, ..Quirks::default() }).await;
        let again = body(visitor.patch(&group, add(&ids[0])).await).await;
        assert_eq!(again["members"].as_array().map(Vec::len), Some(expected));
        assert_eq!(again == group, !duplicate_members, "what changes nothing leaves the version alone");
    }
}

#[tokio::test]
async fn a_member_that_nobody_is_is_refused_or_kept() {
    let cases = [
        (UnknownMembers::Refused, Err((400, "invalidValue".to_owned()))),
        (UnknownMembers::NotFound, Err((404, String::new()))),
        (UnknownMembers::Kept, Ok(vec!["ada".to_owned(), "nobody".to_owned()])),
    ];
    for (unknown_members, expected) in cases {
        let (visitor, _, group) = kitchen(Quirks { unknown_members, ..Quirks::default() }).await;
        let answer = visitor.patch(&group, add("nobody")).await;
        let outcome = if answer.status() == 200 { Ok(chefs(&visitor)) } else { Err(refusal(answer).await) };
        assert_eq!(outcome, expected, "{unknown_members:?}");
    }
}

#[tokio::test]
async fn a_removal_without_a_filter_takes_out_whom_it_lists_or_everyone() {
    let listed = |id: &str| json!([{ "op": "remove", "path": "members", "value": [{ "value": id }] }]);
    let everyone = |_: &str| json!([{ "op": "remove", "path": "members" }]);
    let filtered = |id: &str| json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]);
    type Removal = fn(&str) -> Value;
    let cases: [(bool, Removal, &[&str]); 6] = [
        (false, listed, &["ada"]),
        (false, everyone, &[]),
        (false, filtered, &["ada"]),
        (true, listed, &[]),
        (true, everyone, &[]),
        (true, filtered, &["ada"]),
    ];
    for (remove_members_ignores_value, removal, expected) in cases {
        let (visitor, ids, group) =
            kitchen(Quirks { remove_members_ignores_value, ..Quirks::default() }).await;
        assert_eq!(visitor.patch(&group, add(&ids[1])).await.status(), 200);
        assert_eq!(visitor.patch(&group, removal(&ids[1])).await.status(), 200);
        assert_eq!(chefs(&visitor), expected, "{}", removal("b"));
    }
}

#[tokio::test]
async fn hidden_members_are_shown_nowhere_and_kept() {
    let (visitor, ids, group) = kitchen(Quirks { hide_members: true, ..Quirks::default() }).await;
    let read = body(visitor.get(&path_of(&group)).await).await;
    let patched = body(visitor.patch(&group, add(&ids[1])).await).await;
    let listed = body(visitor.get("/Groups").await).await;
    for shown in [&group, &read, &patched, &listed["Resources"][0]] {
        assert_eq!((shown.get("members"), &shown["displayName"]), (None, &json!("Chefs")));
    }
    assert_eq!(chefs(&visitor), ["ada", "ben"]);
}

#[tokio::test]
async fn too_many_members_answer_400_or_413() {
    for (member_cap_answers413, expected) in [(false, (400, "invalidValue")), (true, (413, ""))] {
        let quirks = Quirks { member_cap: Some(1), member_cap_answers413, ..Quirks::default() };
        let (visitor, ids, group) = kitchen(quirks).await;
        let two = json!([{ "value": ids[1] }, { "value": ids[2] }]);
        let answer = visitor.patch(&group, json!([{ "op": "add", "path": "members", "value": two }])).await;
        assert_eq!(refusal(answer).await, (expected.0, expected.1.to_owned()));
        assert_eq!(visitor.patch(&group, add(&ids[1])).await.status(), 200);
    }
}
