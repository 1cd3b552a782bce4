//! The options of sendmail(1): modes and values glued to their letters, clusters, and much that is ignored.
//!
//! Pure: makes [`Options`] of words. The first operand ends the options.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use command::{Arguments, Given, UsageError};
use mail::{Notify, Ret};

const LETTERS: &str = "A:B:C:F:GIL:N:O:R:UV:X:ab:ce:f:h:imno:p:r:q::tvx";
/// The longest envelope id that is taken.
const LONGEST_ENVELOPE_ID: usize = 100;

/// What the program is asked to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Send the letter on standard input.
    Deliver,
    /// Report what would become of the recipients.
    Verify,
    /// Start the mail system.
    Daemon,
    /// List the queue.
    List,
    /// Rebuild the alias databases.
    Aliases,
    /// Speak SMTP on standard input and output.
    Smtp,
    /// Try everything in the queue.
    Flush,
    /// Try what is queued for a site.
    FlushSite(String),
    /// Try one message.
    FlushMessage(String),
    /// Asked for something that there is no need for.
    Nothing,
}

/// The body type of `-B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    SevenBit,
    EightBitMime,
}

/// A command line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    /// `-C`.
    pub(crate) configuration: Option<PathBuf>,
    /// `-oA`.
    pub(crate) alias_database: Option<String>,
    /// `-f`, as it was written.
    pub(crate) sender: Option<Vec<u8>>,
    /// `-F`.
    pub(crate) full_name: Option<Vec<u8>>,
    /// `-B`.
    pub(crate) body: Option<Body>,
    /// `-N`.
    pub(crate) notify: Notify,
    /// `-R`.
    pub(crate) ret: Ret,
    /// `-V`.
    pub(crate) envelope_id: Option<Vec<u8>>,
    /// `-XV`, with its delimiters if they were given.
    pub(crate) verp: Option<Option<Vec<u8>>>,
    /// `-G`.
    pub(crate) gateway: bool,
    /// Not `-i`.
    pub(crate) dot_ends: bool,
    /// `-t`.
    pub(crate) extract: bool,
    /// How many `-v`.
    pub(crate) verbose: u8,
    /// Recipients as they were written.
    pub(crate) recipients: Vec<Vec<u8>>,
    /// What is worth a warning.
    pub(crate) warnings: Vec<String>,
}

/// Why a command line makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OptionsError {
    /// A letter that is no option, or lacks its value.
    Usage(UsageError),
    /// Another mistake.
    Text(String),
}

impl OptionsError {
    /// Say at the terminal what getopt says there.
    pub(crate) fn tell(&self) {
        if let Self::Usage(error) = self {
            error.tell("sendmail");
        }
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(_) => f.write_str("usage: sendmail [options]"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<OptionsError> for String {
    fn from(error: OptionsError) -> Self {
        error.to_string()
    }
}

fn wrong<T>(text: impl Into<String>) -> Result<T, OptionsError> {
    Err(OptionsError::Text(text.into()))
}

impl Options {
    /// Understand a command line; `name` is the name under which the program was called.
    pub(crate) fn parse(
        name: &str,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, OptionsError> {
        let Arguments { options, operands } =
            command::options(arguments, LETTERS).map_err(OptionsError::Usage)?;
        let mut parsed = Self::of_name(name);
        for option in options {
            parsed.take(option)?;
        }
        parsed.recipients = operands.into_iter().map(OsString::into_vec).collect();
        parsed.check()?;
        Ok(parsed)
    }

    fn of_name(name: &str) -> Self {
        let mode = match name {
            "mailq" => Mode::List,
            "newaliases" => Mode::Aliases,
            "smtpd" => Mode::Daemon,
            _ => Mode::Deliver,
        };
        Self {
            mode,
            configuration: None,
            alias_database: None,
            sender: None,
            full_name: None,
            body: None,
            notify: Notify::UNSET,
            ret: Ret::Unset,
            envelope_id: None,
            verp: None,
            gateway: false,
            dot_ends: true,
            extract: false,
            verbose: 0,
            recipients: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn take(&mut self, option: Given) -> Result<(), OptionsError> {
        match option.letter {
            'B' => self.body = Some(body(&option.text())?),
            'C' => self.configuration = option.value.map(PathBuf::from),
            'F' => self.full_name = Some(option.bytes()),
            'G' => self.gateway = true,
            'I' => self.mode = Mode::Aliases,
            'N' => self.set_notify(&option.text()),
            'R' => self.set_ret(&option.text()),
            'V' => self.set_envelope_id(option.bytes()),
            'X' => self.set_verp(&option.bytes()),
            'b' => self.set_mode(&option.text())?,
            'f' | 'r' => self.sender = Some(option.bytes()),
            'i' => self.dot_ends = false,
            'o' => self.set_old_option(&option.text())?,
            'q' => self.set_flush(option.value.as_deref())?,
            't' => self.extract = true,
            'v' => self.verbose = self.verbose.saturating_add(1),
            // A, L, O, U, a, c, e, h, m, n, p, x: nothing here depends on them.
            _ => {}
        }
        Ok(())
    }

    fn set_mode(&mut self, text: &str) -> Result<(), OptionsError> {
        self.mode = match text.chars().next() {
            Some('d' | 'l') => Mode::Daemon,
            Some('i') => Mode::Aliases,
            Some('m') => Mode::Deliver,
            Some('p') => Mode::List,
            Some('s') => Mode::Smtp,
            Some('v') => Mode::Verify,
            Some(letter @ ('h' | 'H')) => {
                self.warnings.push(format!("-b{letter} option ignored"));
                Mode::Nothing
            }
            letter => return wrong(format!("unsupported: -b{}", letter.unwrap_or(' '))),
        };
        Ok(())
    }

    fn set_old_option(&mut self, text: &str) -> Result<(), OptionsError> {
        match text.strip_prefix('A') {
            Some("") => return wrong("-oA requires pathname"),
            Some(database) => self.alias_database = Some(database.to_owned()),
            None if text.starts_with('i') => self.dot_ends = false,
            None => {}
        }
        Ok(())
    }

    fn set_flush(&mut self, value: Option<&OsStr>) -> Result<(), OptionsError> {
        let value = value.map(|value| value.to_string_lossy().into_owned());
        let value = value.as_deref().unwrap_or_default();
        let mode = match value.chars().next() {
            None => Mode::Flush,
            Some(digit) if digit.is_ascii_digit() && self.mode == Mode::Daemon => {
                return Ok(());
            }
            Some(digit) if digit.is_ascii_digit() => Mode::Nothing,
            Some('R') if value.len() > 1 => Mode::FlushSite(value.split_at(1).1.to_owned()),
            Some('R') => return wrong("specify: -qRsitename"),
            Some('I') if value.len() > 1 => Mode::FlushMessage(value.split_at(1).1.to_owned()),
            Some('I') => return wrong("specify: -qIqueueid"),
            Some(letter) => return wrong(format!("-q{letter} is not implemented")),
        };
        if self.mode == Mode::Daemon {
            self.warnings
                .push("ignoring -q option in daemon mode".to_owned());
        } else {
            self.mode = mode;
        }
        Ok(())
    }

    fn set_notify(&mut self, text: &str) {
        match notify(text) {
            Ok(notify) => self.notify = notify,
            Err(word) => {
                self.warnings.push(format!(
                    "unknown DSN NOTIFY command value \"{word}\" in \"{text}\""
                ));
                self.warnings
                    .push("bad -N option value -- ignored".to_owned());
            }
        }
    }

    fn set_ret(&mut self, text: &str) {
        match text.to_ascii_lowercase().as_str() {
            "full" => self.ret = Ret::Full,
            "hdrs" => self.ret = Ret::Headers,
            _ => self
                .warnings
                .push("bad -R option value -- ignored".to_owned()),
        }
    }

    fn set_envelope_id(&mut self, id: Vec<u8>) {
        if id.len() > LONGEST_ENVELOPE_ID {
            let warning = "too long -V option value -- ignored";
            self.warnings.push(warning.to_owned());
        } else if id.is_empty() || !id.iter().all(|b| (b' '..=b'~').contains(b)) {
            let warning = "bad syntax in -V option value -- ignored";
            self.warnings.push(warning.to_owned());
        } else {
            self.envelope_id = Some(id);
        }
    }

    /// `-XV` and `-XVxy`; every other `-X` names a log file, which is ignored.
    fn set_verp(&mut self, value: &[u8]) {
        if let Some(delimiters) = value.strip_prefix(b"V") {
            self.verp = Some((!delimiters.is_empty()).then(|| delimiters.to_vec()));
        }
    }

    fn check(&self) -> Result<(), OptionsError> {
        let deliver = matches!(self.mode, Mode::Deliver);
        if self.extract && !deliver {
            return wrong(if self.mode == Mode::Verify {
                "-t option cannot be used with -bv"
            } else {
                "-t can be used only in delivery mode"
            });
        }
        if self.mode == Mode::Verify {
            let with_verify = |what: &str| wrong(format!("{what} option cannot be used with -bv"));
            if self.notify != Notify::UNSET {
                return with_verify("-N");
            }
            if self.ret != Ret::Unset {
                return with_verify("-R");
            }
            if self.verbose == 1 {
                return with_verify("-v");
            }
        }
        if self.recipients.is_empty() {
            return Ok(());
        }
        let what = match self.mode {
            Mode::Deliver | Mode::Verify | Mode::Nothing => return Ok(()),
            Mode::Daemon => "daemon mode",
            Mode::List => "display queue mode",
            Mode::Aliases => "alias initialization mode",
            Mode::Smtp => "stand-alone mode",
            Mode::Flush => "flush queue mode",
            Mode::FlushSite(_) => "flush site",
            Mode::FlushMessage(_) => "flush queue_id",
        };
        wrong(format!("{what} requires no recipient"))
    }
}

fn body(text: &str) -> Result<Body, OptionsError> {
    if text.eq_ignore_ascii_case("8BITMIME") {
        Ok(Body::EightBitMime)
    } else if text.eq_ignore_ascii_case("7BIT") {
        Ok(Body::SevenBit)
    } else {
        wrong("-B option needs 8BITMIME or 7BIT")
    }
}

/// The wishes of `-N`; the word that is none, or does not go with the others.
fn notify(text: &str) -> Result<Notify, &str> {
    let mut wishes = Notify::UNSET;
    for word in text.split(',') {
        let wish = match word.trim().to_ascii_lowercase().as_str() {
            "never" => Notify::NEVER,
            "success" => Notify::SUCCESS,
            "failure" => Notify::FAILURE,
            "delay" => Notify::DELAY,
            _ => return Err(word),
        };
        wishes = Notify::from_bits(wishes.bits() | wish.bits()).ok_or(word)?;
    }
    Ok(wishes)
}

#[cfg(test)]
mod tests;
