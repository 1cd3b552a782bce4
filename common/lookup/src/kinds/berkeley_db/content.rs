//! What the items of a file hold, on their page or in a chain of overflow pages, within the bounds of the file.

use std::borrow::Cow;

use super::Fault;
use super::meta::Meta;
use super::page::{Item, Page, Pages};

const OVERFLOW: u8 = 7;

/// The pages of a file, which of them were walked through, and how much may still come out of them.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pages: Pages<'a>,
    visited: Vec<bool>,
    left: usize,
}

impl<'a> Content<'a> {
    pub(super) fn new(bytes: &'a [u8], meta: &Meta) -> Self {
        let pages = Pages::new(bytes, meta);
        Self {
            pages,
            visited: vec![false; pages.count()],
            left: bytes.len(),
        }
    }

    /// How many pages there are.
    pub(super) fn page_count(&self) -> usize {
        self.visited.len()
    }

    /// A page of the tree or of a bucket, which must not have been there before.
    pub(super) fn visit(&mut self, number: u32) -> Result<Page<'a>, Fault> {
        let page = self.pages.get(number)?;
        let visited = self.visited.get_mut(number as usize);
        match visited.map(|visited| std::mem::replace(visited, true)) {
            Some(false) => Ok(page),
            Some(true) | None => Err(page.damaged("reached twice")),
        }
    }

    /// The first bytes of what is left of an item after its head.
    pub(super) fn short(
        &mut self,
        item: &Item<'a>,
        head: usize,
        length: usize,
    ) -> Result<Cow<'a, [u8]>, Fault> {
        let bytes = item.bytes.get(head..).and_then(|rest| rest.get(..length));
        let bytes = bytes.ok_or_else(|| item.short())?;
        self.spend(item, length)?;
        Ok(bytes.into())
    }

    /// What stands in a chain of pages: the item has the number of its first page, and how long it is, at these places.
    pub(super) fn long(
        &mut self,
        item: &Item<'_>,
        page: usize,
        length: usize,
    ) -> Result<Cow<'a, [u8]>, Fault> {
        let mut number = item.u32(page)?;
        let length = usize::try_from(item.u32(length)?).map_err(|_| item.short())?;
        self.spend(item, length)?;
        let mut whole = Vec::with_capacity(length);
        while whole.len() < length {
            let page = self.pages.get(number)?;
            if page.kind() != OVERFLOW {
                return Err(page.damaged("no overflow page"));
            }
            let part = page.overflow()?;
            if part.is_empty() || part.len() > length - whole.len() {
                return Err(page.damaged("an overflow page of the wrong length"));
            }
            whole.extend_from_slice(part);
            number = page.next();
        }
        Ok(whole.into())
    }

    /// Items that claim the same bytes again and again cannot make more of a file than it is: each takes its content, and
    /// at least three bytes to find it by.
    fn spend(&mut self, item: &Item<'_>, length: usize) -> Result<(), Fault> {
        let left = self.left.checked_sub(length.saturating_add(3));
        self.left = left.ok_or_else(|| item.damaged("more content than the file is long"))?;
        Ok(())
    }
}
