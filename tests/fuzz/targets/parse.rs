//! Any text is answered: with a tree whose print is read as the same tree, or with an error that points into the text.
#![no_main]

use engine::expression::{LONGEST, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(tree) => {
            assert!(text.get(tree.at.clone()).is_some(), "{:?} is no place in the text", tree.at);
            let print = tree.to_string();
            // The blanks of the normal form may be what makes it too long.
            if print.chars().count() <= LONGEST {
                let again = parse(&print).expect("what was printed is read again");
                assert_eq!(again, tree);
                assert_eq!(again.to_string(), print);
            }
        }
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}");
            assert!(!error.pointer(text).is_empty());
        }
    }
});
