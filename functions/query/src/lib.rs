//! The `query` function: reads only, and answers in the words of Microsoft Graph.
//!
//! In: a question about a job or the log. Out: views that stay as they are when the tables change. The command line
//! shows the same views.

pub mod http;
pub mod status;
