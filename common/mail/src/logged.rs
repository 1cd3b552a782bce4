//! Addresses in log lines: quoted as in messages, or as they are inside (`info_log_address_format`).
//!
//! Like the log itself, the form is one for the whole program; the skeleton of daemons sets it at the start.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::quote::quote_822;

static INTERNAL: AtomicBool = AtomicBool::new(false);

/// How addresses are logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `"name with spaces"@example.com`
    External,
    /// `name with spaces@example.com`
    Internal,
}

impl Form {
    /// As `info_log_address_format` names it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "external" => Some(Self::External),
            "internal" => Some(Self::Internal),
            _ => None,
        }
    }

    /// Use this form from now on.
    pub fn set(self) {
        INTERNAL.store(self == Self::Internal, Ordering::Relaxed);
    }

    fn show(self, address: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Internal => String::from_utf8_lossy(address),
            Self::External => match quote_822(address) {
                Cow::Borrowed(address) => String::from_utf8_lossy(address),
                Cow::Owned(quoted) => Cow::Owned(String::from_utf8_lossy(&quoted).into_owned()),
            },
        }
    }
}

/// An address, in its internal form, as it is to be logged.
#[must_use]
pub fn logged(address: &[u8]) -> Cow<'_, str> {
    let form = if INTERNAL.load(Ordering::Relaxed) {
        Form::Internal
    } else {
        Form::External
    };
    form.show(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let address = b"name with spaces@example.com";
        assert_eq!(
            Form::External.show(address),
            "\"name with spaces\"@example.com"
        );
        assert_eq!(Form::Internal.show(address), "name with spaces@example.com");
        assert_eq!(logged(b"a.b@c"), "a.b@c");
        assert_eq!(logged(b""), "");
        assert_eq!(Form::parse("internal"), Some(Form::Internal));
        assert_eq!(Form::parse("Internal"), None);
    }
}
