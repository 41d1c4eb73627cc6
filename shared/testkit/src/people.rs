//! Invented people, and what happens to some of them.
//!
//! In: how many. Out: the same people every time, as rows of a CSV file. Any likeness is chance: names are drawn
//! from two lists by arithmetic, domains end in `.example`.

use std::io;
use std::path::Path;

const FIRST: [&str; 40] = [
    "Nadia",
    "Omar",
    "Lena",
    "Kofi",
    "Ines",
    "Tomás",
    "Aiko",
    "Bram",
    "Chiara",
    "Deniz",
    "Eszter",
    "Faisal",
    "Greta",
    "Hugo",
    "Ilse",
    "Jonas",
    "Kamala",
    "Luca",
    "Mirela",
    "Nils",
    "Oluwaseun",
    "Priya",
    "Quentin",
    "Ragnhild",
    "Søren",
    "Thandiwe",
    "Uma",
    "Vasil",
    "Wanjiru",
    "Xavier",
    "Yara",
    "Zoltán",
    "Amélie",
    "Björn",
    "Carmen",
    "Dmitri",
    "Elif",
    "Freya",
    "Gustavo",
    "Hana",
];

const LAST: [&str; 37] = [
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
    "Iyer",
    "Rossi",
    "Popescu",
    "Berg",
    "Adeyemi",
    "Sharma",
    "Lefèvre",
    "Haugen",
    "Sørensen",
    "Dlamini",
    "Rao",
    "Petrov",
    "Kamau",
    "Dubois",
    "Haddad",
    "Szabó",
    "Laurent",
    "Nyström",
    "Ortega",
    "Ivanov",
    "Demir",
    "Costa",
];

const TEAMS: [(&str, [&str; 3]); 6] = [
    ("Treasury", ["Analyst", "Treasurer", "Controller"]),
    ("Engineering", ["Engineer", "Senior Engineer", "Staff Engineer"]),
    ("Operations", ["Coordinator", "Operations Manager", "Planner"]),
    ("People", ["Recruiter", "Partner", "Payroll Specialist"]),
    ("Sales", ["Account Executive", "Sales Manager", "Sales Engineer"]),
    ("Support", ["Support Agent", "Support Lead", "Trainer"]),
];

/// One person of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who: the number makes the id and the address.
    pub number: usize,
    /// First name.
    pub given_name: String,
    /// Last name; changes on marriage.
    pub surname: String,
    /// Department.
    pub team: &'static str,
    /// What they do there.
    pub title: &'static str,
    /// Whether the account is switched on.
    pub enabled: bool,
}

impl Person {
    /// The person of a number.
    #[must_use]
    pub fn invented(number: usize) -> Self {
        // Steps prime to the lists' lengths walk through every pair before one repeats.
        let given_name = FIRST[number * 7 % FIRST.len()].to_owned();
        let surname = LAST[(number * 11 + number / FIRST.len()) % LAST.len()].to_owned();
        let (team, titles) = TEAMS[number * 5 % TEAMS.len()];
        Self { number, given_name, surname, team, title: titles[number % titles.len()], enabled: true }
    }

    fn id(&self) -> String {
        format!("E{:07}", self.number)
    }

    fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.surname)
    }

    fn mail(&self) -> String {
        let plain = |name: &str| -> String {
            name.chars().map(ascii).filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
        };
        format!("{}.{}.{}@tessera.example", plain(&self.given_name), plain(&self.surname), self.number)
    }
}

/// The letters of the two lists without their marks, for mail addresses.
fn ascii(letter: char) -> char {
    match letter {
        'á' | 'ã' => 'a',
        'é' | 'è' => 'e',
        'ı' => 'i',
        'ó' | 'ö' | 'ø' => 'o',
        other => other,
    }
}

/// A list of people that changes over time.
#[derive(Debug, Clone)]
pub struct Directory {
    people: Vec<Person>,
    next: usize,
}

/// A prime larger than any directory that changes this way: steps of it visit everyone once.
const STRIDE: usize = 1_000_003;

/// What happened in the directory between two cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    /// New people.
    pub joined: usize,
    /// People with another team and title.
    pub moved: usize,
    /// People with another last name.
    pub married: usize,
    /// People whose account was switched off.
    pub switched_off: usize,
    /// People who are gone.
    pub left: usize,
}

impl Directory {
    /// The first so many people.
    #[must_use]
    pub fn of(people: usize) -> Self {
        Self { people: (1..=people).map(Person::invented).collect(), next: people + 1 }
    }

    /// A fortnight passes: some join, some move, some take another name, some go on leave, some leave.
    pub fn fortnight(&mut self) -> Happened {
        let share = |per_thousand: usize| (self.people.len() * per_thousand / 1_000).max(1);
        let happened = Happened {
            joined: share(12),
            moved: share(20),
            married: share(3),
            switched_off: share(5),
            left: share(4),
        };
        // Every other person from all over the list, each in one group only.
        let count = self.people.len();
        let mut somebody = (0..count).map(|turn| turn * STRIDE % count);
        let mut some = |number: usize| -> Vec<usize> { somebody.by_ref().take(number).collect() };
        let moved = some(happened.moved);
        let married = some(happened.married);
        let off = some(happened.switched_off);
        let left = some(happened.left);
        for position in moved {
            let person = &mut self.people[position];
            let (team, titles) = TEAMS[(person.number * 5 + 1) % TEAMS.len()];
            (person.team, person.title) = (team, titles[(person.number + 1) % titles.len()]);
        }
        for position in married {
            self.people[position].surname = format!("{}-Whitlock", self.people[position].surname);
        }
        for position in off {
            self.people[position].enabled = false;
        }
        let gone: Vec<usize> = left.iter().map(|position| self.people[*position].number).collect();
        self.people.retain(|person| !gone.contains(&person.number));
        for _ in 0..happened.joined {
            self.people.push(Person::invented(self.next));
            self.next += 1;
        }
        happened
    }

    /// Writes the directory as a CSV file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        write(path, &self.people)
    }
}

/// Writes people as a CSV file with a header, in their order.
///
/// # Errors
/// When the file cannot be written.
pub fn write<'a>(path: &Path, people: impl IntoIterator<Item = &'a Person>) -> io::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
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
    for person in people {
        writer.write_record([
            person.id().as_str(),
            if person.enabled { "true" } else { "false" },
            &person.display_name(),
            &person.given_name,
            &person.surname,
            &person.mail(),
            person.team,
            person.title,
        ])?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everyone_has_an_address_of_their_own_in_plain_letters() {
        let directory = Directory::of(1_000);
        let mails: BTreeSet<String> = directory.people.iter().map(Person::mail).collect();
        assert_eq!(mails.len(), 1_000);
        assert!(mails.iter().all(|mail| mail.is_ascii()));
    }

    #[test]
    fn a_fortnight_changes_as_many_people_as_it_says() {
        for size in [10, 100, 1_000, 5_000] {
            let before = Directory::of(size);
            let mut after = before.clone();
            let happened = after.fortnight();
            assert_eq!(after.people.len(), size + happened.joined - happened.left);
            let off = after.people.iter().filter(|person| !person.enabled).count();
            assert_eq!(off, happened.switched_off, "of {size}");
        }
    }
}
