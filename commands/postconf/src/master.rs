//! master.cf: entries (-M), fields (-F) and parameters (-P), listed or changed.

mod change;
mod pattern;
mod show;

use crate::options::{Action, Options, Part};
use crate::print;
use crate::services::Service;
use config::Explained;

/// Do what the command line says about master.cf.
pub(crate) fn run(options: &Options, part: Part) -> Result<(), Explained> {
    if options.action == Action::Show {
        show::run(options, part)
    } else {
        change::run(options, part)
    }
}

/// Where the columns of an entry start.
const COLUMNS: [usize; 8] = [0, 11, 17, 25, 33, 41, 49, 57];

/// The entry in columns; folded, each `-o` stands on a line of its own.
fn line(service: &Service, fold: bool) -> String {
    let mut text = String::new();
    for (column, field) in COLUMNS.into_iter().zip(&service.entry.fields) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&" ".repeat(column.saturating_sub(text.len())));
        text.push_str(field);
    }
    add_arguments(&mut text, service, fold);
    text
}

/// The command and its arguments after some text.
fn command(service: &Service, before: &str, fold: bool) -> String {
    let mut text = format!("{before}{}", service.program());
    add_arguments(&mut text, service, fold);
    text
}

fn add_arguments(text: &mut String, service: &Service, fold: bool) {
    let mut width = text.len();
    let overrides: Vec<usize> = service.override_places().collect();
    let mut at = 0;
    let mut own_line = false;
    while let Some(word) = service.entry.arguments.get(at) {
        let value = service.entry.arguments.get(at + 1);
        let (shown, is_override) = match value.filter(|_| overrides.contains(&(at + 1))) {
            Some(value) => (format!("-o {}", braced(value)), true),
            None => (braced(word), false),
        };
        at += if is_override { 2 } else { 1 };
        if fold && (is_override || own_line || width + 1 + shown.len() >= print::WIDTH) {
            text.push_str(print::INDENT);
            width = print::INDENT.len() - 1;
        } else {
            text.push(' ');
            width += 1;
        }
        width += shown.len();
        text.push_str(&shown);
        own_line = is_override;
    }
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
