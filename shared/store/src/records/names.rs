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
use crate::item::Draft;
use crate::{DynamoStore, keys};

/// The longest folded name kept, in characters: longer than any name a directory shows, far below the 1,024 bytes
/// of a range key.
const LONGEST: usize = 200;

/// Words of a name that it is found by. Names have two to four; what has more is a description.
const WORDS: usize = 8;

/// Somebody found by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub source_id: SourceId,
    /// The name that was found; perhaps an earlier one.
    pub name: String,
}

impl DynamoStore {
    /// The people of a job with a name, now or earlier, of which a word begins with `text`, by name.
    ///
    /// # Errors
    /// [`QueryError::ShortName`] when `text` has no two letters.
    pub async fn find_people(&self, job: &JobId, text: &str) -> Result<Vec<Person>, QueryError> {
        let folded = fold(text);
        let Some(pk) = keys::names_like(job, &folded) else {
            return Err(QueryError::ShortName(text.to_owned()));
        };
        let mut people = BTreeMap::new();
        for stored in self.logs.list(&pk, &folded).await? {
            let source_id = SourceId::new(stored.text("source")?);
            let name = stored.text("name")?.to_owned();
            people.entry(source_id.clone()).or_insert(Person { source_id, name });
        }
        let mut people: Vec<Person> = people.into_values().collect();
        people.sort_by(|a, b| (&a.name, &a.source_id).cmp(&(&b.name, &b.source_id)));
        Ok(people)
    }
}

/// The rows under which a name is found.
pub(super) fn rows(job: &JobId, identity: &Identity) -> Vec<Draft> {
    let source = IdHash::of(&identity.source_id);
    let rows = endings(&identity.name).into_iter().filter_map(|ending| {
        let draft = Draft::new(keys::person(job, &ending, source)?);
        Some(draft.text("source", identity.source_id.as_str()).text("name", &identity.name))
    });
    rows.collect()
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
}
