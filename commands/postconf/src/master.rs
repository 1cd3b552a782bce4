//! master.cf: entries (-M), fields (-F) and parameters (-P), listed or changed.

mod change;
mod pattern;
mod show;

use config::master_cf::Entry;

use crate::options::{Action, Options};
use crate::print;

/// Do what the command line says about master.cf.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    if options.action == Action::Show {
        show::run(options)
    } else {
        change::run(options)
    }
}

/// Where the columns of an entry start.
const COLUMNS: [usize; 8] = [0, 11, 17, 25, 33, 41, 49, 57];

/// The entry in columns; folded, each `-o` stands on a line of its own.
fn line(entry: &Entry, fold: bool) -> String {
    let mut text = String::new();
    for (column, field) in COLUMNS.into_iter().zip(&entry.fields) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&" ".repeat(column.saturating_sub(text.len())));
        text.push_str(field);
    }
    let mut width = text.len();
    let mut words = entry.arguments.iter().peekable();
    let mut own_line = false;
    while let Some(word) = words.next() {
        let is_override = word == "-o" && words.peek().is_some();
        let shown = match words.next_if(|_| is_override) {
            Some(assignment) => format!("-o {}", braced(assignment)),
            None => braced(word),
        };
        if fold && (is_override || own_line || width + 1 + shown.len() >= print::WIDTH) {
            text.push_str("\n    ");
            width = 4;
        } else {
            text.push(' ');
            width += 1;
        }
        width += shown.len();
        text.push_str(&shown);
        own_line = is_override;
    }
    text
}

/// An argument as it stands in the file.
fn braced(argument: &str) -> String {
    let blank = argument.bytes().any(|byte| byte.is_ascii_whitespace());
    if argument.is_empty() || blank || argument.starts_with('{') {
        format!("{{{argument}}}")
    } else {
        argument.to_owned()
    }
}

/// The command and its arguments on one line.
fn command(entry: &Entry) -> String {
    let mut text = entry.fields[7].clone();
    for argument in &entry.arguments {
        text.push(' ');
        text.push_str(&braced(argument));
    }
    text
}
