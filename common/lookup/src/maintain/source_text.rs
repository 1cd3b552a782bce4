//! The two forms of source text, with the warnings that each gives.

use std::io::{self, BufRead};

use super::{Syntax, alias_value, files};
use crate::source::{Fault, LogicalLines};
use crate::table::Pair;
use crate::{address, aliases, source};

/// A source text and how it is to be read.
pub(super) struct Text<'a> {
    /// What warnings call it.
    pub(super) name: &'a str,
    pub(super) syntax: Syntax,
    pub(super) utf8: bool,
    /// Whether values name files, whose contents count.
    pub(super) files: bool,
}

impl Text<'_> {
    /// Hand on the good entries, in order; each bad line is logged.
    pub(super) fn each(&self, text: impl BufRead, mut take: impl FnMut(Pair)) -> io::Result<()> {
        let mut lines = LogicalLines::new(text);
        while let Some(line) = lines.next_line()? {
            let entry = match self.syntax {
                Syntax::Map => self.map_entry(source::parse(&line, self.utf8)),
                Syntax::Alias => self.alias_entry(line.first, &line.text),
            };
            if let Some(entry) = entry {
                take(entry);
            }
        }
        Ok(())
    }

    fn map_entry(&self, entry: Result<source::Entry, source::Problem>) -> Option<Pair> {
        let name = self.name;
        match entry {
            Ok(entry) => {
                if entry.key.ends_with(b":") {
                    maillog::warning!(
                        "{name}, line {}: record is in \"key: value\" format; is this an alias file?",
                        entry.line
                    );
                }
                self.value(entry.line, entry.value)
                    .map(|value| (entry.key, value))
            }
            Err(problem) => {
                maillog::warning!("{name}, line {}: {}", problem.line, problem.fault);
                None
            }
        }
    }

    fn value(&self, line: usize, value: Vec<u8>) -> Option<Vec<u8>> {
        if !self.files {
            return Some(value);
        }
        files::content(&value)
            .inspect_err(|error| {
                maillog::warning!("{}, line {line}: {error}: skipping this entry", self.name);
            })
            .ok()
    }

    fn alias_entry(&self, line: usize, text: &[u8]) -> Option<Pair> {
        let name = self.name;
        if self.utf8 && std::str::from_utf8(text).is_err() {
            maillog::warning!("{name}, line {line}: {}", Fault::NotUtf8(text.to_vec()));
            return None;
        }
        if text.first().is_some_and(u8::is_ascii_whitespace) {
            maillog::warning!("{name}, line {line}: {}", Fault::Stray(text.to_vec()));
            return None;
        }
        match aliases::entry(text) {
            Ok((key, value)) => {
                Some((address::external_local_part(&key), alias_value::tidy(value)))
            }
            Err(error) => {
                maillog::warning!("{name}, line {line}: {error}");
                None
            }
        }
    }
}
