//! The folders of the queue directory.

use std::fmt;

/// A folder under the queue directory that holds files named by queue id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Folder {
    /// Local submissions, written by postdrop(1).
    Maildrop,
    /// New mail that the queue manager has not seen.
    Incoming,
    /// Mail that is being delivered.
    Active,
    /// Mail that waits for another attempt.
    Deferred,
    /// Mail that waits for the administrator.
    Hold,
    /// Damaged queue files.
    Corrupt,
    /// Mail put aside.
    Saved,
    /// Why recipients failed for good.
    Bounce,
    /// Why recipients failed at the last attempt.
    Defer,
    /// Reports that senders asked for.
    Trace,
    /// Queue ids by destination, for fast ETRN.
    Flush,
}

impl Folder {
    /// All folders.
    pub const ALL: [Self; 11] = [
        Self::Maildrop,
        Self::Incoming,
        Self::Active,
        Self::Deferred,
        Self::Hold,
        Self::Corrupt,
        Self::Saved,
        Self::Bounce,
        Self::Defer,
        Self::Trace,
        Self::Flush,
    ];

    /// The folders with mail under the queue manager's care.
    pub const MAIL: [Self; 4] = [Self::Incoming, Self::Active, Self::Deferred, Self::Hold];

    /// The folder's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Maildrop => "maildrop",
            Self::Incoming => "incoming",
            Self::Active => "active",
            Self::Deferred => "deferred",
            Self::Hold => "hold",
            Self::Corrupt => "corrupt",
            Self::Saved => "saved",
            Self::Bounce => "bounce",
            Self::Defer => "defer",
            Self::Trace => "trace",
            Self::Flush => "flush",
        }
    }

    /// The folder of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|folder| folder.name() == name)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
