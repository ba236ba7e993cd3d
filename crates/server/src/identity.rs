//! Who sends a request, and what that lets it do.
//!
//! A [`Guard`] says who a caller is, from the certificate of its connection, or from the bearer token
//! or session cookie of its request. [`policy`] is the table of what each kind of caller may do; whatever it does not
//! list is denied. The door asks both before it calls a handler.

mod allowance;
mod caller;
mod failures;
mod guard;
pub mod policy;
mod sessions;
#[cfg(test)]
mod tests;
mod trusted;

pub use self::caller::{Caller, Principal};
pub use self::guard::{Denied, Guard};
pub use self::sessions::{CSRF_HEADER, Sessions, SignedIn};
pub use self::trusted::Trusted;
