//! postalias(1) - make, query and change alias databases.
//!
//! All it does is in `lookup::maintain`, which postmap and postalias share. Never touches a table that it was not given.
//! Logs, and prints on standard error, what is wrong with a source line or a table.

use std::process::ExitCode;

use lookup::maintain::{Syntax, run_command};

const LETTERS: &str = "Nc:d:fijnopq:rsuvw";

fn main() -> ExitCode {
    run_command(Syntax::Alias, LETTERS)
}
