//! Where a conversation stands, as log lines say it: "lost connection with ... while sending RCPT TO".

use std::fmt;
use std::time::Duration;

use crate::settings::Timeouts;

/// A step of the conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Waiting for 220.
    Greeting,
    /// EHLO.
    Ehlo,
    /// HELO.
    Helo,
    /// LHLO.
    Lhlo,
    /// The first XFORWARD command.
    XforwardName,
    /// The second XFORWARD command.
    XforwardHelo,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The content.
    Body,
    /// The dot and the replies to it.
    EndOfData,
    /// RSET.
    Rset,
    /// QUIT.
    Quit,
}

impl Phase {
    /// The command that a reply answers: "(in reply to ...)".
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::Greeting => "initial server greeting",
            Self::Ehlo => "EHLO command",
            Self::Helo => "HELO command",
            Self::Lhlo => "LHLO command",
            Self::XforwardName | Self::XforwardHelo => "XFORWARD command",
            Self::Mail => "MAIL FROM command",
            Self::Rcpt => "RCPT TO command",
            Self::Data => "DATA command",
            Self::Body | Self::EndOfData => "end of DATA command",
            Self::Rset => "RSET command",
            Self::Quit => "QUIT command",
        }
    }
}

impl Phase {
    /// How long it may take.
    #[must_use]
    pub const fn limit(self, timeouts: &Timeouts) -> Duration {
        match self {
            Self::Greeting | Self::Ehlo | Self::Helo | Self::Lhlo => timeouts.hello,
            Self::XforwardName | Self::XforwardHelo => timeouts.xforward,
            Self::Mail => timeouts.mail,
            Self::Rcpt => timeouts.rcpt,
            Self::Data => timeouts.data_init,
            Self::Body => timeouts.data_transfer,
            Self::EndOfData => timeouts.data_done,
            Self::Rset => timeouts.rset,
            Self::Quit => timeouts.quit,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "receiving the initial server greeting",
            Self::Ehlo => "performing the EHLO handshake",
            Self::Helo => "performing the HELO handshake",
            Self::Lhlo => "performing the LHLO handshake",
            Self::XforwardName => "sending XFORWARD name/address",
            Self::XforwardHelo => "sending XFORWARD protocol/helo_name",
            Self::Mail => "sending MAIL FROM",
            Self::Rcpt => "sending RCPT TO",
            Self::Data => "sending DATA command",
            Self::Body => "sending message body",
            Self::EndOfData => "sending end of data -- message may be sent more than once",
            Self::Rset => "sending RSET",
            Self::Quit => "sending QUIT command",
        })
    }
}
