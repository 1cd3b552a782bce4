//! Changes in place, through an open descriptor: one byte for a recipient that is done, a struck out record, the time of
//! the next warning.
//!
//! Each is one `pwrite`, so the descriptor may be shared. None is synced: after a crash of the machine a delivery may be
//! repeated, never lost.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::RecordType;

/// Mark the recipient whose record stands at the offset as done.
pub fn mark_done(file: &File, offset: u64) -> io::Result<()> {
    file.write_all_at(&[RecordType::DONE.0], offset)
}

/// Take the recipient whose record stands at the offset off the message.
pub fn cancel_recipient(file: &File, offset: u64) -> io::Result<()> {
    file.write_all_at(&[RecordType::CANCELLED.0], offset)
}

/// Strike out the record at the offset.
pub fn kill(file: &File, offset: u64) -> io::Result<()> {
    file.write_all_at(&[RecordType::KILLED.0], offset)
}

/// Set the time in the warning record at the offset; 0 for no more warning.
pub fn set_warning(file: &File, offset: u64, seconds: u64) -> io::Result<()> {
    let mut record = Vec::with_capacity(17);
    crate::record::put(&mut record, RecordType::WARN, &warning_data(seconds));
    file.write_all_at(&record, offset)
}

/// The data of a warning record: seconds in fifteen columns.
#[must_use]
pub fn warning_data(seconds: u64) -> Vec<u8> {
    format!("{seconds:15}").into_bytes()
}
