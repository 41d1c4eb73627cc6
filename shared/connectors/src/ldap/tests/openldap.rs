//! Against a real OpenLDAP: what happens between `open` and the last page. What every way to learn changes promises
//! is told in `tests/directory`.

use std::path::Path;
use std::sync::Arc;

use engine::model::{Cursor, SourceId, Watermark};
use engine::ports::{Reading, Source, SourceError, SourcePage};
use jiff::SignedDuration;
use tempfile::TempDir;
use testkit::servers::slapd::{GROUPS, Options, PEOPLE, SERVICE_DN, SERVICE_PASSWORD, Slapd, person};
use testkit::time::TestClock;

use super::super::config::{Changes, LdapConfig};
use super::super::source::LdapSource;
use super::wanted;

/// A server, and what a source of its people needs.
struct Scene {
    server: Slapd,
    config: LdapConfig,
    clock: Arc<TestClock>,
    work: TempDir,
}

impl Scene {
    fn with(options: &Options) -> Self {
        let server = Slapd::start(options).unwrap();
        Self {
            config: LdapConfig::new(server.url(), SERVICE_DN, "env:LDAP", PEOPLE),
            server,
            clock: Arc::new(TestClock::at("2026-03-02T09:00:00Z".parse().unwrap())),
            work: tempfile::tempdir().unwrap(),
        }
    }

    fn of(people: usize) -> Self {
        Self::with(&Options { people, ..Options::default() })
    }

    fn source(&self) -> LdapSource {
        self.source_of(&["uid", "title"])
    }

    fn source_of(&self, names: &[&str]) -> LdapSource {
        let password = Some(SERVICE_PASSWORD.to_owned().into());
        let (base, work, clock) = (Path::new("/"), self.work.path(), self.clock.clone());
        LdapSource::connect(self.config.clone(), base, work, password, wanted(names), None, clock).unwrap()
    }
}

async fn full(source: &LdapSource, watermark: Option<&Watermark>) -> (Cursor, Watermark, u64) {
    match source.open(watermark, None).await.unwrap() {
        Reading::Full { cursor, watermark, total, .. } => (cursor, watermark, total.unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn pages(source: &LdapSource, cursor: Cursor) -> Vec<SourcePage> {
    let (mut pages, mut next) = (Vec::new(), Some(cursor));
    while let Some(cursor) = next {
        let page = source.read(&cursor).await.unwrap();
        next = page.next.clone();
        pages.push(page);
    }
    pages
}

fn names(pages: &[SourcePage]) -> Vec<String> {
    let objects = pages.iter().flat_map(|page| &page.objects);
    objects.map(|object| object.attributes["uid"].to_string()).collect()
}

#[tokio::test]
async fn everyone_comes_in_pages_although_the_server_limits_the_size_of_a_search() {
    let scene = Scene::of(1_203);
    let source = scene.source();
    let (cursor, _, total) = full(&source, None).await;
    assert_eq!(total, 1_203);
    // Bind, rootDSE, schema, three pages.
    assert_eq!(source.calls(), 6);
    let pages = pages(&source, cursor).await;
    let sizes: Vec<usize> = pages.iter().map(|page| page.objects.len()).collect();
    assert_eq!(sizes, [500, 500, 203]);
    assert_eq!(names(&pages).len(), 1_203);
    assert_eq!(source.calls(), 6, "pages come from the private copy");
}

#[tokio::test]
async fn a_reading_that_was_cut_goes_on_in_its_private_copy() {
    let scene = Scene::of(700);
    let (cursor, ..) = full(&scene.source(), None).await;
    let first = scene.source().read(&cursor).await.unwrap();
    scene.server.directory().delete(&person("p0650")).unwrap();
    let second = scene.source();
    let next = first.next.clone().unwrap();
    assert!(
        matches!(second.open(None, Some(&next)).await, Ok(Reading::Full { cursor, .. }) if cursor == next)
    );
    let mut all = names(&[first]);
    all.extend(names(&pages(&second, next).await));
    assert_eq!(all.len(), 700, "it shows one state of the directory");
    assert_eq!(second.calls(), 0);
}

#[tokio::test]
async fn a_cursor_into_a_former_reading_or_into_anothers_has_moved() {
    let mut scene = Scene::of(3);
    let source = scene.source();
    let (cursor, ..) = full(&source, None).await;
    scene.server.add_person("nadia", &[]).unwrap();
    let (later, ..) = full(&source, None).await;
    let moved = |outcome: Result<SourcePage, SourceError>| matches!(outcome, Err(SourceError::Moved(_)));
    assert!(moved(source.read(&cursor).await), "the former private copy is gone");
    source.read(&later).await.unwrap();
    assert!(moved(scene.source_of(&["uid"]).read(&later).await), "another mapping makes another reading");
    assert!(moved(
        source.read(&Cursor(serde_json::json!({ "spool": "../../etc/passwd", "offset": 0 }))).await
    ));
    scene.config.users.filter = Some("(uid=p*)".into());
    assert!(matches!(scene.source().open(None, Some(&later)).await, Err(SourceError::Moved(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn only_this_user_may_read_private_copies_and_old_ones_go() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::of(3);
    std::fs::write(scene.work.path().join("incoming-1-1.part"), "half").unwrap();
    std::fs::write(scene.work.path().join("notes.txt"), "not ours").unwrap();
    for _ in 0..2 {
        full(&scene.source(), None).await;
        scene.server.directory().set(&person("p0001"), "title", &["Head"]).unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(scene.work.path()).unwrap().map(Result::unwrap).collect();
    let mut kinds: Vec<String> =
        files.iter().map(|file| file.path().extension().unwrap().to_string_lossy().into_owned()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["jsonl", "slip", "txt"]);
    for file in files.iter().filter(|file| file.file_name() != "notes.txt") {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn single_people_are_read_by_their_anchors() {
    let scene = Scene::of(120);
    let source = scene.source_of(&["uid", "manager"]);
    let (cursor, ..) = full(&source, None).await;
    let objects: Vec<_> = pages(&source, cursor).await.into_iter().flat_map(|page| page.objects).collect();
    let mut ids: Vec<SourceId> = objects.iter().map(|object| object.id.clone()).collect();
    scene.server.directory().delete(&person("p0003")).unwrap();
    ids.extend([SourceId::new("no uuid"), SourceId::new("6ba7b810-9dad-11d1-80b4-00c04fd430c8")]);
    let mut found = scene.source_of(&["uid", "manager"]).get(&ids).await.unwrap();
    let mut expected: Vec<_> =
        objects.into_iter().filter(|object| object.attributes["uid"].to_string() != "p0003").collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    expected.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(found, expected, "with the same values as in a listing");
    assert!(scene.source().get(&[SourceId::new("no uuid")]).await.unwrap().is_empty());
}

#[tokio::test]
async fn everyone_is_read_again_when_it_is_time_or_when_something_else_is_wanted() {
    let scene = Scene::of(5);
    let source = scene.source();
    let (_, watermark, _) = full(&source, None).await;
    let again = source.open(Some(&watermark), None).await.unwrap();
    assert!(matches!(again, Reading::Unchanged { .. }), "{again:?}");
    let shows_all = |pages: Vec<SourcePage>| names(&pages).len() == 5;
    let other = scene.source_of(&["uid", "mail"]);
    let (cursor, ..) = full(&other, Some(&watermark)).await;
    assert!(shows_all(pages(&other, cursor).await));
    scene.clock.advance(SignedDuration::from_hours(24));
    let (cursor, ..) = full(&source, Some(&watermark)).await;
    assert!(shows_all(pages(&source, cursor).await));
    let foreign = Watermark(serde_json::json!("someone else's"));
    let (cursor, ..) = full(&source, Some(&foreign)).await;
    assert!(shows_all(pages(&source, cursor).await));
}

#[tokio::test]
async fn whoever_did_not_change_is_shown_by_anchor_alone() {
    let old = |number: usize| {
        let (uid, dn) = (format!("old{number}"), person(&format!("old{number}")));
        format!(
            "dn: {dn}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: x\nmodifyTimestamp: 20200102030405Z\n\n"
        )
    };
    let scene = Scene::with(&Options { people: 2, ldif: (0..20).map(old).collect(), ..Options::default() });
    let source = scene.source();
    let (_, watermark, _) = full(&source, None).await;
    scene.server.directory().delete(&person("old7")).unwrap();
    scene.server.directory().set(&person("old8"), "title", &["Head"]).unwrap();
    let (cursor, watermark, total) = full(&source, Some(&watermark)).await;
    let pages = pages(&source, cursor).await;
    assert_eq!(
        names(&pages),
        ["p0000", "p0001", "old8"],
        "whoever changed lately, and before, is shown again"
    );
    assert_eq!((pages[0].present.len(), total), (18, 21));
    assert!(matches!(source.open(Some(&watermark), None).await, Ok(Reading::Unchanged { .. })));
}

#[tokio::test]
async fn time_stamps_are_followed_where_synchronization_is_refused_for_the_size() {
    let scene = Scene::with(&Options { people: 700, sync: Some(100), ..Options::default() });
    let source = scene.source();
    let (cursor, watermark, total) = full(&source, None).await;
    assert_eq!((total, watermark.0["changes"].as_str()), (700, Some("modifyTimestamp")));
    assert_eq!(names(&pages(&source, cursor).await).len(), 700, "nobody twice");
    let mut strict = scene;
    strict.config.changes = Changes::Sync;
    let refused = strict.source().open(None, None).await.unwrap_err();
    assert!(matches!(&refused, SourceError::Refused(why) if why.contains("size limit")), "{refused}");
}

#[tokio::test]
async fn synchronization_is_chosen_where_it_is_offered() {
    let scene = Scene::with(&Options { people: 7, sync: Some(100), size_limit: None, ..Options::default() });
    let source = scene.source();
    let (_, watermark, _) = full(&source, None).await;
    assert_eq!(watermark.0["changes"], "sync");
    let before = source.calls();
    assert!(matches!(source.open(Some(&watermark), None).await, Ok(Reading::Unchanged { .. })));
    assert_eq!(source.calls() - before, 3, "bind, rootDSE, one search");
    scene.server.directory().delete(&person("p0005")).unwrap();
    let Reading::Delta { cursor, total, .. } = source.open(Some(&watermark), None).await.unwrap() else {
        panic!("it names who is gone")
    };
    let pages = pages(&source, cursor).await;
    assert_eq!((pages[0].gone.len(), pages[0].objects.len(), total), (1, 0, Some(1)));
}

#[tokio::test]
async fn an_entry_that_cannot_be_understood_lets_the_next_reading_be_a_full_one() {
    let scene = Scene::with(&Options { people: 7, sync: Some(100), size_limit: None, ..Options::default() });
    let mut strange = testkit::servers::line("dn", person("strange"));
    strange += "objectClass: inetOrgPerson\nuid: strange\ncn: x\nsn: x\njpegPhoto:: /9j/4A==\n";
    scene.server.directory().apply(&strange).unwrap();
    let source = scene.source_of(&["uid", "jpegPhoto"]);
    let (cursor, watermark, _) = full(&source, None).await;
    let all = pages(&source, cursor).await;
    assert_eq!((all[0].objects.len(), all[0].unreadable.len()), (7, 1));
    let unreadable = &all[0].unreadable[0];
    assert!(unreadable.id.is_some() && unreadable.reason.contains("'jpegPhoto'"), "{unreadable:?}");
    full(&source, Some(&watermark)).await;
    // The photo is nobody's business when it is not mapped.
    let plain = scene.source();
    let (cursor, ..) = full(&plain, None).await;
    assert!(pages(&plain, cursor).await[0].unreadable.is_empty());
}

#[tokio::test]
async fn a_part_of_the_subtree_that_lies_elsewhere_is_no_complete_list() {
    let scene = Scene::of(3);
    let refer = |base: &str| {
        let mut ldif = testkit::servers::line("dn", format!("cn=far,{base}"));
        ldif += "objectClass: referral\nobjectClass: extensibleObject\ncn: far\n";
        ldif + &testkit::servers::line("ref", format!("ldap://far.example/cn=far,{base}"))
    };
    scene.server.directory().apply(&refer(GROUPS)).unwrap();
    full(&scene.source(), None).await;
    scene.server.directory().apply(&refer(PEOPLE)).unwrap();
    let refused = scene.source().open(None, None).await.unwrap_err();
    let SourceError::Refused(why) = &refused else { panic!("{refused:?}") };
    assert!(why.contains("ldap://far.example") && why.contains("source.ldap.users.base"), "{why}");
}
