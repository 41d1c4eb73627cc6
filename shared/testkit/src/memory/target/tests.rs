//! The app's rules, and its ways to fail.

use engine::model::{AttributeChange, Attributes, ObjectType, TargetId, Value};
use engine::ports::{Target as _, TargetError, TargetErrorKind, TargetOperation};

use super::*;

use ObjectType::{Group, User};
use TargetOperation::{AddMembers, Create, Delete, RemoveMembers, Update};

fn named(name: &str) -> Attributes {
    Attributes::from([("userName".to_owned(), Value::text(name))])
}

fn group(name: &str) -> Attributes {
    Attributes::from([("displayName".to_owned(), Value::text(name))])
}

fn change(path: &str, new: Option<&str>) -> Vec<AttributeChange> {
    vec![AttributeChange { path: path.to_owned(), old: None, new: new.map(Value::text), adds: false }]
}

async fn one(target: &MemoryTarget, operation: TargetOperation) -> Result<TargetId, TargetErrorKind> {
    let mut answers = target.execute(&[operation]).await;
    answers.pop().unwrap().map_err(|error| error.kind)
}

fn names(target: &MemoryTarget) -> Vec<String> {
    target.accounts(User).values().map(|account| account.attributes["userName"].to_string()).collect()
}

#[tokio::test]
async fn a_sign_in_name_belongs_to_one_account_whatever_its_case() {
    let target = MemoryTarget::default();
    let ada = one(&target, Create(User, named("ada"))).await.unwrap();
    let bo = one(&target, Create(User, named("bo"))).await.unwrap();
    assert_eq!(one(&target, Create(User, named("ADA"))).await, Err(TargetErrorKind::Conflict));
    let rename = |id: &TargetId, name| Update(User, id.clone(), change("userName", Some(name)));
    assert_eq!(one(&target, rename(&bo, "Ada")).await, Err(TargetErrorKind::Conflict));
    assert_eq!(one(&target, rename(&ada, "Ada")).await, Ok(ada), "one's own name in another case");
    assert_eq!(names(&target), ["Ada", "bo"]);
    let lax = MemoryTarget::new(TargetSettings { allows_duplicates: true, ..TargetSettings::default() }, 1);
    one(&lax, Create(User, named("ada"))).await.unwrap();
    assert!(one(&lax, Create(User, named("ada"))).await.is_ok());
}

#[tokio::test]
async fn updates_set_clear_and_add_and_need_an_account() {
    let target = MemoryTarget::default();
    let ada = target.seed(User, named("ada"));
    one(&target, Update(User, ada.clone(), change("title", Some("Clerk")))).await.unwrap();
    let mut adds = change("roles", Some("reader"));
    adds[0].adds = true;
    adds[0].new = Some(Value::List(vec![Value::text("reader")]));
    one(&target, Update(User, ada.clone(), adds.clone())).await.unwrap();
    adds[0].new = Some(Value::List(vec![Value::text("writer")]));
    one(&target, Update(User, ada.clone(), adds)).await.unwrap();
    one(&target, Update(User, ada.clone(), change("title", None))).await.unwrap();
    let account = target.accounts(User)[&ada].clone();
    assert!(!account.attributes.contains_key("title"));
    assert_eq!(account.attributes["roles"].to_string(), "reader,writer");
    one(&target, Delete(User, ada.clone())).await.unwrap();
    assert_eq!(
        one(&target, Delete(User, ada.clone())).await,
        Ok(ada.clone()),
        "deleting what is gone succeeds"
    );
    let late = Update(User, ada, change("title", Some("Clerk")));
    assert_eq!(one(&target, late).await, Err(TargetErrorKind::NotFound));
}

#[tokio::test]
async fn members_are_added_and_removed_and_go_with_their_account() {
    let settings = TargetSettings { members_per_call: 2, ..TargetSettings::default() };
    let target = MemoryTarget::new(settings, 1);
    let people: Vec<TargetId> = ["ada", "bo", "cleo"].map(|name| target.seed(User, named(name))).into();
    let staff = one(&target, Create(Group, group("Staff"))).await.unwrap();
    let members = async || target.members(&staff).await.unwrap().unwrap().into_iter().collect::<Vec<_>>();
    let too_many = AddMembers(staff.clone(), people.clone());
    assert_eq!(one(&target, too_many).await, Err(TargetErrorKind::TooLarge));
    one(&target, AddMembers(staff.clone(), people[..2].to_vec())).await.unwrap();
    one(&target, AddMembers(staff.clone(), people[1..].to_vec())).await.unwrap();
    assert_eq!(members().await, people);
    one(&target, RemoveMembers(staff.clone(), vec![people[0].clone(), TargetId::new("nobody")]))
        .await
        .unwrap();
    assert_eq!(members().await, people[1..]);
    one(&target, Delete(User, people[1].clone())).await.unwrap();
    assert_eq!(members().await, people[2..]);
    let stranger = AddMembers(staff.clone(), vec![people[1].clone()]);
    assert_eq!(one(&target, stranger).await, Err(TargetErrorKind::InvalidValue));
    one(&target, Delete(Group, staff.clone())).await.unwrap();
    assert_eq!(target.members(&staff).await.unwrap_err().kind, TargetErrorKind::NotFound);
}

#[tokio::test]
async fn a_reference_names_an_account_or_is_refused() {
    let settings = TargetSettings { references: ["manager".to_owned()].into(), ..TargetSettings::default() };
    let target = MemoryTarget::new(settings, 1);
    let ada = target.seed(User, named("ada"));
    let bo = target.seed(User, named("bo"));
    let told = async |who: &str| one(&target, Update(User, bo.clone(), change("manager", Some(who)))).await;
    assert_eq!(told("E7").await, Err(TargetErrorKind::InvalidValue));
    assert_eq!(told(ada.as_str()).await, Ok(bo.clone()));
}

#[tokio::test]
async fn listings_come_in_pages_with_the_paths_that_were_asked_for() {
    let target = MemoryTarget::new(TargetSettings { page: 2, ..TargetSettings::default() }, 1);
    for name in ["ada", "bo", "cleo", "dan"] {
        let mut attributes = named(name);
        attributes.insert("title".to_owned(), Value::text("Clerk"));
        target.seed(User, attributes);
    }
    let paths = ["userName".to_owned()];
    let first = target.list(User, &paths, None).await.unwrap();
    assert_eq!((first.objects.len(), first.total), (2, Some(4)));
    assert_eq!(first.objects[0].attributes, named("ada"));
    let second = target.list(User, &paths, first.next.as_ref()).await.unwrap();
    assert_eq!(second.objects[1].attributes, named("dan"));
    assert_eq!(second.next, None);
    assert_eq!(target.calls(), 2);
}

#[tokio::test]
async fn accounts_are_found_whatever_the_case_except_by_their_external_id() {
    let target = MemoryTarget::default();
    let mut attributes = named("Ada");
    attributes.insert("externalId".to_owned(), Value::text("e7"));
    target.seed(User, attributes);
    let found = async |path: &str, value: &str| {
        target.find(User, path, &Value::text(value), &[]).await.unwrap().len()
    };
    assert_eq!(found("userName", "aDA").await, 1);
    assert_eq!(found("externalId", "e7").await, 1);
    assert_eq!(found("externalId", "E7").await, 0);
    assert_eq!(found("title", "Clerk").await, 0);
}

#[tokio::test]
async fn a_call_fails_as_it_was_told_to_and_the_next_one_does_not() {
    let cases = [
        // (fault, the error, accounts afterwards)
        (Fault::Refused(TargetErrorKind::ServerError), TargetErrorKind::ServerError, 0),
        (Fault::AnswerLost, TargetErrorKind::Ambiguous, 1),
    ];
    for (fault, kind, accounts) in cases {
        let target = MemoryTarget::default();
        target.set_faults(Faults::at(2, fault));
        assert!(one(&target, Delete(User, TargetId::new("nobody"))).await.is_ok());
        assert_eq!(one(&target, Create(User, named("ada"))).await, Err(kind), "{fault:?}");
        assert_eq!(names(&target).len(), accounts, "{fault:?}");
        assert!(one(&target, Create(User, named("bo"))).await.is_ok());
    }
}

#[tokio::test]
async fn a_question_that_is_struck_has_no_answer() {
    let target = MemoryTarget::default();
    target.set_faults(Faults::at(1, Fault::AnswerLost).and_at(2, Fault::Refused(TargetErrorKind::Throttled)));
    let kind = |answer: Result<_, TargetError>| answer.map(drop).unwrap_err().kind;
    assert_eq!(kind(target.list(User, &[], None).await), TargetErrorKind::Unreachable);
    assert_eq!(kind(target.list(User, &[], None).await), TargetErrorKind::Throttled);
    assert!(target.list(User, &[], None).await.is_ok());
}

#[tokio::test]
async fn poisoned_names_are_refused_until_they_are_cured() {
    let target = MemoryTarget::default();
    target.poison("Ada");
    assert_eq!(one(&target, Create(User, named("ada"))).await, Err(TargetErrorKind::InvalidValue));
    assert!(one(&target, Create(User, named("bo"))).await.is_ok());
    target.cure();
    assert!(one(&target, Create(User, named("ada"))).await.is_ok());
}

#[tokio::test]
async fn faults_by_chance_are_the_same_for_the_same_seed() {
    let run = async |seed| {
        let settings = TargetSettings { batch: 5, restless: true, ..TargetSettings::default() };
        let target = MemoryTarget::new(settings, seed);
        let kinds = vec![Fault::Cut, Fault::AnswerLost, Fault::Refused(TargetErrorKind::Unreachable)];
        target.set_faults(Faults::often(300, kinds));
        for call in 0..40 {
            let people: Vec<_> = (0..5).map(|turn| Create(User, named(&format!("{call}-{turn}")))).collect();
            target.execute(&people).await;
        }
        names(&target)
    };
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
    assert!((100..190).contains(&run(7).await.len()), "about a fifth of the calls come to nothing");
}

#[tokio::test]
async fn a_copy_lives_on_its_own() {
    let target = MemoryTarget::default();
    let copy = target.clone();
    one(&copy, Create(User, named("ada"))).await.unwrap();
    assert_eq!((names(&target).len(), names(&copy).len()), (0, 1));
}
