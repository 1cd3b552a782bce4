//! The pages after the first, and the numbers in them.

use super::Fault;
use super::meta::Meta;

const NEXT: usize = 16;
const ENTRIES: usize = 20;
const LENGTH: usize = 22;
const KIND: usize = 25;

/// Where the content of a page begins: after a head, which is longer with a checksum.
const HEAD: usize = 26;
const HEAD_WITH_CHECKSUM: usize = 32;

/// In which order the bytes of a number stand: that of the machine that made the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

/// All pages of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pages<'a> {
    bytes: &'a [u8],
    size: usize,
    order: Order,
    head: usize,
}

impl<'a> Pages<'a> {
    pub(super) fn new(bytes: &'a [u8], meta: &Meta) -> Self {
        Self {
            bytes,
            size: meta.page_size,
            order: meta.order,
            head: match meta.checksums {
                true => HEAD_WITH_CHECKSUM,
                false => HEAD,
            },
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.bytes.len() / self.size
    }

    /// The page with a number, which is not that of the first page.
    pub(super) fn get(&self, number: u32) -> Result<Page<'a>, Fault> {
        let missing = Fault::Damaged(number, "there is no such page");
        let index = usize::try_from(number).map_err(|_| missing)?;
        let bytes = index
            .checked_mul(self.size)
            .filter(|_| number != 0)
            .and_then(|start| self.bytes.get(start..)?.get(..self.size))
            .ok_or(missing)?;
        Ok(Page {
            number,
            bytes,
            order: self.order,
            head: self.head,
        })
    }
}

/// One page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) number: u32,
    bytes: &'a [u8],
    order: Order,
    head: usize,
}

impl<'a> Page<'a> {
    /// What is on the page.
    pub(super) fn kind(&self) -> u8 {
        self.bytes.get(KIND).copied().unwrap_or_default()
    }

    /// The number of the page that follows, or 0.
    pub(super) fn next(&self) -> u32 {
        self.order.u32(self.bytes, NEXT).unwrap_or_default()
    }

    /// How many items the page has.
    pub(super) fn entries(&self) -> usize {
        self.order
            .u16(self.bytes, ENTRIES)
            .unwrap_or_default()
            .into()
    }

    pub(super) fn damaged(&self, what: &'static str) -> Fault {
        Fault::Damaged(self.number, what)
    }

    /// The bytes of the page from the place of an item on.
    pub(super) fn item(&self, index: usize) -> Result<Item<'a>, Fault> {
        let start = self.place(index)?;
        self.slice(start, self.bytes.len())
    }

    /// An item of a page of the hash method, whose items stand side by side, the first at the end of the page.
    pub(super) fn packed_item(&self, index: usize) -> Result<Item<'a>, Fault> {
        let end = match index.checked_sub(1) {
            Some(before) => self.place(before)?,
            None => self.bytes.len(),
        };
        self.slice(self.place(index)?, end)
    }

    /// What a page of an overflow chain holds.
    pub(super) fn overflow(&self) -> Result<&'a [u8], Fault> {
        let length = self.order.u16(self.bytes, LENGTH).unwrap_or_default();
        let content = self.bytes.get(self.head..).unwrap_or_default();
        content
            .get(..length.into())
            .ok_or_else(|| self.damaged("more content than fits"))
    }

    fn place(&self, index: usize) -> Result<usize, Fault> {
        let place = self.order.u16(self.bytes, self.head + index * 2);
        let place = place.ok_or_else(|| self.damaged("too many items"))?;
        match usize::from(place) {
            place if place >= self.head => Ok(place),
            _ => Err(self.damaged("an item in the page's head")),
        }
    }

    fn slice(&self, start: usize, end: usize) -> Result<Item<'a>, Fault> {
        let bytes = self.bytes.get(start..end);
        Ok(Item {
            page: self.number,
            bytes: bytes.ok_or_else(|| self.damaged("an item outside of the page"))?,
            order: self.order,
        })
    }
}

/// A part of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    page: u32,
    pub(super) bytes: &'a [u8],
    order: Order,
}

impl<'a> Item<'a> {
    pub(super) fn byte(&self, at: usize) -> Result<u8, Fault> {
        self.bytes.get(at).copied().ok_or_else(|| self.short())
    }

    pub(super) fn u16(&self, at: usize) -> Result<u16, Fault> {
        self.order.u16(self.bytes, at).ok_or_else(|| self.short())
    }

    pub(super) fn u32(&self, at: usize) -> Result<u32, Fault> {
        self.order.u32(self.bytes, at).ok_or_else(|| self.short())
    }

    pub(super) fn damaged(&self, what: &'static str) -> Fault {
        Fault::Damaged(self.page, what)
    }

    pub(super) fn short(&self) -> Fault {
        self.damaged("an item that is too short")
    }
}
