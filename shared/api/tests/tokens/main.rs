//! Tokens of an issuer: which open, and which do not.

#![cfg(test)]

mod claims;
mod forged;
mod keys;
mod stage;
