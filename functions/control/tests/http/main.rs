//! The writing side of the HTTPS API, over the store, `sync` and an app that are as they are in production, but for where
//! they run.

#![cfg(test)]

mod access;
mod applications;
mod asking;
mod console;
mod console_exports;
mod discovering;
mod jobs;
mod openapi;
mod previews;
mod refusals;
mod stage;
mod uploads;
