//! Sets of characters: `\w`, `\p{Lu}`, `[a-z-[aeiou]]`. Each is kept as .NET means it and written for the engine
//! without anything left to interpretation.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use super::units::HALVES;

/// A set of characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Class {
    pub(super) negated: bool,
    pub(super) items: Vec<Item>,
    pub(super) minus: Option<Box<Class>>,
}

impl Class {
    /// Whether sets with a name are in it.
    pub(super) fn has_names(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Named(..)))
            || self.minus.as_ref().is_some_and(|minus| minus.has_names())
    }
}

/// A part of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// From one character to another.
    Range(char, char),
    /// Everything else.
    Outside(char, char),
    /// A set that has a name, or everything else.
    Named(Named, bool),
}

/// Sets with a name, as .NET defines them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// `\d`: decimal digits of all scripts.
    Digit,
    /// `\s`: separators of all kinds, the ASCII controls from tab to carriage return, and U+0085.
    Space,
    /// `\w`: letters, non-spacing marks, decimal digits and connectors such as `_`.
    Word,
    /// What `\b` stands at the edge of: `\w` with the two joiners that write no space.
    Boundary,
    /// A general category that the engine calls by the same name.
    Category(&'static str),
}

/// Everything that occurs in a split value. Sets without the rest compile to half the size.
const UNITS: &str = r"[\x{0}-\x{FFFF}\x{10D800}-\x{10DFFF}]";

/// The general categories that .NET knows; `Cs` and `Co` are ranges here.
const CATEGORIES: &[&str] = &[
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps",
    "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cn",
];

/// The blocks that names of people and places are written in, with the bounds .NET gives them. The others are
/// refused; a range says the same.
const BLOCKS: &[(&str, char, char)] = &[
    ("IsBasicLatin", '\0', '\u{7F}'),
    ("IsLatin-1Supplement", '\u{80}', '\u{FF}'),
    ("IsLatinExtended-A", '\u{100}', '\u{17F}'),
    ("IsLatinExtended-B", '\u{180}', '\u{24F}'),
    ("IsIPAExtensions", '\u{250}', '\u{2AF}'),
    ("IsSpacingModifierLetters", '\u{2B0}', '\u{2FF}'),
    ("IsCombiningDiacriticalMarks", '\u{300}', '\u{36F}'),
    ("IsGreek", '\u{370}', '\u{3FF}'),
    ("IsGreekandCoptic", '\u{370}', '\u{3FF}'),
    ("IsCyrillic", '\u{400}', '\u{4FF}'),
    ("IsCyrillicSupplement", '\u{500}', '\u{52F}'),
    ("IsArmenian", '\u{530}', '\u{58F}'),
    ("IsHebrew", '\u{590}', '\u{5FF}'),
    ("IsArabic", '\u{600}', '\u{6FF}'),
    ("IsDevanagari", '\u{900}', '\u{97F}'),
    ("IsThai", '\u{E00}', '\u{E7F}'),
    ("IsGeorgian", '\u{10A0}', '\u{10FF}'),
    ("IsHangulJamo", '\u{1100}', '\u{11FF}'),
    ("IsLatinExtendedAdditional", '\u{1E00}', '\u{1EFF}'),
    ("IsGreekExtended", '\u{1F00}', '\u{1FFF}'),
    ("IsGeneralPunctuation", '\u{2000}', '\u{206F}'),
    ("IsCurrencySymbols", '\u{20A0}', '\u{20CF}'),
    ("IsCJKSymbolsandPunctuation", '\u{3000}', '\u{303F}'),
    ("IsHiragana", '\u{3040}', '\u{309F}'),
    ("IsKatakana", '\u{30A0}', '\u{30FF}'),
    ("IsCJKUnifiedIdeographs", '\u{4E00}', '\u{9FFF}'),
    ("IsHangulSyllables", '\u{AC00}', '\u{D7AF}'),
    ("IsHighSurrogates", HALVES.0, '\u{10DB7F}'),
    ("IsHighPrivateUseSurrogates", '\u{10DB80}', '\u{10DBFF}'),
    ("IsLowSurrogates", '\u{10DC00}', HALVES.1),
    ("IsCJKCompatibilityIdeographs", '\u{F900}', '\u{FAFF}'),
    ("IsHalfwidthandFullwidthForms", '\u{FF00}', '\u{FFEF}'),
];

/// Characters that differ in case only: those beside each other that .NET lowers to the same one, by the rules that
/// hold without a culture. U+0130 is not among them: it lowers to `i` in some cultures only.
static SAME_LETTER: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let mut lowered: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for upper in ('\0'..='\u{FFFF}').filter(|c| c.is_uppercase() || !c.is_lowercase()) {
        let mut lower = upper.to_lowercase();
        if let (Some(only), None) = (lower.next(), lower.next())
            && only != upper
        {
            lowered.entry(only).or_insert_with(|| vec![only]).push(upper);
        }
    }
    lowered.into_values().collect()
});

/// The set of a name in `\p{…}`.
pub(super) fn named(name: &str, negated: bool) -> Option<Class> {
    if let Some(known) = CATEGORIES.iter().find(|known| **known == name) {
        return Some(Class::of(Named::Category(known), negated));
    }
    let (first, last) = match name {
        "Cs" => HALVES,
        // In the reach of .NET's characters there is only this much of it.
        "Co" => ('\u{E000}', '\u{F8FF}'),
        _ => BLOCKS.iter().find(|(known, ..)| *known == name).map(|(_, first, last)| (*first, *last))?,
    };
    let item = if negated { Item::Outside(first, last) } else { Item::Range(first, last) };
    Some(Class { negated: false, items: vec![item], minus: None })
}

/// Whether a set of this name holds some letters in one case only.
pub(super) fn tells_case(name: &str) -> bool {
    matches!(name, "Lu" | "Ll" | "Lt") || name.starts_with("Is")
}

/// The other spellings of a letter, with itself; empty when it has none.
fn spellings(c: char) -> &'static [char] {
    SAME_LETTER.iter().find(|same| same.contains(&c)).map_or(&[], Vec::as_slice)
}

impl Class {
    /// One character, or all its spellings.
    pub(super) fn letter(c: char) -> Option<Self> {
        let items: Vec<_> = spellings(c).iter().map(|c| Item::Range(*c, *c)).collect();
        (!items.is_empty()).then_some(Self { negated: false, items, minus: None })
    }

    /// A set with a name.
    pub(super) fn of(named: Named, negated: bool) -> Self {
        Self { negated: false, items: vec![Item::Named(named, negated)], minus: None }
    }

    /// Takes in the other spellings of what is in it.
    pub(super) fn ignore_case(&mut self) {
        let mut more = Vec::new();
        for same in SAME_LETTER.iter() {
            let holds = |item: &Item| matches!(item, Item::Range(first, last) if same.iter().any(|c| (first..=last).contains(&c)));
            if self.items.iter().any(holds) {
                more.extend(same.iter().map(|c| Item::Range(*c, *c)));
            }
        }
        self.items.append(&mut more);
    }

    /// Writes it in the engine's notation.
    pub(super) fn write(&self, out: &mut String) {
        if self.minus.is_some() {
            out.push('[');
        }
        out.push_str(if self.negated { "[^" } else { "[" });
        for item in &self.items {
            item.write(out);
        }
        out.push(']');
        if let Some(minus) = &self.minus {
            out.push_str("--");
            minus.write(out);
            out.push(']');
        }
    }
}

impl Item {
    fn write(self, out: &mut String) {
        match self {
            Self::Range(first, last) => range(first, last, out),
            Self::Outside(first, last) => {
                out.push_str("[^");
                range(first, last, out);
                out.push(']');
            }
            Self::Named(named, negated) => {
                out.push_str(if negated { "[[^" } else { "[[" });
                match named {
                    Named::Digit => out.push_str(r"\p{Nd}"),
                    Named::Space => out.push_str(r"\x{9}-\x{D}\x{85}\p{Z}"),
                    Named::Word => out.push_str(r"\p{L}\p{Mn}\p{Nd}\p{Pc}"),
                    Named::Boundary => out.push_str(r"\p{L}\p{Mn}\p{Nd}\p{Pc}\x{200C}\x{200D}"),
                    Named::Category(name) => {
                        // Writing into a `String` never fails.
                        let _ = write!(out, r"\p{{{name}}}");
                    }
                }
                let _ = write!(out, "]&&{UNITS}]");
            }
        }
    }
}

fn range(first: char, last: char, out: &mut String) {
    character(first, out);
    if first != last {
        out.push('-');
        character(last, out);
    }
}

/// Writes one character so that it can mean nothing else.
pub(super) fn character(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        let _ = write!(out, r"\x{{{:X}}}", u32::from(c));
    }
}
