//! The `authorized_*_users` lists: which users may run a command.
//!
//! Members are user names, `static:anything` (everybody), `/file` with more members, and `!` before any of them; the
//! first that matches decides. Other tables are refused: they would bring their libraries, and rights to open them,
//! into set-gid commands.

use std::fmt;

use sys::rights::real_ids;

/// Why a list gives no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsersError {
    /// A `/file` that cannot be read.
    File(String),
    /// A `type:table` other than `static:`.
    Table(String),
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(text) => f.write_str(text),
            Self::Table(table) => write!(
                f,
                "{table}: list the users, or name a /file of them; set-gid commands open no tables"
            ),
        }
    }
}

impl std::error::Error for UsersError {}

/// The name of the user who called; the number in digits when it has none.
#[must_use]
pub fn caller() -> String {
    let (uid, _) = real_ids();
    match sys::users::by_uid(uid) {
        Ok(Some(account)) => account.name,
        Ok(None) | Err(_) => uid.to_string(),
    }
}

/// Whether the user who called may go on. The administrator and the owner of the mail system need no entry.
pub fn authorized<'a>(
    members: impl IntoIterator<Item = &'a str>,
    mail_owner: &str,
) -> Result<bool, UsersError> {
    let mut members = members.into_iter().peekable();
    // Neither needs the caller's name, which costs a look into the user database.
    let everybody = members
        .peek()
        .is_some_and(|first| first.starts_with("static:"));
    if everybody || real_ids().0 == 0 {
        return Ok(true);
    }
    let caller = caller();
    if caller == mail_owner {
        return Ok(true);
    }
    allowed(members, &caller)
}

/// Whether a list names the user.
pub fn allowed<'a>(
    members: impl IntoIterator<Item = &'a str>,
    user: &str,
) -> Result<bool, UsersError> {
    Ok(decision(members, user, 0)?.unwrap_or(false))
}

/// How deep files may name files.
const MAX_DEPTH: usize = 4;

fn decision<'a>(
    members: impl IntoIterator<Item = &'a str>,
    user: &str,
    depth: usize,
) -> Result<Option<bool>, UsersError> {
    for member in members {
        let name = member.trim_start_matches('!');
        let positive = (member.len() - name.len()).is_multiple_of(2);
        let found = if name.starts_with('/') {
            file(name, user, depth)?
        } else if name.starts_with("static:") {
            Some(true)
        } else if name.contains(':') {
            return Err(UsersError::Table(name.to_owned()));
        } else {
            (name == user).then_some(true)
        };
        if let Some(listed) = found {
            return Ok(Some(listed == positive));
        }
    }
    Ok(None)
}

fn file(path: &str, user: &str, depth: usize) -> Result<Option<bool>, UsersError> {
    let failed = |what: &str| UsersError::File(format!("open file {path}: {what}"));
    if depth >= MAX_DEPTH {
        return Err(failed("nested too deep"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&sys::reason(&error)))?;
    let words: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split(|c: char| c == ',' || c.is_ascii_whitespace()))
        .filter(|word| !word.is_empty())
        .collect();
    decision(words, user, depth + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_member_that_matches_decides() {
        assert_eq!(allowed(["static:anyone"], "me"), Ok(true));
        assert_eq!(allowed(["!me", "static:all"], "me"), Ok(false));
        assert_eq!(allowed(["!me", "static:all"], "you"), Ok(true));
        assert_eq!(allowed(["root"], "me"), Ok(false));
        assert!(allowed(["hash:/x"], "me").is_err());
        assert!(allowed(["/nonexistent/users"], "me").is_err());
    }
}
