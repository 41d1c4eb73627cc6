//! Calls without an answer: what the target did all the same is found out before anything else is decided.

use engine::cycle::Request;
use engine::model::{ObjectType, Value};
use engine::ports::TargetErrorKind;
use testkit::kill::Moment;
use testkit::memory::{Fault, Faults, TargetSettings};
use testkit::source::MemorySource;

use crate::world::{World, settings};

/// A world in which an update of Ada, and none of Bo, got no answer: she reports to Cleo, as far as the app is concerned.
async fn with_a_lost_answer() -> World {
    let mut world = World::new();
    world.people("ada bo cleo dan");
    world.cycle().await;
    world.person("ada", Some("dan"));
    world.cycle().await;
    world.person("ada", Some("cleo"));
    world.person("bo", Some("cleo"));
    world.target.set_faults(Faults::at(1, Fault::AnswerLost));
    let figures = world.cycle().await;
    assert_eq!((figures.failed, figures.updated, world.manager("ada")), (1, 1, Some("cleo".into())));
    let escrows = world.store.all_escrows(&world.definition.job);
    assert!(escrows[0].doubtful, "{escrows:?}");
    world.target.keep_journal();
    world
}

#[tokio::test]
async fn a_change_that_the_source_takes_back_before_its_retry_is_taken_back_in_the_target() {
    let mut world = with_a_lost_answer().await;
    world.person("ada", Some("dan"));
    let figures = world.cycle().await;
    assert_eq!((figures.updated, world.manager("ada")), (1, Some("dan".into())));
    assert_eq!(world.state().counts.escrowed, 0);
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_change_that_was_made_is_not_sent_again() {
    let mut world = with_a_lost_answer().await;
    let figures = world.cycle().await;
    assert_eq!((figures.updated, figures.failed, figures.skipped), (0, 0, 1));
    let journal = world.journal();
    assert!(journal.iter().all(|call| call.starts_with("GET")) && journal.len() == 1, "{journal:?}");
    world.is_at_rest().await;
}

#[tokio::test]
async fn the_doubt_outlives_other_failures_and_ends_with_a_success() {
    let mut world = with_a_lost_answer().await;
    // The account cannot be read, and then a change is refused for another reason.
    for (call, manager) in [(1, "bo"), (2, "ada")] {
        world.target.set_faults(Faults::at(call, Fault::Refused(TargetErrorKind::InvalidValue)));
        world.person("ada", Some(manager));
        assert_eq!(world.cycle().await.failed, 1);
        let escrows = world.store.all_escrows(&world.definition.job);
        assert!(escrows[0].doubtful, "{escrows:?}");
    }
    world.target.set_faults(Faults::none());
    world.person("ada", Some("dan"));
    world.cycle().await;
    assert_eq!((world.manager("ada"), world.state().counts.escrowed), (Some("dan".into()), 0));
    world.is_at_rest().await;
}

#[tokio::test]
async fn whose_switching_off_got_no_answer_is_switched_on_when_they_are_back() {
    let mut world = World::new();
    world.people("ada bo");
    world.cycle().await;
    let is_on = |world: &World| {
        let accounts = world.target.accounts(ObjectType::User);
        accounts[&world.account("ada")].attributes.get("active") == Some(&Value::Boolean(true))
    };
    world.directory.edit("ada", |ada| ada.enabled = false);
    world.person("bo", Some("ada"));
    // Bo's update, then the removal.
    world.target.set_faults(Faults::at(2, Fault::AnswerLost));
    assert_eq!(world.cycle().await.failed, 1);
    assert!(!is_on(&world));
    world.directory.edit("ada", |ada| ada.enabled = true);
    world.cycle().await;
    assert!(is_on(&world));
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_member_whose_joining_got_no_answer_and_is_refused_after_a_kill_is_tried_again() {
    for hides_members in [false, true] {
        for done in [Fault::AnswerLost, Fault::Refused(TargetErrorKind::Unreachable)] {
            let mut world = World::with(TargetSettings { hides_members, ..settings() });
            world.people("ada");
            world.group("staff", "");
            world.cycle().await;
            world.group("staff", "ada");
            // Nobody else answers in this cycle: it stops, and its page is carried out again.
            world.target.set_faults(Faults::often(1_000, vec![done]));
            let stopped = world.slice(None, &Request::default()).await.0;
            assert!(matches!(stopped, Some(Err(_))), "{stopped:?}");
            let member = if hides_members { 1 } else { 2 };
            world.target.set_faults(Faults::at(member, Fault::Refused(TargetErrorKind::Throttled)));
            world.cycle().await;
            world.target.set_faults(Faults::none());
            world.cycle().await;
            assert_eq!(world.members("staff"), "ada", "hidden: {hides_members}, {done:?}");
            assert_eq!(world.state().counts.escrowed, 0);
            world.is_at_rest().await;
        }
    }
}

#[tokio::test]
async fn an_account_that_was_deleted_before_a_kill_is_counted_as_deleted_whatever_the_target_answers_then() {
    let mut world = World::new();
    world.people("ada bo cleo");
    world.cycle().await;
    for call in 1.. {
        let mut killed = world.fork(MemorySource::with_pages_of(4));
        killed.people("bo cleo");
        let (ending, _) = killed.slice(Some(Moment::After(call)), &Request::default()).await;
        if ending.is_some() {
            break;
        }
        killed.target.set_faults(Faults::at(1, Fault::Cut));
        for _ in 0..3 {
            killed.slice(None, &Request::default()).await;
        }
        assert_eq!(killed.state().counts.linked, 2, "killed after {call}");
        killed.is_at_rest().await;
    }
}
