//! What .NET puts in the place of a match: `$1`, `${name}`, `$&` and their like.
//!
//! What names no group stays as it is written, as in .NET, so that no substitution is wrong. (.NET refuses a number
//! beyond 2,147,483,647 alone, which therefore stands in no configuration.)

use super::Match;
use super::groups::Groups;
use super::parse::is_word;

/// A substitution, ready to be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Substitution(Vec<Part>);

/// A part of a substitution.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// By the engine's index; 0 is the whole match.
    Group(usize),
    Before,
    Behind,
    Whole,
}

impl Substitution {
    /// Reads a substitution, one character for each of .NET's, for a pattern with these groups.
    pub(super) fn read(text: &str, groups: &Groups) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            plain.push_str(before);
            match dollar(behind, groups) {
                Some((Part::Text(text), left)) => {
                    plain.push_str(&text);
                    rest = left;
                }
                Some((part, left)) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(part);
                    rest = left;
                }
                None => {
                    plain.push('$');
                    rest = behind;
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self(parts)
    }

    /// What stands for one match of a text.
    pub(super) fn pieces<'a>(&'a self, text: &'a str, found: &'a Match) -> impl Iterator<Item = &'a str> {
        let part_of = |range: Option<&std::ops::Range<usize>>| {
            range.and_then(|range| text.get(range.clone())).unwrap_or_default()
        };
        let whole = found.whole();
        self.0.iter().map(move |part| match part {
            Part::Text(text) => text.as_str(),
            Part::Group(index) => part_of(found.group(*index).as_ref()),
            Part::Before => part_of(Some(&(0..whole.start))),
            Part::Behind => part_of(Some(&(whole.end..text.len()))),
            Part::Whole => text,
        })
    }
}

/// What follows a dollar sign means, and what is left behind it; `None` when the sign stands for itself.
fn dollar<'t>(text: &'t str, groups: &Groups) -> Option<(Part, &'t str)> {
    let mut characters = text.chars();
    let part = match characters.next()? {
        '$' => Part::Text("$".to_owned()),
        '&' => Part::Group(0),
        '`' => Part::Before,
        '\'' => Part::Behind,
        '+' => Part::Group(groups.last()),
        '_' => Part::Whole,
        '{' => {
            let (name, left) = characters.as_str().split_once('}')?;
            // `${1a}` is neither a number nor a name.
            let is_number = name.starts_with(|c: char| c.is_ascii_digit());
            let group = match is_number {
                true => {
                    groups.numbered(name.parse().ok().filter(|_| name.bytes().all(|b| b.is_ascii_digit()))?)
                }
                false => groups.called(name).filter(|_| name.chars().all(is_word)),
            };
            return Some((Part::Group(group?), left));
        }
        '0'..='9' => {
            // All digits belong to the number: `$10` is group 10, or nothing.
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let (number, left) = text.split_at(end);
            return Some((Part::Group(groups.numbered(number.parse().ok()?)?), left));
        }
        _ => return None,
    };
    Some((part, characters.as_str()))
}
