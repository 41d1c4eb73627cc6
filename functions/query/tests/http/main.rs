//! The API over the embedded store: jobs, the log, who may ask, and what is refused.

#![cfg(test)]

mod access;
mod jobs;
mod logs;
mod refusals;
mod stage;
mod waiting;
