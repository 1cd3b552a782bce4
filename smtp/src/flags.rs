//! The flags= attribute of master.cf: header lines before the content, and loop detection by Delivered-To:.

use delivery::{Content, DeliveredTo, EnvelopeLines};
use mail::{Address, DsnStatus, Recipient};
use queue::ReadError;

use crate::failure::Failure;

/// Which lines are added, and what success means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags {
    /// `D`: Delivered-To:, and mail that already has it is returned.
    pub delivered: bool,
    /// `O`: X-Original-To:.
    pub original: bool,
    /// `R`: Return-Path:.
    pub return_path: bool,
    /// `X`: the delivery is final.
    pub last: bool,
}

impl Flags {
    /// Read `flags=DORX`, the only attribute there is; the wrong word for anything else.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut flags = Self::default();
        for argument in arguments {
            let letters = argument
                .strip_prefix("flags=")
                .ok_or_else(|| argument.clone())?;
            for letter in letters.chars() {
                match letter {
                    'D' => flags.delivered = true,
                    'O' => flags.original = true,
                    'R' => flags.return_path = true,
                    'X' => flags.last = true,
                    _ => return Err(argument.clone()),
                }
            }
        }
        Ok(flags)
    }

    /// The lines to send before the content.
    #[must_use]
    pub fn lines(self, sender: &Address, recipient: &Recipient) -> Vec<u8> {
        let lines = EnvelopeLines {
            from_line: None,
            sender: Some(sender),
            return_path: self.return_path,
            original: self.original.then_some(&recipient.original),
            delivered: self.delivered.then_some(&recipient.address),
        };
        lines.to_bytes()
    }

    /// Whether the content says that this recipient had it before.
    pub fn finds_loop(
        self,
        mut content: Content<'_>,
        recipient: &Recipient,
    ) -> Result<bool, ReadError> {
        if !self.delivered {
            return Ok(false);
        }
        Ok(DeliveredTo::read(&mut content)?.contains(&recipient.address))
    }
}

/// A letter that came back.
#[must_use]
pub fn forwarding_loop(recipient: &Recipient) -> Failure {
    let address = String::from_utf8_lossy(recipient.address.as_bytes()).into_owned();
    let text = format!("mail forwarding loop for {address}");
    Failure::new(DsnStatus::new(5, 4, 6), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let flags = Flags::parse(&["flags=DR".to_owned()]).unwrap();
        assert!(flags.delivered && flags.return_path && !flags.original && !flags.last);
        assert_eq!(
            Flags::parse(&["flags=Q".to_owned()]),
            Err("flags=Q".to_owned())
        );
        assert!(Flags::parse(&["user=x".to_owned()]).is_err());
    }
}
