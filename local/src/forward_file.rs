//! A user's .forward: where the user wants mail to go.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use delivery::{Failure, Fate};
use lookup::aliases::{Destination, destinations};
use sys::nix::libc;
use sys::users::Account;

use crate::job::Job;
use crate::names::Names;
use crate::place::{Origin, Parts, Place};
use crate::rights::{borrow, ids};

/// The longest file that is read, in bytes.
pub(crate) const MAX_FILE: u64 = 4 * 1024 * 1024;

impl Job<'_> {
    /// Deliver to what the user's .forward names; `None` when there is none, or it names nothing.
    pub(crate) fn forward_file(&self, place: &Place, parts: &Parts) -> Option<Fate> {
        // Users who name themselves mean their mailboxes.
        if place
            .user
            .as_ref()
            .is_some_and(|user| user.name.as_bytes() == parts.user)
        {
            return None;
        }
        let account = self.account(parts.user_name()?).ok().flatten()?;
        if self.is_out_of_reach(&account) {
            return None;
        }
        let (path, extended, bytes) = match self.first_file(place, parts, &account) {
            Ok(found) => found?,
            Err(failure) => return Some(self.failure(place, failure)),
        };
        let destinations = lines(&bytes, &path);
        if destinations.is_empty() {
            return None;
        }
        if !self.first_time("forward", path.as_bytes()) {
            return Some(Fate::DONE);
        }
        let mut inner = place.clone();
        inner.origin = Origin::Forward;
        inner.rights = Some(ids(&account));
        inner.user = Some(account);
        let propagate = !extended && self.config().propagate.has("forward");
        inner.unmatched = if propagate {
            parts.suffix()
        } else {
            Vec::new()
        };
        Some(self.destinations(&inner, destinations))
    }

    /// The first file of `forward_path` that is there: its name, whether that has the extension, its bytes.
    fn first_file(
        &self,
        place: &Place,
        parts: &Parts,
        account: &Account,
    ) -> Result<Option<(String, bool, Vec<u8>)>, Failure> {
        let config = self.config();
        let filter = &config.commands.forward_expansion_filter;
        let mut names = Names::new(config, place, parts, Some(account)).filtered(filter);
        let as_user = borrow(ids(account));
        let _as_user =
            as_user.map_err(|error| Failure::system("change of user and group", &error))?;
        let mut tried = String::new();
        for template in text::token::words(&config.forwarding.forward_path) {
            names.forget();
            let path = match text::expand::expand(template.as_bytes(), &mut names) {
                Ok(path) => String::from_utf8_lossy(&path).into_owned(),
                Err(error) => {
                    maillog::warning!("forward_path: {error}");
                    continue;
                }
            };
            // Without an extension the stock list names the same file twice.
            if path == tried {
                continue;
            }
            tried.clone_from(&path);
            match open(Path::new(&path), account) {
                Ok(Some(bytes)) => return Ok(Some((path, names.used_extension(), bytes))),
                Ok(None) => {}
                Err(error) => {
                    return Err(Failure::system(&format!("cannot open file {path}"), &error));
                }
            }
        }
        Ok(None)
    }
}

/// The bytes of a file that is the user's own, opened with the user's rights; `None` when there is none that may be trusted.
fn open(path: &Path, account: &Account) -> io::Result<Option<Vec<u8>>> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    let complain = |what: &str| {
        maillog::warning!("file {} {what}; ignoring it", path.display());
        Ok(None)
    };
    if !metadata.is_file() {
        return complain("is not a regular file");
    }
    if metadata.uid() != 0 && metadata.uid() != account.uid {
        return complain(&format!("has bad owner uid {}", metadata.uid()));
    }
    if metadata.mode() & libc::S_IWOTH != 0 {
        return complain("is world writable");
    }
    read(file).map(Some)
}

/// Whether the user simply has no such file.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied
    )
}

/// All of a file, up to a limit.
pub(crate) fn read(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The destinations of each line; comments are left out, and lines that make no sense, with a warning.
pub(crate) fn lines(bytes: &[u8], path: &str) -> Vec<Destination> {
    let lines = bytes
        .split(|&b| b == b'\n')
        .filter(|line| !line.starts_with(b"#"));
    lines
        .flat_map(|line| {
            destinations(line).unwrap_or_else(|error| {
                maillog::warning!("{path}: {error}: \"{}\"", String::from_utf8_lossy(line));
                Vec::new()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_wrong_lines_are_left_out() {
        let found = lines(b"# no\nbob, \\alice\n<open\n\n\"|cat\"\n", "file");
        assert_eq!(
            found,
            [
                Destination::Address(b"bob".to_vec()),
                Destination::Address(b"alice".to_vec()),
                Destination::Command(b"cat".to_vec())
            ]
        );
    }
}
