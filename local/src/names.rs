//! `$user`, `$home`, `$extension` and the like in forward_path, luser_relay and command_execution_directory.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;

use sys::users::Account;
use text::expand::{self, Error};

use crate::place::{Parts, Place};
use crate::settings::Config;

/// The names and their values for one recipient.
pub(crate) struct Names<'a> {
    config: &'a Config,
    place: &'a Place,
    parts: &'a Parts,
    account: Option<&'a Account>,
    filter: Option<&'a str>,
    used_extension: bool,
}

impl<'a> Names<'a> {
    pub(crate) const fn new(
        config: &'a Config,
        place: &'a Place,
        parts: &'a Parts,
        account: Option<&'a Account>,
    ) -> Self {
        Self {
            config,
            place,
            parts,
            account,
            filter: None,
            used_extension: false,
        }
    }

    /// Characters of values that are not in the filter become `_`.
    pub(crate) const fn filtered(mut self, filter: &'a str) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Whether an extension was asked for, and there was one, since [`Self::forget`].
    pub(crate) const fn used_extension(&self) -> bool {
        self.used_extension
    }

    pub(crate) const fn forget(&mut self) {
        self.used_extension = false;
    }

    fn get(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let (parts, account) = (self.parts, self.account);
        Some(match name {
            b"user" => parts.user.clone(),
            b"home" => account?.home.as_os_str().as_bytes().to_vec(),
            b"shell" => account?.shell.as_os_str().as_bytes().to_vec(),
            b"recipient" => self.place.recipient.address.as_bytes().to_vec(),
            b"local" => self.place.recipient.address.local_part().to_vec(),
            b"domain" => parts.domain.clone(),
            b"extension" => {
                self.used_extension |= !parts.extension.is_empty();
                parts.extension.clone()
            }
            b"recipient_delimiter" => match parts.delimiter {
                Some(delimiter) => vec![delimiter],
                None => self.config.delimiters.iter().copied().take(1).collect(),
            },
            _ => return None,
        })
    }
}

impl expand::Names for Names<'_> {
    fn value(&mut self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, Error> {
        let value = self.get(name);
        Ok(value.map(|value| {
            Cow::Owned(match self.filter {
                Some(allowed) => filter(&value, allowed),
                None => value,
            })
        }))
    }
}

/// Replace the characters that are not allowed.
pub(crate) fn filter(value: &[u8], allowed: &str) -> Vec<u8> {
    value
        .iter()
        .map(|b| {
            if allowed.as_bytes().contains(b) {
                *b
            } else {
                b'_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_are_not_allowed_are_replaced() {
        assert_eq!(filter(b"a;b c", "abc"), b"a_b_c");
    }
}
