//! Queue folders, names, the record format, queue files, locks, bounce, defer and trace logs.
//!
//! Everything that knows how mail lies on disk. The format is the reference's, byte for byte, both ways. All paths are
//! relative to the queue directory, which is the working directory of every daemon. Plain blocking calls, no logging: what
//! goes wrong is a value, and the caller knows what it means for the mail.
//!
//! A letter's way through these rooms: [`NewFile::create`] in incoming/, records, [`NewFile::ready`] and [`Ready::sync`];
//! [`Layout::rename`] to active/; [`Letter::read`] by the queue manager; [`Reader`] by the delivery agent and
//! [`edit::mark_done`] for each recipient; [`logfile`] for what could not be delivered.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod claim;
pub mod edit;
pub mod folder;
pub mod layout;
pub mod letter;
pub mod logfile;
pub mod new_file;
pub mod reader;
pub mod record;
pub mod scan;
pub mod size_record;
pub mod submission;

pub use folder::Folder;
pub use layout::Layout;
pub use letter::Letter;
pub use new_file::{IdForm, NewFile, Ready};
pub use reader::{ReadError, Reader, Record};
pub use record::RecordType;
pub use scan::Scan;
pub use size_record::SizeRecord;
