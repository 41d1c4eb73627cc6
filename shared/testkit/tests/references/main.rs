//! Managers and members, lived through in memory: who is put into which group, who is taken out, who has to wait.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod asleep;
mod doubt;
mod drift;
mod groups;
mod killed;
mod managers;
mod nested;
mod now;
mod random;
mod trouble;
mod world;
