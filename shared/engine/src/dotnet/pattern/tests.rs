//! What .NET does with a pattern, and what is refused instead of done differently.

use std::time::Instant;

use proptest::prelude::*;

use super::differ::Difference;
use super::*;

/// The value with every match put between angles.
fn marked(pattern: &str, value: &str) -> String {
    substituted(pattern, value, "<$&>")
}

fn substituted(pattern: &str, value: &str, by: &str) -> String {
    let pattern = Pattern::search(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let replaced = pattern.replace_all(value, &pattern.substitution(by)).unwrap();
    replaced.unwrap_or_else(|| value.to_owned())
}

fn refused(pattern: &str) -> String {
    Pattern::search(pattern).map(|_| pattern.to_owned()).unwrap_err().to_string()
}

fn check(cases: &[(&str, &str, &str)]) {
    for (pattern, value, expected) in cases {
        assert_eq!(marked(pattern, value), *expected, "{pattern} on {value:?}");
    }
}

#[test]
fn places_mean_what_dotnet_means() {
    check(&[
        // (pattern, value, the value with its matches between angles)
        ("^a$", "a", "<a>"),
        ("^a$", "a\n", "<a>\n"),
        ("^a$", "a\n\n", "a\n\n"),
        (r"^a\z", "a\n", "a\n"),
        (r"^a\Z", "a\n", "<a>\n"),
        ("(?m)^a$", "a\nab\na", "<a>\nab\n<a>"),
        ("(?m)^", "a\n", "<>a\n<>"),
        (r"\Aa", "aa", "<a>a"),
        (r"\bb", "ab b", "ab <b>"),
        (r"\Bb", "ab b", "a<b> b"),
        // A zero width joiner belongs to a word for \b, and not for \w; a spacing mark to neither.
        (r"a\b", "a\u{200D}", "a\u{200D}"),
        (r"a\b", "a\u{903}", "<a>\u{903}"),
        // A part may begin in the middle of a value without seeing a border there.
        (r"b\b|a", "ab", "<a><b>"),
        ("(?<=a)b", "ab", "a<b>"),
    ]);
}

#[test]
fn sets_mean_what_dotnet_means() {
    check(&[
        (".", "a\r\n\u{2028}", "<a><\r>\n<\u{2028}>"),
        ("(?s).", "a\n", "<a><\n>"),
        (r"\d", "7٣½²", "<7><٣>½²"),
        (r"\D", "7a", "7<a>"),
        (r"\w", "aÉ_-٣ˣ", "<a><É><_>-<٣><ˣ>"),
        // Non-spacing marks belong to words; spacing ones, letter numbers and joiners do not.
        (r"\w", "\u{301}\u{903}Ⅷ\u{200D}", "<\u{301}>\u{903}Ⅷ\u{200D}"),
        (r"\W", "a-", "a<->"),
        (
            r"\s",
            " \u{A0}\u{85}\u{B}\u{2003}\u{200B}\u{1F}",
            "< ><\u{A0}><\u{85}><\u{B}><\u{2003}>\u{200B}\u{1F}",
        ),
        (r"[^\s\w]", "a -", "a <->"),
        (r"[\W\d]", "a1-", "a<1><->"),
        (r"\p{Lu}\P{Lu}", "aBcD", "a<Bc>D"),
        (r"[\p{Nd}\p{Pd}]", "a-1", "a<-><1>"),
        (r"[^\P{Ll}b]", "abA", "<a>bA"),
        (r"\p{IsGreek}", "aλ", "a<λ>"),
        (r"[\P{IsBasicLatin}a]", "abé", "<a>b<é>"),
        (r"\p{Sc}", "a€", "a<€>"),
        (r"\p{Co}", "\u{E000}a", "<\u{E000}>a"),
        (r"[\p{C}-[\p{Cs}]]", "\u{E000}a\t", "<\u{E000}>a<\t>"),
    ]);
}

#[test]
fn classes_are_read_as_dotnet_reads_them() {
    check(&[
        ("[a-z-[aeiou]]", "abe", "a<b>e"),
        ("[^a-c-[x]]", "abxy", "abx<y>"),
        (r"[\w-[\d-[5]]]", "a45", "<a>4<5>"),
        ("[]a]", "]ab", "<]><a>b"),
        ("[^]a]", "]ab", "]a<b>"),
        ("[[a]", "[a]", "<[><a>]"),
        ("[a-]", "a-b", "<a><->b"),
        ("[-a]", "a-b", "<a><->b"),
        (r"[\w-]", "a-!", "<a><->!"),
        (r"[a\-c]", "abc-", "<a>b<c><->"),
        ("[&&a]", "&a", "<&><a>"),
        ("[~~a]", "~a", "<~><a>"),
        ("[+--]", "+,-.", "<+><,><->."),
        ("[^^]", "^a", "^<a>"),
        (r"[\]\\]", r"]\a", r"<]><\>a"),
        (r"[\b]", "\u{8}b", "<\u{8}>b"),
        (r"[\x41-\x43\u0064]", "ABdD", "<A><B><d>D"),
        ("(?x)[ #]", " #", "< ><#>"),
        ("[(?i)]", "?I", "<?>I"),
    ]);
}

#[test]
fn escapes_are_read_as_dotnet_reads_them() {
    check(&[
        (r"\@\-\ \#\~\<\'\!\%\&", "@- #~<'!%&", "<@- #~<'!%&>"),
        (r"\.\*\+\?\(\)\[\]\{\}\|\^\$\\\/", r".*+?()[]{}|^$\/", r"<.*+?()[]{}|^$\/>"),
        (r"\t\n\r\f\v\a\e\0", "\t\n\r\u{C}\u{B}\u{7}\u{1B}\0", "<\t\n\r\u{C}\u{B}\u{7}\u{1B}\0>"),
        (r"\x41\u00e9\101\cI", "AéA\t", "<AéA\t>"),
        // Three octal digits at most, of which eight bits count; a number that no group has is octal.
        (r"\0101|\40|\400", "\u{8}1 \0", "<\u{8}1>< ><\0>"),
        (r"(a)\1", "aa", "<aa>"),
        (r"(a)\11", "a\t", "<a\t>"),
    ]);
}

#[test]
fn quantifiers_and_braces_are_read_as_dotnet_reads_them() {
    check(&[
        ("a{2}", "aaa", "<aa>a"),
        ("a{2,}", "aaa", "<aaa>"),
        ("a{1,2}?", "aa", "<a><a>"),
        ("a*?b", "aab", "<aab>"),
        ("a{,5}", "a{,5}", "<a{,5}>"),
        ("a{", "a{", "<a{>"),
        ("{}", "{}", "<{}>"),
        ("a{x}", "a{x}", "<a{x}>"),
        ("a{2", "a{2", "<a{2>"),
        ("a}]", "a}]", "<a}]>"),
        ("(?:ab)+", "ababa", "<abab>a"),
        (r"(.)\1+", "abbba", "a<bbb>a"),
        ("(?:a?)*b", "aab", "<aab>"),
        ("(?x) a {2} # two\n b", "aab", "<aab>"),
        ("a(?#comment)+", "aa", "<aa>"),
    ]);
}

#[test]
fn groups_look_arounds_and_options_are_read_as_dotnet_reads_them() {
    check(&[
        ("(?>a+)ab|a", "aab", "<a><a>b"),
        (r"a(?=b)|c(?!d)", "abacdc", "<a>bacd<c>"),
        ("(?<!a|bc)d", "adbcded", "adbcde<d>"),
        (r"(?<=\d{2})x", "1x12x", "1x12<x>"),
        ("a(?i)b|C", "aBcC", "<aB><c><C>"),
        ("(?i:a)b", "Abab AB", "<Ab><ab> AB"),
        ("(?i-s:.)(?-i)a", "ba", "<ba>"),
        ("(?i)É[ß-ö]", "éÄ", "<éÄ>"),
        // By lower case, without a culture: the Kelvin sign is a k, a long s is no s, a final sigma no sigma.
        ("(?i)k", "K\u{212A}", "<K><\u{212A}>"),
        ("(?i)s", "Sſ", "<S>ſ"),
        ("(?i)σ", "Σς", "<Σ>ς"),
        ("(?i)i", "Iİı", "<I>İı"),
        ("(?i)[^k]", "K\u{212A}a", "K\u{212A}<a>"),
        ("(?n)(a)(?<x>b)", "ab", "<ab>"),
        ("", "ab", "<>a<>b<>"),
        ("a||b", "ab", "<a><>b<>"),
    ]);
}

#[test]
fn a_character_beyond_u_ffff_is_two_to_dotnet() {
    check(&[
        ("^..$", "😀", "<😀>"),
        ("^.$", "😀", "😀"),
        ("[😀]{2}", "😀", "<😀>"),
        (r"\uD83D\uDE00", "a😀", "a<😀>"),
    ]);
    assert_eq!(substituted(r"\p{Cs}{2}", "a😀b", ""), "ab");
    assert_eq!(
        substituted("[^a]", "a\u{10D800}", "x"),
        "axx",
        "what stands for halves cannot be confused with itself"
    );
    let dot = Pattern::search(".").unwrap();
    assert_eq!(dot.replace_all("😀", &dot.substitution("<$&>")), Err(Exploded::CutCharacter));
    assert_eq!(dot.is_match("😀"), Ok(true));
}

#[test]
fn empty_matches_count_in_dotnets_way() {
    let cases = [
        // (pattern, value, by, result)
        ("[a-z]*", "ab12", "", "12"),
        ("[a-z]*", "ab12", "X", "XX1X2X"),
        (".*", "ab", "x", "xx"),
        ("x*", "", "-", "-"),
        ("$", "a\n", "!", "a!\n!"),
        (r"\b", "ab c", "|", "|ab| |c|"),
    ];
    for (pattern, value, by, result) in cases {
        assert_eq!(substituted(pattern, value, by), result, "{pattern} on {value:?}");
    }
}

#[test]
fn unnamed_groups_are_numbered_before_named_ones() {
    let cases = [
        // (pattern, value, substitution, result)
        ("(?<n>b)(c)", "abc", "[$1|$2|${n}|$+]", "a[c|b|b|b]"),
        (r"(?<n>a)(b)\1\2", "abba", "<$1$2>", "<ba>"),
        ("(?<5>a)(b)", "ab", "$1$5$+", "baa"),
        ("(?'n'a)", "a", "${n}${1}", "aa"),
        ("(?<two>a)(?<1>b)", "ab", "$1$2", "ba"),
        ("(?n)(a)(?<x>b)", "ab", "$1$2", "b$2"),
        (r"(?<x>a)\k<x>\k'x'\<x>", "aaaa", "$1", "a"),
        (r"(a)|b\1", "b", "$1", "b"),
    ];
    for (pattern, value, by, result) in cases {
        assert_eq!(substituted(pattern, value, by), result, "{pattern} by {by}");
    }
}

#[test]
fn substitutions_are_read_as_dotnet_reads_them() {
    let cases = [
        // (substitution, result for b(?<n>c)(x)? in abcd; its groups are x: 1 and n: 2)
        ("$2", "acd"),
        ("$2x", "acxd"),
        ("${2}0", "ac0d"),
        ("$20", "a$20d"),
        ("$02", "acd"),
        ("${n}", "acd"),
        ("${x}${ n}${n", "a${x}${ n}${nd"),
        ("$1", "ad"),
        ("$0", "abcd"),
        ("[$&]", "a[bc]d"),
        ("$`", "aad"),
        ("$'", "add"),
        ("$+", "acd"),
        ("$_", "aabcdd"),
        ("$$1", "a$1d"),
        ("$", "a$d"),
        ("$a$-${", "a$a$-${d"),
        ("$99999999999", "a$99999999999d"),
        (r"\1\n", r"a\1\nd"),
    ];
    for (by, result) in cases {
        assert_eq!(substituted("b(?<n>c)(x)?", "abcd", by), result, "{by}");
    }
}

#[test]
fn the_span_of_a_group_is_replaced_by_a_text_as_it_is() {
    let cases = [
        // (pattern, group, value, by, result)
        ("^(?<bld>[A-Z]+)-", "bld", "MUC-114", "HQ", Some("HQ-114")),
        ("(?<a>x)y", "a", "xyxyx", "$&", Some("$&y$&yx")),
        ("(?<a>x)?y", "a", "xyy", "z", Some("zyy")),
        ("(?=(?<a>xy))x", "a", "xyz", "-", Some("-z")),
        ("(x)(y)", "2", "xy", "z", Some("xz")),
        ("x", "0", "xx", "y", Some("yy")),
        ("(?<a>x)", "a", "y", "z", None),
    ];
    for (pattern, group, value, by, result) in cases {
        let replaced = Pattern::search(pattern).unwrap().replace_group(value, group, by).unwrap();
        assert_eq!(replaced.as_deref(), result, "{pattern} {group} on {value}");
    }
}

#[test]
fn a_whole_reading_takes_all_of_the_value() {
    let cases = [
        // (pattern, value, matches as a whole)
        ("a|ab", "ab", true),
        ("a|b", "ab", false),
        (r".*\@domain.com", "a@domain.com", true),
        (r".*\@domain.com", "a@domain.com.org", false),
        ("(?i)a", "A", true),
        ("(?x)a # ) comment", "a", true),
        ("a(?#)", "a", true),
        ("a", "a\n", false),
        ("a$", "a\n", false),
        (r"(a)\1", "aa", true),
    ];
    for (pattern, value, expected) in cases {
        assert_eq!(Pattern::whole(pattern).unwrap().is_match(value), Ok(expected), "{pattern} on {value:?}");
    }
}

#[test]
fn a_refusal_names_the_part_its_position_and_the_cure() {
    let cases = [
        // (pattern, what the refusal says)
        (
            r"ab\_",
            r"the escape '\_' is unknown to .NET; write '_' for the character (character 3 of the pattern)",
        ),
        (r"😀\y", r"the escape '\y' is unknown"),
        (r"😀\y", "(character 2 of the pattern)"),
        (r"[\B]", r"the escape '\B' is unknown"),
        (r"\", r"ends with a single '\'"),
        (r"\xZ0", "2 hexadecimal digits"),
        (r"\u12", "4 hexadecimal digits"),
        (r"\c1", "written with a letter"),
        (r"\Ga", r"'\G' cannot be honoured"),
        (r"\1(a", "not closed"),
        (r"\2(a)", "no group 2"),
        (r"\k<x>", "no group 'x'"),
        (r"\k", r"'\k<name>'"),
        (r"\8", "no group 8"),
        (r"(a\1)", "refers to itself"),
        (r"(?i)(a)\1", "ignores case cannot be honoured"),
        (r"(?<=(a))b", "look-behind keeps the text of a group"),
        (r"(a)(?<=\1)b", "in a look-behind"),
        ("(?<=a+)b", "fixed length"),
        ("(?<=a(?:b|cd))e", "fixed length"),
        ("(?<=(?>a))b", "reads backwards"),
        ("(?<a-b>c)", "balancing group"),
        ("(?<-b>c)", "balancing group"),
        ("(?(1)a|b)", "a condition"),
        ("(?<n>a)(?<n>b)", "share a name"),
        ("(?<1>a)(b)", "share a name or number"),
        ("(?<0>a)", "number 0"),
        ("(?<a b>c)", "a group's name consists of"),
        ("(?P<n>a)", "this kind of group is unknown"),
        ("(?)", "this kind of group is unknown"),
        ("(a", "not closed"),
        ("a)", "closes nothing"),
        ("[a", "'[' is not closed"),
        ("[]", "'[' is not closed"),
        ("[z-a]", "wrong way round"),
        (r"[a-\d]", "cannot end with a set"),
        (r"[+-\-]", r"cannot end with '\-'"),
        ("[a-z-[b]c]", "stands last"),
        (r"\p{Greek}", "the property 'Greek'"),
        (r"\p{IsTagalog}", "write a range"),
        (r"\pL", "in braces"),
        (r"(?i)\p{Lu}", "tells cases apart"),
        ("*a", "nothing before it"),
        ("a|+", "nothing before it"),
        ("a**", "two quantifiers"),
        ("a++", "(?>…)"),
        ("a{2}{3}", "two quantifiers"),
        ("a{3,2}", "wrong way round"),
        ("a{1001}", "at most 1000 times"),
        ("^*a", "takes no character"),
        ("(a*)*", "although it can be empty"),
        ("(?:a|)+?", "although it can be empty"),
        ("a(?#b", "comment is not closed"),
        ("(?=(?:(?=.*a)b)*)", "over and over"),
        (&"(".repeat(17), "at most 16 deep"),
        (&"a".repeat(1_001), "1001 characters"),
        (r"\w{1000}\w{1000}\w{1000}", "too large"),
    ];
    for (pattern, expected) in cases {
        let sentence = refused(pattern);
        assert!(sentence.contains(expected), "{pattern}: {sentence}");
    }
}

#[test]
fn a_pattern_that_explodes_fails_the_value_in_milliseconds() {
    let long = "a".repeat(LONGEST_VALUE);
    let cases = [
        // (pattern, value, what comes of it)
        // Without what needs steps the engine takes time proportional to the value.
        ("(a+)+$", format!("{}b", "a".repeat(LONGEST_VALUE - 1)), Ok(false)),
        ("(a|aa)+b", long.clone(), Ok(false)),
        (r"(a|aa)+\bb", long.clone(), Err(Exploded::TooManySteps)),
        (r"(a+)+(?!b)\b\1c", long.clone(), Err(Exploded::TooManySteps)),
        (r"(?=(a+)+\1+b)(?!.*(a+)+c)a", long.clone(), Err(Exploded::TooManySteps)),
        (r"(?:(?=.*z)|a)+\bb", long.clone(), Err(Exploded::TooManySteps)),
        (r"(.*)(.*)(.*)\3\2\1x", long.clone(), Err(Exploded::TooManySteps)),
        (r"(a|aa)+(?>(?:a|aa)*\Z)\bb", long.clone(), Err(Exploded::TooManySteps)),
        ("a", format!("{long}a"), Err(Exploded::TooLong)),
    ];
    for (pattern, value, expected) in cases {
        let compiled = Pattern::search(pattern).unwrap();
        let begun = Instant::now();
        assert_eq!(compiled.is_match(&value), expected, "{pattern}");
        println!("{pattern}: {:?} to match", begun.elapsed());
        let begun = Instant::now();
        let replaced = compiled.replace_all(&value, &compiled.substitution("$&"));
        assert_eq!(replaced.is_err(), expected.is_err(), "{pattern}");
        println!("{pattern}: {:?} to replace", begun.elapsed());
    }
}

#[test]
fn every_match_of_the_longest_value_can_be_replaced_but_not_by_anything() {
    let value = "ab".repeat(LONGEST_VALUE / 2);
    assert_eq!(substituted("(?<=a)b", &value, "c"), "ac".repeat(LONGEST_VALUE / 2));
    let pattern = Pattern::search("a").unwrap();
    assert_eq!(pattern.replace_all(&value, &pattern.substitution("$_")), Err(Exploded::TooLarge));
}

#[test]
fn readings_differ_unless_every_match_is_the_whole_value() {
    let same = [
        "^a$",
        r"\Aa\z",
        r"^(?:a|b)$",
        "^a$|^b$",
        "(?:^a|^b)c$",
        r"[\s\S]*a[\s\S]*",
        "(?s).*a.*",
        r"^a[\w\W]*",
        "(^a)(b$)",
        r"^[0-9]{7}\Z",
    ];
    for pattern in same {
        assert_eq!(readings_differ(pattern), None, "{pattern}");
    }
    let different = [
        // (pattern, the value given as an example)
        ("a", "ax"),
        ("^a", "ax"),
        ("a$", "xa"),
        ("^a|b$", "ax"),
        ("^a|b", "ax"),
        (r".*\@domain.com", "q@domainqcomx"),
        ("(1[0-9][0-9])", "100x"),
        (".*a.*", "qaq\n"),
        ("(?m)^a$", "a\n"),
        (r"(.*)a\1", "qax"),
    ];
    for (pattern, value) in different {
        let difference = readings_differ(pattern);
        let Some(Difference::Example(example)) = difference else { panic!("{pattern}: {difference:?}") };
        assert_eq!(
            Pattern::search(pattern).unwrap().is_match(&example),
            Ok(true),
            "{pattern} on {example:?}"
        );
        assert_eq!(
            Pattern::whole(pattern).unwrap().is_match(&example),
            Ok(false),
            "{pattern} on {example:?}"
        );
        assert_eq!(example, value, "{pattern}");
    }
    assert_eq!(readings_differ("(?=a)(?!a)b"), Some(Difference::Possible), "no example, and no proof either");
    assert_eq!(readings_differ(r"[\s\S]*a|^b$|c"), Some(Difference::Example(" ax".into())));
}

/// Patterns put together from parts, most of which are accepted.
fn patterns() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", "b", "1", "-", ".", "^", "$", r"\b", r"\d", "[a-b]", "[^a]", "(a)", "(?:ab|a)", "(?=a)",
        "(?<!b)", "a*", "b+?", "(?>a+)", "|",
    ]);
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn reading_a_pattern_never_panics(pattern in r"(\PC|[a-c()\[\]{}?*+|^$.\\<>=!:,0-9ipPdwsbk'#\-]){0,24}") {
        let _ = read(&pattern).map(|(node, _)| translate::translate(&node));
    }

    #[test]
    fn a_text_without_special_characters_matches_itself(text in "[a-zA-Z0-9é@_ ,;:!-]{0,12}") {
        prop_assert_eq!(Pattern::whole(&text).unwrap().is_match(&text), Ok(true));
    }

    #[test]
    fn what_matches_as_a_whole_matches_anywhere_and_differs_only_where_it_is_said(pattern in patterns(), value in "[ab1]{0,6}") {
        if let (Ok(search), Ok(whole)) = (Pattern::search(&pattern), Pattern::whole(&pattern)) {
            let (anywhere, all) = (search.is_match(&value).unwrap(), whole.is_match(&value).unwrap());
            prop_assert!(anywhere || !all);
            prop_assert!(anywhere == all || readings_differ(&pattern).is_some());
        }
    }

    #[test]
    fn replacing_matches_by_themselves_changes_nothing(pattern in patterns(), value in "[ab1 ]{0,8}") {
        if let Ok(pattern) = Pattern::search(&pattern) {
            let replaced = pattern.replace_all(&value, &pattern.substitution("$&")).unwrap();
            prop_assert!(replaced.is_none_or(|replaced| replaced == value));
        }
    }

    #[test]
    fn splitting_characters_and_joining_them_changes_nothing(text in any::<String>()) {
        prop_assert_eq!(units::join(&units::split(&text)), Some(text));
    }
}
