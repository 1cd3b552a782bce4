//! Plain text with a little markup becomes mdoc(7).
//!
//! Paragraphs are parted by empty lines; lines that begin with four blanks are shown as they are; `- ` begins an item of a
//! list, and when the item begins with a `word` and a colon, the word is its tag. In a line, `` `code` `` is bold, and so
//! is a name with underscores that the parameter table knows; `name(5)` refers to a page.

use std::fmt::Write;

use crate::root;

/// The text as mdoc lines, the last one ended.
#[must_use]
pub fn mdoc(text: &str) -> String {
    let mut out = String::new();
    let mut before = Block::Start;
    for block in blocks(text) {
        let needs_gap = !matches!(before, Block::Start) && matches!(block, Block::Paragraph(_));
        if needs_gap {
            out.push_str(".Pp\n");
        }
        match &block {
            Block::Start => {}
            Block::Paragraph(text) => out.push_str(&inline(text)),
            Block::Literal(lines) => {
                out.push_str(".Bd -literal -offset indent\n");
                for line in lines {
                    let _ = writeln!(out, "{}", guarded(&code(line)));
                }
                out.push_str(".Ed\n");
            }
            Block::List(items) => list(&mut out, items),
        }
        before = block;
    }
    out
}

enum Block {
    Start,
    Paragraph(String),
    Literal(Vec<String>),
    List(Vec<String>),
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            is_open = false;
        } else if let Some(shown) = line.strip_prefix("    ") {
            match blocks.last_mut() {
                Some(Block::Literal(lines)) => lines.push(shown.to_owned()),
                _ => blocks.push(Block::Literal(vec![shown.to_owned()])),
            }
            is_open = false;
        } else if let Some(item) = line.strip_prefix("- ") {
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(item.to_owned()),
                _ => blocks.push(Block::List(vec![item.to_owned()])),
            }
            is_open = true;
        } else {
            let more = line.trim();
            match blocks.last_mut() {
                Some(Block::Paragraph(text)) if is_open => *text = format!("{text} {more}"),
                Some(Block::List(items)) if is_open => {
                    if let Some(item) = items.last_mut() {
                        *item = format!("{item} {more}");
                    }
                }
                _ => blocks.push(Block::Paragraph(more.to_owned())),
            }
            is_open = true;
        }
    }
    blocks
}

fn list(out: &mut String, items: &[String]) {
    let tagged: Option<Vec<(&str, &str)>> = items.iter().map(|item| tag(item)).collect();
    if let Some(tagged) = tagged {
        out.push_str(".Bl -tag -width Ds\n");
        for (tag, text) in tagged {
            let _ = write!(out, ".It {}\n{}", argument(&spans(tag)), inline(text));
        }
    } else {
        out.push_str(".Bl -bullet -compact\n");
        for item in items {
            let _ = write!(out, ".It\n{}", inline(item));
        }
    }
    out.push_str(".El\n");
}

/// `` `word` `arg`: text `` in its two halves.
fn tag(item: &str) -> Option<(&str, &str)> {
    let (tag, text) = item.split_once(": ")?;
    let is_tag = tag.starts_with('`') && tag.ends_with('`') && tag.matches('`').count() % 2 == 0;
    is_tag.then_some((tag, text))
}

/// One argument of a macro.
#[must_use]
pub fn argument(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Text of a paragraph: lines of at most 100 characters, references to pages on lines of their own.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in spans(text).split(' ').filter(|word| !word.is_empty()) {
        if let Some(reference) = reference(word) {
            flush(&mut out, &mut line);
            let _ = writeln!(out, "{reference}");
            continue;
        }
        if line.len() + word.len() > 100 {
            flush(&mut out, &mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        if word.contains('_') {
            // Names are not hyphenated, so that they can be searched for.
            line.push_str("\\%");
        }
        line.push_str(word);
        if word.ends_with('.') && word.len() > 2 {
            flush(&mut out, &mut line);
        }
    }
    flush(&mut out, &mut line);
    out
}

fn flush(out: &mut String, line: &mut String) {
    if !line.is_empty() {
        let _ = writeln!(out, "{}", guarded(line));
        line.clear();
    }
}

/// A line that begins as a request would, made harmless.
fn guarded(line: &str) -> String {
    if line.starts_with(['.', '\'']) {
        format!("\\&{line}")
    } else {
        line.to_owned()
    }
}

/// `name(5),` as `.Xr name 5 ,` when there is such a page.
fn reference(word: &str) -> Option<String> {
    let bare = word.trim_start_matches('(');
    let opening = &word[..word.len() - bare.len()];
    let (name, rest) = bare.split_once('(')?;
    let (section, after) = rest.split_once(')')?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    let is_section = matches!(section, "1" | "2" | "3" | "5" | "7" | "8");
    if !is_name || !is_section || after.chars().any(|letter| !",.;:)".contains(letter)) {
        return None;
    }
    let is_there = root()
        .join(format!("docs/man/man{section}/{name}.{section}"))
        .exists();
    if !is_there {
        return None;
    }
    let mut line = String::new();
    if opening.is_empty() {
        let _ = write!(line, ".Xr {name} {section}");
    } else {
        let _ = write!(line, ".Pq Xr {name} {section}");
    }
    let closing = usize::from(!opening.is_empty());
    for mark in after.chars().skip(closing) {
        let _ = write!(line, " {mark}");
    }
    Some(line)
}

/// `` `code` `` and known parameters in bold, everything else escaped. Blanks within code stay one word.
fn spans(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            let _ = write!(out, "\\fB{}\\fR", code(part));
        } else {
            out.push_str(&prose(part));
        }
    }
    out
}

fn prose(text: &str) -> String {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_name) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|letter| !is_of_name(letter))
            .unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        out.push_str(&before.replace('\\', "\\e"));
        let is_parameter = name.contains('_')
            && (config::table::find(name).is_some() || config::table::legacy(name).is_some());
        if is_parameter {
            let _ = write!(out, "\\fB{name}\\fR");
        } else {
            out.push_str(name);
        }
        rest = after;
    }
    out.push_str(&rest.replace('\\', "\\e"));
    out
}

/// Characters that troff would show otherwise; where a line may break, the text has a space of no width.
#[must_use]
pub fn code(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\u{200b}' => out.push_str("\\:"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::mdoc;

    #[test]
    fn text_becomes_mdoc() {
        let text = "Tables for `a -b`, see transport(5).\nMore.\n\n- `x`: one\n- `y z`: two\n  lines\n\n    .code 'x'\nEnd (see virtual(8)).\n";
        let expected = "Tables for \\fBa \\-b\\fR, see\n.Xr transport 5 .\nMore.\n.Bl -tag -width Ds\n.It \"\\fBx\\fR\"\none\n\
                        .It \"\\fBy z\\fR\"\ntwo lines\n.El\n.Bd -literal -offset indent\n\\&.code \\(aqx\\(aq\n.Ed\n.Pp\n\
                        End (see\n.Xr virtual 8 ) .\n";
        assert_eq!(mdoc(text), expected);
    }

    #[test]
    fn parameters_are_bold() {
        assert_eq!(
            mdoc("Not my_own, but mail_owner's."),
            "Not \\%my_own, but \\%\\fBmail_owner\\fR's.\n"
        );
    }
}
