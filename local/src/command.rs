//! `|command`: a program that takes the letter on its standard input.

use delivery::command::words;
use delivery::copy::Style;
use delivery::{Command, Fate, Ids};
use sys::command::Identity;
use sys::users::Account;
use text::expand::expand;

use crate::job::Job;
use crate::names::Names;
use crate::place::{Parts, Place};

impl Job<'_> {
    /// Deliver to a command that an alias, .forward or list names.
    pub(crate) fn command(&self, place: &Place, command: &[u8]) -> Fate {
        let allowed = text::token::words(&self.config().aliases.allow_mail_to_commands);
        let mut allowed = allowed.map(str::to_ascii_lowercase);
        if place
            .origin
            .word()
            .is_some_and(|origin| !allowed.any(|word| word == origin))
        {
            return self.failed(place, (5, 7, 1), "mail to command is restricted");
        }
        let identity = self.config().identity_for(place.rights);
        let command = String::from_utf8_lossy(command).into_owned();
        let parts = place.parts(self.config());
        self.run_command(place, &parts, &command, identity, place.user.as_ref())
    }

    /// Deliver to a command of the configuration, for a user.
    pub(crate) fn user_command(
        &self,
        place: &Place,
        parts: &Parts,
        command: &str,
        account: &Account,
    ) -> Fate {
        let ids = Ids {
            uid: account.uid,
            gid: account.gid,
        };
        let identity = self.config().identity_for(Some(ids));
        self.run_command(place, parts, command, identity, Some(account))
    }

    fn run_command(
        &self,
        place: &Place,
        parts: &Parts,
        command: &str,
        identity: Identity,
        account: Option<&Account>,
    ) -> Fate {
        if !self.first_time("command", format!("{} {command}", identity.uid).as_bytes()) {
            return Fate::DONE;
        }
        if self.is_probe() {
            return self.sent(place, format!("delivers to command: {command}"));
        }
        let config = self.config();
        let filter = &config.commands.execution_directory_expansion_filter;
        let mut names = Names::new(config, place, parts, account).filtered(filter);
        let directory = match expand(
            config.commands.command_execution_directory.as_bytes(),
            &mut names,
        ) {
            Ok(directory) => String::from_utf8_lossy(&directory).into_owned(),
            Err(error) => {
                maillog::warning!("command_execution_directory: {error}");
                return self.failed(place, (4, 3, 5), "mail system configuration error");
            }
        };
        let run = Command {
            text: command.to_owned(),
            argv: words(command, &config.commands.local_command_shell),
            environment: self.environment(place, parts, account),
            directory: (!directory.is_empty()).then(|| directory.into()),
            identity: (!config.rootless).then_some(identity),
            time_limit: config.commands.command_time_limit,
        };
        let lines = self.lines(place, "command", true);
        let outcome = run.deliver(&lines, &mut self.delivery.content(), Style::default());
        self.concluded(
            place,
            outcome.map(drop),
            &format!("delivered to command: {command}"),
        )
    }
}
