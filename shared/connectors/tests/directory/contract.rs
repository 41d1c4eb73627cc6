//! What every way to learn changes promises.

use connectors::ldap::Changes;
use engine::model::Value;
use testkit::servers::slapd::{self, Slapd};

use super::house::House;
use super::view::{Told, View, text};

/// What a way to learn changes tells when nothing or little changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    pub(crate) unchanged: Told,
    pub(crate) changed: Told,
}

const EVERYONE: Promise = Promise { unchanged: Told::Full, changed: Told::Full };
pub(crate) const LISTED: Promise = Promise { unchanged: Told::Unchanged, changed: Told::Full };
pub(crate) const NAMED: Promise = Promise { unchanged: Told::Unchanged, changed: Told::Delta };

#[tokio::test]
async fn the_contract_holds_when_everyone_is_read_every_time() {
    everything(&mut House::open_ldap(12, Changes::None), Changes::None, EVERYONE).await;
}

#[tokio::test]
async fn the_contract_holds_when_time_stamps_are_followed() {
    everything(&mut House::open_ldap(12, Changes::ModifyTimestamp), Changes::ModifyTimestamp, LISTED).await;
}

#[tokio::test]
async fn the_contract_holds_when_content_is_synchronized() {
    everything(&mut House::open_ldap(12, Changes::Sync), Changes::Sync, NAMED).await;
}

/// The whole contract, with a view of twelve people.
pub(crate) async fn everything(house: &mut House, changes: Changes, promise: Promise) {
    let wanted = ["mail", "manager", "title", house.naming()];
    let mut view = View::new(house.config(changes), house.password(), &wanted);
    everyone_is_listed_once_with_what_is_wanted(house, &mut view).await;
    nothing_new_is_told_as_such(&mut view, promise).await;
    whoever_joins_is_shown(house, &mut view, promise).await;
    changes_within_a_second_are_all_seen(house, &mut view).await;
    a_value_that_is_gone_is_gone(house, &mut view).await;
    whoever_is_renamed_stays_the_same(house, &mut view).await;
    whoever_moves_away_is_gone_and_comes_back_the_same(house, &mut view).await;
    whoever_falls_out_of_the_filter_is_gone_and_comes_back_the_same(house, &mut view).await;
    whoever_is_deleted_is_gone(house, &mut view).await;
    whatever_happens_between_two_readings_is_told_together(house, &mut view).await;
    a_restart_of_the_server_loses_nothing(house, &mut view, promise).await;
}

async fn everyone_is_listed_once_with_what_is_wanted(house: &House, view: &mut View) {
    assert_eq!(view.told().await, Told::Full);
    let names: Vec<String> = (0..12).map(|number| house.name(number)).collect();
    assert_eq!(view.all(house.naming()), names);
    let manager = view.one(house.naming(), &names[10]).id.clone();
    let report = view.one(house.naming(), &names[11]);
    let attributes: Vec<&str> = report.attributes.keys().map(String::as_str).collect();
    let mut wanted = vec!["mail", "manager", "title", house.naming()];
    wanted.sort_unstable();
    assert_eq!(attributes, wanted);
    assert_eq!(report.attributes["manager"], Value::text(manager.to_string()), "the manager by anchor");
    assert_eq!(text(report, "mail").as_deref(), Some("p0011@tessera.example"));
    assert_eq!(report.display_name.as_deref(), Some("Person 0011"));
    assert!(report.enabled);
}

async fn nothing_new_is_told_as_such(view: &mut View, promise: Promise) {
    let before = view.objects.clone();
    for _ in 0..2 {
        assert_eq!(view.told().await, promise.unchanged);
    }
    assert_eq!(view.objects, before);
}

async fn whoever_joins_is_shown(house: &House, view: &mut View, promise: Promise) {
    house.join("nadia");
    assert_eq!(view.told().await, promise.changed);
    assert_eq!(view.objects.len(), 13);
    assert_eq!(text(view.one(house.naming(), "nadia"), "title").as_deref(), Some("Newcomer"));
    assert_eq!(view.told().await, promise.unchanged);
}

async fn changes_within_a_second_are_all_seen(house: &House, view: &mut View) {
    for title in ["Clerk", "Head", "Director", "Clerk", "Head"] {
        house.set("nadia", "title", &[title]);
        view.told().await;
        assert_eq!(text(view.one(house.naming(), "nadia"), "title").as_deref(), Some(title));
    }
}

async fn a_value_that_is_gone_is_gone(house: &House, view: &mut View) {
    house.set("nadia", "title", &[]);
    view.told().await;
    assert_eq!(text(view.one(house.naming(), "nadia"), "title"), None);
}

async fn whoever_is_renamed_stays_the_same(house: &House, view: &mut View) {
    let before = view.one(house.naming(), "nadia").id.clone();
    house.rename("nadia", "nadia haddad");
    view.told().await;
    assert_eq!(view.one(house.naming(), "nadia haddad").id, before);
    assert_eq!(view.objects.len(), 13);
    house.rename("nadia haddad", "nadia");
    view.told().await;
    assert_eq!(view.one(house.naming(), "nadia").id, before);
}

async fn whoever_moves_away_is_gone_and_comes_back_the_same(house: &House, view: &mut View) {
    let before = view.one(house.naming(), "nadia").clone();
    house.move_out("nadia");
    view.told().await;
    assert!(!view.objects.contains_key(&before.id), "she is gone");
    assert_eq!(view.objects.len(), 12);
    house.move_back("nadia");
    view.told().await;
    assert_eq!(view.one(house.naming(), "nadia"), &before);
}

async fn whoever_falls_out_of_the_filter_is_gone_and_comes_back_the_same(house: &House, view: &mut View) {
    let before = view.one(house.naming(), "nadia").clone();
    house.set("nadia", "employeeType", &["guest"]);
    view.told().await;
    assert!(!view.objects.contains_key(&before.id), "she is gone");
    assert_eq!(view.objects.len(), 12);
    house.set("nadia", "employeeType", &["staff"]);
    view.told().await;
    assert_eq!(view.one(house.naming(), "nadia"), &before);
}

async fn whoever_is_deleted_is_gone(house: &House, view: &mut View) {
    let before = view.one(house.naming(), "nadia").id.clone();
    house.leave("nadia");
    view.told().await;
    assert!(!view.objects.contains_key(&before));
    house.join("nadia");
    view.told().await;
    assert_ne!(view.one(house.naming(), "nadia").id, before, "someone of the same name is someone else");
}

async fn whatever_happens_between_two_readings_is_told_together(house: &House, view: &mut View) {
    let names: Vec<String> = (0..12).map(|number| house.name(number)).collect();
    let moved = view.one(house.naming(), &names[3]).id.clone();
    house.set(&names[1], "title", &["Head"]);
    house.move_out(&names[3]);
    house.set(&names[4], "employeeType", &["guest"]);
    house.leave(&names[5]);
    house.join("omar");
    house.join("for a moment");
    house.leave("for a moment");
    house.rename(&names[6], "kofi");
    view.told().await;
    let mut expected: Vec<&str> = names.iter().map(String::as_str).collect();
    expected.retain(|name| ![&names[3], &names[4], &names[5], &names[6]].iter().any(|gone| gone == name));
    expected.extend(["kofi", "nadia", "omar"]);
    expected.sort_unstable();
    assert_eq!(view.all(house.naming()), expected);
    assert_eq!(text(view.one(house.naming(), &names[1]), "title").as_deref(), Some("Head"));
    house.move_back(&names[3]);
    view.told().await;
    assert_eq!(view.one(house.naming(), &names[3]).id, moved);
}

async fn a_restart_of_the_server_loses_nothing(house: &mut House, view: &mut View, promise: Promise) {
    view.told().await;
    house.restart();
    let before = view.objects.clone();
    assert_eq!(view.told().await, promise.unchanged, "the watermark is still valid");
    assert_eq!(view.objects, before);
    house.set("omar", "title", &["Clerk"]);
    assert_eq!(view.told().await, promise.changed);
    assert_eq!(text(view.one(house.naming(), "omar"), "title").as_deref(), Some("Clerk"));
}

#[tokio::test]
async fn another_server_under_the_same_name_is_read_as_it_is() {
    for changes in [Changes::ModifyTimestamp, Changes::Sync] {
        let options = |people, port| slapd::Options {
            people,
            port,
            sync: Some(100),
            size_limit: None,
            ..slapd::Options::default()
        };
        let mut first = Slapd::start(&options(12, None)).unwrap();
        let port = first.address().port();
        let house = House::OpenLdap(Slapd::start(&options(0, None)).unwrap());
        let mut config = house.config(changes);
        config.url = first.url();
        let mut view = View::new(config, house.password(), &["uid", "title"]);
        assert_eq!(view.told().await, Told::Full);
        let before = view.one("uid", "p0003").id.clone();
        first.stop().unwrap();
        let _second = Slapd::start(&options(9, Some(port))).unwrap();
        assert_eq!(view.told().await, Told::Full, "{changes:?}");
        assert_eq!(view.objects.len(), 9, "{changes:?}");
        assert_ne!(view.one("uid", "p0003").id, before, "it is another p0003");
        assert_eq!(text(view.one("uid", "p0003"), "title").as_deref(), Some("Clerk"));
    }
}
