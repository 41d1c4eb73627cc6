//! What expressions do within a cycle: their values, their errors, what they hide, draw and choose.

use engine::decide::Operation;
use engine::escrow::FailureCode;
use engine::mapping::{AttributeMapping, FlowType};
use engine::model::{SourceId, Value};
use engine::report::{Action, Outcome};
use jiff::SignedDuration;
use serde_json::json;
use store::By;
use testkit::kill::Moment;

use super::{expression, provisioned, use_mapping};
use crate::world::{World, person, set};

fn on_create(target: &str, text: &str) -> AttributeMapping {
    AttributeMapping { flow_type: FlowType::ObjectAddOnly, ..expression(target, text) }
}

#[tokio::test]
async fn an_expression_makes_the_value_and_the_log_tells_how() {
    let mut world = World::new().await;
    use_mapping(&mut world, |mapping| {
        mapping.attributes.push(expression("nickName", r#"ToUpper(Word([displayName], 1, " "), )"#));
    });
    world.directory.put(person("1", "Nadia Okoye", "Treasurer"));

    world.cycle().await.unwrap();

    assert_eq!(world.account("nadia.okoye")["nickName"], "NADIA");
    let record = world.records(By::Source(SourceId::new("1"))).await.pop().unwrap();
    let told = record.provisioning_steps.iter().find_map(|step| step.details.get("nickName")).unwrap();
    assert_eq!(
        told,
        r#"ToUpper(Word([displayName], 1, " "), ) = "NADIA" (Word([displayName], 1, " ") = "Nadia" ([displayName] = "Nadia Okoye"))"#
    );
}

#[tokio::test]
async fn an_evaluation_error_is_one_persons_with_its_trace_and_heals_with_the_source() {
    let mut world = World::new().await;
    use_mapping(&mut world, |mapping| {
        mapping.attributes.push(expression("nickName", r#"Item(Split([jobTitle], "/"), 2)"#));
    });
    world.directory.put(person("1", "Nadia Okoye", "Treasurer/Tres"));
    world.directory.put(person("2", "Omar Vogel", "Clerk"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.failed), (1, 1));
    assert_eq!(world.account("nadia.okoye")["nickName"], "Tres");
    let record = world.records(By::Source(SourceId::new("2"))).await.pop().unwrap();
    let error = record.provisioning_status_info.error_information.unwrap();
    assert_eq!(error.error_code, FailureCode::AttributeValidationFailed.to_string());
    assert!(error.reason.contains("'nickName'") && error.reason.contains("column"), "{}", error.reason);
    let failed = record.provisioning_steps.iter().find(|step| step.status == Outcome::Failure).unwrap();
    let trace = &failed.details["nickName"];
    assert!(trace.contains(r#"Split([jobTitle], "/") = ["Clerk"]"#), "{trace}");

    world.directory.edit("2", |omar| set(omar, "jobTitle", "Clerk/Cl"));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.failed), (1, 0));
    assert_eq!(world.state().await.counts.escrowed, 0);
}

#[tokio::test]
async fn an_edited_expression_is_evaluated_for_everyone_and_only_where_it_differs_is_anything_sent() {
    let mut world = provisioned(6).await;
    world.directory.edit("02", |bo| set(bo, "jobTitle", "CLERK"));
    world.cycle().await.unwrap();
    use_mapping(&mut world, |mapping| mapping.attributes[3] = expression("title", "ToUpper([jobTitle], )"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.imported, report.figures.updated), (0, 5), "nobody is read again for that");
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

#[tokio::test]
async fn what_depends_on_the_time_is_looked_at_once_a_day_although_nothing_changed() {
    let mut world = World::new().await;
    // On the fourth of March her title changes, whatever the source says by then.
    let title = r#"IIF(DateDiff("d", CDate("2026-03-04"), Now()) >= 0, "Treasurer", "Trainee")"#;
    use_mapping(&mut world, |mapping| mapping.attributes[3] = expression("title", title));
    world.directory.put(person("1", "Nadia Okoye", "-"));
    world.directory.put(person("2", "Omar Vogel", "-"));
    world.cycle().await.unwrap();
    let mut written = Vec::new();
    // Six cycles a day, from the second of March on.
    for _ in 0..18 {
        world.clock.advance(SignedDuration::from_hours(4) - SignedDuration::from_mins(40));
        let report = world.cycle().await.unwrap();
        written.push((report.figures.imported, report.figures.updated));
    }
    assert_eq!(world.account("nadia.okoye")["title"], "Treasurer");
    let read: u64 = written.iter().map(|(read, _)| read).sum();
    let updated: Vec<u64> =
        written.iter().map(|(_, updated)| *updated).filter(|updated| *updated > 0).collect();
    assert_eq!(
        (read, updated),
        (0, vec![2]),
        "everyone is looked at once a day, and nobody is read for it: {written:?}"
    );
}

#[tokio::test]
async fn a_value_that_must_be_unique_avoids_the_apps_and_the_pages_own() {
    let mut world = World::new().await;
    let taken = json!({ "userName": "somebody@tessera.example", "nickName": "nadia" });
    world.app.seed(vec![taken]).unwrap();
    let first = r#"ToLower(Word([displayName], 1, " "), )"#;
    let rules = format!(r#"SelectUniqueValue({first}, Append({first}, "2"), Append({first}, "3"))"#);
    use_mapping(&mut world, |mapping| mapping.attributes.push(on_create("nickName", &rules)));
    for (id, name) in [("1", "Nadia Okoye"), ("2", "Nadia Berg"), ("3", "Nadia Rossi"), ("4", "Omar Vogel")] {
        world.directory.put(person(id, name, "Clerk"));
    }

    let report = world.cycle().await.unwrap();

    let named = |name: &str| world.account(name)["nickName"].clone();
    assert_eq!(
        [named("nadia.okoye"), named("nadia.berg"), named("omar.vogel")],
        [json!("nadia2"), json!("nadia3"), json!("omar")]
    );
    assert_eq!(
        (report.figures.created, report.figures.failed),
        (3, 1),
        "every rule's value is taken for the third"
    );
    let record = world.records(By::Source(SourceId::new("3"))).await.pop().unwrap();
    let error = record.provisioning_status_info.error_information.unwrap();
    assert!(
        error.reason.contains("'nickName'") && error.reason.contains("one more rule"),
        "{}",
        error.reason
    );
    assert_eq!(world.cycle().await.unwrap().figures.updated, 0, "chosen once, it stays");
}

#[tokio::test]
async fn what_is_redacted_reaches_the_app_and_lies_nowhere_else() {
    let mut world = World::new().await;
    use_mapping(&mut world, |mapping| mapping.attributes.push(expression("nickName", "Redact([pin])")));
    for (id, name, pin) in [("1", "Nadia Okoye", "s3cret-4711"), ("2", "Omar Vogel", "s3cret-0815")] {
        let mut one = person(id, name, "Clerk");
        set(&mut one, "pin", pin);
        world.directory.put(one);
    }
    // Omar fails first and lies in escrow meanwhile; Nadia is switched off and lies among the staged removals.
    world.app.set_faults(testkit::sandbox::Faults {
        poisoned_user: Some("omar.vogel@tessera.example".to_owned()),
        ..Default::default()
    });
    world.cycle().await.unwrap();
    assert_eq!(world.account("nadia.okoye")["nickName"], "s3cret-4711");
    world.app.set_faults(testkit::sandbox::Faults::default());
    world.definition.thresholds.maximum = 0;
    world.directory.edit("1", |nadia| {
        nadia.enabled = false;
        set(nadia, "pin", "s3cret-9999");
    });
    world.clock.advance(SignedDuration::from_hours(12));
    world.cycle().await.unwrap();
    assert_eq!(world.account("omar.vogel")["nickName"], "s3cret-0815", "the retry reads him again");
    let held = world.everything_stored().await;
    assert!(held.contains("redacted"), "something hidden is stored");
    world.definition.thresholds.maximum = 500;
    world.cycle_as(&crate::world::approved()).await.unwrap();
    let nadia = world.account("nadia.okoye");
    assert_eq!((&nadia["active"], &nadia["nickName"]), (&json!(false), &json!("s3cret-9999")));
    for text in [held, world.everything_stored().await] {
        assert!(
            !text.contains("s3cret"),
            "{}",
            text.lines().find(|line| line.contains("s3cret")).unwrap_or_default()
        );
    }
    let records = world.records(By::Source(SourceId::new("1"))).await;
    let changed = records.iter().flat_map(|record| &record.modified_properties);
    let shown: Vec<_> = changed.filter(|property| property.display_name == "nickName").collect();
    assert!(shown.iter().all(|property| property.new_value.as_deref() == Some("[Redact]")), "{shown:?}");
    assert!(!shown.is_empty());
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0, "its hash tells that it did not change");
}

#[tokio::test]
async fn what_is_drawn_is_drawn_once_however_often_the_cycle_is_killed() {
    // Every call of the cycle is one to be killed at.
    for call in 1..60 {
        let mut world = World::new().await;
        use_mapping(&mut world, |mapping| {
            mapping.attributes.push(on_create("nickName", "Redact(RandomString(16, 2, 2, 2, 2))"));
        });
        for (id, name) in [("1", "Nadia Okoye"), ("2", "Omar Vogel")] {
            world.directory.put(person(id, name, "Clerk"));
        }
        let (done, _) = world.cycle_killed_at(Some(Moment::After(call))).await;
        let seen: Vec<_> =
            world.accounts().into_iter().map(|(name, user)| (name, user["nickName"].clone())).collect();
        if done.is_none() {
            world.clock.advance(SignedDuration::from_mins(10));
            world.cycle().await.unwrap();
        }
        let accounts = world.accounts();
        assert_eq!(accounts.len(), 2, "killed after call {call}");
        for (name, drawn) in seen {
            assert_eq!(
                accounts[&name]["nickName"], drawn,
                "killed after call {call}: {name} keeps the first one"
            );
        }
        let stored = world.everything_stored().await;
        for user in accounts.values() {
            let drawn = user["nickName"].as_str().unwrap();
            assert_eq!(drawn.chars().count(), 16);
            assert!(!stored.contains(drawn), "killed after call {call}");
        }
        if done.is_some() {
            return;
        }
    }
    panic!("sixty calls were not enough for two people");
}

#[tokio::test]
async fn roles_are_added_or_asserted_as_the_expression_says() {
    for (function, expected) in [
        ("AppRoleAssignmentsComplex", vec!["Approver", "Auditor", "Guest"]),
        ("AssertiveAppRoleAssignmentsComplex", vec!["Approver", "Auditor"]),
    ] {
        let mut world = World::new().await;
        use_mapping(&mut world, |mapping| {
            mapping.attributes.push(expression("roles", &format!("{function}([appRoleAssignments])")));
        });
        let guest = json!({ "userName": "nadia.okoye@tessera.example", "active": true, "roles": [{ "value": "Guest" }] });
        world.app.seed(vec![guest]).unwrap();
        let mut nadia = person("1", "Nadia Okoye", "Clerk");
        let roles = ["Auditor", "Approver"].map(Value::text).to_vec();
        nadia.attributes.insert("appRoleAssignments".to_owned(), Value::List(roles));
        world.directory.put(nadia);

        world.cycle().await.unwrap();

        let roles = world.account("nadia.okoye")["roles"].clone();
        let mut held: Vec<&str> =
            roles.as_array().unwrap().iter().map(|role| role["value"].as_str().unwrap()).collect();
        held.sort_unstable();
        assert_eq!(held, expected, "{function}: {roles}");
        world.directory.touch();
        assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0, "{function}");
        // What the shadow says agrees with what the app shows when it is read anew.
        world.definition.key = engine::ids::Key::new([9; 32]);
        use_mapping(&mut world, |mapping| {
            mapping.attributes.push(expression("roles", &format!("{function}([appRoleAssignments])")));
            mapping.attributes.push(expression("nickName", r#""Nad""#));
        });
        let said = world.preview().await.unwrap();
        assert_eq!(said.attributes.keys().collect::<Vec<_>>(), ["nickName"], "{function}");
    }
}

#[tokio::test]
async fn a_value_that_is_cleared_in_the_source_is_cleared_in_the_app_once_both_gates_are_open() {
    let mut world = provisioned(2).await;
    world.directory.edit("01", |ada| drop(ada.attributes.remove("jobTitle")));
    assert_eq!(world.cycle().await.unwrap().figures.updated, 0, "by default nothing is cleared");
    assert_eq!(world.account("ada")["title"], "Clerk");
    use_mapping(&mut world, |mapping| {
        mapping.flow_null_values = vec!["jobTitle".to_owned()];
        mapping.attributes[3].flow_null_values = true;
    });

    let report = world.cycle().await.unwrap();

    assert_eq!(report.figures.updated, 1);
    assert_eq!(world.account("ada").get("title"), None);
    let record = world.records(By::Source(SourceId::new("01"))).await.pop().unwrap();
    assert_eq!(record.provisioning_action, Action::Update);
    let cleared = &record.modified_properties[0];
    assert_eq!((cleared.old_value.as_deref(), cleared.new_value.as_deref()), (Some("Clerk"), None));
    world.directory.touch();
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

#[tokio::test]
async fn one_person_is_explained_as_the_next_cycle_sees_them() {
    let mut world = provisioned(1).await;
    world.directory.put(person("02", "Bo", "Clerk"));
    world.app.seed(vec![json!({ "userName": "bo@tessera.example", "title": "Boss" })]).unwrap();
    use_mapping(&mut world, |mapping| mapping.attributes[3] = expression("title", "ToUpper([jobTitle], )"));
    let requests = world.app.counters().total;

    let ada = world.explain("01").await.unwrap();
    let bo = world.explain("02").await.unwrap();

    assert!(matches!(&ada.operation, Operation::Update(_, changes) if changes.len() == 1), "{ada:?}");
    let title = ada.explanation.unwrap().attributes.into_iter().find(|one| one.target == "title").unwrap();
    assert_eq!(title.value.as_deref(), Some("CLERK"));
    assert_eq!(bo.matched_by.as_deref(), Some("userName"));
    assert!(matches!(bo.operation, Operation::Update(..)));
    assert!(world.explain("99").await.is_none());
    let counters = world.app.counters();
    assert_eq!(
        (counters.create, counters.patch),
        (1, 0),
        "nothing is written: {}",
        counters.total - requests
    );
}

#[tokio::test]
async fn a_cycle_that_begins_again_on_another_day_takes_one_day_for_everyone() {
    let mut world = World::new().await;
    let title = r#"FormatDateTime(Now(), , "M/d/yyyy h:mm:ss tt", "yyyy-MM-dd")"#;
    use_mapping(&mut world, |mapping| mapping.attributes[3] = expression("title", title));
    for (id, name) in [("1", "Ada"), ("2", "Bo"), ("3", "Cleo"), ("4", "Dan")] {
        world.directory.put(person(id, name, "-"));
    }
    // Killed on the second of March, after the first page; edited and resumed on the third.
    let (done, _) = world.cycle_killed_at(Some(Moment::After(20))).await;
    assert!(done.is_none());
    world.clock.advance(SignedDuration::from_hours(20));
    use_mapping(&mut world, |mapping| {
        mapping.attributes[3] = expression("title", title);
        mapping.attributes.push(expression("nickName", "[displayName]"));
    });
    world.cycle().await.unwrap();
    world.cycle().await.unwrap();
    for (name, user) in world.accounts() {
        assert_eq!(user["title"], "2026-03-03", "{name}");
    }
}
