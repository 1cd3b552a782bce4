//! A site's list: a file of queue ids, one on each line, named after the site with `_` for what is no letter or digit.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use mail::QueueId;
use queue::{Folder, Layout, Scan};

/// The longest list that is kept, in bytes; a longer one is sent and begun anew by the next refresh.
const MAX_LIST: u64 = 1024 * 1024;

/// A list of waiting mail.
#[derive(Debug)]
pub(crate) struct Site(QueueId);

/// How a list stands.
pub(crate) struct Standing {
    pub(crate) empty: bool,
    pub(crate) age: Duration,
}

impl Site {
    /// By the site's domain; `None` when it cannot be one.
    pub(crate) fn new(domain: &str) -> Option<Self> {
        let name: String = domain
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        QueueId::new(&name).map(Self)
    }

    /// Every list there is.
    pub(crate) fn all() -> io::Result<Vec<Self>> {
        let mut scan = Scan::new(Folder::Flush)?;
        let mut sites = Vec::new();
        while let Some(found) = scan.next_file()? {
            sites.push(Self(found.id));
        }
        Ok(sites)
    }

    pub(crate) fn name(&self) -> &str {
        self.0.as_str()
    }

    /// Put a message on the list, once.
    pub(crate) fn add(&self, layout: &Layout, id: &QueueId) -> io::Result<()> {
        let path = self.path(layout);
        let mut file = layout.with_subfolders(Folder::Flush, &path, || {
            OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .mode(0o600)
                .open(&path)
        })?;
        file.lock()?;
        if file.metadata()?.len() < MAX_LIST && !ids(&mut file)?.contains(id) {
            file.write_all(format!("{id}\n").as_bytes())?;
        }
        Ok(())
    }

    /// What is on the list; the list is empty afterwards.
    pub(crate) fn take(&self, layout: &Layout) -> io::Result<Vec<QueueId>> {
        let mut file = match OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path(layout))
        {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        file.lock()?;
        let ids = ids(&mut file)?;
        file.set_len(0)?;
        Ok(ids)
    }

    pub(crate) fn standing(&self, layout: &Layout) -> io::Result<Standing> {
        let metadata = std::fs::metadata(self.path(layout))?;
        let age = SystemTime::now()
            .duration_since(metadata.modified()?)
            .unwrap_or_default();
        Ok(Standing {
            empty: metadata.len() == 0,
            age,
        })
    }

    pub(crate) fn remove(&self, layout: &Layout) -> io::Result<()> {
        std::fs::remove_file(self.path(layout))
    }

    fn path(&self, layout: &Layout) -> PathBuf {
        layout.path(Folder::Flush, &self.0)
    }
}

/// The ids in a file, each once, in their order. What is no id is passed over.
fn ids(file: &mut File) -> io::Result<Vec<QueueId>> {
    let mut text = String::new();
    file.take(MAX_LIST + 4096).read_to_string(&mut text)?;
    let mut ids = Vec::new();
    for id in text.lines().filter_map(QueueId::new) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_named_by_their_domains() {
        assert_eq!(Site::new("Example.Test").unwrap().name(), "example_test");
        assert_eq!(Site::new("192.0.2.1").unwrap().name(), "192_0_2_1");
        assert!(Site::new("").is_none());
        assert!(Site::new(&"a".repeat(200)).is_none());
    }
}
