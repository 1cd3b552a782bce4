//! postconf(5), from the parameter table and the texts in docs/man/parameters.
//!
//! before.mdoc and after.mdoc there are what stands around the list. In the other files, `# name` begins what is said about
//! a parameter beyond its one sentence; `# name, other` says it for both, and stands under the first.

use std::collections::BTreeMap;
use std::fmt::Write;

use config::Kind;
use config::table::{self, Spec};

use crate::text::{argument, code, mdoc};
use crate::{names, read, root};

/// The whole page.
#[must_use]
pub fn page() -> String {
    let folder = root().join("docs/man/parameters");
    let texts = texts();
    let mut out = String::from(
        ".\\\" Made from common/config/src/params and docs/man/parameters: change these, then run\n\
         .\\\" UPDATE_EXPECT=1 cargo test -p manual\n",
    );
    out.push_str(&read(&folder.join("before.mdoc")));
    let mut entries: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut add = |name: &str, entry: String| {
        entries.insert((name.to_ascii_lowercase(), name.to_owned()), entry);
    };
    for spec in table::all() {
        add(spec.name, entry(spec, &texts));
    }
    for pattern in table::patterns() {
        let name = format!("transport_{}", pattern.suffix);
        let mut text = heading(
            &format!("\\fItransport\\fR\\fB_{}\\fR", pattern.suffix),
            pattern.default,
        );
        text.push_str(&mdoc(pattern.doc.trim()));
        text.push_str(&more(&name, &texts));
        add(&name, text);
    }
    for legacy in table::legacy_names() {
        let text = format!(
            ".It {}\n{}",
            argument(&format!("\\fB{}\\fR (outdated)", legacy.name)),
            mdoc(&format!(
                "The old name of {}, whose stock value it still is.",
                legacy.instead
            ))
        );
        add(legacy.name, text);
    }
    out.extend(entries.into_values());
    out.push_str(&read(&folder.join("after.mdoc")));
    out
}

/// What the files in docs/man/parameters say, by name; `None` for a name that shares the text of the given one.
#[must_use]
pub fn texts() -> BTreeMap<String, Text> {
    let folder = root().join("docs/man/parameters");
    let mut texts = BTreeMap::new();
    for name in names(&folder) {
        if !name.ends_with(".md") {
            continue;
        }
        let file = read(&folder.join(&name));
        for section in file.split("\n# ").skip(1) {
            let (names, text) = section.split_once('\n').unwrap_or((section, ""));
            let mut names = names.split(", ").map(str::trim);
            let first = names.next().unwrap_or_default();
            let mut add = |name: &str, text: Text| {
                let before = texts.insert(name.to_owned(), text);
                assert!(before.is_none(), "{name} is described twice");
            };
            add(first, Text::Own(text.trim().to_owned()));
            for other in names {
                add(other, Text::Under(first.to_owned()));
            }
        }
    }
    texts
}

/// What is said about a parameter beyond its one sentence.
pub enum Text {
    Own(String),
    /// It stands under this other name.
    Under(String),
}

fn entry(spec: &Spec, texts: &BTreeMap<String, Text>) -> String {
    let mut out = heading(&format!("\\fB{}\\fR", spec.name), spec.default);
    let mut notes = vec![kind(spec)];
    if let Some(advice) = table::outdated(spec.name) {
        notes.push(format!("Outdated: {}.", advice.replace('"', "")));
    }
    if table::is_without_effect(spec.name) {
        notes.push(String::from(
            "No program reads it yet: it is accepted and checked, and the log warns when it is set.",
        ));
    }
    notes.retain(|note| !note.is_empty());
    let notes = notes.join(" ");
    let more = more(spec.name, texts);
    let is_long = is_long(spec.default);
    if more.is_empty() && !is_long {
        out.push_str(&mdoc(&format!("{} {notes}", sentence(spec))));
        return out;
    }
    out.push_str(&mdoc(&sentence(spec)));
    out.push_str(&more);
    if is_long {
        let default = mdoc(&format!("Default: `{}`", breakable(spec.default)));
        let _ = write!(out, ".Pp\n{default}");
    }
    if !notes.is_empty() {
        let _ = write!(out, ".Pp\n{}", mdoc(&notes));
    }
    out
}

/// The one sentence of the table.
#[must_use]
pub fn sentence(spec: &Spec) -> String {
    spec.doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a stock value is too long for the line with the name.
#[must_use]
pub fn is_long(default: &str) -> bool {
    let longest = default.split_whitespace().map(str::len).max().unwrap_or(0);
    default.len() > 90 || longest > 55
}

fn heading(shown: &str, default: &str) -> String {
    let default = match default {
        "" => "empty".to_owned(),
        long if is_long(long) => "see below".to_owned(),
        short => code(short),
    };
    format!(
        ".It {}\n",
        argument(&format!("{shown} (default: {default})"))
    )
}

/// A long value in which lines may break at blanks and after marks.
fn breakable(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joined = words.join("` `");
    ["?", ":", ",", "}", "abc", "ABC"]
        .iter()
        .fold(joined, |text, end| {
            text.replace(end, &format!("{end}\u{200b}"))
        })
}

fn more(name: &str, texts: &BTreeMap<String, Text>) -> String {
    let counterpart = || {
        let suffix = name.strip_prefix("lmtp_")?;
        let smtp = format!(
            "smtp_{}",
            suffix.replace(
                "lhlo",
                if suffix.contains("keyword") {
                    "ehlo"
                } else {
                    "helo"
                }
            )
        );
        texts.contains_key(&smtp).then_some(smtp)
    };
    let text = match texts.get(name) {
        Some(Text::Own(text)) => text.clone(),
        Some(Text::Under(other)) => format!("See {}.", shown(other)),
        None => match counterpart() {
            Some(smtp) => format!("The LMTP client's counterpart of {smtp}; see there."),
            None => return String::new(),
        },
    };
    let text = mdoc(&text);
    if text.starts_with(".Bl") || text.starts_with(".Bd") {
        text
    } else {
        format!(".Pp\n{text}")
    }
}

fn shown(name: &str) -> String {
    format!("`{name}`")
}

/// What values look like.
fn kind(spec: &Spec) -> String {
    match spec.kind {
        Kind::Bool => "Yes or no.".to_owned(),
        Kind::Number => match (spec.min, spec.max) {
            (0, 0) => "A number.".to_owned(),
            (min, 0) => format!("A number, at least {min}."),
            (min, max) => format!("A number from {min} to {max}."),
        },
        Kind::Time => {
            let unit = match spec.default.chars().last() {
                Some('m') => "minutes",
                Some('h') => "hours",
                Some('d') => "days",
                Some('w') => "weeks",
                _ => "seconds",
            };
            let at_most = match spec.max {
                0 => String::new(),
                max if max % 86400 == 0 => format!(", at most {} days", max / 86400),
                max => format!(", at most {max} seconds"),
            };
            let zero = if spec.min == 0 { "" } else { ", not zero" };
            format!("A time{zero}{at_most}; a number without unit counts {unit}.")
        }
        Kind::Text if spec.min > 0 => "Not empty.".to_owned(),
        Kind::List if spec.min > 0 => "A list, not empty.".to_owned(),
        Kind::List => "A list.".to_owned(),
        Kind::Tables => "A list of lookup tables.".to_owned(),
        Kind::Raw => "Names in it are expanded when it is used, not when it is read.".to_owned(),
        Kind::Text => String::new(),
    }
}
