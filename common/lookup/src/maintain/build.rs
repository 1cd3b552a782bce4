//! Making a table from its source, and adding entries to one.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

use sys::rights::{Borrowed, borrow_identity, is_root};

use super::source_text::Text;
use super::{Duplicates, Failure, Job, Syntax};
use crate::error::LookupError;
use crate::kinds::driver::WRITABLE;
use crate::kinds::indexed::{Added, Entries, Format, Over};
use crate::kinds::lmdb::Updater;
use crate::kinds::older;
use crate::table::{Access, Pair};

/// How much of a source is read at once.
pub(super) const READ: usize = 64 * 1024;

impl Job {
    pub(super) fn build(&self) -> Result<(), Failure> {
        self.tables
            .iter()
            .try_for_each(|table| self.build_table(table))
    }

    fn build_table(&self, spec: &str) -> Result<(), Failure> {
        let name = spec.split_once(':').map_or(spec, |(_, name)| name);
        let unopened = |error: io::Error| Failure::io(&format!("open {name}"), &error);
        let source = File::open(name).map_err(unopened)?;
        let about = source.metadata().map_err(unopened)?;
        let (name, format) = self.makeable(spec)?;
        let _owner = self.as_owner(&about)?;
        let text = BufReader::with_capacity(READ, source);
        let entries = self.gather(spec, name, format, text)?;
        let (path, mode) = (format.file_name(name), self.mode(&about));
        let map_size = self.options.lmdb_map_size;
        format
            .write(&entries, &path, Over::Replace, mode, map_size)
            .map(|_| ())
            .map_err(|error| Failure::new(error.to_string()))
    }

    /// The entries of a source text, in order.
    pub(super) fn gather(
        &self,
        spec: &str,
        name: &str,
        format: Format,
        text: impl BufRead,
    ) -> Result<Entries, Failure> {
        let mut entries = format.entries(self.nulls_in(format));
        let read = self.each(name, text, |(key, value)| {
            let added = entries.add(&key, &value);
            self.report(spec, &key, added);
        });
        read.map_err(|error| Failure::io(&format!("read {name}"), &error))?;
        if self.syntax == Syntax::Alias {
            add_housekeeping(&mut entries);
        }
        let duplicates = entries.settle(self.duplicates == Duplicates::Replace);
        for key in duplicates {
            self.report(spec, &key, Added::Duplicate);
        }
        Ok(entries)
    }

    pub(super) fn add(&self) -> Result<(), Failure> {
        let unread = |error: io::Error| Failure::io("read standard input", &error);
        let input = io::stdin().as_fd().try_clone_to_owned();
        let about = input.and_then(|input| File::from(input).metadata());
        let about = about.map_err(unread)?;
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text).map_err(unread)?;
        for spec in &self.tables {
            let mut entries = Vec::new();
            self.each("stdin", &*text, |entry| entries.push(entry))
                .map_err(unread)?;
            let kind = spec.split(':').next().unwrap_or_default();
            if kind == "proxy" || WRITABLE.contains(&kind) {
                // Behind a server, and no file of ours.
                self.add_singly(spec, &entries)?;
                continue;
            }
            let (name, format) = self.makeable(spec)?;
            if format == Format::Cdb {
                // Opening it says that such a table takes no single entries.
                self.open_for(spec, Access::Change)?;
                continue;
            }
            older::take_over(kind, name, &self.options)
                .map_err(|reason| Failure::new(format!("{spec}: {reason}")))?;
            let _owner = self.as_owner(&about)?;
            let size = self.options.lmdb_map_size;
            let mode = Some(self.mode(&about));
            let path = format.file_name(name);
            let added = Updater::open(&path, self.nulls_in(format), mode, size)
                .and_then(|table| table.add(&entries, self.duplicates == Duplicates::Replace))
                .map_err(|error| Failure::new(error.to_string()))?;
            for ((key, _), added) in entries.iter().zip(added) {
                self.report(spec, key, added);
            }
        }
        Ok(())
    }

    /// Add entries to a table that is no file of ours, one by one.
    fn add_singly(&self, spec: &str, entries: &[Pair]) -> Result<(), Failure> {
        let table = self.open_for(spec, Access::Create)?;
        let failed = |error: LookupError| Failure::of_table(&error, "update");
        for (key, value) in entries {
            let known = ipc::now(table.find_quietly(key)).map_err(failed)?.is_some();
            if known && self.duplicates != Duplicates::Replace {
                self.report(spec, key, Added::Duplicate);
            } else {
                ipc::now(table.update(key, value)).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The name of a table that is made here, and the format of its file.
    fn makeable<'a>(&self, spec: &'a str) -> Result<(&'a str, Format), Failure> {
        let parts = spec.split_once(':');
        if let Some(known) = parts.and_then(|(kind, name)| Some((name, Format::of(kind)?))) {
            return Ok(known);
        }
        // Opening it says what is wrong with it, if anything is.
        self.open(spec)?;
        let kind = spec.split(':').next().unwrap_or_default();
        Err(Failure::new(format!(
            "unsupported dictionary type: {kind} does not support bulk-mode creation."
        )))
    }

    /// Hand on the entries of a source, keys folded as this job wants it.
    fn each(&self, name: &str, text: impl BufRead, mut take: impl FnMut(Pair)) -> io::Result<()> {
        let source = Text {
            name,
            syntax: self.syntax,
            utf8: self.options.utf8,
            files: self.options.files,
        };
        source.each(text, |(key, value)| take((self.folded(&key), value)))
    }

    /// Root works as the owner of the source file, so that a table of a user is the user's.
    fn as_owner(&self, about: &Metadata) -> Result<Option<Borrowed>, Failure> {
        if !self.become_owner || !is_root() || about.uid() == 0 {
            return Ok(None);
        }
        borrow_identity(about.uid(), about.gid(), &[about.gid()])
            .map(Some)
            .map_err(|error| Failure::io("become the owner of the source file", &error))
    }

    fn mode(&self, about: &Metadata) -> u32 {
        if self.inherit_mode {
            mode_like(about)
        } else {
            0o644
        }
    }

    fn report(&self, spec: &str, key: &[u8], added: Added) {
        let key = String::from_utf8_lossy(key);
        match added {
            Added::New => {}
            Added::Duplicate if self.duplicates != Duplicates::Warn => {}
            Added::Duplicate => maillog::warning!("{spec}: duplicate entry: \"{key}\""),
            Added::Unusable => {
                maillog::warning!("{spec}: key too long -- ignoring this entry: \"{key}\"");
            }
        }
    }
}

/// The mode of a file that whoever may read the source may read, and its owner may write.
pub(super) fn mode_like(source: &Metadata) -> u32 {
    0o600 | (source.mode() & 0o044)
}

/// The entries by which other programs know an alias table: that it is complete, and how new it is.
fn add_housekeeping(entries: &mut Entries) {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let host = sys::nix::unistd::gethostname().unwrap_or_default();
    entries.add(b"@", b"@");
    entries.add_bare(b"YP_LAST_MODIFIED", now.as_secs().to_string().as_bytes());
    entries.add_bare(b"YP_MASTER_NAME", host.as_encoded_bytes());
}
