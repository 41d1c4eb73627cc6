//! What a preview says would happen is what the next cycle does, and finding out changes nothing.

use std::collections::BTreeMap;

use engine::cycle::CycleError;
use engine::cycle::preview::Consequences;
use engine::escrow::FailureCode;
use engine::mapping::{AttributeMapping, FlowType};
use engine::model::SkipReason;
use engine::ports::Unreadable;
use engine::report::Action;
use jiff::SignedDuration;
use serde_json::json;
use store::By;
use testkit::sandbox::Faults;

use super::{NAMES, expression, id, provisioned, use_mapping};
use crate::world::{World, approved, person, set};

/// Previews, runs the cycle, and compares; what was said, for what a story has to add.
async fn comes_true(world: &World, story: &str) -> Consequences {
    let before = world.state().await.counts;
    let said = world.preview().await.unwrap();
    let report = world.cycle().await.unwrap();
    let did = report.figures;
    let removed = if said.held.is_some() { (0, 0) } else { (said.switched_off, said.deleted) };
    let held = if said.held.is_some() { said.removals() } else { 0 };
    assert_eq!((said.joining, said.rewritten), (did.created, did.updated), "{story}: {said:#?}");
    assert_eq!((removed, held), ((did.disabled, did.deleted), did.held), "{story}: {said:#?}");
    let failed: u64 = said.failed.values().sum();
    assert_eq!(failed + said.unreadable, did.failed, "{story}: {said:#?}");
    assert_eq!(said.no_inference, report.no_inference, "{story}");
    if said.held.is_none() {
        assert_eq!(said.attributes, written(world, &report.cycle).await, "{story}");
    }
    let after = world.state().await.counts;
    assert_eq!(after.linked, before.linked + said.joining + said.matched - removed.1, "{story}: {said:#?}");
    said
}

/// In how many accounts a cycle wrote each attribute, the created ones aside.
async fn written(world: &World, cycle: &engine::model::CycleId) -> BTreeMap<String, u64> {
    let mut written = BTreeMap::new();
    for record in world.records(By::Cycle(*cycle)).await {
        if matches!(record.provisioning_action, Action::Update | Action::Disable) {
            for property in &record.modified_properties {
                *written.entry(property.display_name.clone()).or_default() += 1;
            }
        }
    }
    written
}

fn counts<K: Copy + Ord>(counts: &BTreeMap<K, u64>) -> Vec<(K, u64)> {
    counts.iter().map(|(key, count)| (*key, *count)).collect()
}

#[tokio::test]
async fn a_new_application_creates_who_is_active_and_can_be_told_apart() {
    let world = World::new().await;
    for (position, name) in NAMES.iter().take(7).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    world.directory.edit("02", |bo| bo.enabled = false);
    world.directory.edit("03", |cleo| drop(cleo.attributes.remove("upn")));

    let said = comes_true(&world, "new application").await;

    assert_eq!((said.read, said.in_scope, said.into_scope, said.joining), (7, 6, 6, 5));
    let skipped = counts(&said.skipped);
    assert_eq!(skipped, [(SkipReason::NotActiveInSource, 1), (SkipReason::MatchingValueMissing, 1)]);
    assert_eq!(said.samples.joining, ["Ada", "Dan", "Eve", "Finn", "Gia"]);
}

#[tokio::test]
async fn a_changed_mapping_rewrites_the_attributes_that_it_changes_in_the_accounts_that_differ() {
    let mut world = provisioned(6).await;
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Lead"));
    world.cycle().await.unwrap();
    use_mapping(&mut world, |mapping| {
        mapping.attributes[3] = AttributeMapping {
            target: "title".to_owned(),
            constant: Some("Lead".to_owned()),
            ..AttributeMapping::default()
        };
        mapping.attributes.push(AttributeMapping {
            target: "nickName".to_owned(),
            source: Some("displayName".to_owned()),
            ..AttributeMapping::default()
        });
    });

    let said = comes_true(&world, "changed mapping").await;

    assert_eq!((said.rewritten, said.unchanged), (6, 0));
    let attributes: Vec<_> = said.attributes.iter().map(|(path, count)| (path.as_str(), *count)).collect();
    assert_eq!(attributes, [("nickName", 6), ("title", 5)]);
    assert_eq!(said.samples.rewritten.len(), 5, "the first five are enough");
    assert!(world.preview().await.unwrap().is_quiet(), "once done, nothing is left to do");
}

#[tokio::test]
async fn a_changed_directory_is_told_person_by_person() {
    let world = provisioned(12).await;
    world.directory.put(person("20", "Zoe", "Clerk"));
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Treasurer"));
    world.directory.edit("03", |cleo| cleo.enabled = false);
    world.directory.remove("05");

    let said = comes_true(&world, "changed directory").await;

    let told = (said.joining, said.rewritten, said.switched_off, said.deleted, said.unchanged);
    assert_eq!(told, (1, 1, 1, 1, 9));
    assert_eq!((said.into_scope, said.out_of_scope, said.in_scope), (1, 2, 11));
    let samples = said.samples;
    assert_eq!(
        [&samples.joining, &samples.rewritten, &samples.switched_off, &samples.deleted],
        [&["Zoe"], &["Bo"], &["Cleo"], &["Eve"]]
    );
    let named = said.attributes.into_iter().collect::<Vec<_>>();
    assert_eq!(named, [("active".to_owned(), 1), ("title".to_owned(), 1)]);
}

#[tokio::test]
async fn accounts_that_exist_are_taken_over_as_they_are_or_rewritten() {
    let model = provisioned(3).await;
    let world = World::new().await;
    world.app.seed(model.app.users()).unwrap();
    let others = [
        json!({ "userName": "DAN@tessera.example", "title": "Boss", "active": true }),
        json!({ "userName": "nobody@tessera.example" }),
    ];
    world.app.seed(others.to_vec()).unwrap();
    for (position, name) in NAMES.iter().take(6).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }

    let said = comes_true(&world, "brownfield").await;

    assert_eq!((said.matched, said.rewritten, said.joining), (4, 1, 2));
    assert_eq!(said.samples.matched, ["Ada", "Bo", "Cleo", "Dan"]);
}

#[tokio::test]
async fn duplicates_on_either_side_fail_and_say_why() {
    let mut world = World::new().await;
    use_mapping(&mut world, |mapping| {
        mapping.attributes[0].matching_priority = None;
        mapping.attributes[2].matching_priority = Some(1);
    });
    let finn = |name: &str| json!({ "userName": name, "displayName": "Finn" });
    world.app.seed(vec![finn("x1"), finn("x2")]).unwrap();
    for (position, name) in NAMES.iter().take(6).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    // Pages are of three: one namesake on the page of the first Ada, one on the next.
    for position in ["02", "05"] {
        world.directory.edit(position, |other| set(other, "displayName", "Ada"));
    }

    let said = comes_true(&world, "duplicates").await;

    let failed = counts(&said.failed);
    assert_eq!(failed, [(FailureCode::DuplicateTargetEntries, 1), (FailureCode::DuplicateSourceEntries, 2)]);
    assert!(said.samples.failed[0].starts_with("Bo: "), "{:?}", said.samples.failed);
}

#[tokio::test]
async fn two_people_cannot_take_over_one_account_and_a_recycled_address_takes_over_none() {
    let world = World::new().await;
    world.app.seed(vec![json!({ "userName": "ada@tessera.example" })]).unwrap();
    for (position, name) in ["Ada", "Bo", "Cleo", "Dan"].into_iter().enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    world.directory.edit("04", |dan| set(dan, "upn", "ada@tessera.example"));
    let said = comes_true(&world, "one account, two people").await;
    assert_eq!((said.matched, counts(&said.failed)), (1, vec![(FailureCode::DuplicateSourceEntries, 1)]));

    let mut second = person("99", "Bo Second", "Clerk");
    set(&mut second, "upn", "bo@tessera.example");
    world.directory.put(second);
    let said = world.preview().await.unwrap();
    assert_eq!(said.failed.get(&FailureCode::DuplicateSourceEntries), Some(&1));
    assert!(said.samples.failed[0].contains("02"), "it says whose it is: {:?}", said.samples.failed);
}

#[tokio::test]
async fn the_guard_speaks_under_the_thresholds_that_are_about_to_be_saved() {
    let mut world = provisioned(12).await;
    for position in [0, 1, 2] {
        world.directory.edit(&id(position), |person| person.enabled = false);
    }
    assert_eq!(world.preview().await.unwrap().held, None);

    world.definition.thresholds.at_least = 2;
    let said = comes_true(&world, "held").await;
    assert!(said.held.as_ref().is_some_and(|why| why.contains("3 removals are 25 % of the 12")), "{said:#?}");
    let again = comes_true(&world, "still held").await;
    assert_eq!((again.switched_off, &again.held), (3, &said.held), "what waits is judged again");

    world.directory.edit("01", |ada| ada.enabled = true);
    let back = world.preview().await.unwrap();
    assert_eq!((back.switched_off, back.held), (2, None), "who came back does not count");
    comes_true(&world, "two remain").await;
}

#[tokio::test]
async fn who_joins_counts_as_managed_when_the_guard_takes_the_share() {
    let world = provisioned(12).await;
    for position in 0..6 {
        world.directory.edit(&id(position), |person| person.enabled = false);
    }
    for number in 20..68 {
        world.directory.put(person(&number.to_string(), &format!("Person {number}"), "Clerk"));
    }
    let said = comes_true(&world, "6 of 60").await;
    assert_eq!((said.switched_off, said.held), (6, None));
}

#[tokio::test]
async fn a_reading_that_is_cut_or_illegible_takes_nobody_as_gone() {
    let world = provisioned(12).await;
    let row = Unreadable { place: "people.csv line 6".to_owned(), id: None, reason: "7 cells".to_owned() };
    world.directory.remove("05");
    world.directory.set_unreadable(vec![row]);
    let said = comes_true(&world, "illegible").await;
    assert_eq!((said.unreadable, said.deleted), (1, 0));
    assert_eq!(said.samples.unreadable, ["people.csv line 6: 7 cells"]);

    world.directory.set_unreadable(Vec::new());
    for position in 0..6 {
        world.directory.remove(&id(position));
    }
    let said = comes_true(&world, "half").await;
    assert!(said.no_inference.is_some_and(|why| why.contains("6 objects where it showed 12")));
}

#[tokio::test]
async fn what_is_held_is_carried_out_although_a_row_cannot_be_read_once_the_guard_agrees() {
    let mut world = provisioned(12).await;
    world.definition.thresholds.at_least = 1;
    world.directory.remove("01");
    world.directory.edit("02", |bo| bo.enabled = false);
    comes_true(&world, "held").await;
    let row = Unreadable { place: "people.csv line 6".to_owned(), id: None, reason: "7 cells".to_owned() };
    world.directory.set_unreadable(vec![row]);
    world.definition.thresholds.at_least = 5;
    let said = comes_true(&world, "let go").await;
    assert_eq!((said.switched_off, said.deleted), (1, 1));
}

#[tokio::test]
async fn who_failed_waits_until_it_is_due_or_changes() {
    let world = World::new().await;
    world
        .app
        .set_faults(Faults { poisoned_user: Some("bo@tessera.example".to_owned()), ..Faults::default() });
    for (position, name) in NAMES.iter().take(4).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    world.cycle().await.unwrap();
    world.app.set_faults(Faults::default());

    let said = comes_true(&world, "not due").await;
    assert_eq!((said.waiting, said.joining, said.unchanged), (1, 0, 3));
    world.clock.advance(SignedDuration::from_hours(6));
    let said = comes_true(&world, "due").await;
    assert_eq!((said.waiting, said.joining), (0, 1));
}

#[tokio::test]
async fn actions_that_are_switched_off_are_skipped_with_their_reason() {
    let mut world = provisioned(6).await;
    world.set_actions(json!(["update"]));
    world.directory.put(person("20", "Zoe", "Clerk"));
    world.directory.remove("05");
    let said = comes_true(&world, "neither create nor delete").await;
    let skipped = counts(&said.skipped);
    assert_eq!(skipped, [(SkipReason::CreateSwitchedOff, 1), (SkipReason::DeleteSwitchedOff, 1)]);
    assert_eq!((said.joining, said.removals()), (0, 0));
}

#[tokio::test]
async fn looking_writes_nothing_anywhere() {
    let mut world = provisioned(12).await;
    world.app.seed(vec![json!({ "userName": "zoe@tessera.example" })]).unwrap();
    world.directory.put(person("20", "Zoe", "Clerk"));
    world.directory.put(person("21", "Yan", "Clerk"));
    world.directory.edit("03", |cleo| cleo.enabled = false);
    world.directory.remove("05");
    use_mapping(&mut world, |mapping| drop(mapping.attributes.remove(3)));
    let (store, counter) = world.counted_store();
    world.app.reset_counters();
    let (state, users) = (world.state().await, world.app.users());
    counter.take();

    let said = world.preview_with(&store).await.unwrap();

    assert_eq!((said.joining, said.matched, said.switched_off, said.deleted), (1, 1, 1, 1));
    let usage = counter.take();
    assert!(usage.read_units > 0.0 && usage.write_units == 0.0, "{usage:?}");
    let reads = ["GetItem", "BatchGetItem", "Query"];
    assert!(usage.requests.keys().all(|name| reads.contains(&name.as_str())), "{usage:?}");
    let asked = world.app.counters();
    assert_eq!(asked.total, asked.list + asked.query + asked.discovery, "{asked:?}");
    assert_eq!(world.app.users(), users);
    assert_eq!(world.state().await, state);
    comes_true(&world, "and it was true").await;
}

#[tokio::test]
async fn the_app_is_asked_no_more_than_it_takes() {
    let world = provisioned(12).await;
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Treasurer"));
    world.app.reset_counters();
    world.preview().await.unwrap();
    assert_eq!(world.app.counters().total, 0, "everyone has an account");

    world.directory.put(person("20", "Zoe", "Clerk"));
    world.preview().await.unwrap();
    let asked = world.app.counters();
    assert_eq!((asked.query, asked.list), (1, 0), "one question is less than a listing may take");
}

#[tokio::test]
async fn a_source_or_an_app_that_cannot_be_read_is_an_error_and_no_empty_preview() {
    let world = World::new().await;
    world.directory.put(person("01", "Ada", "Clerk"));
    world.app.set_faults(Faults { unauthorized: true, ..Faults::default() });
    assert!(matches!(world.preview().await, Err(CycleError::Target(_))));
    world.directory.set_failing_page(Some(0));
    assert!(matches!(world.preview().await, Err(CycleError::Source(_))));
}

#[tokio::test]
async fn an_approved_cycle_leaves_nothing_to_preview() {
    let mut world = provisioned(12).await;
    world.definition.thresholds.at_least = 0;
    world.directory.remove("05");
    world.directory.remove("06");
    comes_true(&world, "held").await;
    world.cycle_as(&approved()).await.unwrap();
    assert!(world.preview().await.unwrap().is_quiet());
}

#[tokio::test]
async fn two_people_who_want_the_same_free_value_both_get_one() {
    let mut world = World::new().await;
    let first = r#"ToLower(Word([displayName], 1, " "), )"#;
    use_mapping(&mut world, |mapping| {
        mapping.attributes.push(AttributeMapping {
            flow_type: FlowType::ObjectAddOnly,
            ..expression("nickName", &format!(r#"SelectUniqueValue({first}, Append({first}, "2"))"#))
        });
    });
    for (id, name) in [("1", "Nadia Okoye"), ("2", "Nadia Berg"), ("3", "Omar Vogel")] {
        world.directory.put(person(id, name, "Clerk"));
    }
    let said = comes_true(&world, "unique values").await;
    assert_eq!(said.joining, 3);
}

#[tokio::test]
async fn who_waits_with_hidden_values_is_read_again() {
    let mut world = World::new().await;
    use_mapping(&mut world, |mapping| mapping.attributes.push(expression("nickName", "Redact([pin])")));
    let mut nadia = person("1", "Nadia Okoye", "Clerk");
    set(&mut nadia, "pin", "4711");
    world.directory.put(nadia);
    let poisoned = Some("nadia.okoye@tessera.example".to_owned());
    world.app.set_faults(Faults { poisoned_user: poisoned, ..Faults::default() });
    world.cycle().await.unwrap();
    world.app.set_faults(Faults::default());
    world.clock.advance(SignedDuration::from_hours(12));
    let said = comes_true(&world, "hidden in escrow").await;
    assert_eq!((said.joining, said.failed.len()), (1, 0));
}
