//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use command::Given;
use queue::Folder;

/// What is done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Delete,
    /// Have it returned to its sender.
    Expire,
    /// The same, and release it from hold.
    ExpireAndRelease,
    Hold,
    Release,
    Requeue,
}

impl Action {
    /// Whether it can be done to the files of a folder. Only deletion reaches mail that pickup(8) has not checked.
    pub(crate) fn applies_to(self, folder: Folder) -> bool {
        match self {
            Self::Delete => folder == Folder::Maildrop || Folder::MAIL.contains(&folder),
            Self::Release => folder == Folder::Hold,
            Self::Expire | Self::ExpireAndRelease | Self::Hold | Self::Requeue => {
                Folder::MAIL.contains(&folder)
            }
        }
    }
}

/// Which messages an option is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    /// Standard input names them.
    Input,
    One(String),
}

/// One `-d`, `-e`, `-f`, `-h`, `-H` or `-r`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) action: Action,
    pub(crate) which: Which,
}

/// What is done about the queue's structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Structure {
    /// Remove old temporary files.
    pub(crate) purge: bool,
    /// Put files in their place, under their name.
    pub(crate) fix: bool,
    /// Check the inode in long names too.
    pub(crate) check_long: bool,
}

/// What the caller asked for.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) config_directory: Option<PathBuf>,
    pub(crate) verbose: u8,
    pub(crate) structure: Structure,
    pub(crate) requests: Vec<Request>,
    /// The folders named; empty for the default.
    pub(crate) folders: Vec<Folder>,
}

impl Structure {
    pub(crate) const fn any(self) -> bool {
        self.purge || self.fix
    }
}

impl Request {
    /// The folders to look into: those named, or the usual ones, in the order in which messages move.
    pub(crate) fn folders(&self, named: &[Folder]) -> Vec<Folder> {
        if !named.is_empty() {
            return named.to_vec();
        }
        let usual = [
            Folder::Maildrop,
            Folder::Hold,
            Folder::Incoming,
            Folder::Active,
            Folder::Deferred,
        ];
        let of_use = |folder: &Folder| {
            self.action.applies_to(*folder)
                && (self.action, *folder) != (Action::Hold, Folder::Hold)
        };
        usual.into_iter().filter(of_use).collect()
    }
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self::default();
        let given = command::options(arguments, "c:d:e:f:h:H:pr:sSv").map_err(|error| {
            error.tell("postsuper");
            usage()
        })?;
        for option in given.options {
            let action = match option.letter {
                'd' => Action::Delete,
                'e' => Action::Expire,
                'f' => Action::ExpireAndRelease,
                'h' => Action::Hold,
                'H' => Action::Release,
                'r' => Action::Requeue,
                letter => {
                    match letter {
                        'c' => options.config_directory = Some(absolute(&option)?),
                        'p' => options.structure.purge = true,
                        's' => options.structure.fix = true,
                        'S' => (options.structure.fix, options.structure.check_long) = (true, true),
                        _ => options.verbose = options.verbose.saturating_add(1),
                    }
                    continue;
                }
            };
            let which = match option.text().as_str() {
                "ALL" => Which::All,
                "-" => Which::Input,
                name => Which::One(name.to_owned()),
            };
            options.requests.push(Request { action, which });
        }
        for name in &given.operands {
            options.folders.push(folder(&name.to_string_lossy())?);
        }
        if options.requests.is_empty() && !options.structure.any() {
            options.structure = Structure {
                purge: true,
                fix: true,
                check_long: false,
            };
        }
        Ok(options)
    }
}

fn folder(name: &str) -> Result<Folder, String> {
    Folder::from_name(name)
        .filter(|folder| !matches!(folder, Folder::Corrupt | Folder::Saved))
        .ok_or_else(|| format!("invalid directory name: {name}"))
}

/// This command works for root alone, who should not depend on where it is called.
fn absolute(option: &Given) -> Result<PathBuf, String> {
    let directory = PathBuf::from(option.value.clone().unwrap_or_default());
    if directory.is_absolute() {
        Ok(directory)
    } else {
        Err("-c requires absolute pathname".to_owned())
    }
}

fn usage() -> String {
    "usage: postsuper [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] \
     [-f queue_id (expire and/or un-hold)] [-h queue_id (hold)] [-H queue_id (un-hold)] \
     [-p (purge temporary files)] [-r queue_id (requeue)] [-s (structure fix)] [-S (redundant structure fix)]\
     [-v (verbose)] [queue...]"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn requests_keep_their_order() {
        let options = parse("-c /dir -r AB -dALL -h - -ps deferred hold").unwrap();
        let requests: Vec<_> = options
            .requests
            .iter()
            .map(|r| (r.action, &r.which))
            .collect();
        assert_eq!(
            requests,
            [
                (Action::Requeue, &Which::One("AB".to_owned())),
                (Action::Delete, &Which::All),
                (Action::Hold, &Which::Input),
            ]
        );
        assert_eq!(options.folders, [Folder::Deferred, Folder::Hold]);
        assert_eq!(
            options.structure,
            Structure {
                purge: true,
                fix: true,
                check_long: false
            }
        );
        assert_eq!(parse("").unwrap().structure, options.structure);
        assert!(!parse("-d X").unwrap().structure.any());
        assert_eq!(
            parse("-s corrupt").unwrap_err(),
            "invalid directory name: corrupt"
        );
        assert!(parse("-d").unwrap_err().starts_with("usage: postsuper"));
        assert!(parse("-x").is_err());
    }
}
