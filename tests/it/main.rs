//! Stories and end-to-end tests. Read the names of the tests: they are the specification.
#![cfg(test)]

mod apply;
mod bad_input;
mod browser;
mod cli;
mod demo;
mod directory;
mod elsewhere;
mod functions;
mod graph;
mod handover;
mod jobs;
mod kill;
mod lifecycle;
mod mail;
mod mapping;
mod schema;
mod serve;
mod stack;
mod stories;
mod support;
mod template;
mod unattended;
mod world;
