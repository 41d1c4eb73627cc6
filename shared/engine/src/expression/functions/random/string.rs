//! `RandomString`: passwords that meet a policy.

use super::super::text::{number, whole_number};
use super::super::{ArgumentProblem, Arguments, Constant, Evaluated, Outcome, Prepared, Problem};
use super::chance::Chance;

/// The longest text it draws, as documented.
const LONGEST: i64 = 256;

/// Where each argument stands.
const LENGTH: usize = 0;
const FIRST_MINIMUM: usize = 1;
const AVOID: usize = 5;

/// The classes of characters: those of the password policy of Windows.
struct Class {
    parameter: &'static str,
    name: &'static str,
    characters: &'static str,
}

const CLASSES: [Class; 4] = [
    Class { parameter: "MinimumNumbers", name: "digit", characters: "0123456789" },
    Class {
        parameter: "MinimumSpecialCharacters",
        name: "special character",
        characters: r##"~!@#$%^&*_-+=`|\(){}[]:;"'<>,.?/"##,
    },
    Class { parameter: "MinimumCapital", name: "capital letter", characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    Class { parameter: "MinimumLowerCase", name: "small letter", characters: "abcdefghijklmnopqrstuvwxyz" },
];

impl Class {
    fn without(&self, avoided: &str) -> Vec<char> {
        self.characters.chars().filter(|c| !avoided.contains(*c)).collect()
    }
}

/// What is asked for, as far as it is known: everything for a person, the constants when an expression is saved.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wish<'a> {
    pub(super) length: Option<i64>,
    pub(super) minima: [Option<i64>; 4],
    pub(super) avoided: Option<&'a str>,
}

impl Wish<'_> {
    /// What can not be met: which argument is to blame, and why.
    pub(super) fn judge(&self) -> Result<(), (usize, String)> {
        if self.length.is_some_and(|length| !(1..=LONGEST).contains(&length)) {
            return Err((LENGTH, format!("takes 1 to {LONGEST}")));
        }
        if let Some(class) = self.minima.iter().position(|minimum| minimum.is_some_and(|minimum| minimum < 0))
        {
            return Err((FIRST_MINIMUM + class, "takes 0 or more".into()));
        }
        let together = self.minima.iter().flatten().fold(0_i64, |sum, minimum| sum.saturating_add(*minimum));
        if together > self.length.unwrap_or(LONGEST) {
            return Err((LENGTH, "must be at least the sum of the minima, and at most 256".into()));
        }
        self.avoided.map_or(Ok(()), |avoided| self.judge_avoided(avoided))
    }

    fn judge_avoided(&self, avoided: &str) -> Result<(), (usize, String)> {
        let emptied = CLASSES.iter().zip(self.minima).find(|(class, minimum)| {
            minimum.is_some_and(|minimum| minimum > 0) && class.without(avoided).is_empty()
        });
        if let Some((class, _)) = emptied {
            return Err((AVOID, format!("leaves no {}, and {} asks for one", class.name, class.parameter)));
        }
        if CLASSES.iter().all(|class| class.without(avoided).is_empty()) {
            return Err((AVOID, "leaves no character to draw from".into()));
        }
        Ok(())
    }

    /// Draws what meets the wish. The characters beyond the minima come from the classes that have a minimum, or
    /// from all classes when none has.
    pub(super) fn draw(&self, chance: &mut Chance) -> String {
        let avoided = self.avoided.unwrap_or_default();
        let count = |wanted: Option<i64>| usize::try_from(wanted.unwrap_or(0)).unwrap_or(0);
        let minima = self.minima.map(count);
        let is_free = minima.iter().all(|minimum| *minimum == 0);
        let mut drawn = Vec::new();
        let mut pool = Vec::new();
        for (class, minimum) in CLASSES.iter().zip(minima) {
            let characters = class.without(avoided);
            drawn.extend((0..minimum).filter_map(|_| chance.one_of(&characters)));
            if is_free || minimum > 0 {
                pool.extend(characters);
            }
        }
        let missing = count(self.length).saturating_sub(drawn.len());
        drawn.extend((0..missing).filter_map(|_| chance.one_of(&pool)));
        chance.shuffle(&mut drawn);
        drawn.into_iter().collect()
    }
}

/// `RandomString(Length, MinimumNumbers, MinimumSpecialCharacters, MinimumCapital, MinimumLowerCase,
/// CharactersToAvoid)`
pub(super) fn random_string<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let length = Some(whole_number(arguments, LENGTH)?);
    let mut minima = [None; 4];
    for (class, minimum) in minima.iter_mut().enumerate() {
        *minimum = Some(whole_number(arguments, FIRST_MINIMUM + class)?);
    }
    let avoided = arguments.text(AVOID)?.unwrap_or_default();
    let wish = Wish { length, minima, avoided: Some(&avoided) };
    wish.judge()
        .map_err(|(argument, problem)| Problem { argument: Some(argument), ..Problem::new(problem) })?;
    let mut chance = Chance::of(&arguments.context.seed, "RandomString", arguments.place);
    Ok(Evaluated::text(wish.draw(&mut chance)))
}

/// Judges the constants among the arguments.
pub(super) fn constants(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    let avoided = match constants.get(AVOID) {
        Some(Constant::Text(avoided)) => Some(*avoided),
        Some(Constant::Computed) => None,
        Some(Constant::Omitted) | None => Some(""),
    };
    let minima = std::array::from_fn(|class| number(constants, FIRST_MINIMUM + class));
    let wish = Wish { length: number(constants, LENGTH), minima, avoided };
    let refused = |(argument, problem): (usize, String)| {
        let minima = CLASSES.iter().map(|class| class.parameter);
        let mut names = std::iter::once("Length").chain(minima).chain(["CharactersToAvoid"]);
        let name = names.nth(argument).unwrap_or_default();
        super::super::text::refused("RandomString", name, argument, &problem)
    };
    wish.judge().map(|()| Prepared::Nothing).map_err(refused)
}
