//! The message that a notice is about, as far as its queue file can still be read.

use std::fs::File;

use delivery::Content;
use mail::stats::Moment;
use queue::{Folder, Layout, Letter, Reader, claim};
use records::bounce::Notice;

/// A message's file and what its envelope says.
pub(crate) struct Original {
    open: Option<Open>,
}

struct Open {
    file: File,
    arrival: Moment,
    offset: u64,
    size: u64,
}

impl Original {
    /// Open the message's queue file. A notice is made without it, too.
    pub(crate) fn open(layout: &Layout, notice: &Notice) -> Self {
        let folder = Folder::from_name(&notice.queue).unwrap_or(Folder::Active);
        let open = claim::open(&layout.path(folder, &notice.id))
            .map_err(|error| error.to_string())
            .and_then(|file| {
                let letter =
                    Letter::read(&mut Reader::new(&file), 0).map_err(|error| error.to_string())?;
                Ok(Open {
                    arrival: letter.arrival,
                    offset: letter.size.data_offset,
                    size: letter.size.message_size,
                    file,
                })
            })
            .inspect_err(|error| {
                maillog::warning!("{}: open queue file: {error}", notice.id.as_str())
            })
            .ok();
        Self { open }
    }

    /// A message that is gone.
    #[cfg(test)]
    pub(crate) const fn absent() -> Self {
        Self { open: None }
    }

    /// When it arrived.
    pub(crate) fn arrival(&self) -> Option<Moment> {
        self.open.as_ref().map(|open| open.arrival)
    }

    /// Whether its content has more bytes than that.
    pub(crate) fn is_larger_than(&self, limit: u64) -> bool {
        self.open.as_ref().is_some_and(|open| open.size > limit)
    }

    /// Its content from the start.
    pub(crate) fn content(&self) -> Option<Content<'_>> {
        self.open
            .as_ref()
            .map(|open| Content::new(&open.file, open.offset))
    }

    /// The text of its Message-Id:.
    pub(crate) fn message_id(&self) -> Option<Vec<u8>> {
        const NAME: &[u8] = b"message-id:";
        let mut content = self.content()?;
        while let Ok(Some(line)) = content.next_line() {
            if line.text.is_empty() {
                break;
            }
            let (name, value) = line.text.split_at_checked(NAME.len()).unwrap_or_default();
            if name.eq_ignore_ascii_case(NAME) {
                return Some(value.trim_ascii().to_vec());
            }
        }
        None
    }
}
