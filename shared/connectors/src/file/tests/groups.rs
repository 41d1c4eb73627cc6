//! Groups: one row a group, or one row a membership.

use engine::model::{ObjectType, Value};
use engine::ports::{Reading, Source, SourceError, SourcePage};

use super::*;
use crate::file::GroupsFile;
use crate::file::records::{Fault, MAX_MEMBERS_CELL, Records, Row};

/// Two people, and this file of groups beside them.
fn desk(groups: impl AsRef<[u8]>) -> Desk {
    let desk = Desk::with("id,mail\nE1,a\nE2,b\n").configured(|config| {
        config.groups = Some(GroupsFile::new("groups.csv", "groupId"));
    });
    desk.write_groups(groups);
    desk
}

/// The same with one row a membership.
fn long(groups: impl AsRef<[u8]>) -> Desk {
    desk(groups).configured(|config| of(config).member = Some("member".into()))
}

/// A change to a section of groups that is otherwise fine.
type Change = fn(&mut GroupsFile);

fn of(config: &mut FileConfig) -> &mut GroupsFile {
    config.groups.as_mut().unwrap()
}

/// The members of a group, when they are known.
fn members(group: &SourceObject) -> Option<Vec<String>> {
    match group.attributes.get("members") {
        None => None,
        Some(Value::List(ids)) => Some(ids.iter().map(Value::to_string).collect()),
        Some(other) => panic!("{other:?} should be a list"),
    }
}

/// Groups and their members, and the rows that cannot be understood.
async fn groups(desk: &Desk) -> (Vec<(String, Option<Vec<String>>)>, Vec<Unreadable>) {
    let (objects, unreadable) = read_all(desk).await;
    let groups = objects.iter().filter(|object| object.object_type == ObjectType::Group);
    (groups.map(|group| (group.id.to_string(), members(group))).collect(), unreadable)
}

fn known(id: &str, members: &[&str]) -> (String, Option<Vec<String>>) {
    (id.to_owned(), Some(members.iter().map(|id| (*id).to_owned()).collect()))
}

/// Every page from a cursor on, and the cursors they came from.
async fn pages(source: &FileSource, cursor: &Cursor) -> Vec<(Cursor, SourcePage)> {
    let (mut pages, mut next) = (Vec::new(), Some(cursor.clone()));
    while let Some(cursor) = next {
        let page = source.read(&cursor).await.unwrap();
        next = page.next.clone();
        pages.push((cursor, page));
    }
    pages
}

#[tokio::test]
async fn a_row_is_a_group_with_all_its_members_and_comes_after_the_people() {
    let desk =
        desk("groupId,displayName,cost centre,members\n G1 ,Finance,7,E1; E2 ;;E1\nG2,Treasury,,\nG3,,,G1\n");
    let source = desk.source();
    let reading = open(&source).await;
    let names = ["cost centre", "displayName", "groupId", "id", "mail", "members"].map(String::from);
    assert_eq!((reading.total, reading.attributes), (5, names.to_vec()));
    let (objects, unreadable) = rest(&source, &reading.cursor).await;
    assert_eq!((ids(&objects), unreadable), (vec!["E1", "E2", "G1", "G2", "G3"], vec![]));
    let [.., first, second, third] = &objects[..] else { panic!("{objects:?}") };
    assert_eq!((first.object_type, first.display_name.as_deref()), (ObjectType::Group, Some("Finance")));
    assert!(first.enabled && !first.soft_deleted);
    assert_eq!(members(first), Some(vec!["E1".into(), "E2".into()]), "each once, without blanks");
    assert_eq!(first.attributes["cost centre"], Value::text("7"));
    assert_eq!(members(second), Some(vec![]), "an empty cell says that there are none");
    assert!(!second.attributes.contains_key("cost centre"));
    assert_eq!((third.display_name.as_deref(), members(third)), (None, Some(vec!["G1".into()])));
}

#[tokio::test]
async fn a_row_is_a_membership_and_a_group_is_gathered_from_wherever_its_rows_stand() {
    let rows = "groupId,displayName,member\nG1,Finance, E1\nG2,Treasury,E2\n\nG1 ,Finance,E2\nG3,Empty,\nG1,Finance,E1\nG2,Treasury,G1\n";
    let desk = long(rows);
    let source = desk.source();
    let reading = open(&source).await;
    let names = ["displayName", "groupId", "id", "mail", "members"].map(String::from);
    assert_eq!((reading.total, reading.attributes), (5, names.to_vec()));
    let (found, unreadable) = groups(&desk).await;
    assert_eq!(found, [known("G1", &["E1", "E2"]), known("G2", &["E2", "G1"]), known("G3", &[])]);
    assert_eq!(unreadable, []);
}

#[tokio::test]
async fn columns_and_separator_are_the_ones_named() {
    let text = "gid;titel;wer\nG1;Finanzen;E1|E2\n";
    let desk = desk(text).configured(|config| {
        let groups = of(config);
        groups.id = "gid".into();
        groups.name = Some("titel".into());
        groups.members = Some("wer".into());
        groups.separator = "|".into();
    });
    let (objects, _) = read_all(&desk).await;
    assert_eq!(objects[2].display_name.as_deref(), Some("Finanzen"));
    assert_eq!(members(&objects[2]), Some(vec!["E1".into(), "E2".into()]));
    assert!(!objects[2].attributes.contains_key("wer"), "members are known by one name");
}

#[tokio::test]
async fn without_a_column_for_members_nothing_is_known_of_them() {
    let desk = desk("groupId,displayName\nG1,Finance\n");
    assert!(!open(&desk.source()).await.attributes.contains(&"members".to_owned()));
    assert_eq!(groups(&desk).await.0, [("G1".to_owned(), None)]);
}

#[tokio::test]
async fn text_of_groups_is_understood_whatever_its_encoding() {
    let text = encoding_rs::WINDOWS_1252.encode("groupId,displayName\nG1,Zürich\nG2,Müller & Söhne\n").0;
    let (objects, _) = read_all(&desk(text)).await;
    assert_eq!(objects[3].display_name.as_deref(), Some("Müller & Söhne"));
    let utf16: Vec<u8> = "groupId\nG1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let named =
        desk(utf16).configured(|config| of(config).encoding = "utf-16le".to_owned().try_into().unwrap());
    assert_eq!(groups(&named).await.0, [("G1".to_owned(), None)]);
}

#[tokio::test]
async fn a_row_of_groups_that_cannot_be_understood_fails_alone() {
    let cases = [
        ("G1,a\n", None, "2 cells where the header has 3"),
        (" ,a,E1\n", None, "column 'groupId' is empty"),
        ("G1,\"a\" b,E1\n", None, "double quotation marks"),
    ];
    for (row, id, reason) in cases {
        let (found, unreadable) = groups(&desk(format!("groupId,displayName,members\n{row}G9,x,E1\n"))).await;
        assert_eq!(found, [known("G9", &["E1"])], "{row}");
        let [wrong] = &unreadable[..] else { panic!("{row}") };
        assert_eq!((wrong.place.as_str(), wrong.id.as_ref()), ("groups.csv line 2", id));
        assert!(wrong.reason.contains(reason), "{}", wrong.reason);
    }
}

#[tokio::test]
async fn rows_of_a_group_that_disagree_make_it_unreadable_with_both_lines() {
    let rows = "groupId,displayName,member\nG1,Finance,E1\nG2,Treasury,E1\nG1,Finances,E2\nG2,Treasury,E2\n";
    let (found, unreadable) = groups(&long(rows)).await;
    assert_eq!(found, [known("G2", &["E1", "E2"])]);
    let [wrong] = &unreadable[..] else { panic!("{unreadable:?}") };
    assert_eq!((wrong.place.as_str(), wrong.id.as_ref().unwrap().as_str()), ("groups.csv line 4", "G1"));
    for word in ["'displayName'", "line 2", "write the same"] {
        assert!(wrong.reason.contains(word), "{}", wrong.reason);
    }
}

/// A row that cannot be given to its group may be anybody's membership: were the others shown without it, someone
/// would lose theirs.
#[tokio::test]
async fn while_a_row_does_not_tell_its_group_no_members_are_known() {
    for row in ["G1\n", ",Finance,E2\n", "G1,\"Finance\" x,E2\n"] {
        let (found, unreadable) =
            groups(&long(format!("groupId,displayName,member\nG1,Finance,E1\n{row}G2,Treasury,E2\n"))).await;
        assert_eq!(found, [("G1".to_owned(), None), ("G2".to_owned(), None)], "{row}");
        assert_eq!(unreadable[0].place, "groups.csv line 3");
        assert!(unreadable[0].reason.contains("no membership changes"), "{}", unreadable[0].reason);
    }
}

#[tokio::test]
async fn an_id_stands_for_one_object_over_both_files() {
    let cases = [
        (
            desk("groupId\nG1\nE2\n"),
            vec!["'E2' on line 3 of groups.csv and line 3 of people.csv", "share ids"],
        ),
        (
            long("groupId,member\nG1,E1\nE1,E2\nE1,E1\n"),
            vec!["'E1' on line 3 of groups.csv and line 2 of people.csv"],
        ),
        (desk("groupId\nG1\nG2\n G1\n"), vec!["column 'groupId'", "'G1' on lines 2 and 4", "groups.csv"]),
    ];
    for (desk, words) in cases {
        let SourceError::Refused(sentence) = refusal(&desk).await else { panic!("it should be refused") };
        words.iter().for_each(|word| assert!(sentence.contains(word), "'{sentence}' should hold '{word}'"));
    }
}

#[tokio::test]
async fn a_file_of_groups_that_is_no_such_table_is_refused_by_its_own_fields() {
    let cases: Vec<(Desk, &[&str])> = vec![
        (desk(""), &["groups.csv is empty"]),
        (desk("id,displayName\nG1,x\n"), &["no column 'groupId'", "source.file.groups.id"]),
        (desk("id displayName\n"), &["source.file.groups.delimiter"]),
        (long("groupId,displayName\nG1,x\n"), &["no column 'member' (source.file.groups.member)"]),
        (long("groupId,member,members\nG1,E1,E2\n"), &["'members' beside 'member'", "rename it"]),
        (desk("groupId,members\nG1,\"E1\n"), &["opens on line 2", "groups.csv"]),
        (desk("groupId\nG\x00\n"), &["NUL", "source.file.groups.encoding"]),
        (
            desk("groupId\nG1\n").configured(|config| of(config).max_bytes = 5),
            &["source.file.groups.maxBytes"],
        ),
        (
            desk("groupId\nG1\n").configured(|config| of(config).name = Some("x".into())),
            &["source.file.groups.name"],
        ),
        (
            desk("groupId\nG1\n").configured(|config| of(config).members = Some("x".into())),
            &["source.file.groups.members"],
        ),
    ];
    for (desk, words) in cases {
        let SourceError::Refused(sentence) = refusal(&desk).await else { panic!("{words:?}") };
        words.iter().for_each(|word| assert!(sentence.contains(word), "'{sentence}' should hold '{word}'"));
    }
    let without = desk("groupId\n");
    std::fs::remove_file(without.folder.path().join("groups.csv")).unwrap();
    let error = refusal(&without).await;
    assert!(
        matches!(&error, SourceError::Unavailable(sentence) if sentence.contains("source.file.groups.path")),
        "{error:?}"
    );
}

#[test]
fn a_section_of_groups_that_cannot_work_is_refused_before_any_file_is_looked_at() {
    let cases: [(Change, &str); 6] = [
        (|groups| groups.path = String::new(), "source.file.groups.path is empty"),
        (|groups| groups.path = "s3://bucket".into(), "source.file.groups.path 's3://bucket' lacks"),
        (|groups| groups.id = " ".into(), "source.file.groups.id is empty"),
        (|groups| groups.separator = String::new(), "source.file.groups.separator is empty"),
        (|groups| groups.max_bytes = 0, "source.file.groups.maxBytes is 0"),
        (
            |groups| (groups.members, groups.member) = (Some("a".into()), Some("b".into())),
            "source.file.groups.member is given beside members",
        ),
    ];
    for (change, word) in cases {
        let desk = desk("groupId\n").configured(|config| change(of(config)));
        let error =
            FileSource::connect(desk.config.clone(), desk.folder.path(), &desk.work(), None).unwrap_err();
        assert!(matches!(&error, SourceError::Refused(sentence) if sentence.contains(word)), "{error:?}");
    }
}

#[test]
fn a_section_of_groups_is_read_with_its_defaults_and_written_back_the_same() {
    let text = r#"{"path":"people.csv","id":"id","groups":{"path":"groups.csv","id":"groupId"}}"#;
    let config: FileConfig = serde_json::from_str(text).unwrap();
    assert_eq!(config, desk("").config);
    let stored = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<FileConfig>(&stored).unwrap(), config);
    let without = serde_json::to_string(&FileConfig::new("people.csv", "id")).unwrap();
    assert!(
        !without.contains("groups"),
        "what was stored before there were groups stays the same: {without}"
    );
    let unknown = text.replace("groupId\"", "groupId\",\"nmae\":\"x\"");
    assert!(serde_json::from_str::<FileConfig>(&unknown).unwrap_err().to_string().contains("nmae"));
}

#[tokio::test]
async fn either_file_that_changed_makes_a_full_reading_and_neither_makes_none() {
    let desk = desk("groupId,members\nG1,E1\n");
    let mut watermark = open(&desk.source()).await.watermark;
    let unchanged = Reading::Unchanged { watermark: None };
    assert_eq!(desk.source().open(Some(&watermark), None).await.unwrap(), unchanged);
    let changes = [
        ("groups.csv", "groupId,members\nG1,E2\n"),
        ("people.csv", "id\nE1\n"),
        ("groups.csv", "groupId,members\nG1,E1\n"),
    ];
    for (file, text) in changes {
        std::fs::write(desk.folder.path().join(file), text).unwrap();
        let source = desk.source();
        let reading = full(source.open(Some(&watermark), None).await.unwrap());
        let (objects, _) = rest(&source, &reading.cursor).await;
        assert!(objects.iter().any(|object| object.id.as_str() == "E1"), "people are shown, too");
        assert!(objects.iter().any(|object| object.id.as_str() == "G1"), "and groups");
        assert_eq!(desk.copies(), ["csv", "groups", "json"]);
        watermark = reading.watermark;
        assert_eq!(desk.source().open(Some(&watermark), None).await.unwrap(), unchanged);
    }
}

#[tokio::test]
async fn a_watermark_without_groups_leads_to_them_once_they_are_configured() {
    let with = desk("groupId\nG1\n");
    let groups = with.config.groups.clone();
    let without = with.configured(|config| config.groups = None);
    let watermark = open(&without.source()).await.watermark;
    assert_eq!(ids(&read_all(&without).await.0), ["E1", "E2"]);
    let with = without.configured(|config| config.groups = groups);
    full(with.source().open(Some(&watermark), None).await.unwrap());
}

#[tokio::test]
async fn a_reading_cut_anywhere_goes_on_in_the_same_version_of_both_files() {
    let people: String = (0..700).map(|number| format!("E{number}\n")).collect();
    let rows: String = (0..1_200).map(|number| format!("G{},E{number}\n", number % 600)).collect();
    let desk = long(format!("groupId,member\n{rows}"));
    desk.write(format!("id\n{people}"));
    let source = desk.source();
    let whole = pages(&source, &open(&source).await.cursor).await;
    let sizes: Vec<usize> = whole.iter().map(|(_, page)| page.objects.len()).collect();
    assert_eq!(sizes, [500, 200, 500, 100], "no page has people and groups");
    desk.write("id\nE9999\n");
    desk.write_groups("groupId,member\nG9999,E1\n");
    for (position, (cursor, _)) in whole.iter().enumerate() {
        let source = desk.source();
        let resumed = full(source.open(None, Some(cursor)).await.unwrap());
        assert_eq!((&resumed.cursor, resumed.total), (cursor, 1_300));
        assert_eq!(pages(&source, cursor).await, whole[position..]);
        assert_eq!(source.calls(), 0, "the outside files were not needed");
    }
    // On another machine the same bytes are needed, of both files.
    std::fs::remove_dir_all(desk.work()).unwrap();
    desk.write(format!("id\n{people}"));
    let last = &whole[3].0;
    assert!(matches!(desk.source().open(None, Some(last)).await, Err(SourceError::Moved(_))));
    desk.write_groups(format!("groupId,member\n{rows}"));
    let source = desk.source();
    full(source.open(None, Some(last)).await.unwrap());
    assert_eq!(pages(&source, last).await, whole[3..]);
}

#[tokio::test]
async fn a_copy_of_groups_that_was_changed_is_not_trusted() {
    let desk = desk("groupId\nG1\n");
    let cursor = open(&desk.source()).await.cursor;
    for entry in std::fs::read_dir(desk.work()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() == "groups" {
            std::fs::write(path, "groupId\nG2\n").unwrap();
        }
    }
    let source = desk.source();
    full(source.open(None, Some(&cursor)).await.unwrap());
    assert_eq!(ids(&rest(&source, &cursor).await.0), ["E1", "E2", "G1"]);
    assert_eq!(source.calls(), 2, "both were fetched again");
}

#[tokio::test]
async fn single_groups_are_found_by_their_ids() {
    let desk = desk("groupId,members\nG1,E1\nG2,E2\n");
    let wanted = ["G2", "E1", "nobody"].map(engine::model::SourceId::new);
    let found = desk.source().get(&wanted).await.unwrap();
    assert_eq!((ids(&found), members(&found[1])), (vec!["E1", "G2"], Some(vec!["E2".into()])));
}

/// In the short form more than a person's cell may hold; in the long one with the rows of the group as far apart as
/// can be.
#[tokio::test]
async fn a_group_of_a_hundred_thousand_has_a_hundred_thousand_members() {
    const MANY: usize = 100_000;
    let ids: Vec<String> = (0..MANY).map(|number| format!("4b51b2b9-8095-4147-83c1-{number:012}")).collect();
    let short = desk(format!("groupId,members\nG1,E1\nG2,{}\nG3,E1\n", ids.join(";")));
    let numbers: Vec<String> = (0..MANY).map(|number| format!("employee-{number:020}")).collect();
    let between = |at: usize| if at.is_multiple_of(20) { "G1,E1\n" } else { "" };
    let rows: String =
        numbers.iter().enumerate().map(|(at, id)| format!("G2,{id}\n{}", between(at))).collect();
    let long = long(format!("groupId,member\nG3,E1\n{rows}"));
    for (desk, ids) in [(short, ids), (long, numbers)] {
        let source = desk.source();
        let pages = pages(&source, &open(&source).await.cursor).await;
        let groups =
            pages.iter().flat_map(|(_, page)| &page.objects).find(|object| object.id.as_str() == "G2");
        assert_eq!(members(groups.unwrap()).unwrap(), ids);
        assert!(pages.iter().all(|(_, page)| page.unreadable.is_empty()));
        assert!(pages.len() > 2, "groups of that size come on pages of their own");
    }
}

#[tokio::test]
async fn only_the_cell_of_members_may_be_long_and_not_beyond_every_measure() {
    let cell = "x".repeat(64 * 1024 + 1);
    let text = format!("groupId,note,members\nG1,{cell},E1\nG2,,{cell}\n");
    let (found, unreadable) = groups(&desk(text)).await;
    assert_eq!(found, [known("G2", &[&cell])]);
    assert!(unreadable[0].reason.contains("cell 2 is longer than 65536 bytes"), "{}", unreadable[0].reason);
    let text = format!("G1,{}", "E1;".repeat(MAX_MEMBERS_CELL / 3 + 1));
    let mut row = Row::with_long(Some(1));
    assert!(Records::new(text.as_bytes(), b',', 1, 0).next_into(&mut row).unwrap());
    assert_eq!(row.fault, Some(Fault::CellTooLong { column: 2, max: MAX_MEMBERS_CELL }));
}
