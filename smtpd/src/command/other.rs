//! The commands that need no file of their own: RSET, HELP, and those that are not offered.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::reply::Reply;
use crate::session::Session;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// RSET: forget the transaction.
    pub fn rset(&mut self, arguments: &[u8]) -> Reply {
        if !arguments.is_empty() {
            return Reply::of(501, (5, 5, 4), "Syntax: RSET");
        }
        self.reset();
        Reply::of(250, (2, 0, 0), "Ok")
    }
}

/// HELP.
pub fn help() -> Reply {
    let commands = "Commands: BDAT DATA EHLO ETRN HELO HELP MAIL NOOP QUIT RCPT RSET VRFY";
    Reply::of(214, (2, 0, 0), commands)
}

/// AUTH, without SASL.
pub fn auth() -> Reply {
    Reply::of(503, (5, 5, 1), "Error: authentication not enabled")
}

/// STARTTLS, without TLS.
pub fn starttls() -> Reply {
    Reply::of(502, (5, 5, 1), "Error: command not implemented")
}
