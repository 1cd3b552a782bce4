//! Where a delivery has come to on its way through aliases and .forward files.

use delivery::Ids;
use mail::{Address, Recipient, extension};
use sys::users::Account;

use crate::settings::Config;

/// What a destination was read from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// The request itself, or the configuration.
    Request,
    /// An alias.
    Alias,
    /// A user's .forward.
    Forward,
    /// A file of `:include:`.
    Include,
}

impl Origin {
    /// The word of `allow_mail_to_commands` and the like.
    pub(crate) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Request => None,
            Self::Alias => Some("alias"),
            Self::Forward => Some("forward"),
            Self::Include => Some("include"),
        }
    }
}

/// One recipient, and how it was come to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// As it is reported.
    pub(crate) recipient: Recipient,
    /// For Delivered-To:.
    pub(crate) delivered: Address,
    /// What the recipient was read from.
    pub(crate) origin: Origin,
    /// The envelope sender of a list; otherwise the letter's own.
    pub(crate) owner: Option<Address>,
    /// Aliases that are being expanded.
    pub(crate) aliases: Vec<Vec<u8>>,
    /// Whose .forward is being expanded.
    pub(crate) user: Option<Account>,
    /// On whose behalf files are written and commands run; `None` for `default_privs`.
    pub(crate) rights: Option<Ids>,
    /// An extension that was not looked up, to be added to the next addresses.
    pub(crate) unmatched: Vec<u8>,
    /// How many expansions led here.
    pub(crate) level: usize,
}

impl Place {
    /// A recipient of the request.
    pub(crate) fn of(recipient: &Recipient) -> Self {
        Self {
            delivered: recipient.address.clone(),
            recipient: recipient.clone(),
            origin: Origin::Request,
            owner: None,
            aliases: Vec::new(),
            user: None,
            rights: None,
            unmatched: Vec::new(),
            level: 0,
        }
    }

    /// The recipient's parts.
    pub(crate) fn parts(&self, config: &Config) -> Parts {
        let address = &self.recipient.address;
        let local = address.local_part().to_ascii_lowercase();
        let split = extension::split(
            address.local_part(),
            &config.delimiters,
            config.owner_request_special,
        );
        let (user, extension, delimiter) = match split {
            Some((user, extension)) => {
                let delimiter = local.get(user.len()).copied();
                (user.to_ascii_lowercase(), extension.to_vec(), delimiter)
            }
            None => (local.clone(), Vec::new(), None),
        };
        Parts {
            local,
            user,
            extension,
            delimiter,
            domain: address.domain().unwrap_or_default().to_vec(),
        }
    }
}

/// A local address, taken apart; names in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Parts {
    pub(crate) local: Vec<u8>,
    pub(crate) user: Vec<u8>,
    /// Empty without one.
    pub(crate) extension: Vec<u8>,
    /// What stands before the extension.
    pub(crate) delimiter: Option<u8>,
    pub(crate) domain: Vec<u8>,
}

impl Parts {
    /// The extension with its delimiter.
    pub(crate) fn suffix(&self) -> Vec<u8> {
        self.delimiter
            .into_iter()
            .chain(self.extension.iter().copied())
            .collect()
    }

    /// The user as text; `None` when no account can have such a name.
    pub(crate) fn user_name(&self) -> Option<&str> {
        std::str::from_utf8(&self.user)
            .ok()
            .filter(|name| !name.is_empty() && !name.contains(['\0', ':', '/']))
    }
}
