//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

/// Which records are shown, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Show {
    pub(crate) envelope: bool,
    pub(crate) header: bool,
    pub(crate) body: bool,
    pub(crate) offsets: bool,
    pub(crate) types: bool,
    /// Whether lines of content are preceded by the name of their type.
    pub(crate) names: bool,
    pub(crate) in_file_order: bool,
    pub(crate) start: u64,
}

/// What the caller asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) show: Show,
    pub(crate) search: bool,
    pub(crate) verbose: u8,
    pub(crate) config_directory: Option<PathBuf>,
    pub(crate) files: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self {
            show: Show {
                envelope: false,
                header: false,
                body: false,
                offsets: false,
                types: false,
                names: false,
                in_file_order: false,
                start: 0,
            },
            search: false,
            verbose: 0,
            config_directory: None,
            files: Vec::new(),
        };
        let given = command::options(arguments, "bc:dehoqrs:v").map_err(|error| {
            error.tell("postcat");
            usage()
        })?;
        for option in given.options {
            let show = &mut options.show;
            match option.letter {
                'b' => show.body = true,
                'c' => options.config_directory = option.value.map(PathBuf::from),
                'd' => show.types = true,
                'e' => show.envelope = true,
                'h' => show.header = true,
                'o' => show.offsets = true,
                'q' => options.search = true,
                'r' => show.in_file_order = true,
                's' => {
                    let offset = option.text();
                    show.start = offset
                        .parse()
                        .map_err(|_| format!("bad offset: {offset}"))?;
                }
                _ => {
                    show.names = true;
                    options.verbose = options.verbose.saturating_add(1);
                }
            }
        }
        let files = given
            .operands
            .iter()
            .map(|name| name.to_string_lossy().into_owned());
        options.files = files.collect();
        let show = &mut options.show;
        if !(show.envelope || show.header || show.body) {
            (show.envelope, show.header, show.body) = (true, true, true);
        }
        Ok(options)
    }
}

fn usage() -> String {
    "usage: postcat [-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] \
     [-h (header text)] [-o (record offsets)] [-q (access queue)] [-r (file order)] [-s offset] [-v] [file(s)...]"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_stand_in_clusters_and_end_at_the_first_file() {
        let options = parse("-bho -s 97 -vv one -e").unwrap();
        assert_eq!(
            (
                options.show.body,
                options.show.header,
                options.show.envelope
            ),
            (true, true, false)
        );
        assert_eq!(
            (options.show.start, options.verbose, options.show.offsets),
            (97, 2, true)
        );
        assert_eq!(options.files, ["one", "-e"]);
        assert!(parse("").unwrap().show.envelope);
        assert_eq!(parse("-s x").unwrap_err(), "bad offset: x");
        assert!(parse("-x").unwrap_err().starts_with("usage:"));
    }
}
