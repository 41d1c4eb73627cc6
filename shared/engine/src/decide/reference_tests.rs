//! Managers: written once they have an account, and until then nothing is lost.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::*;
use crate::ids::Key;
use crate::mapping::ObjectMapping;
use crate::model::ObjectType;
use crate::testing::{SmallTarget, somebody};

fn mapping(manager: &Json) -> Mapping {
    let mut attribute = json!({ "target": "manager", "source": "boss" });
    attribute.as_object_mut().unwrap().extend(manager.as_object().unwrap().clone());
    let gates = if manager["flowNullValues"] == true { json!(["boss"]) } else { json!([]) };
    let document: ObjectMapping = serde_json::from_value(json!({
        "flowNullValues": gates,
        "scope": { "filter": [{ "clauses": [{ "attribute": "role", "operator": "IS NULL" }] }] },
        "attributes": [
            { "target": "userName", "source": "upn", "matchingPriority": 1 },
            attribute,
            { "target": "active", "expression": "Not([IsSoftDeleted])" },
        ],
    }))
    .unwrap();
    Mapping::check(&document, &SmallTarget).unwrap()
}

fn usual() -> Mapping {
    mapping(&json!({}))
}

fn nadia(boss: Option<&str>) -> SourceObject {
    let named = [("upn", Some("nadia")), ("boss", boss)];
    let attributes =
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::text(value?))));
    somebody(attributes.collect())
}

fn shadow(manager: Option<&str>) -> Attributes {
    let named = [
        ("userName", Some(Value::text("nadia"))),
        ("active", Some(Value::Boolean(true))),
        ("manager", manager.map(Value::text)),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn link(manager: Option<&str>) -> Link {
    Link {
        source_id: SourceId::new("7"),
        object_type: ObjectType::User,
        target_id: Some(TargetId::new("usr_7")),
        shadow: shadow(manager),
        in_scope: true,
        unmanaged: false,
        skipped: None,
        display_name: None,
        change_id: Uuid::nil(),
        linked_at: None,
        pending: BTreeMap::new(),
        object: None,
    }
}

/// The accounts of 8 and 9.
fn accounts() -> References {
    ["8", "9"].map(|anchor| (SourceId::new(anchor), TargetId::new(format!("usr_{anchor}")))).into()
}

fn decided(
    object: &SourceObject,
    link: Option<&Link>,
    answer: Option<&Answer>,
    references: &References,
    mapping: &Mapping,
) -> Decision {
    let now = "2026-03-09T08:05:00Z".parse().unwrap();
    let occasion = Occasion { now, change: Uuid::nil(), key: Key::new([7; 32]) };
    let presence = Presence::Here(object);
    decide(&Case { presence, link, answer, chosen: None, references, occasion }, mapping)
}

fn waits_for(anchor: &str) -> BTreeMap<String, SourceId> {
    [("manager".to_owned(), SourceId::new(anchor))].into()
}

#[test]
fn a_manager_who_has_an_account_is_written_when_the_account_is_created() {
    let new = decided(&nadia(Some("8")), None, Some(&Answer::Nobody), &accounts(), &usual());
    let Operation::Create(attributes) = &new.operation else { panic!("{new:?}") };
    assert_eq!(attributes.get("manager"), Some(&Value::text("usr_8")));
    assert_eq!(new.pending, BTreeMap::new());
}

#[test]
fn a_manager_without_an_account_is_left_out_and_waited_for() {
    let new = decided(&nadia(Some("404")), None, Some(&Answer::Nobody), &accounts(), &usual());
    let Operation::Create(attributes) = &new.operation else { panic!("{new:?}") };
    assert_eq!(attributes.get("manager"), None);
    assert_eq!(new.pending, waits_for("404"));
}

#[test]
fn a_linked_persons_manager_follows_the_source_as_far_as_there_is_an_account() {
    let sets = |new: Option<&str>| Some(new.map(Value::text));
    let cases = [
        // (manager in the source, in the account; what is written, and whether somebody is waited for)
        (Some("8"), None, sets(Some("usr_8")), None),
        (Some("9"), Some("usr_8"), sets(Some("usr_9")), None),
        (Some("8"), Some("usr_8"), None, None),
        // Ids are opaque: another case is another account.
        (Some("8"), Some("USR_8"), sets(Some("usr_8")), None),
        // The old manager stays until the new one has an account.
        (Some("404"), Some("usr_8"), None, Some("404")),
        (Some("404"), None, None, Some("404")),
        // Nobody is cleared, unless both gates are open.
        (None, Some("usr_8"), None, None),
        (Some(" "), Some("usr_8"), None, None),
    ];
    for (boss, held, written, pending) in cases {
        let decision = decided(&nadia(boss), Some(&link(held)), None, &accounts(), &usual());
        let new = match &decision.operation {
            Operation::Update(_, changes) => Some(changes[0].new.clone()),
            Operation::Skip(SkipReason::RedundantExport) => None,
            other => panic!("{boss:?} {held:?}: {other:?}"),
        };
        assert_eq!(new, written, "{boss:?} {held:?}");
        assert_eq!(decision.pending, pending.map(waits_for).unwrap_or_default(), "{boss:?} {held:?}");
    }
}

#[test]
fn a_manager_is_cleared_through_both_gates_and_never_because_the_next_one_has_no_account() {
    let clearing = mapping(&json!({ "flowNullValues": true }));
    let cleared = decided(&nadia(None), Some(&link(Some("usr_8"))), None, &accounts(), &clearing);
    assert!(
        matches!(&cleared.operation, Operation::Update(_, changes) if changes[0].new.is_none()),
        "{cleared:?}"
    );
    let waiting = decided(&nadia(Some("404")), Some(&link(Some("usr_8"))), None, &accounts(), &clearing);
    assert_eq!(waiting.operation, Operation::Skip(SkipReason::RedundantExport));
    assert_eq!(waiting.pending, waits_for("404"));
}

#[test]
fn a_manager_that_is_set_once_is_not_waited_for_afterwards() {
    let once = mapping(&json!({ "flowType": "AttributeAddOnly" }));
    let set = decided(&nadia(Some("404")), Some(&link(Some("usr_8"))), None, &accounts(), &once);
    assert_eq!((set.operation, set.pending), (Operation::Skip(SkipReason::RedundantExport), BTreeMap::new()));
    let unset = decided(&nadia(Some("404")), Some(&link(None)), None, &accounts(), &once);
    assert_eq!(unset.pending, waits_for("404"));
}

#[test]
fn an_account_that_matches_gets_its_manager_or_waits() {
    let account = |manager| TargetObject { id: TargetId::new("usr_7"), attributes: shadow(manager) };
    let adopted = |boss, manager| {
        let one = Answer::One("userName".into(), account(manager));
        decided(&nadia(Some(boss)), None, Some(&one), &accounts(), &usual())
    };
    assert_eq!(adopted("8", Some("usr_8")).operation, Operation::Adopt(TargetId::new("usr_7")));
    assert!(matches!(adopted("8", None).operation, Operation::Update(..)));
    let waiting = adopted("404", Some("usr_8"));
    assert_eq!(waiting.operation, Operation::Adopt(TargetId::new("usr_7")));
    assert_eq!(waiting.pending, waits_for("404"));
}

#[test]
fn who_refers_to_himself_waits_for_his_own_account() {
    // What is remembered of an account that is gone must not be written into the new one.
    let stale = [(SourceId::new("7"), TargetId::new("usr_gone"))].into();
    let new = decided(&nadia(Some("7")), None, Some(&Answer::Nobody), &stale, &usual());
    assert!(
        matches!(&new.operation, Operation::Create(values) if !values.contains_key("manager")),
        "{new:?}"
    );
    assert_eq!(new.pending, waits_for("7"));
    let known = decided(&nadia(Some("7")), Some(&link(None)), None, &References::new(), &usual());
    assert!(
        matches!(&known.operation, Operation::Update(_, changes) if changes[0].new == Some(Value::text("usr_7"))),
        "{known:?}"
    );
    let one =
        Answer::One("userName".into(), TargetObject { id: TargetId::new("usr_7"), attributes: shadow(None) });
    let matched = decided(&nadia(Some("7")), None, Some(&one), &References::new(), &usual());
    assert!(matches!(matched.operation, Operation::Update(..)), "{matched:?}");
    assert_eq!(matched.pending, BTreeMap::new());
}

#[test]
fn nobody_waits_without_an_account_that_is_looked_after() {
    let boss = |mut object: SourceObject| {
        object.attributes.insert("role".into(), Value::text("boss"));
        object
    };
    let waiting = nadia(Some("404"));
    let known = link(Some("usr_8"));
    let nameless =
        SourceObject { attributes: [("boss".into(), Value::text("404"))].into(), ..waiting.clone() };
    let cases = [
        ("asked for", decided(&waiting, None, None, &accounts(), &usual())),
        ("without a matching value", decided(&nameless, None, None, &accounts(), &usual())),
        ("put out of scope", decided(&boss(waiting.clone()), Some(&known), None, &accounts(), &usual())),
        ("never in scope", decided(&boss(waiting.clone()), None, None, &accounts(), &usual())),
    ];
    for (who, decision) in cases {
        assert_eq!(decision.pending, BTreeMap::new(), "{who}: {decision:?}");
    }
    // Who is switched off may come back, and is looked after.
    let off = SourceObject { enabled: false, ..waiting };
    assert_eq!(decided(&off, Some(&known), None, &accounts(), &usual()).pending, waits_for("404"));
}
