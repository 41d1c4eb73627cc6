//! Any text is answered: no token is taken that was not made here, and each that was opens for its own question only.
//!
//! An input is a question, a line break, and a token. The token is opened, and serves as a position, too.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use logs::token::{KEY, Signer, TokenError};

fuzz_target!(|input: &str| {
    let (question, token) = input.split_once('\n').unwrap_or(("", input));
    let (signer, now) = (Signer::new(&[0x5a; KEY]), Timestamp::UNIX_EPOCH);
    assert_eq!(signer.open(&[question], token, now), Err(TokenError::Foreign), "nobody knows the key");
    let sealed = signer.seal(&[question], token, now);
    assert_eq!(signer.open(&[question], &sealed, now).as_deref(), Ok(token));
    assert_eq!(signer.open(&[question, ""], &sealed, now), Err(TokenError::Foreign));
    assert_eq!(signer.open(&[token], &sealed, now).is_ok(), token == question);
});
