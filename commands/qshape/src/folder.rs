//! The letters of a folder: sender, recipients that wait, and when it came.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::Path;

use command::Fatal;
use queue::claim::{self, Standing};
use queue::{Letter, Reader};

/// More recipients of one letter are not counted.
const MAX_RECIPIENTS: usize = 1_000_000;
/// The shortest name of a queue file.
const SHORTEST_NAME: usize = 6;

/// What is counted of a letter.
pub(crate) struct Envelope {
    letter: Letter,
    /// Seconds since 1970.
    pub(crate) arrival: i64,
}

impl Envelope {
    /// Its sender, or its recipients.
    pub(crate) fn addresses(&self, sender: bool) -> impl Iterator<Item = &[u8]> {
        let recipients = self.letter.recipients.iter().filter(move |_| !sender);
        sender
            .then_some(self.letter.sender.as_bytes())
            .into_iter()
            .chain(recipients.map(|recipient| recipient.address.as_bytes()))
    }
}

/// Show every letter of a folder and its subfolders, until the visitor has enough.
pub(crate) fn each_letter(name: &str, mut visit: impl FnMut(&Envelope) -> bool) {
    if let Err(fatal) = walk(Path::new(name), &mut visit) {
        maillog::warning!("{fatal}");
    }
}

/// `false` when the visitor has enough.
fn walk(directory: &Path, visit: &mut impl FnMut(&Envelope) -> bool) -> Result<bool, Fatal> {
    let failed =
        |error: io::Error| Fatal::io(format_args!("open folder {}", directory.display()), &error);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !walk(&entry.path(), visit)? {
                return Ok(false);
            }
        } else if let Some(envelope) = read(&entry)
            && !visit(&envelope)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The letter of a directory entry; `None` when it is none, is not complete, or has gone.
fn read(entry: &DirEntry) -> Option<Envelope> {
    let name = entry.file_name();
    let named_so = name.len() >= SHORTEST_NAME
        && name
            .as_encoded_bytes()
            .iter()
            .all(u8::is_ascii_alphanumeric);
    if !named_so || claim::standing(&entry.metadata().ok()?) != Standing::Ready {
        return None;
    }
    let file = File::open(entry.path()).ok()?;
    let letter = Letter::read(&mut Reader::new(&file), MAX_RECIPIENTS).ok()?;
    if letter.recipients.is_empty() {
        return None;
    }
    let arrival = letter.arrival.seconds;
    Some(Envelope { letter, arrival })
}
