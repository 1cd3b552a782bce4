//! Lines for people: words with one blank between, folded when asked for.

use std::io::{self, Write};

/// Folded lines are shorter than this.
pub(crate) const WIDTH: usize = 80;

/// Print a text with one blank between its words; `fold` breaks long lines and indents what follows.
pub(crate) fn line(out: &mut impl Write, text: &str, fold: bool) -> io::Result<()> {
    let mut column = 0;
    for word in text.split_ascii_whitespace() {
        if column == 0 {
            write!(out, "{word}")?;
        } else if fold && column + 1 + word.len() >= WIDTH {
            write!(out, "\n    {word}")?;
            column = 3;
        } else {
            write!(out, " {word}")?;
        }
        column += 1 + word.len();
    }
    writeln!(out)
}

/// Print `name = value`, or the one that is asked for.
pub(crate) fn setting(
    out: &mut impl Write,
    name: &str,
    value: &str,
    how: &crate::Options,
) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_fold() {
        let mut out = Vec::new();
        let words = "x = ".to_owned() + &"12345678 ".repeat(10);
        line(&mut out, &words, true).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].len() <= WIDTH && lines[1].starts_with("    1"));
    }
}
