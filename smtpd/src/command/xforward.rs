//! XFORWARD (XFORWARD_README): a content filter says for which client it speaks, for the log and for milters.

use tokio::io::{AsyncRead, AsyncWrite};

use super::xclient::{address, attribute, bad_value, known, port};
use crate::forward::Forward;
use crate::peer::UNKNOWN;
use crate::reply::Reply;
use crate::session::Session;

/// The attributes, as EHLO lists them.
pub const NAMES: &str = "NAME ADDR PROTO HELO SOURCE PORT IDENT";

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// XFORWARD.
    pub fn xforward(&mut self, arguments: &[u8]) -> Reply {
        if !self.rights.xforward {
            return Reply::of(550, (5, 7, 0), "Error: insufficient authorization");
        }
        if self.transaction.is_some() {
            return Reply::of(503, (5, 5, 1), "Error: MAIL transaction in progress");
        }
        if arguments.is_empty() {
            return Reply::of(501, (5, 5, 4), "Syntax: XFORWARD attribute=value...");
        }
        let mut forward = self.forward.take().unwrap_or_default();
        for word in super::words(arguments) {
            if let Err(reply) = take(&mut forward, word) {
                return reply;
            }
        }
        self.forward = Some(forward);
        Reply::of(250, (2, 0, 0), "Ok")
    }
}

fn take(forward: &mut Forward, word: &[u8]) -> Result<(), Reply> {
    let (name, value) = attribute(word)?;
    let text = String::from_utf8_lossy(&value).into_owned();
    let or_unknown = |text: String| {
        if known(&text) {
            text
        } else {
            UNKNOWN.to_owned()
        }
    };
    let or_empty = |text: String| if known(&text) { text } else { String::new() };
    let bad = || bad_value(&name, &value);
    match name.as_str() {
        "NAME" => {
            if known(&text) && !dns::resolver::is_host_name(&text) {
                return Err(bad());
            }
            forward.name = or_unknown(text);
        }
        "ADDR" => {
            let address = address(&text).ok_or_else(bad)?;
            forward.address = address.map_or_else(|| UNKNOWN.to_owned(), |a| a.to_string());
        }
        "PORT" => forward.port = port(&text).ok_or_else(bad)?,
        "HELO" => forward.helo = or_empty(text).into_bytes(),
        "PROTO" => {
            if text.len() > 64 {
                return Err(bad());
            }
            forward.protocol = or_unknown(text);
        }
        "IDENT" => forward.ident = or_empty(text),
        "SOURCE" => match text.to_ascii_uppercase().as_str() {
            source @ ("LOCAL" | "REMOTE") => source.clone_into(&mut forward.source),
            "[UNAVAILABLE]" => forward.source = String::new(),
            _ => return Err(bad()),
        },
        _ => {
            let text = format!("Bad XFORWARD attribute name: {name}");
            return Err(Reply::new(501, (5, 5, 4), text.into_bytes()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let mut forward = Forward::default();
        for word in [
            "NAME=foo.test",
            "ADDR=1.2.3.4",
            "IDENT=ABC",
            "HELO=[UNAVAILABLE]",
        ] {
            take(&mut forward, word.as_bytes()).unwrap();
        }
        assert_eq!(forward.client(), "foo.test[1.2.3.4]");
        assert_eq!((forward.ident.as_str(), forward.helo.len()), ("ABC", 0));
        let reply = take(&mut forward, b"FOO=bar").unwrap_err();
        assert_eq!(
            reply.to_string(),
            "501 5.5.4 Bad XFORWARD attribute name: FOO"
        );
    }
}
