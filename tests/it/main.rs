//! Stories and end-to-end tests. Read the names of the tests: they are the specification.
#![cfg(test)]

mod bad_input;
mod cli;
mod demo;
mod kill;
mod lifecycle;
mod stories;
mod support;
mod template;
mod world;
