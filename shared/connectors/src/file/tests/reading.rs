//! What a sound file gives, and what an unsound row does.

use encoding_rs::{SHIFT_JIS, WINDOWS_1252};
use engine::model::Value;
use engine::ports::{Reading, Source};

use super::*;
use crate::file::{Delimiter, TextEncoding};

#[tokio::test]
async fn every_row_is_a_person_and_every_column_an_attribute() {
    let desk = Desk::with("id,displayName,mail\nE1,Ada Lovelace,ada@x.example\nE2,\"Hopper, Grace\",\n");
    let source = desk.source();
    let reading = open(&source).await;
    assert_eq!(
        (reading.total, reading.attributes),
        (2, ["displayName", "id", "mail"].map(String::from).to_vec())
    );
    let (people, unreadable) = rest(&source, &reading.cursor).await;
    assert!(unreadable.is_empty());
    assert_eq!(ids(&people), ["E1", "E2"]);
    assert_eq!(people[1].display_name.as_deref(), Some("Hopper, Grace"));
    assert!(people.iter().all(|person| person.enabled && !person.soft_deleted));
    let texts = texts(&people[1]);
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), [("displayName", "Hopper, Grace"), ("id", "E2")]);
}

#[tokio::test]
async fn cells_stay_as_they_are_and_only_the_id_is_trimmed() {
    let (people, _) = read_all(&Desk::with("id, title \n E1 ,  Boss \n")).await;
    assert_eq!(ids(&people), ["E1"]);
    assert_eq!(texts(&people[0]).into_iter().collect::<Vec<_>>(), [("id", " E1 "), ("title", "  Boss ")]);
}

#[tokio::test]
async fn a_long_file_comes_in_pages_of_five_hundred() {
    let rows: String = (0..1_201).map(|number| format!("E{number},x\r\n")).collect();
    let desk = Desk::with(format!("id,title\r\n{rows}"));
    let source = desk.source();
    let mut next = Some(open(&source).await.cursor);
    let mut pages = Vec::new();
    while let Some(cursor) = next {
        let page = source.read(&cursor).await.unwrap();
        pages.push(page.objects.len());
        next = page.next;
    }
    assert_eq!(pages, [500, 500, 201]);
    assert_eq!(source.calls(), 1, "pages come from the private copy");
}

#[tokio::test]
async fn five_hundred_very_long_rows_are_more_than_one_page() {
    let cell = "x".repeat(60 * 1024);
    let rows: String = (0..300).map(|number| format!("E{number},{cell}\n")).collect();
    let desk = Desk::with(format!("id,picture\n{rows}"));
    let source = desk.source();
    let first = source.read(&open(&source).await.cursor).await.unwrap();
    assert!((100..200).contains(&first.objects.len()), "{}", first.objects.len());
    assert_eq!(first.objects.len() + rest(&source, &first.next.unwrap()).await.0.len(), 300);
}

#[tokio::test]
async fn the_enabled_column_understands_the_usual_words_and_guesses_none() {
    let cases = [
        ("true", Some(true)),
        ("TRUE", Some(true)),
        (" Yes ", Some(true)),
        ("y", Some(true)),
        ("1", Some(true)),
        ("Active", Some(true)),
        ("enabled", Some(true)),
        ("false", Some(false)),
        ("No", Some(false)),
        ("N", Some(false)),
        ("0", Some(false)),
        ("INACTIVE", Some(false)),
        ("disabled", Some(false)),
        ("", None),
        ("  ", None),
        ("terminated", None),
        ("2", None),
    ];
    for (cell, expected) in cases {
        let desk =
            Desk::with(format!("id,on\nE1,{cell}\n")).configured(|config| config.enabled = Some("on".into()));
        let (people, unreadable) = read_all(&desk).await;
        assert_eq!(people.first().map(|person| person.enabled), expected, "'{cell}'");
        if expected.is_none() {
            let [row] = &unreadable[..] else { panic!("'{cell}' should be unreadable") };
            assert_eq!((row.place.as_str(), row.id.as_ref().unwrap().as_str()), ("people.csv line 2", "E1"));
            assert!(
                row.reason.contains("'on'") && row.reason.contains("write true or false"),
                "{}",
                row.reason
            );
        }
    }
}

#[tokio::test]
async fn lists_are_split_only_in_the_columns_named() {
    let desk = Desk::with("id,groups,title\nE1,a| b ||c,x|y\nE2,|,z\n").configured(|config| {
        config.delimiter = Delimiter::Comma;
        config.list_separator = Some("|".into());
        config.lists = vec!["groups".into()];
    });
    let (people, _) = read_all(&desk).await;
    assert_eq!(people[0].attributes["groups"], Value::List(["a", "b", "c"].map(Value::text).to_vec()));
    assert_eq!(people[0].attributes["title"], Value::text("x|y"));
    assert!(!people[1].attributes.contains_key("groups"), "a list without values is absent");
}

#[tokio::test]
async fn the_display_name_comes_from_the_column_named_for_it() {
    let desk = Desk::with("id,displayName,name\nE1,Wrong,Right\nE2,Wrong,\n")
        .configured(|config| config.display_name = Some("name".into()));
    let (people, _) = read_all(&desk).await;
    assert_eq!(people[0].display_name.as_deref(), Some("Right"));
    assert_eq!(people[1].display_name, None);
}

#[tokio::test]
async fn the_delimiter_is_the_one_that_makes_the_id_column_appear() {
    let cases = [
        ("id,title\nE1,a;b\n", "a;b"),
        ("id;title;x,y\nE1;a,b;\n", "a,b"),
        ("name\tid\ttitle\nx\tE1\ta\n", "a"),
        ("id|title\nE1|a,b\n", "a,b"),
        ("\"id\";\"title\"\n\"E1\";\"a;b\"\n", "a;b"),
        ("id;x,\"\";title\nE1;;a\n", "a"),
        ("id;x,\"y;title\nE1;;a\n", "a"),
    ];
    for (text, title) in cases {
        let (people, unreadable) = read_all(&Desk::with(text)).await;
        assert!(unreadable.is_empty(), "{text}: {unreadable:?}");
        assert_eq!(texts(&people[0])["title"], title, "{text}");
    }
}

#[tokio::test]
async fn a_file_of_ids_alone_needs_no_delimiter() {
    assert_eq!(ids(&read_all(&Desk::with("id\nE1\nE2")).await.0), ["E1", "E2"]);
}

#[tokio::test]
async fn text_is_understood_whatever_its_encoding() {
    let text = "id,name\nE1,Zoë Müller\nE2,José Núñez\nE3,François Lefèvre\n";
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    let little = || text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let big = || text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let cases = [
        ("auto", text.as_bytes().to_vec()),
        ("auto", marked(b"\xEF\xBB\xBF", text.as_bytes().to_vec())),
        ("auto", marked(b"\xFF\xFE", little())),
        ("auto", marked(b"\xFE\xFF", big())),
        ("utf-16le", little()),
        ("utf-16le", marked(b"\xFF\xFE", little())),
        ("windows-1252", marked(b"\xEF\xBB\xBF", text.as_bytes().to_vec())),
        ("windows-1252", WINDOWS_1252.encode(text).0.into_owned()),
        ("latin1", WINDOWS_1252.encode(text).0.into_owned()),
        ("auto", WINDOWS_1252.encode(text).0.into_owned()),
    ];
    for (position, (encoding, bytes)) in cases.into_iter().enumerate() {
        let encoding = TextEncoding::try_from(encoding.to_owned()).unwrap();
        let desk = Desk::with(bytes).configured(|config| config.encoding = encoding);
        let (people, _) = read_all(&desk).await;
        let names: Vec<&str> = people.iter().map(|person| texts(person)["name"]).collect();
        assert_eq!(names, ["Zoë Müller", "José Núñez", "François Lefèvre"], "case {position}");
    }
}

#[tokio::test]
async fn an_asian_encoding_is_guessed_from_the_names() {
    let text = "id,name\nE1,山田太郎\nE2,鈴木花子\nE3,佐藤健一\nE4,高橋美咲\n";
    let (people, _) = read_all(&Desk::with(SHIFT_JIS.encode(text).0)).await;
    assert_eq!(texts(&people[0])["name"], "山田太郎");
}

#[tokio::test]
async fn lines_are_counted_through_quoted_line_ends_and_blank_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let lines =
            ["", "id,note", "E1,\"one", "two", "three\"", "", "E2", ",,", "\"E3\",\"a\"\"b\"", "", "E4"];
        let (people, unreadable) = read_all(&Desk::with(lines.join(end))).await;
        let places: Vec<&str> = unreadable.iter().map(|row| row.place.as_str()).collect();
        assert_eq!(ids(&people), ["E1", "E3"], "{end:?}");
        assert_eq!(texts(&people[0])["note"], ["one", "two", "three"].join(end));
        assert_eq!(texts(&people[1])["note"], "a\"b");
        assert_eq!(places, ["people.csv line 7", "people.csv line 11"], "{end:?}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_understood_fails_alone_with_its_line_and_cure() {
    let long = format!("E1,{}\n", "x".repeat(64 * 1024 + 1));
    let cases = [
        ("E1\n", None, "1 cells where the header has 2"),
        ("E1,a,b\n", None, "3 cells where the header has 2"),
        (" ,a\n", None, "column 'id' is empty"),
        ("E1,\"a\" b\n", None, "double quotation marks"),
        (long.as_str(), None, "cell 2 is longer than 65536 bytes"),
    ];
    for (row, id, reason) in cases {
        let (people, unreadable) = read_all(&Desk::with(format!("id,title\n{row}E9,fine\n"))).await;
        assert_eq!(ids(&people), ["E9"], "{row:.20}");
        let [found] = &unreadable[..] else { panic!("{row:.20} should be unreadable") };
        assert_eq!(
            (found.place.as_str(), found.id.as_ref().map(engine::model::SourceId::as_str)),
            ("people.csv line 2", id)
        );
        assert!(found.reason.contains(reason), "{}", found.reason);
    }
}

#[tokio::test]
async fn a_stray_quotation_mark_that_swallows_the_next_row_does_not_pass_unseen() {
    let (people, unreadable) = read_all(&Desk::with("id,title\nE1,\"abc\nE2,\"def\"\nE3,x\n")).await;
    assert_eq!(ids(&people), ["E3"]);
    assert_eq!(unreadable[0].place, "people.csv line 2");
}

#[tokio::test]
async fn nameless_columns_at_the_end_must_be_empty() {
    let (people, unreadable) = read_all(&Desk::with("id,title,,\nE1,a,,\nE2,b,,lost\n")).await;
    assert_eq!(ids(&people), ["E1"]);
    assert_eq!(texts(&people[0]).len(), 2);
    assert!(unreadable[0].reason.contains("cell 4 has a value"), "{}", unreadable[0].reason);
}

#[tokio::test]
async fn a_header_without_rows_is_a_reading_of_nobody() {
    for text in ["id,title", "id,title\n", "id,title\n\n,\n"] {
        let desk = Desk::with(text);
        let source = desk.source();
        let reading = open(&source).await;
        assert_eq!(reading.total, 0, "{text:?}");
        assert_eq!(source.read(&reading.cursor).await.unwrap(), engine::ports::SourcePage::default());
    }
}

#[tokio::test]
async fn the_same_content_is_unchanged_even_when_the_file_was_written_again() {
    let desk = Desk::with("id\nE1\n");
    let watermark = open(&desk.source()).await.watermark;
    desk.write("id\nE1\n");
    let source = desk.source();
    assert_eq!(source.open(Some(&watermark), None).await.unwrap(), Reading::Unchanged { watermark: None });
    assert_eq!(source.calls(), 1);
    desk.write("id\nE2\n");
    let changed = full(source.open(Some(&watermark), None).await.unwrap());
    assert_ne!(changed.watermark, watermark);
}

#[tokio::test]
async fn another_configuration_makes_another_reading_of_the_same_file() {
    let desk = Desk::with("id,on\nE1,no\n");
    let watermark = open(&desk.source()).await.watermark;
    let desk = desk.configured(|config| config.enabled = Some("on".into()));
    let source = desk.source();
    let reading = full(source.open(Some(&watermark), None).await.unwrap());
    assert!(!rest(&source, &reading.cursor).await.0[0].enabled);
}

#[tokio::test]
async fn a_watermark_of_another_shape_means_a_first_reading() {
    let desk = Desk::with("id\nE1\n");
    let strange = Watermark(serde_json::json!({"deltaLink": "https://graph.example"}));
    assert_eq!(full(desk.source().open(Some(&strange), None).await.unwrap()).total, 1);
}
