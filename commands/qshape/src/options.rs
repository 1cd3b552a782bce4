//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use command::Given;

use crate::distribution::Spans;

/// What the caller asked for.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) senders: bool,
    pub(crate) parents: bool,
    /// Parent domains with fewer domains below them are not shown.
    pub(crate) fewest_children: usize,
    pub(crate) spans: Spans,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// On a terminal: a table after so many letters, of so many rows; 0 for none, and for all.
    pub(crate) every: usize,
    pub(crate) top_domains: usize,
    pub(crate) config_directory: Option<PathBuf>,
    pub(crate) folders: Vec<String>,
}

/// More spans would not fit on any terminal.
const MAX_SPANS: usize = 1000;
const WIDTH: usize = 80;

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self {
            senders: false,
            parents: false,
            fewest_children: 5,
            spans: Spans {
                count: 10,
                minutes: 5.0,
                linear: false,
            },
            width: WIDTH,
            every: 1000,
            top_domains: 20,
            config_directory: None,
            folders: Vec::new(),
        };
        let given = command::options(arguments, "b:c:hlm:n:N:pst:w:").map_err(|error| {
            error.tell("qshape");
            usage()
        })?;
        for option in given.options {
            match option.letter {
                's' => options.senders = true,
                'p' => options.parents = true,
                'l' => options.spans.linear = true,
                'm' => set(&mut options.fewest_children, &option, |number| *number > 0)?,
                'b' => set(&mut options.spans.count, &option, |number| {
                    (1..=MAX_SPANS).contains(number)
                })?,
                't' => set(&mut options.spans.minutes, &option, |number: &f64| {
                    *number > 0.0 && number.is_finite()
                })?,
                'w' => set(&mut options.width, &option, |number| *number > WIDTH)?,
                'N' => set(&mut options.every, &option, |_| true)?,
                'n' => set(&mut options.top_domains, &option, |_| true)?,
                'c' => options.config_directory = option.value.map(PathBuf::from),
                _ => return Err(usage()),
            }
        }
        let names = given.operands.iter();
        options.folders = names
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        if options.folders.is_empty() {
            options.folders = vec!["incoming".to_owned(), "active".to_owned()];
        }
        Ok(options)
    }
}

/// A number that makes no sense leaves the default in its place; what is no number is refused.
fn set<N: FromStr>(to: &mut N, option: &Given, good: impl Fn(&N) -> bool) -> Result<(), String> {
    let text = option.text();
    let number = text
        .trim()
        .parse()
        .map_err(|_| format!("-{}: not a number: {text}", option.letter))?;
    if good(&number) {
        *to = number;
    }
    Ok(())
}

fn usage() -> String {
    "usage: qshape [-s (senders)] [-p (parent domains)] [-m min_subdomains] [-l (linear ages)] [-b bucket_count] \
     [-t bucket_time] [-w terminal_width] [-N batch_msg_count] [-n batch_top_domains] [-c config_dir] [queue...]"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn numbers_that_make_no_sense_leave_the_default() {
        let options = parse("-b 0 -t 0 -w 40 -m 0").unwrap();
        assert_eq!(options, parse("").unwrap());
        assert_eq!(options.folders, ["incoming", "active"]);
        let options = parse("-lsp -b4 -t 0.5 -w 132 -m 2 deferred").unwrap();
        assert_eq!((options.spans.count, options.width), (4, 132));
        assert_eq!(options.folders, ["deferred"]);
        assert_eq!(parse("-b x").unwrap_err(), "-b: not a number: x");
        assert!(parse("-x").unwrap_err().starts_with("usage: qshape"));
        assert!(parse("-h").unwrap_err().starts_with("usage: qshape"));
    }
}
