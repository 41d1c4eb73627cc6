//! The API over the embedded store: jobs, the log, who may ask, and what is refused.

#![cfg(test)]

mod access;
mod applications;
mod browser;
mod connections;
mod console_exports;
mod console_figures;
mod console_logs;
mod console_people;
mod console_searches;
mod downloads;
mod in_a_browser;
mod jobs;
mod logs;
mod openapi;
mod plans;
mod refusals;
mod schemas;
mod signing_in;
mod stage;
mod waiting;
