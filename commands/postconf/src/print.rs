//! Lines for people, and for programs (JSON): `name = value` with one blank between words, folded when asked for.

use std::io::{self, Write};

use crate::options::Options;

/// Folded lines are not longer than this.
pub(crate) const WIDTH: usize = 80;

/// What starts a line that continues another.
pub(crate) const INDENT: &str = "\n    ";

/// Print a text with one blank between its words; `fold` breaks long lines and indents what follows.
fn line(out: &mut impl Write, text: &str, fold: bool) -> io::Result<()> {
    let mut column = 0;
    for word in text.split_ascii_whitespace() {
        if column == 0 {
            write!(out, "{word}")?;
        } else if fold && column + 1 + word.len() > WIDTH {
            write!(out, "{INDENT}{word}")?;
            column = 4;
        } else {
            write!(out, " {word}")?;
            column += 1;
        }
        column += word.len();
    }
    writeln!(out)
}

/// Print `name = value`, or the one that is asked for.
pub(crate) fn setting(
    out: &mut impl Write,
    name: &str,
    value: &str,
    how: &Options,
) -> io::Result<()> {
    if how.json {
        let words: Vec<&str> = value.split_ascii_whitespace().collect();
        return object(out, &[(name, &words.join(" "))]);
    }
    if how.hide_values {
        return writeln!(out, "{name}");
    }
    if how.hide_names {
        return line(out, value, how.fold);
    }
    if value.trim_ascii().is_empty() {
        return writeln!(out, "{name} =");
    }
    line(out, &format!("{name} = {value}"), how.fold)
}

/// Print an object with text members, on a line of its own.
pub(crate) fn object(out: &mut impl Write, members: &[(&str, &str)]) -> io::Result<()> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{}: {}", quoted(name), quoted(value)))
        .collect();
    writeln!(out, "{{{}}}", members.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_fold_at_the_margin() {
        let folded = |words: &str| {
            let mut out = Vec::new();
            line(&mut out, words, true).unwrap();
            String::from_utf8(out).unwrap()
        };
        let exact = format!("{} {}", "a".repeat(40), "b".repeat(39));
        assert_eq!(folded(&exact), format!("{exact}\n"));
        let longer = format!("{} {}", "a".repeat(40), "b".repeat(40));
        assert_eq!(folded(&longer), longer.replace(' ', INDENT) + "\n");
    }

    #[test]
    fn objects_are_json() {
        let mut out = Vec::new();
        object(&mut out, &[("a", "\"1\\"), ("b", "ü\t")]).unwrap();
        assert_eq!(out, "{\"a\": \"\\\"1\\\\\", \"b\": \"ü\\t\"}\n".as_bytes());
    }
}
