//! Making a queue file: open under a passing name, take the id from its inode, write, make ready, sync.
//!
//! A [`NewFile`] that is dropped before it is ready leaves nothing behind. What was written so far stays in memory up to
//! [`BUFFER`] bytes, so a small letter needs one write, and numbers that are known late are filled in there.
//! [`Ready::sync`] is the one slow step; it takes no reference to anything else, so it can run on another thread.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

use mail::QueueId;
use mail::queue_id::LongParts;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use crate::{Folder, Layout, RecordType, SizeRecord, claim, record};

/// Bytes that are kept before they are written.
pub const BUFFER: usize = 64 * 1024;

/// Which form new queue ids have: main.cf `enable_long_queue_ids`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IdForm {
    /// Short names, which repeat after a while.
    #[default]
    Short,
    /// Long names, which never repeat.
    Long,
}

/// A queue file that is being written.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    id: QueueId,
    folder: Folder,
    place: Place,
    buffer: Vec<u8>,
    written: u64,
    created: SystemTime,
}

/// A complete queue file that is not yet on stable storage.
#[derive(Debug)]
pub struct Ready {
    file: File,
    id: QueueId,
    folder: Folder,
    place: Place,
}

impl NewFile {
    /// Make an empty file in a folder that is not hashed deeper than it needs; the id comes from its inode.
    pub fn create(layout: &Layout, folder: Folder, form: IdForm) -> io::Result<Self> {
        let (file, passing) = open_passing(folder)?;
        let inode = file.metadata()?.ino();
        for _ in 0..ATTEMPTS {
            let created = SystemTime::now();
            let since = created
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            let id = match form {
                IdForm::Short => QueueId::short(since.subsec_micros(), inode),
                IdForm::Long => QueueId::long(LongParts {
                    seconds: since.as_secs(),
                    micros: since.subsec_micros(),
                    inode,
                }),
            };
            let path = layout.path(folder, &id);
            match layout.with_subfolders(folder, &path, || rename_new(&passing.0, &path)) {
                Ok(()) => {
                    passing.keep();
                    return Ok(Self {
                        file,
                        id,
                        folder,
                        place: Place(path),
                        buffer: Vec::with_capacity(8 * 1024),
                        written: 0,
                        created,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    std::thread::sleep(Duration::from_micros(1));
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The file's name.
    #[must_use]
    pub const fn id(&self) -> &QueueId {
        &self.id
    }

    /// The folder the file is in.
    #[must_use]
    pub const fn folder(&self) -> Folder {
        self.folder
    }

    /// When the file was made.
    #[must_use]
    pub const fn created(&self) -> SystemTime {
        self.created
    }

    /// Where the next record will stand.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Append a record.
    pub fn put(&mut self, kind: RecordType, data: &[u8]) -> io::Result<()> {
        record::put(&mut self.buffer, kind, data);
        self.flush_if_full()
    }

    /// Append a `name=value` record.
    pub fn put_attribute(&mut self, name: &str, value: &[u8]) -> io::Result<()> {
        record::put_attribute(&mut self.buffer, name, value);
        self.flush_if_full()
    }

    /// Append whole records that are already encoded.
    pub fn put_block(&mut self, records: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(records);
        self.flush_if_full()
    }

    /// Append an empty size record, which must be the first, to be filled in by [`NewFile::set_size`].
    pub fn put_size(&mut self) -> io::Result<()> {
        self.put(RecordType::SIZE, &SizeRecord::default().to_data())
    }

    /// Fill in the size record at the start of the file.
    pub fn set_size(&mut self, size: &SizeRecord) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(crate::size_record::LENGTH + 2);
        record::put(&mut bytes, RecordType::SIZE, &size.to_data());
        self.overwrite(0, &bytes)
    }

    /// Overwrite bytes that were already put; the edit must not reach beyond [`NewFile::position`].
    pub fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let within = offset
            .checked_sub(self.written)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| self.buffer.get_mut(at..at + bytes.len()));
        match within {
            Some(place) => place.copy_from_slice(bytes),
            None => {
                self.flush()?;
                self.file.write_all_at(bytes, offset)?;
            }
        }
        Ok(())
    }

    /// Write what is still in memory, so that a [`crate::Reader`] on [`NewFile::file`] sees it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// The open file.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Move the file to another folder, as for mail that is to be held.
    pub fn move_to(&mut self, layout: &Layout, folder: Folder) -> io::Result<()> {
        layout.rename(&self.id, self.folder, folder)?;
        self.folder = folder;
        self.place.0 = layout.path(folder, &self.id);
        Ok(())
    }

    /// Write the rest and mark the file as complete.
    pub fn ready(self) -> io::Result<Ready> {
        self.ready_with_mode(claim::READY)
    }

    /// Write the rest and mark the file as complete with a mode of its own, as maildrop/ has it.
    pub fn ready_with_mode(mut self, mode: u32) -> io::Result<Ready> {
        self.flush()?;
        self.file.set_permissions(Permissions::from_mode(mode))?;
        Ok(Ready {
            file: self.file,
            id: self.id,
            folder: self.folder,
            place: self.place,
        })
    }

    /// Remove the file, and say whether that worked; dropping does the same in silence.
    pub fn cancel(self) -> io::Result<()> {
        let path = self.place.keep();
        fs::remove_file(path)
    }

    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }
}

impl Ready {
    /// The file's name.
    #[must_use]
    pub const fn id(&self) -> &QueueId {
        &self.id
    }

    /// The folder the file is in.
    #[must_use]
    pub const fn folder(&self) -> Folder {
        self.folder
    }

    /// Wait until the file is on stable storage; only then is it promised to anybody. Removes it when that fails.
    pub fn sync(self) -> io::Result<QueueId> {
        self.file.sync_all()?;
        self.place.keep();
        Ok(self.id)
    }
}

/// A path whose file is removed with it, unless kept.
#[derive(Debug)]
struct Place(PathBuf);

impl Place {
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // The caller already has an error to report; a file that stays is found by postsuper(1).
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// Names are taken only for the same inode at the same microsecond, so more than a few collisions are no accident.
const ATTEMPTS: u32 = 1000;

/// Open a file under a name that no queue id has.
fn open_passing(folder: Folder) -> io::Result<(File, Place)> {
    for _ in 0..ATTEMPTS {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let path = format!("{folder}/{}.{}", since.subsec_nanos(), process::id());
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(claim::EMBRYO)
            .open(&path);
        match opened {
            Ok(file) => return Ok((file, Place(path.into()))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Rename without replacing anything, where the file system can promise that.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        Ok(()) => Ok(()),
        Err(nix::Error::EINVAL | nix::Error::ENOSYS) => {
            if to.try_exists()? {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        Err(error) => Err(error.into()),
    }
}
