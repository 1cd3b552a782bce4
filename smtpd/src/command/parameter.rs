//! The parameters that follow an address in MAIL and RCPT (RFC 1870, 1652, 3461, 6531).
//!
//! Pure: text in, values or the reply out. Which extensions are offered is the caller's to say.

use mail::{Notify, Ret};

use crate::reply::Reply;

/// Which extensions a client may use: what EHLO offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offered {
    /// DSN.
    pub dsn: bool,
    /// SMTPUTF8.
    pub smtputf8: bool,
}

/// What BODY says of the content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    SevenBit,
    EightBit,
}

impl Body {
    /// The value of the queue file's `encoding` attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
        }
    }
}

/// The parameters of MAIL.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MailParameters {
    /// SIZE, in bytes; 0 when not said.
    pub size: u64,
    /// BODY.
    pub body: Option<Body>,
    /// SMTPUTF8.
    pub smtputf8: bool,
    /// RET.
    pub ret: Ret,
    /// ENVID, decoded.
    pub envid: Vec<u8>,
}

/// The parameters of RCPT.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RcptParameters {
    /// NOTIFY.
    pub notify: Notify,
    /// ORCPT, `type;address` decoded; empty when not said.
    pub orcpt: Vec<u8>,
}

impl MailParameters {
    /// Read the words after the address.
    pub fn parse(text: &[u8], offered: Offered) -> Result<Self, Reply> {
        let mut parameters = Self::default();
        for word in super::words(text) {
            match named(word) {
                Name::Size(value) => {
                    parameters.size = size(value).ok_or_else(|| bad("Bad message size syntax"))?;
                }
                Name::Body(value) => {
                    parameters.body = Some(body(value).ok_or_else(|| unsupported(word))?);
                }
                Name::Smtputf8 if offered.smtputf8 => parameters.smtputf8 = true,
                Name::Ret(_) | Name::Envid(_) if !offered.dsn => return Err(dsn_disabled()),
                Name::Ret(value) => {
                    let given = parameters.ret != Ret::Unset;
                    parameters.ret = ret(value)
                        .filter(|_| !given)
                        .ok_or_else(|| bad("Bad RET parameter syntax"))?;
                }
                Name::Envid(value) => {
                    let given = !parameters.envid.is_empty();
                    parameters.envid = envid(value)
                        .filter(|_| !given)
                        .ok_or_else(|| bad("Bad ENVID parameter syntax"))?;
                }
                Name::Smtputf8 | Name::Notify(_) | Name::Orcpt(_) | Name::Other => {
                    return Err(unsupported(word));
                }
            }
        }
        Ok(parameters)
    }
}

impl RcptParameters {
    /// Read the words after the address.
    pub fn parse(text: &[u8], offered: Offered) -> Result<Self, Reply> {
        let mut parameters = Self::default();
        for word in super::words(text) {
            match named(word) {
                Name::Notify(_) | Name::Orcpt(_) if !offered.dsn => return Err(dsn_disabled()),
                Name::Notify(value) => {
                    let given = parameters.notify != Notify::UNSET;
                    parameters.notify = notify(value)
                        .filter(|_| !given)
                        .ok_or_else(|| bad("Error: Bad NOTIFY parameter syntax"))?;
                }
                Name::Orcpt(value) => {
                    let given = !parameters.orcpt.is_empty();
                    parameters.orcpt = orcpt(value)
                        .filter(|_| !given)
                        .ok_or_else(|| bad("Error: Bad ORCPT parameter syntax"))?;
                }
                Name::Size(_)
                | Name::Body(_)
                | Name::Smtputf8
                | Name::Ret(_)
                | Name::Envid(_)
                | Name::Other => return Err(unsupported(word)),
            }
        }
        Ok(parameters)
    }
}

enum Name<'a> {
    Size(&'a [u8]),
    Body(&'a [u8]),
    Smtputf8,
    Ret(&'a [u8]),
    Envid(&'a [u8]),
    Notify(&'a [u8]),
    Orcpt(&'a [u8]),
    Other,
}

fn named(word: &[u8]) -> Name<'_> {
    let Some(at) = word.iter().position(|&b| b == b'=') else {
        return match word {
            _ if word.eq_ignore_ascii_case(b"SMTPUTF8") => Name::Smtputf8,
            _ => Name::Other,
        };
    };
    let name = word.get(..at).unwrap_or_default();
    let value = word.get(at + 1..).unwrap_or_default();
    match name.to_ascii_uppercase().as_slice() {
        b"SIZE" => Name::Size(value),
        b"BODY" => Name::Body(value),
        b"RET" => Name::Ret(value),
        b"ENVID" => Name::Envid(value),
        b"NOTIFY" => Name::Notify(value),
        b"ORCPT" => Name::Orcpt(value),
        _ => Name::Other,
    }
}

fn bad(text: &'static str) -> Reply {
    Reply::of(501, (5, 5, 4), text)
}

fn dsn_disabled() -> Reply {
    Reply::of(501, (5, 7, 1), "DSN support is disabled")
}

fn unsupported(word: &[u8]) -> Reply {
    Reply::new(555, (5, 5, 4), [b"Unsupported option: ", word].concat())
}

fn size(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // A size beyond all numbers is beyond all limits too.
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn body(value: &[u8]) -> Option<Body> {
    match value.to_ascii_uppercase().as_slice() {
        b"7BIT" => Some(Body::SevenBit),
        b"8BITMIME" => Some(Body::EightBit),
        _ => None,
    }
}

fn ret(value: &[u8]) -> Option<Ret> {
    match value.to_ascii_uppercase().as_slice() {
        b"FULL" => Some(Ret::Full),
        b"HDRS" => Some(Ret::Headers),
        _ => None,
    }
}

/// RFC 3461 section 4.4: at most 100 characters of xtext, printable when decoded.
fn envid(value: &[u8]) -> Option<Vec<u8>> {
    let usable = !value.is_empty() && value.len() <= 100;
    let decoded = usable.then(|| text::xtext::decode(value)).flatten()?;
    decoded
        .iter()
        .all(|&b| b.is_ascii_graphic() || b == b' ')
        .then_some(decoded)
}

fn notify(value: &[u8]) -> Option<Notify> {
    value
        .split(|&b| b == b',')
        .try_fold(Notify::UNSET, |sum, word| {
            let wish = match word.to_ascii_uppercase().as_slice() {
                b"NEVER" => Notify::NEVER,
                b"SUCCESS" => Notify::SUCCESS,
                b"FAILURE" => Notify::FAILURE,
                b"DELAY" => Notify::DELAY,
                _ => return None,
            };
            Notify::from_bits(sum.with(wish).bits())
        })
}

/// `type;xtext`, at most 500 characters (RFC 3461 section 4.2).
fn orcpt(value: &[u8]) -> Option<Vec<u8>> {
    let at = value.iter().position(|&b| b == b';')?;
    let (kind, address) = (value.get(..at)?, value.get(at + 1..)?);
    let usable = !kind.is_empty() && !address.is_empty() && value.len() <= 500;
    let atom = kind.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    let decoded = (usable && atom)
        .then(|| text::xtext::decode(address))
        .flatten()?;
    let clean = !decoded.iter().any(u8::is_ascii_control);
    clean.then(|| [kind, b";", &decoded].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: Offered = Offered {
        dsn: true,
        smtputf8: true,
    };

    fn mail(text: &str) -> Result<MailParameters, String> {
        MailParameters::parse(text.as_bytes(), ALL).map_err(|reply| reply.to_string())
    }

    fn rcpt(text: &str) -> Result<RcptParameters, String> {
        RcptParameters::parse(text.as_bytes(), ALL).map_err(|reply| reply.to_string())
    }

    #[test]
    fn of_mail() {
        let all = mail("size=100 BODY=8bitmime RET=HDRS ENVID=abc+20d SMTPUTF8").unwrap();
        assert_eq!((all.size, all.body), (100, Some(Body::EightBit)));
        assert_eq!(
            (all.ret, all.envid.as_slice()),
            (Ret::Headers, &b"abc d"[..])
        );
        assert!(all.smtputf8);
        for (text, reply) in [
            ("FOO=1", "555 5.5.4 Unsupported option: FOO=1"),
            ("BODY=XX", "555 5.5.4 Unsupported option: BODY=XX"),
            ("SIZE=abc", "501 5.5.4 Bad message size syntax"),
            ("RET=XX", "501 5.5.4 Bad RET parameter syntax"),
            ("ENVID=+", "501 5.5.4 Bad ENVID parameter syntax"),
            ("ENVID=x ENVID=y", "501 5.5.4 Bad ENVID parameter syntax"),
        ] {
            assert_eq!(mail(text).unwrap_err(), reply, "{text}");
        }
        assert_eq!(mail("SIZE=99999999999999999999999").unwrap().size, u64::MAX);
    }

    #[test]
    fn of_rcpt() {
        let all = rcpt("NOTIFY=success,FAILURE ORCPT=rfc822;bob+40b.test").unwrap();
        assert_eq!(all.notify.bits(), 6);
        assert_eq!(all.orcpt, b"rfc822;bob@b.test");
        for (text, reply) in [
            (
                "NOTIFY=NEVER,SUCCESS",
                "501 5.5.4 Error: Bad NOTIFY parameter syntax",
            ),
            ("NOTIFY=FOO", "501 5.5.4 Error: Bad NOTIFY parameter syntax"),
            ("ORCPT=foo", "501 5.5.4 Error: Bad ORCPT parameter syntax"),
            (
                "ORCPT=rfc822;a+",
                "501 5.5.4 Error: Bad ORCPT parameter syntax",
            ),
            ("SIZE=10", "555 5.5.4 Unsupported option: SIZE=10"),
            ("FOO", "555 5.5.4 Unsupported option: FOO"),
        ] {
            assert_eq!(rcpt(text).unwrap_err(), reply, "{text}");
        }
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        let none = Offered {
            dsn: false,
            smtputf8: false,
        };
        let reply = MailParameters::parse(b"RET=FULL", none).unwrap_err();
        assert_eq!(reply.to_string(), "501 5.7.1 DSN support is disabled");
        let reply = MailParameters::parse(b"SMTPUTF8", none).unwrap_err();
        assert_eq!(reply.to_string(), "555 5.5.4 Unsupported option: SMTPUTF8");
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>) {
            let _ = MailParameters::parse(&text, ALL);
            let _ = RcptParameters::parse(&text, ALL);
        }
    }
}
