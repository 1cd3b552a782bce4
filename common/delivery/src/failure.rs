//! Why a letter could not be put where it belongs, as a status and a reason.

use std::io;

use mail::DsnStatus;
use mail::outcome::Dsn;
use sys::nix::errno::Errno;

use crate::copy::CopyError;

/// A delivery to a mailbox or a command that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Whether to try again, and the kind of trouble.
    pub status: DsnStatus,
    /// The reason in words.
    pub reason: Vec<u8>,
    /// Who or what is to blame.
    pub cause: Cause,
}

/// Who or what a failure comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The destination, or our way there.
    Destination,
    /// A command said so.
    Command,
    /// The queue file cannot be read.
    QueueFile,
}

impl Failure {
    /// With a status of its own.
    #[must_use]
    pub fn new(status: DsnStatus, reason: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            reason: reason.into(),
            cause: Cause::Destination,
        }
    }

    /// A failed system call: `what: error text`, tried again unless the mailbox is full.
    #[must_use]
    pub fn system(what: &str, error: &io::Error) -> Self {
        Self::new(status_of(error), format!("{what}: {}", sys::reason(error)))
    }

    /// The same failure; one about the mailbox itself (2.0) is returned or deferred as wanted.
    #[must_use]
    pub fn returned_if(mut self, returned: bool) -> Self {
        if (self.status.subject, self.status.detail) == (2, 0) {
            self.status = self.status.with_class(if returned { 5 } else { 4 });
        }
        self
    }

    /// The same failure with words before its reason.
    #[must_use]
    pub fn within(mut self, before: &str) -> Self {
        self.reason.splice(..0, before.bytes());
        self
    }

    /// What is reported about the recipient.
    #[must_use]
    pub fn into_dsn(self) -> Dsn {
        let mut dsn = Dsn::new(self.status, self.reason);
        if self.cause == Cause::Command {
            dsn.diagnostic_type = b"x-unix".to_vec();
            dsn.diagnostic_text.clone_from(&dsn.reason);
        }
        dsn
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        match &error {
            CopyError::Read(_) => Self {
                cause: Cause::QueueFile,
                ..Self::new(DsnStatus::new(4, 3, 0), error.to_string())
            },
            CopyError::Write(cause) => Self::new(status_of(cause), error.to_string()),
        }
    }
}

/// RFC 3463: 2.2 mailbox full, 3.0 trouble of the system, 2.0 trouble with the mailbox.
fn status_of(error: &io::Error) -> DsnStatus {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EFBIG | Errno::EDQUOT) => DsnStatus::new(5, 2, 2),
        Some(
            Errno::ENOSPC
            | Errno::EIO
            | Errno::ENOMEM
            | Errno::EMFILE
            | Errno::ENFILE
            | Errno::EROFS
            | Errno::EPERM,
        ) => DsnStatus::new(4, 3, 0),
        _ => DsnStatus::new(4, 2, 0),
    }
}
