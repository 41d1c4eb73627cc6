//! A reading that was cut goes on in the same version, or begins again.

use std::fs;

use engine::ports::{Reading, Source, SourceError};

use super::*;

fn table(rows: std::ops::Range<u32>) -> String {
    rows.fold("id,note\n".to_owned(), |text, number| text + &format!("E{number},\"a\nb\"\n"))
}

/// Opens the file and reads its first page: the second page's cursor.
async fn cut(desk: &Desk) -> Cursor {
    let source = desk.source();
    let reading = open(&source).await;
    source.read(&reading.cursor).await.unwrap().next.unwrap()
}

#[tokio::test]
async fn a_cut_reading_goes_on_in_its_private_copy_whatever_became_of_the_file() {
    let desk = Desk::with(table(0..600));
    let cursor = cut(&desk).await;
    desk.write("id\nE9999\n");
    let source = desk.source();
    let reading = full(source.open(None, Some(&cursor)).await.unwrap());
    assert_eq!((&reading.cursor, reading.total), (&cursor, 600));
    let (people, _) = rest(&source, &reading.cursor).await;
    assert_eq!((people.len(), people[0].id.as_str()), (100, "E500"));
    assert_eq!(source.calls(), 0, "the outside file was not needed");
}

#[tokio::test]
async fn lines_are_still_right_after_a_cut() {
    let desk = Desk::with(table(0..500) + "broken\n");
    let source = desk.source();
    let (_, unreadable) = rest(&source, &cut(&desk).await).await;
    assert_eq!(unreadable[0].place, "people.csv line 1002");
}

#[tokio::test]
async fn without_its_copy_a_reading_goes_on_when_the_file_is_still_the_same() {
    let desk = Desk::with(table(0..600));
    let cursor = cut(&desk).await;
    fs::remove_dir_all(desk.work()).unwrap();
    let source = desk.source();
    full(source.open(None, Some(&cursor)).await.unwrap());
    assert_eq!(rest(&source, &cursor).await.0.len(), 100);
    assert_eq!(source.calls(), 1);
}

#[tokio::test]
async fn without_its_copy_and_with_another_file_the_reading_has_moved() {
    let desk = Desk::with(table(0..600));
    let cursor = cut(&desk).await;
    fs::remove_dir_all(desk.work()).unwrap();
    desk.write(table(1..601));
    let error = desk.source().open(None, Some(&cursor)).await.unwrap_err();
    assert!(matches!(&error, SourceError::Moved(sentence) if sentence.contains("begins again")), "{error:?}");
    assert!(desk.copies().is_empty(), "the other version was not kept");
}

#[tokio::test]
async fn a_copy_that_was_changed_is_not_trusted() {
    let desk = Desk::with(table(0..600));
    let cursor = cut(&desk).await;
    for entry in fs::read_dir(desk.work()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() == "csv" {
            fs::write(path, table(1..601)).unwrap();
        }
    }
    let source = desk.source();
    full(source.open(None, Some(&cursor)).await.unwrap());
    assert_eq!(rest(&source, &cursor).await.0[0].id.as_str(), "E500");
    assert_eq!(source.calls(), 1, "it was fetched again");
}

#[tokio::test]
async fn opening_another_version_deletes_the_copy_of_the_last() {
    let desk = Desk::with(table(0..600));
    let cursor = cut(&desk).await;
    desk.write(table(1..601));
    let source = desk.source();
    open(&source).await;
    assert_eq!(desk.copies(), ["csv", "json"]);
    assert!(matches!(source.read(&cursor).await, Err(SourceError::Moved(_))));
}

#[tokio::test]
async fn an_unchanged_look_keeps_the_copy_of_a_reading_under_way() {
    let desk = Desk::with(table(0..600));
    let source = desk.source();
    let reading = open(&source).await;
    assert_eq!(
        source.open(Some(&reading.watermark), None).await.unwrap(),
        Reading::Unchanged { watermark: None }
    );
    assert_eq!(desk.copies(), ["csv", "json"]);
    assert_eq!(rest(&source, &reading.cursor).await.0.len(), 600);
}

#[tokio::test]
async fn a_cursor_of_another_configuration_or_shape_has_moved() {
    let desk = Desk::with(table(0..600));
    let cursor = cut(&desk).await;
    let strange = Cursor(serde_json::json!("page 2"));
    let desk = desk.configured(|config| config.max_bytes -= 1);
    for cursor in [&cursor, &strange] {
        assert!(matches!(desk.source().open(None, Some(cursor)).await, Err(SourceError::Moved(_))));
        assert!(matches!(desk.source().read(cursor).await, Err(SourceError::Moved(_))));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn private_copies_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::with("id\nE1\n");
    open(&desk.source()).await;
    for entry in fs::read_dir(desk.work()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
