//! A place in a configuration file: its line and column, and the line with the place marked.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::lines::{self, Line};

/// Which part of a setting is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The name before the equals sign.
    Name,
    /// All of the value.
    Value,
    /// Some bytes of the value.
    Within(Range<usize>),
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, or what else it is.
    origin: String,
    /// From 1; 0 for what is no line of a file.
    line: usize,
    /// In letters, from 1.
    column: usize,
    /// In letters, at least 1.
    width: usize,
    /// The physical line.
    text: String,
}

/// The most letters of a line that are shown.
const SHOWN: usize = 100;

impl Place {
    /// Some bytes of a text that is no file, such as an option of the command line.
    #[must_use]
    pub fn in_text(origin: &str, text: &str, bytes: Range<usize>) -> Self {
        Self::on_line(origin.to_owned(), 0, text, bytes)
    }

    /// A part of the last setting of `name` in main.cf, or in another file of its form.
    #[must_use]
    pub fn in_main_cf(path: &Path, name: &str, part: &Part) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let found = lines::logical(&bytes);
        let is_it = |line: &&Line| name_of(&line.text) == Some(name);
        let line = found.lines.iter().rev().find(is_it)?;
        Self::in_line(path, &bytes, line, part.bytes(&line.text)?)
    }

    /// The logical line of a file that starts at line `number`, and some bytes of it, given its text.
    #[must_use]
    pub fn in_file(
        path: &Path,
        number: usize,
        bytes_of: impl FnOnce(&str) -> Range<usize>,
    ) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let found = lines::logical(&bytes);
        let all = found.lines.iter().chain(&found.orphans);
        let line = all
            .into_iter()
            .find(|line| *line.numbers.start() == number)?;
        let range = bytes_of(&line.text);
        Self::in_line(path, &bytes, line, range)
    }

    /// Some bytes of a logical line of a file with these bytes: on which of its physical lines they are.
    #[must_use]
    pub fn in_line(path: &Path, bytes: &[u8], line: &Line, range: Range<usize>) -> Option<Self> {
        let mut start = 0;
        let mut last = None;
        let physical = bytes.split(|byte| *byte == b'\n').enumerate();
        for (index, physical) in physical.skip(line.numbers.start() - 1) {
            if index + 1 > *line.numbers.end() {
                break;
            }
            let body = physical.trim_ascii_start();
            if body.is_empty() || body.first() == Some(&b'#') {
                continue;
            }
            let text = String::from_utf8_lossy(physical);
            let end = start + text.len();
            let local = range.start.saturating_sub(start)..range.end.saturating_sub(start);
            last = Some((index + 1, text, local));
            if range.start < end {
                break;
            }
            start = end;
        }
        let (number, text, local) = last?;
        Some(Self::on_line(
            path.display().to_string(),
            number,
            &text,
            local,
        ))
    }

    fn on_line(origin: String, line: usize, text: &str, bytes: Range<usize>) -> Self {
        let end = text.trim_ascii_end().len();
        let letters = |to: usize| {
            text.char_indices()
                .take_while(|(at, _)| *at < to.min(text.len()))
                .count()
        };
        let start = letters(bytes.start.min(end));
        let stop = letters(bytes.end.min(end));
        Self {
            origin,
            line,
            column: start + 1,
            width: stop.saturating_sub(start).max(1),
            text: text.trim_ascii_end().to_owned(),
        }
    }

    /// `file, line 3, column 7`.
    #[must_use]
    pub fn name(&self) -> String {
        let Self {
            origin,
            line,
            column,
            ..
        } = self;
        match line {
            0 => origin.clone(),
            line => format!("{origin}, line {line}, column {column}"),
        }
    }

    /// Write the place, the line, and under its mark what is to be said.
    pub(super) fn show(&self, f: &mut fmt::Formatter<'_>, says: &str) -> fmt::Result {
        let (text, column) = self.window();
        let number = match self.line {
            0 => String::new(),
            line => line.to_string(),
        };
        let margin = " ".repeat(number.len());
        let before: String = text
            .chars()
            .take(column - 1)
            .map(|letter| if letter == '\t' { '\t' } else { ' ' })
            .collect();
        let rest = text.chars().count().saturating_sub(column - 1).max(1);
        let mark = "^".repeat(self.width.min(rest));
        writeln!(f, "{margin} --> {}", self.name())?;
        writeln!(f, " {margin} |")?;
        writeln!(f, " {number} | {text}")?;
        writeln!(
            f,
            " {margin} | {}",
            format!("{before}{mark} {says}").trim_end()
        )
    }

    /// What is shown of the line, printable and not too long, and the column in that.
    fn window(&self) -> (String, usize) {
        let printable = |letter: char| match letter {
            '\t' => '\t',
            letter if letter.is_control() => '?',
            letter => letter,
        };
        let letters: Vec<char> = self.text.chars().map(printable).collect();
        if letters.len() <= SHOWN {
            return (letters.into_iter().collect(), self.column);
        }
        let from = (self.column - 1).saturating_sub(SHOWN / 2);
        let from = from.min(letters.len() - SHOWN);
        let dots = if from > 0 { "..." } else { "" };
        let shown: String = letters.iter().skip(from).take(SHOWN).collect();
        let tail = if from + SHOWN < letters.len() {
            "..."
        } else {
            ""
        };
        (
            format!("{dots}{shown}{tail}"),
            self.column - from + dots.len(),
        )
    }
}

/// The name of a setting, if the line is one.
fn name_of(text: &str) -> Option<&str> {
    text.split_once('=').map(|(name, _)| name.trim_ascii())
}

impl Part {
    /// Its bytes in the text of a setting.
    pub(crate) fn bytes(&self, text: &str) -> Option<Range<usize>> {
        let equals = text.find('=')?;
        let (name, value) = (text.get(..equals)?, text.get(equals + 1..)?);
        let start = name.len() - name.trim_ascii_start().len();
        let value_start = equals + 1 + value.len() - value.trim_ascii_start().len();
        Some(match self {
            Self::Name => start..start + name.trim_ascii().len(),
            Self::Value => value_start..value_start + value.trim_ascii().len(),
            Self::Within(range) => value_start + range.start..value_start + range.end,
        })
    }
}
