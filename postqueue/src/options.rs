//! The command line of postqueue(1): exactly one thing to do.

use std::ffi::OsString;
use std::path::PathBuf;

use command::Fatal;

const USAGE: &str =
    "usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site";

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `-p`
    List,
    /// `-j`
    ListJson,
    /// `-f`
    FlushAll,
    /// `-i`
    FlushMessage(String),
    /// `-s`
    FlushSite(String),
}

/// The command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) action: Action,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) verbose: u8,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, Fatal> {
        let usage = || Fatal::new(USAGE);
        let given = command::options(arguments, "c:fi:jps:v").map_err(|error| {
            error.tell("postqueue");
            usage()
        })?;
        let mut actions = Vec::new();
        let (mut directory, mut verbose) = (None, 0_u8);
        for option in given.options {
            let value = || {
                option
                    .value
                    .clone()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            };
            match option.letter {
                'c' => directory = Some(PathBuf::from(value())),
                'v' => verbose = verbose.saturating_add(1),
                'f' => actions.push(Action::FlushAll),
                'i' => actions.push(Action::FlushMessage(value())),
                'j' => actions.push(Action::ListJson),
                'p' => actions.push(Action::List),
                _ => actions.push(Action::FlushSite(value())),
            }
        }
        match (actions.pop(), actions.is_empty(), given.operands.is_empty()) {
            (Some(action), true, true) => Ok(Self {
                action,
                directory,
                verbose,
            }),
            _ => Err(usage()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(words: &[&str]) -> Option<Action> {
        Options::parse(words.iter().map(OsString::from))
            .ok()
            .map(|options| options.action)
    }

    #[test]
    fn exactly_one_thing_is_asked_for() {
        assert_eq!(action(&["-c", "/x", "-vp"]), Some(Action::List));
        assert_eq!(action(&["-iABC"]), Some(Action::FlushMessage("ABC".into())));
        assert_eq!(
            action(&["-s", "example.test"]),
            Some(Action::FlushSite("example.test".into()))
        );
        for wrong in [&["-p", "-f"][..], &[], &["-p", "extra"], &["-x"], &["-i"]] {
            assert_eq!(action(wrong), None, "{wrong:?}");
        }
    }
}
