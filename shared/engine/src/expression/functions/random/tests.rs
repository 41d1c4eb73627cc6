//! What the random functions promise.

use proptest::prelude::*;

use super::super::testing::{evaluate, text_of};
use super::super::text::tests::{examples_work, fails};
use super::chance::Chance;
use super::string::Wish;

const SEED: [u8; 32] = [7; 32];

#[test]
fn every_example_works_as_it_stands() {
    examples_work(super::FUNCTIONS);
}

#[test]
fn a_guid_is_a_version_4_uuid_in_lower_case() {
    let drawn = text_of("Guid()").unwrap();
    let id: uuid::Uuid = drawn.parse().unwrap();
    assert_eq!(id.get_version(), Some(uuid::Version::Random));
    assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    assert_eq!(id.hyphenated().to_string(), drawn);
}

#[test]
fn a_call_draws_the_same_again_and_its_neighbour_something_else() {
    for call in ["Guid()", "RandomString(16, 2, 2, 2, 2)"] {
        let expression = format!(r#"Join(" ", {call}, {call})"#);
        let drawn = text_of(&expression).unwrap();
        assert_eq!(text_of(&expression).unwrap(), drawn);
        let (first, second) = drawn.split_once(' ').unwrap();
        assert_ne!(first, second);
    }
}

#[test]
fn a_draw_never_changes_between_versions() {
    // A page that is replayed after an update must write what it wrote before.
    assert_eq!(text_of("Guid()").unwrap(), "9ef49dde-0a29-4c73-8c54-74732cde1df5");
    assert_eq!(text_of("RandomString(16, 2, 2, 2, 2)").unwrap(), "}?bDZ3GjNbJp3Ha%");
}

#[test]
fn beyond_the_minima_characters_come_from_the_classes_that_have_one() {
    let drawn = text_of("RandomString(6, 3, 0, 0, 3)").unwrap();
    assert_eq!(drawn.chars().filter(char::is_ascii_digit).count(), 3, "{drawn}");
    assert_eq!(drawn.chars().filter(char::is_ascii_lowercase).count(), 3, "{drawn}");
    let digits = text_of("RandomString(256, 1, 0, 0, 0)").unwrap();
    assert!(digits.len() == 256 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
    let anything = text_of("RandomString(256, 0, 0, 0, 0)").unwrap();
    for test in [u8::is_ascii_digit, u8::is_ascii_punctuation, u8::is_ascii_uppercase, u8::is_ascii_lowercase]
    {
        assert!(anything.bytes().any(|byte| test(&byte)), "{anything}");
    }
}

#[test]
fn a_wish_that_cannot_be_met_is_refused_when_it_is_saved() {
    for (arguments, column, problem) in [
        ("0, 0, 0, 0, 0", 14, "'Length' of RandomString takes 1 to 256"),
        ("257, 0, 0, 0, 0", 14, "'Length' of RandomString takes 1 to 256"),
        ("8, -1, 0, 0, 0", 17, "'MinimumNumbers' of RandomString takes 0 or more"),
        ("8, 0, 0, 0, -1", 26, "'MinimumLowerCase' of RandomString takes 0 or more"),
        (
            "8, 3, 3, 3, 0",
            14,
            "'Length' of RandomString must be at least the sum of the minima, and at most 256",
        ),
        (
            "[number], 200, 57, 0, 0",
            14,
            "'Length' of RandomString must be at least the sum of the minima, and at most 256",
        ),
        (
            "8, 9, [number], 0, 0",
            14,
            "'Length' of RandomString must be at least the sum of the minima, and at most 256",
        ),
        (
            r#"8, 1, 0, 0, 0, "0123456789""#,
            29,
            "'CharactersToAvoid' of RandomString leaves no digit, and MinimumNumbers asks for one",
        ),
        ("x, 1, 0, 0, 0", 14, "'x' stands alone; write [x] for the attribute or \"x\" for the text"),
    ] {
        let sentence = format!("column {column}: {problem}");
        fails(&[(&format!("RandomString({arguments})"), &sentence)]);
    }
}

#[test]
fn a_wish_that_only_a_persons_values_spoil_fails_the_person() {
    for (arguments, problem) in [
        ("[zero], 0, 0, 0, 0", "'Length' takes 1 to 256"),
        ("[number], 8, 0, 0, 0", "'Length' must be at least the sum of the minima, and at most 256"),
        ("[absent], 0, 0, 0, 0", "'Length' takes a whole number, and what it is given has no value"),
        (
            "8, 1, 0, 0, 0, ConvertToUTF8Hex(\"\u{1}\u{23}Eg\u{89}\")",
            "'CharactersToAvoid' leaves no digit, and MinimumNumbers asks for one",
        ),
    ] {
        fails(&[(&format!("RandomString({arguments})"), &format!("RandomString: {problem}"))]);
    }
}

#[test]
fn avoiding_everything_leaves_nothing_to_draw() {
    let everything: String = (' '..='~').collect();
    let wish = Wish { length: Some(8), minima: [Some(0); 4], avoided: Some(&everything) };
    assert_eq!(wish.judge(), Err((5, "leaves no character to draw from".into())));
    // What nobody asked for may be avoided altogether.
    let letters_and_signs: String = ('!'..='~').filter(|c| !c.is_ascii_digit()).collect();
    let wish = Wish { avoided: Some(&letters_and_signs), ..wish };
    assert_eq!(wish.judge(), Ok(()));
    let drawn = draw(&wish, &SEED, 0);
    assert!(drawn.len() == 8 && drawn.bytes().all(|byte| byte.is_ascii_digit()), "{drawn}");
}

#[test]
fn every_special_character_of_the_policy_is_drawn_and_no_other() {
    let wish = Wish { length: Some(256), minima: [Some(0), Some(256), Some(0), Some(0)], avoided: None };
    let mut drawn: Vec<char> =
        (0..40).flat_map(|place| draw(&wish, &SEED, place).chars().collect::<Vec<_>>()).collect();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn, ('!'..='~').filter(char::is_ascii_punctuation).collect::<Vec<_>>());
}

#[test]
fn draws_are_even() {
    // 30,000 draws of 10 digits: 3,000 each, with a standard deviation of 52.
    let mut chance = Chance::of(&SEED, "test", 0);
    let mut counts = [0_u32; 10];
    for _ in 0..30_000 {
        counts[chance.below(10) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (2_740..=3_260).contains(count)), "{counts:?}");
    assert_eq!((chance.below(1), chance.below(0), chance.one_of(&[])), (0, 0, None));
}

#[test]
fn a_shuffle_reaches_every_order_evenly() {
    // 6,000 shuffles of 3 characters: 1,000 of each of 6 orders, with a standard deviation of 29.
    let mut chance = Chance::of(&SEED, "test", 1);
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..6_000 {
        let mut order = ['a', 'b', 'c'];
        chance.shuffle(&mut order);
        *counts.entry(order).or_insert(0) += 1;
    }
    assert!(counts.len() == 6 && counts.values().all(|count| (850..=1_150).contains(count)), "{counts:?}");
}

#[test]
fn arguments_may_be_computed() {
    let drawn = evaluate(r#"RandomString(InStr("abcdefgh", "h"), "1", 1, 1, 1, )"#).unwrap().unwrap();
    assert_eq!(drawn.to_string().len(), 8);
}

fn draw(wish: &Wish<'_>, seed: &[u8; 32], place: usize) -> String {
    wish.draw(&mut Chance::of(seed, "RandomString", place))
}

proptest! {
    #[test]
    fn what_is_drawn_meets_the_wish(
        seed in any::<[u8; 32]>(),
        place in 0..10_000_usize,
        minima in any::<[u8; 4]>().prop_map(|minima| minima.map(|minimum| i64::from(minimum % 65))),
        more in 0..257_i64,
        avoided in "[ -~é]{0,12}",
    ) {
        let length = (minima.iter().sum::<i64>() + more).clamp(1, 256);
        let wish = Wish { length: Some(length), minima: minima.map(Some), avoided: Some(&avoided) };
        prop_assume!(wish.judge().is_ok());
        let text = draw(&wish, &seed, place);
        prop_assert_eq!(text.chars().count(), length as usize);
        prop_assert!(!text.contains(|c| avoided.contains(c)));
        let tests = [u8::is_ascii_digit, u8::is_ascii_punctuation, u8::is_ascii_uppercase, u8::is_ascii_lowercase];
        for (test, minimum) in tests.iter().zip(minima) {
            prop_assert!(text.bytes().filter(test).count() >= minimum as usize);
        }
        prop_assert_eq!(draw(&wish, &seed, place), text);
    }

    #[test]
    fn another_place_or_seed_draws_another_text(seed in any::<[u8; 32]>(), place in 0..10_000_usize) {
        let wish = Wish { length: Some(20), minima: [Some(1); 4], avoided: None };
        let mut other = seed;
        other[31] ^= 1;
        let drawn = draw(&wish, &seed, place);
        prop_assert_ne!(&draw(&wish, &seed, place + 1), &drawn);
        prop_assert_ne!(&draw(&wish, &other, place), &drawn);
    }
}
