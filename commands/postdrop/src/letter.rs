//! One letter, from standard input into maildrop/.

use std::fmt;
use std::io;
use std::path::Path;

use command::Fatal;
use config::{Settings, params};
use queue::record::RecordType;
use queue::submission::{Fault, Submission, Verdict};
use queue::{Folder, IdForm, Layout, NewFile};

use crate::answer;
use crate::input::{Input, InputEnd};

/// Complete files in maildrop/ can be read by the mail system's owner, who owns none of them.
const MODE: u32 = 0o744;

/// Why the letter is not taken, as an SMTP reply.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: u16,
    status: &'static str,
    text: String,
}

impl Refusal {
    pub(crate) fn new(code: u16, status: &'static str, text: &str) -> Self {
        Self {
            code,
            status,
            text: text.to_owned(),
        }
    }

    fn write_error(error: &io::Error) -> Self {
        Self::new(
            451,
            "4.3.0",
            &format!("error writing queue file: {}", sys::reason(error)),
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.status, self.text)
    }
}

/// Receive a letter and answer for it. The outer error is one of the program, the inner one of the letter.
pub(crate) fn receive(settings: &Settings) -> Result<Result<(), Refusal>, Fatal> {
    let folders: params::queue::Folders = settings.get()?;
    let mime: params::core::Mime = settings.get()?;
    let hashed = folders.hash_queue_names.iter().map(String::as_str);
    let layout = Layout::new(hashed, folders.hash_queue_depth);
    let form = match folders.enable_long_queue_ids {
        true => IdForm::Long,
        false => IdForm::Short,
    };
    let mut input = Input::new().map_err(|error| Fatal::io("signals", &error))?;
    let mut file = match NewFile::create(&layout, Folder::Maildrop, form) {
        Ok(file) => file,
        Err(error) => {
            maillog::warning!("create file in maildrop: {}", sys::reason(&error));
            return Ok(Err(Refusal::write_error(&error)));
        }
    };
    if let Err(refusal) = copy(&mut input, &mut file, mime.message_size_limit) {
        return Ok(Err(refusal));
    }
    let committed = file
        .ready_with_mode(MODE)
        .and_then(queue::new_file::Ready::sync);
    match committed {
        Ok(id) => {
            wake_pickup(settings)?;
            answer(&format!("OK {id}"))?;
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(Refusal::write_error(&error))),
    }
}

/// Copy and check all records; `limit` bounds the file's size, 0 for no bound.
fn copy(input: &mut Input, file: &mut NewFile, limit: u64) -> Result<(), Refusal> {
    let uid = sys::rights::real_ids().0;
    let written = |error: io::Error| Refusal::write_error(&error);
    put_time(file).map_err(written)?;
    let mut submission = Submission::input();
    while !submission.is_complete() {
        let (kind, data) = input
            .next_record(submission.longest())
            .map_err(|end| end_of_input(uid, end))?;
        match submission.check(kind, data) {
            Ok(Verdict::Keep) => file.put(kind, data).map_err(written)?,
            Ok(Verdict::Ignore) if kind == RecordType::TIME => {}
            Ok(Verdict::Ignore) => {
                let text = String::from_utf8_lossy(data);
                maillog::warning!("uid={uid}: ignoring attribute record: {text}");
            }
            Err(fault) => return Err(malformed(uid, fault)),
        }
        if limit > 0 && file.position() > limit {
            maillog::warning!("uid={uid}: File too large");
            return Err(Refusal::new(552, "5.3.4", "message file too big"));
        }
    }
    Ok(())
}

fn put_time(file: &mut NewFile) -> io::Result<()> {
    let since = file
        .created()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let time = format!("{} {}", since.as_secs(), since.subsec_micros());
    file.put(RecordType::TIME, time.as_bytes())
}

fn malformed(uid: u32, fault: Fault) -> Refusal {
    if fault == Fault::NoRecipient {
        return Refusal::new(550, "5.1.0", "no recipients specified");
    }
    maillog::warning!("uid={uid}: {fault}");
    Refusal::new(451, "4.3.0", "malformed input")
}

fn end_of_input(uid: u32, end: InputEnd) -> Refusal {
    match end {
        InputEnd::Early => {
            maillog::warning!("uid={uid}: end of input before the end of the message")
        }
        InputEnd::Malformed => maillog::warning!("uid={uid}: malformed input"),
        InputEnd::Signal(signal) => maillog::warning!("uid={uid}: {signal}, message dropped"),
        InputEnd::Failed(error) => maillog::warning!("uid={uid}: read standard input: {error}"),
    }
    Refusal::new(451, "4.3.0", "malformed input")
}

/// The letter is safe whether or not pickup hears of it: it scans the folder when it starts.
fn wake_pickup(settings: &Settings) -> Result<(), Fatal> {
    let sockets: params::services::Sockets = settings.get()?;
    let path = Path::new("public").join(sockets.pickup_service_name);
    if let Err(error) = ipc::wake(&path, b"W") {
        let path = path.display();
        if error.kind() == io::ErrorKind::NotFound {
            maillog::warning!("unable to look up {path}: No such file or directory");
        } else {
            let reason = sys::reason(&error);
            maillog::warning!("cannot wake pickup at {path}: {reason}");
        }
    }
    Ok(())
}
