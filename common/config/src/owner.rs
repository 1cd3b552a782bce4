//! The account that owns the mail system.

use sys::users::Account;

use crate::help::{Explained, Help};
use crate::params::core::Identity;
use crate::settings::Settings;

/// The account of mail_owner, which must be a user of its own.
pub fn mail_owner(settings: &Settings) -> Result<Account, Explained> {
    let name = settings.get::<Identity>()?.mail_owner;
    let wrong = |what: &str, expected: &str| {
        let main = settings.main_cf().path.display();
        let text = format!("file {main}: parameter mail_owner: {what}");
        settings.explained("mail_owner", &name, text, Help::new(expected))
    };
    match sys::users::by_name(&name) {
        Ok(Some(account)) if account.uid != 0 => Ok(account),
        Ok(Some(_)) => Err(wrong(
            &format!("user {name} has privileged user ID: 0"),
            "a user of its own is expected",
        )),
        Ok(None) => Err(wrong(
            &format!("unknown user name value: {name}"),
            "the name of a user is expected",
        )),
        Err(error) => Err(format!("look up mail_owner {name}: {}", sys::reason(&error)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Loader, MainCf};
    use std::path::Path;

    fn owner(main: &str) -> Result<Account, Explained> {
        let path = Path::new("/x/main.cf");
        let main = MainCf::parse(path, main.as_bytes()).unwrap();
        mail_owner(&Loader::new("test").over("/x".into(), main))
    }

    #[test]
    fn an_owner_is_a_user_without_rights() {
        assert_ne!(owner("mail_owner = daemon\n").unwrap().uid, 0);
        let text = |main| owner(main).unwrap_err().text;
        assert_eq!(
            text("mail_owner = root\n"),
            "file /x/main.cf: parameter mail_owner: user root has privileged user ID: 0"
        );
        assert_eq!(
            text("mail_owner = nobody.of.that.name\n"),
            "file /x/main.cf: parameter mail_owner: unknown user name value: nobody.of.that.name"
        );
    }
}
