//! Files that are refused as a whole, because a person missing from them would be taken as a leaver.

use engine::ports::SourceError;

use super::*;
use crate::file::{Delimiter, TextEncoding};

/// A change to a configuration that is otherwise fine.
type Change = fn(&mut FileConfig);

/// Refused with a sentence that holds all of `words`.
async fn check(desk: Desk, words: &[&str]) {
    match refusal(&desk).await {
        SourceError::Refused(sentence) => {
            for word in words.iter().chain(&["people.csv"]) {
                assert!(sentence.contains(word), "'{sentence}' should hold '{word}'");
            }
            assert!(!sentence.contains('\n'), "{sentence}");
        }
        other => panic!("{other:?} should be a refusal"),
    }
    assert!(!desk.copies().contains(&"part".to_owned()), "raw copies are not left behind");
}

#[tokio::test]
async fn a_table_that_is_no_table_is_refused_with_its_place_and_cure() {
    let many: String = (0..501).map(|number| format!("c{number},")).collect();
    let cases: Vec<(&[u8], &[&str])> = vec![
        (b"", &["is empty", "still being written"]),
        (b"\n\n", &["no header"]),
        (b"\xEF\xBB\xBF", &["no header"]),
        (b"name,mail\nx,y\n", &["no column 'id'", "source.file.id", "'name', 'mail'"]),
        (b"name mail\nx y\n", &["no column 'id'", "',' ';' tab '|'", "'name mail'", "delimiter"]),
        (b"id,mail,mail\nx,y,z\n", &["'mail' twice", "2 and 3"]),
        (b"id,,mail\nx,y,z\n", &["no name for column 2"]),
        (b"id,mail\nE1,a\nE2,\"b\n", &["quotation mark opens on line 3", "truncated"]),
        (b"id,\"mail\nE1,a\n", &["opens on line 1"]),
        (b"id,\"mail\"x\nE1,a\n", &["header", "double quotation marks"]),
        (b"id,mail\nE1,a\x00b\n", &["line 2 holds a NUL byte", "CSV"]),
        (b"PK\x03\x04\x00\x00", &["line 1 holds a NUL byte", "workbook"]),
        (b"i\x00d\x00\n\x00", &["utf-16le"]),
        (b"id,mail\nE1,M\xC3\xBCller\nE2,M\xFCller\n", &["mixes encodings: line 3", "UTF-8"]),
        (many.as_bytes(), &["more than 500 columns"]),
    ];
    for (bytes, words) in cases {
        check(Desk::with(bytes), words).await;
    }
}

#[tokio::test]
async fn repeated_ids_are_refused_naming_both_lines_of_the_first_five() {
    check(Desk::with("id\nE1\nE2\n E1\n"), &["column 'id'", "'E1' on lines 2 and 4"]).await;
    let rows: String = (0..40).map(|number| format!("E{}\n", number % 10)).collect();
    let sentence = refusal(&Desk::with(format!("id\n{rows}"))).await.to_string();
    assert_eq!(sentence.matches(" on lines ").count(), 5, "{sentence}");
    assert!(sentence.contains("'E0' on lines 2 and 12"), "{sentence}");
}

#[tokio::test]
async fn a_column_that_is_configured_must_exist() {
    let cases: Vec<(Change, &str)> = vec![
        (|config| config.enabled = Some("on".into()), "'on' (source.file.enabled)"),
        (|config| config.display_name = Some("name".into()), "'name' (source.file.displayName)"),
        (
            |config| {
                config.lists = vec!["groups".into()];
                config.list_separator = Some(";".into());
            },
            "'groups' (source.file.lists)",
        ),
    ];
    for (change, word) in cases {
        check(Desk::with("id,mail\nE1,a\n").configured(change), &[word, "its columns are 'id', 'mail'"])
            .await;
    }
}

#[tokio::test]
async fn text_that_is_not_in_the_encoding_named_is_refused_with_its_line() {
    let named = |name: &str| TextEncoding::try_from(name.to_owned()).unwrap();
    let utf8 = Desk::with(b"id,name\nE1,M\xFCller\n").configured(|config| config.encoding = named("utf-8"));
    check(utf8, &["line 2 is not UTF-8"]).await;
    check(Desk::with(b"\xEF\xBB\xBFid,name\nE1,M\xFCller\n"), &["line 2 is not UTF-8"]).await;
    let japanese =
        Desk::with(b"id,name\nE1,a\nE2,\x81\xFF\n").configured(|config| config.encoding = named("shift_jis"));
    check(japanese, &["line 3 is not Shift_JIS"]).await;
    check(Desk::with(b"\xFF\xFEi\x00d\x00\n"), &["is not UTF-16LE"]).await;
}

#[tokio::test]
async fn a_delimiter_that_is_configured_is_the_only_one_tried() {
    let desk = Desk::with("id;mail\nE1;a\n").configured(|config| config.delimiter = Delimiter::Comma);
    check(desk, &["with any of the delimiters ',';", "'id;mail'"]).await;
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused() {
    let desk = Desk::with("id\nE1\n").configured(|config| config.max_bytes = 5);
    check(desk, &["larger than 5 bytes", "maxBytes"]).await;
}

#[tokio::test]
async fn a_place_without_a_readable_file_is_unavailable_or_refused() {
    let desk = Desk::with("");
    std::fs::remove_file(desk.file()).unwrap();
    match refusal(&desk).await {
        SourceError::Unavailable(sentence) => assert!(sentence.contains("does not exist"), "{sentence}"),
        other => panic!("{other:?}"),
    }
    std::fs::create_dir(desk.file()).unwrap();
    check(desk, &["not a plain file"]).await;
}

#[test]
fn a_configuration_that_cannot_work_is_refused_before_any_file_is_looked_at() {
    let cases: Vec<(Change, &str)> = vec![
        (|config| config.path = " ".into(), "source.file.path is empty"),
        (|config| config.path = "s3://bucket".into(), "lacks bucket or key"),
        (|config| config.path = "https://x.example/people.csv".into(), "s3://bucket/key"),
        (|config| config.id = String::new(), "source.file.id is empty"),
        (|config| config.lists = vec!["groups".into()], "source.file.listSeparator is missing"),
        (|config| config.list_separator = Some(String::new()), "listSeparator is empty"),
        (|config| config.max_bytes = 0, "maxBytes is 0"),
    ];
    for (change, word) in cases {
        let desk = Desk::with("id\n").configured(change);
        let error =
            FileSource::connect(desk.config.clone(), desk.folder.path(), &desk.work(), None).unwrap_err();
        assert!(matches!(&error, SourceError::Refused(sentence) if sentence.contains(word)), "{error:?}");
    }
    let s3 = FileConfig::new("s3://bucket/people.csv", "id");
    let error = FileSource::connect(s3, "/".as_ref(), "/".as_ref(), None).unwrap_err();
    assert!(
        matches!(&error, SourceError::Unavailable(sentence) if sentence.contains("no S3 client")),
        "{error:?}"
    );
}
