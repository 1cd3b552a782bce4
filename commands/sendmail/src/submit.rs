//! Making queue-file records of a letter and handing them to postdrop(1).

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use command::postdrop::{Postdrop, PostdropError};
use config::{Settings, params};
use mail::{Notify, Ret};
use queue::record::{self, RecordType};

use crate::lines::{FixEndings, Lines};
use crate::options::{Body, Mode, Options};
use crate::recipients::{self, Extractor};

/// Bytes of records that are collected before they are sent.
const BLOCK: usize = 64 * 1024;
/// The trace flags of a queue file: report on the delivery, report on the addresses alone.
const TRACE_DELIVERY: u32 = 0x400;
const TRACE_ADDRESSES: u32 = 0x200;

/// Read the letter and submit it.
pub(crate) fn submit(options: &Options, settings: &Settings) -> Result<(), String> {
    let caller = Caller::find()?;
    let prefix = format!("{}({})", caller.name, caller.uid);
    let directories: params::core::Directories =
        settings.get().map_err(|error| error.to_string())?;
    Submission {
        options,
        caller: &caller,
        records: Vec::new(),
        program: Path::new(&directories.command_directory).join("postdrop"),
        postdrop: None,
    }
    .run(settings)
    .map_err(|problem| match problem {
        Problem::Command(text) => text,
        Problem::Letter(text) => format!("{prefix}: {text}"),
    })
}

/// Who runs the program.
struct Caller {
    uid: u32,
    name: String,
    full_name: Vec<u8>,
}

impl Caller {
    fn find() -> Result<Self, String> {
        let (uid, _) = sys::rights::real_ids();
        let account = sys::users::by_uid(uid).map_err(|error| format!("user {uid}: {error}"))?;
        let account = account.ok_or_else(|| format!("no login name found for user ID {uid}"))?;
        let full_name = match std::env::var_os("NAME") {
            Some(name) => name.into_encoded_bytes(),
            None => full_name(&account.gecos, &account.name),
        };
        Ok(Self {
            uid,
            name: account.name,
            full_name,
        })
    }
}

/// The full-name field up to its first comma, with `&` for the capitalized login name.
fn full_name(gecos: &str, login: &str) -> Vec<u8> {
    let name = gecos.split(',').next().unwrap_or_default();
    let mut capitalized = login.to_owned();
    if let Some(first) = capitalized.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name.replace('&', &capitalized).into_bytes()
}

/// What went wrong: with the command line, or with this letter.
enum Problem {
    Command(String),
    Letter(String),
}

impl From<config::Error> for Problem {
    fn from(error: config::Error) -> Self {
        Self::Command(error.to_string())
    }
}

struct Submission<'a> {
    options: &'a Options,
    caller: &'a Caller,
    records: Vec<u8>,
    /// Where postdrop(1) is, and the one that is at work.
    program: PathBuf,
    postdrop: Option<Postdrop>,
}

impl Submission<'_> {
    fn run(mut self, settings: &Settings) -> Result<(), Problem> {
        let options = self.options;
        if options.recipients.is_empty() && !options.extract {
            return Err(Problem::Letter(
                "Recipient addresses must be specified on the command line or via the -t option"
                    .to_owned(),
            ));
        }
        let words = options.recipients.iter();
        let named: Vec<Vec<u8>> = words.flat_map(|word| recipients::of_word(word)).collect();
        self.put_envelope(settings)?;
        self.put_recipients(&named);
        self.put(RecordType::MESSAGE, b"");
        let extracted = if options.mode == Mode::Verify {
            self.put_probe(&named);
            Vec::new()
        } else {
            self.copy(settings)?
        };
        if named.is_empty() && extracted.is_empty() {
            if let Some(postdrop) = self.postdrop.take() {
                postdrop.abandon();
            }
            let text = "No recipient addresses found in message header";
            return Err(Problem::Letter(text.to_owned()));
        }
        self.put(RecordType::EXTRACTED, b"");
        self.put_recipients(&extracted);
        self.put(RecordType::END, b"");
        self.send()?;
        if let Some(postdrop) = self.postdrop.take() {
            postdrop.finish().map_err(refused)?;
        }
        self.promise_report()
    }

    fn put_envelope(&mut self, settings: &Settings) -> Result<(), Problem> {
        let options = self.options;
        if let Some(id) = &options.envelope_id {
            self.put_attribute("envelope_id", id);
        }
        match options.ret {
            Ret::Unset => {}
            Ret::Full => self.put_attribute("ret_flags", b"1"),
            Ret::Headers => self.put_attribute("ret_flags", b"2"),
        }
        let context: &[u8] = if options.gateway { b"remote" } else { b"local" };
        self.put_attribute("rewrite_context", context);
        let full_name = options.full_name.as_ref().unwrap_or(&self.caller.full_name);
        let full_name = without_controls(full_name);
        self.put(RecordType::FULL_NAME, &full_name);
        let sender = self.sender();
        self.put(RecordType::SENDER, &sender);
        match options.body {
            None => {}
            Some(Body::SevenBit) => self.put_attribute("encoding", b"7bit"),
            Some(Body::EightBitMime) => self.put_attribute("encoding", b"8bit"),
        }
        if let Some(delimiters) = self.verp(settings, &sender)? {
            self.put(RecordType::VERP, &delimiters);
        }
        if options.mode == Mode::Verify {
            self.put_attribute("trace_flags", TRACE_ADDRESSES.to_string().as_bytes());
        } else if options.verbose == 1 {
            self.put_attribute("trace_flags", TRACE_DELIVERY.to_string().as_bytes());
        }
        Ok(())
    }

    /// The sender in internal form: the first address of `-f`, or the caller.
    fn sender(&self) -> Vec<u8> {
        let Some(given) = &self.options.sender else {
            return self.caller.name.clone().into_bytes();
        };
        let mut addresses = recipients::of_word(given);
        if addresses.len() > 1 {
            let given = String::from_utf8_lossy(given);
            maillog::warning!("-f option specified malformed sender: {given}");
        }
        addresses.swap_remove(0)
    }

    fn verp(&self, settings: &Settings, sender: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        let Some(given) = &self.options.verp else {
            return Ok(None);
        };
        let verp: params::core::Verp = settings.get()?;
        let delimiters = match given {
            None => verp.default_verp_delimiters.into_bytes(),
            Some(given) => given.clone(),
        };
        let allowed = verp.verp_delimiter_filter;
        let good = delimiters.len() == 2
            && delimiters
                .iter()
                .all(|byte| allowed.as_bytes().contains(byte));
        if !good {
            return Err(Problem::Command(format!(
                "-V requires two characters from {allowed}"
            )));
        }
        if sender.is_empty() {
            let text = "-V option requires non-null sender address";
            return Err(Problem::Letter(text.to_owned()));
        }
        Ok(Some(delimiters))
    }

    fn put_recipients(&mut self, addresses: &[Vec<u8>]) {
        let notify = self.options.notify;
        for address in addresses {
            if notify != Notify::UNSET {
                self.put_attribute("notify_flags", notify.bits().to_string().as_bytes());
            }
            self.put(RecordType::RECIPIENT, address);
        }
    }

    /// The letter that stands for one when only addresses are looked at.
    fn put_probe(&mut self, recipients: &[Vec<u8>]) {
        let from = format!("From: {}", self.caller.name);
        self.put(RecordType::LINE, from.as_bytes());
        self.put(RecordType::LINE, b"Subject: probe");
        self.put(RecordType::LINE, b"To:");
        for (index, address) in recipients.iter().enumerate() {
            let mut line = vec![b'\t'];
            line.extend_from_slice(&mail::quote::quote_822(address));
            if index + 1 < recipients.len() {
                line.push(b',');
            }
            self.put(RecordType::LINE, &line);
        }
    }

    /// Copy the letter; with `-t`, the recipients that its headers name come back.
    fn copy(&mut self, settings: &Settings) -> Result<Vec<Vec<u8>>, Problem> {
        let mime: params::core::Mime = settings.get()?;
        let submission: params::core::Submission = settings.get()?;
        let fix = fix_endings(&submission.sendmail_fix_line_endings)?;
        let input = io::stdin().lock();
        let mut lines = Lines::new(input, mime.line_length_limit, self.options.dot_ends, fix);
        let extract = self.options.extract;
        let mut extractor = extract.then(|| Extractor::new(mime.header_address_token_limit));
        self.copy_lines(&mut lines, extractor.as_mut())?;
        Ok(extractor.map(Extractor::finish).unwrap_or_default())
    }

    fn copy_lines(
        &mut self,
        lines: &mut Lines<impl BufRead>,
        mut extractor: Option<&mut Extractor>,
    ) -> Result<(), Problem> {
        let unread = |error: io::Error| {
            Problem::Letter(format!("error reading input: {}", sys::reason(&error)))
        };
        let mut continued = false;
        while let Some(piece) = lines.next_piece().map_err(unread)? {
            if let Some(extractor) = &mut extractor {
                extractor.line(&piece.text, continued);
            }
            continued = piece.more;
            let kind = if piece.more {
                RecordType::PARTIAL
            } else {
                RecordType::LINE
            };
            self.put(kind, &piece.text);
            if self.records.len() >= BLOCK {
                self.send()?;
            }
        }
        Ok(())
    }

    fn promise_report(&self) -> Result<(), Problem> {
        let promised = self.options.mode == Mode::Verify || self.options.verbose == 1;
        if promised {
            let to = &self.caller.name;
            let mut output = io::stdout().lock();
            writeln!(
                output,
                "Mail Delivery Status Report will be mailed to <{to}>."
            )
            .map_err(|error| Problem::Letter(error.to_string()))?;
        }
        Ok(())
    }

    fn put(&mut self, kind: RecordType, data: &[u8]) {
        record::put(&mut self.records, kind, data);
    }

    fn put_attribute(&mut self, name: &str, value: &[u8]) {
        record::put_attribute(&mut self.records, name, value);
    }

    /// Send what was collected. postdrop runs from the first block on, so that a letter that turns out to be for nobody
    /// does not trouble it; its answer says why it took no more, so a failure to write is not looked at here.
    fn send(&mut self) -> Result<(), Problem> {
        let mut postdrop = match self.postdrop.take() {
            Some(running) => running,
            None => Postdrop::start(&self.program).map_err(|error| {
                let (program, reason) = (self.program.display(), sys::reason(&error));
                Problem::Letter(format!("unable to execute {program}: {reason}"))
            })?,
        };
        drop(postdrop.send(&self.records));
        self.records.clear();
        self.postdrop = Some(postdrop);
        Ok(())
    }
}

fn refused(error: PostdropError) -> Problem {
    Problem::Letter(match error {
        PostdropError::Refused { text, .. } => text,
        PostdropError::Lost(error) => error.to_string(),
    })
}

fn fix_endings(text: &str) -> Result<FixEndings, Problem> {
    match text {
        "always" => Ok(FixEndings::Always),
        "strict" => Ok(FixEndings::Strict),
        "never" => Ok(FixEndings::Never),
        _ => Err(Problem::Command(format!(
            "invalid sendmail_fix_line_endings value: {text}"
        ))),
    }
}

fn without_controls(text: &[u8]) -> Vec<u8> {
    text.iter()
        .map(|&byte| if byte.is_ascii_control() { b' ' } else { byte })
        .collect()
}
