//! Every page of text, as it is printed.

mod config;
mod status;
