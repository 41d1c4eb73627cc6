//! Finding a person's log by name: one small row for each word their name has, kept for ever, so that old names
//! keep finding.
//!
//! "Nadia El-Sayed" is found by `nad`, `Nadia el`, `sayed` and `SAYÉD`. Names are folded: case and accents go,
//! letters and digits stay, everything else is a space.

use std::collections::BTreeMap;

use engine::ids::IdHash;
use engine::model::{JobId, SourceId};
use engine::ports::Identity;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::read::QueryError;
use crate::item::{Draft, Stored};
use crate::table::failed;
use crate::{DynamoStore, keys};

/// The longest folded name kept, in characters: longer than any name a directory shows, far below the 1,024 bytes
/// of a range key.
const LONGEST: usize = 200;

/// Words of a name that it is found by. Names have two to four; what has more is a description.
const WORDS: usize = 8;

/// Rows read at once: three for each of a hundred people, more than most have.
const ROWS_AT_ONCE: i32 = 300;

/// Somebody found by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub source_id: SourceId,
    /// The name that was found; perhaps an earlier one.
    pub name: String,
}

impl DynamoStore {
    /// The people of a job with a name, now or earlier, of which a word begins with `text`, by name; at most `most`.
    ///
    /// # Errors
    /// [`QueryError::ShortName`] when `text` has no two letters, [`QueryError::ManyPeople`] when there are more.
    pub async fn find_people(&self, job: &JobId, text: &str, most: usize) -> Result<Vec<Person>, QueryError> {
        let folded = fold(text);
        let Some(pk) = keys::names_like(job, &folded) else {
            return Err(QueryError::ShortName(text.to_owned()));
        };
        let mut people = BTreeMap::new();
        let mut pages = self.logs.pages(&pk, &folded, Some(ROWS_AT_ONCE)).send();
        while let Some(page) = pages.next().await {
            for item in page.map_err(failed("searching for a name"))?.items.unwrap_or_default() {
                let stored = Stored::read(item)?;
                let source_id = SourceId::new(stored.text("source")?);
                let name = stored.text("name")?.to_owned();
                people.entry(source_id.clone()).or_insert(Person { source_id, name });
            }
            // Two letters may begin the names of thousands, and nobody is shown them.
            if people.len() > most {
                return Err(QueryError::ManyPeople { text: text.to_owned(), most });
            }
        }
        let mut people: Vec<Person> = people.into_values().collect();
        people.sort_by(|a, b| (&a.name, &a.source_id).cmp(&(&b.name, &b.source_id)));
        Ok(people)
    }
}

/// The rows under which people are found by these names.
pub(super) fn rows(job: &JobId, names: &[Identity]) -> Vec<Draft> {
    let rows = needed(names).into_iter().filter_map(|(ending, Identity { source_id, name })| {
        let draft = Draft::new(keys::person(job, &ending, IdHash::of(source_id))?);
        Some(draft.text("source", source_id.as_str()).text("name", name))
    });
    rows.collect()
}

/// The endings people are found by, each with the name that is shown: the first of theirs that it finds. What another
/// ending of the same person begins with is not needed: who looks for `sayed` finds `sayed example com`. A name and a
/// sign-in name mostly agree, so that this leaves about half.
fn needed(names: &[Identity]) -> Vec<(String, &Identity)> {
    let mut all: BTreeMap<(&SourceId, String), usize> = BTreeMap::new();
    for (place, identity) in names.iter().enumerate() {
        for ending in endings(&identity.name) {
            all.entry((&identity.source_id, ending)).or_insert(place);
        }
    }
    let mut needed = Vec::with_capacity(all.len());
    let mut all = all.into_iter().peekable();
    while let Some(((person, ending), place)) = all.next() {
        // In order, what an ending begins comes right after it, if anything does.
        match all.peek_mut() {
            Some(((other, longer), shown)) if *other == person && longer.starts_with(&ending) => {
                *shown = place.min(*shown);
            }
            _ => needed.push((ending, &names[place])),
        }
    }
    needed
}

/// The folded name from each of its words on. Of a sign-in name the part after the `@` begins no word: everybody
/// has it.
fn endings(name: &str) -> Vec<String> {
    let folded = fold(name);
    let own = name.split_once('@').map_or(folded.len(), |(own, _)| fold(own).len());
    let starts = folded.match_indices(' ').map(|(space, _)| space + 1).filter(|start| *start < own);
    let starts = std::iter::once(0).chain(starts).take(WORDS);
    starts.map(|start| folded[start..].to_owned()).filter(|ending| !ending.is_empty()).collect()
}

/// Whether it has too few letters to look for a name by.
pub(super) fn is_short(text: &str) -> bool {
    fold(text).chars().nth(1).is_none()
}

/// Folds case and accents; single spaces between words.
pub(super) fn fold(text: &str) -> String {
    let letters: String = text
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .collect();
    let plain: String = letters.split_whitespace().collect::<Vec<_>>().join(" ");
    plain.chars().flat_map(plain_letters).take(LONGEST).collect::<String>().trim_end().to_owned()
}

/// Letters that are written with a stroke or a ligature rather than an accent, as people without them type them.
fn plain_letters(letter: char) -> Vec<char> {
    match letter {
        'ß' => vec!['s', 's'],
        'æ' => vec!['a', 'e'],
        'œ' => vec!['o', 'e'],
        'ø' => vec!['o'],
        'đ' | 'ð' => vec!['d'],
        'ł' => vec!['l'],
        'þ' => vec!['t', 'h'],
        'ħ' => vec!['h'],
        'ı' => vec!['i'],
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_fold_case_accents_and_punctuation() {
        let cases = [
            ("Nadia El-Sayed", "nadia el sayed"),
            ("  ZOË   O'Neill ", "zoe o neill"),
            ("Łukasz Żółć", "lukasz zolc"),
            ("Søren Groß", "soren gross"),
            ("İpek Işık", "ipek isik"),
            ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
            ("李小龍", "李小龍"),
            ("ada@example.com", "ada example com"),
            ("…", ""),
        ];
        for (name, folded) in cases {
            assert_eq!(fold(name), folded, "{name}");
        }
    }

    #[test]
    fn a_name_is_found_from_each_of_its_words_on() {
        let cases: [(&str, &[&str]); 5] = [
            ("Nadia El-Sayed", &["nadia el sayed", "el sayed", "sayed"]),
            ("nadia.sayed@example.com", &["nadia sayed example com", "sayed example com"]),
            ("Cher", &["cher"]),
            ("@", &[]),
            (
                "a b c d e f g h i j",
                &[
                    "a b c d e f g h i j",
                    "b c d e f g h i j",
                    "c d e f g h i j",
                    "d e f g h i j",
                    "e f g h i j",
                    "f g h i j",
                    "g h i j",
                    "h i j",
                ],
            ),
        ];
        for (name, expected) in cases {
            assert_eq!(endings(name), expected, "{name}");
        }
    }

    type Pairs = &'static [(&'static str, &'static str)];

    fn names(names: &[(&str, &str)]) -> Vec<Identity> {
        let identity = |(person, name): &(&str, &str)| Identity {
            source_id: SourceId::new(*person),
            name: (*name).to_owned(),
        };
        names.iter().map(identity).collect()
    }

    #[test]
    fn what_another_ending_of_the_same_person_begins_with_is_not_needed() {
        let cases: [(Pairs, Pairs); 4] = [
            (
                &[("1", "Nadia Sayed"), ("1", "nadia.sayed@example.com")],
                &[("nadia sayed example com", "Nadia Sayed"), ("sayed example com", "Nadia Sayed")],
            ),
            (
                &[("1", "Nadia Sayed"), ("2", "nadia.sayed@example.com")],
                &[
                    ("nadia sayed", "Nadia Sayed"),
                    ("sayed", "Nadia Sayed"),
                    ("nadia sayed example com", "nadia.sayed@example.com"),
                    ("sayed example com", "nadia.sayed@example.com"),
                ],
            ),
            (&[("1", "Ann"), ("1", "Annis"), ("1", "Annette")], &[("annette", "Ann"), ("annis", "Annis")]),
            (&[("1", "Ann Ann")], &[("ann ann", "Ann Ann")]),
        ];
        for (given, expected) in cases {
            let given = names(given);
            let found = needed(&given);
            let found: Vec<_> =
                found.iter().map(|(ending, id)| (ending.as_str(), id.name.as_str())).collect();
            assert_eq!(found, expected);
        }
    }

    proptest! {
        #[test]
        fn leaving_endings_out_hides_nobody(
            given in prop::collection::vec(("[12]", "[ab]{1,3}( [ab]{1,3}){0,2}(@b)?"), 0..6),
            text in "[ab]{1,3}( [ab]{1,3})?",
        ) {
            let given: Vec<(&str, &str)> = given.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
            let given = names(&given);
            let all: BTreeSet<&SourceId> = given
                .iter()
                .filter(|identity| endings(&identity.name).iter().any(|ending| ending.starts_with(&text)))
                .map(|identity| &identity.source_id)
                .collect();
            let found: BTreeSet<&SourceId> = needed(&given)
                .into_iter()
                .filter(|(ending, _)| ending.starts_with(&text))
                .map(|(_, identity)| &identity.source_id)
                .collect();
            prop_assert_eq!(found, all);
        }
    }
}
