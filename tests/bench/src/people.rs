//! The people of the bench: any number, the same every time.

use std::path::Path;

use testkit::people::Person;

const NEW_TITLE: &str = "Head of Section";

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
    pub(crate) fn write(self, path: &Path) -> std::io::Result<()> {
        let numbers =
            (0..self.count).map(|place| if self.backwards { self.count - 1 - place } else { place });
        let people: Vec<Person> = numbers.map(|number| self.person(number)).collect();
        testkit::people::write(path, &people)
    }

    fn person(self, number: u64) -> Person {
        let invented = Person::invented(usize::try_from(number).unwrap_or_default());
        if self.is_promoted(number) { Person { title: NEW_TITLE, ..invented } } else { invented }
    }

    /// Every so many are promoted, so that no page of the file is spared.
    fn is_promoted(self, number: u64) -> bool {
        let before = number * self.promoted / self.count;
        let after = (number + 1) * self.promoted / self.count;
        after > before
    }
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
