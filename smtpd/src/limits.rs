//! How much nonsense a client may send: errors and junk commands since its last letter.

use std::time::Duration;

use config::params::smtpd::Limits;

/// A client's record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conduct {
    errors: usize,
    junk: usize,
}

impl Conduct {
    /// The client made an error.
    pub const fn error(&mut self) {
        self.errors = self.errors.saturating_add(1);
    }

    /// The client sent a command that leads nowhere; beyond the limit that is an error.
    pub const fn junk(&mut self, limits: &Limits) {
        self.junk = self.junk.saturating_add(1);
        if self.junk > limits.smtpd_junk_command_limit {
            self.error();
        }
    }

    /// The client delivered a letter: all is forgiven.
    pub const fn redeem(&mut self) {
        *self = Self { errors: 0, junk: 0 };
    }

    /// How long to wait before each reply.
    pub const fn penalty(self, limits: &Limits) -> Option<Duration> {
        if self.errors >= limits.smtpd_soft_error_limit && !limits.smtpd_error_sleep_time.is_zero()
        {
            Some(limits.smtpd_error_sleep_time)
        } else {
            None
        }
    }

    /// Whether the client has made so many errors that the session ends.
    pub const fn is_exhausted(self, limits: &Limits) -> bool {
        self.errors >= limits.smtpd_hard_error_limit
    }
}
