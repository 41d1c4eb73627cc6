//! A company's directory, `rollcall serve`, and an app: the three programs as an administrator has them running.
//!
//! The directory is a real OpenLDAP or Samba, changed with the tools of its own; the app a SCIM server that others
//! wrote. What became of the accounts is asked of the app itself.

mod killed;
mod life;
mod refused;
mod samba;
mod story;
mod world;
