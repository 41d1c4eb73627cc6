//! The people of the bench: any number, the same every time.

use std::path::Path;

use anyhow::Context;

const FIRST: [&str; 16] = [
    "Nadia", "Omar", "Lena", "Kofi", "Ines", "Tomás", "Aiko", "Bram", "Chiara", "Deniz", "Eszter", "Faisal",
    "Greta", "Hugo", "Ilse", "Jonas",
];

const LAST: [&str; 15] = [
    "Okoye",
    "Lindqvist",
    "Moreau",
    "Mensah",
    "Carvalho",
    "Tanaka",
    "de Vries",
    "Bianchi",
    "Yılmaz",
    "Nagy",
    "Al-Masri",
    "Vogel",
    "Fernández",
    "Janssen",
    "Keller",
];

const TITLES: [&str; 4] = ["Analyst", "Engineer", "Planner", "Recruiter"];
const NEW_TITLE: &str = "Head of Section";
const DEPARTMENTS: [&str; 5] = ["Treasury", "Engineering", "Operations", "People", "Sales"];

/// What the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct People {
    /// How many there are.
    pub(crate) count: u64,
    /// Of those, how many have another job title than before. They are spread over the file.
    pub(crate) promoted: u64,
    /// Whether the last one stands first.
    pub(crate) backwards: bool,
}

impl People {
    /// Writes them as a CSV file.
    pub(crate) fn write(self, path: &Path) -> anyhow::Result<()> {
        let mut writer =
            csv::Writer::from_path(path).with_context(|| format!("cannot write {}", path.display()))?;
        writer.write_record([
            "employeeId",
            "accountEnabled",
            "displayName",
            "givenName",
            "surname",
            "mail",
            "department",
            "jobTitle",
        ])?;
        for place in 0..self.count {
            let number = if self.backwards { self.count - 1 - place } else { place };
            writer.write_record(self.row(number))?;
        }
        writer.flush()?;
        Ok(())
    }

    fn row(self, number: u64) -> [String; 8] {
        let (given, surname) = (drawn(&FIRST, number), drawn(&LAST, number));
        let title = if self.is_promoted(number) { NEW_TITLE } else { drawn(&TITLES, number) };
        [
            format!("E{number:07}"),
            "true".to_owned(),
            format!("{given} {surname}"),
            given.to_owned(),
            surname.to_owned(),
            format!("person.{number}@tessera.example"),
            drawn(&DEPARTMENTS, number).to_owned(),
            title.to_owned(),
        ]
    }

    /// Every so many are promoted, so that no page of the file is spared.
    fn is_promoted(self, number: u64) -> bool {
        let before = number * self.promoted / self.count;
        let after = (number + 1) * self.promoted / self.count;
        after > before
    }
}

fn drawn<'a>(list: &[&'a str], number: u64) -> &'a str {
    usize::try_from(number).ok().and_then(|number| list.get(number % list.len())).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_promoted_as_asked_for() {
        for (count, promoted) in [(1_000, 100), (1_000, 333), (7, 7), (7, 0), (3, 1)] {
            let people = People { count, promoted, backwards: false };
            let found = (0..count).filter(|number| people.is_promoted(*number)).count() as u64;
            assert_eq!(found, promoted, "of {count}");
        }
    }

    #[test]
    fn backwards_holds_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let lines = |backwards: bool| {
            let path = folder.path().join("people.csv");
            People { count: 20, promoted: 3, backwards }.write(&path).unwrap();
            let text = std::fs::read_to_string(path).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let (mut forwards, mut backwards) = (lines(false), lines(true));
        assert_ne!(forwards, backwards);
        forwards.sort();
        backwards.sort();
        assert_eq!(forwards, backwards);
    }
}
