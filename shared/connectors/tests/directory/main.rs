//! The LDAP source against real directories: OpenLDAP, and Samba as an Active Directory domain controller.
//!
//! [`contract`] is what every way to learn changes promises, and is run with each of them. [`bad_input`] is what may
//! go wrong: a message that names the cure, and nobody gone. Names of tests that need Samba contain `samba`.
#![cfg(test)]

mod bad_input;
mod contract;
mod groups;
mod house;
mod samba;
mod scale;
mod view;
