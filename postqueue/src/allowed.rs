//! Who may use the command: authorized_mailq_users, authorized_flush_users.
//!
//! A set-gid program opens no tables, so only names, `!name`, and `static:` are understood here. Anything else refuses
//! everybody but root and the mail owner, who are always allowed.

use config::params::core::Identity;
use config::{Settings, Words};

use command::Fatal;

/// An error, unless the calling user is on the list. `purpose` completes "not allowed to".
pub(crate) fn check(settings: &Settings, list: &Words, purpose: &str) -> Result<(), Fatal> {
    let (uid, _) = sys::rights::real_ids();
    let account = sys::users::by_uid(uid)
        .map_err(|error| Fatal::io(format_args!("look up user {uid}"), &error))?;
    let name = account.map(|account| account.name);
    let owner = settings.get::<Identity>()?.mail_owner;
    if uid == 0 || name.as_deref() == Some(owner.as_str()) {
        return Ok(());
    }
    let name = name.unwrap_or_else(|| "unknown".to_owned());
    if matches(list.iter().map(AsRef::as_ref), &name) {
        return Ok(());
    }
    let text = format!("User {name}({uid}) is not allowed to {purpose}");
    Err(Fatal::new(text))
}

/// The first word that matches decides.
fn matches<'a>(mut words: impl Iterator<Item = &'a str>, name: &str) -> bool {
    words
        .find_map(|word| {
            let (negated, pattern) = match word.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, word),
            };
            (pattern == name || pattern.starts_with("static:")).then_some(!negated)
        })
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(list: &str, name: &str) -> bool {
        matches(list.split(' '), name)
    }

    #[test]
    fn the_first_match_decides() {
        assert!(allowed("static:anyone", "bob"));
        assert!(!allowed("!bob static:anyone", "bob"));
        assert!(allowed("!bob static:anyone", "eve"));
        assert!(!allowed("alice", "bob"));
        assert!(!allowed("hash:/etc/x", "bob"));
    }
}
