//! The first page of a file: what the file is, and how its pages are to be read.

use super::Fault;
use super::page::Order;

const MAGIC: usize = 12;
const VERSION: usize = 16;
const PAGE_SIZE: usize = 20;
const ENCRYPTION: usize = 24;
const META_FLAGS: usize = 26;
const LAST_PAGE: usize = 32;
const FLAGS: usize = 48;
const ROOT: usize = 88;
const LAST_BUCKET: usize = 72;
const GROUPS: usize = 96;

const BTREE: u32 = 0x0005_3162;
const HASH: u32 = 0x0006_1561;

/// Page numbers of the hash method grow with the power of two that a bucket's number is below.
const GROUP_COUNT: usize = 32;

/// What the first page says.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) order: Order,
    pub(super) page_size: usize,
    /// Whether the head of each page holds a checksum.
    pub(super) checksums: bool,
    pub(super) method: Method,
}

/// How the file is organised.
#[derive(Debug)]
pub(super) enum Method {
    Btree {
        root: u32,
    },
    Hash {
        last_bucket: u32,
        /// What is added to the number of a bucket, by group, for the number of its page.
        groups: Vec<u32>,
    },
}

impl Meta {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let (order, magic) = [Order::Little, Order::Big]
            .into_iter()
            .filter_map(|order| Some((order, order.u32(bytes, MAGIC)?)))
            .find(|(_, magic)| matches!(*magic, BTREE | HASH))
            .ok_or(Fault::Unknown)?;
        let number = |at| order.u32(bytes, at).ok_or(Fault::Damaged(0, "too short"));
        match (magic, number(VERSION)?) {
            (BTREE, 8 | 9) | (HASH, 7..=9) => {}
            (_, version) => return Err(Fault::Version(version)),
        }
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        if byte(ENCRYPTION) != 0 {
            return Err(Fault::Unsupported("encryption"));
        }
        let meta_flags = byte(META_FLAGS);
        if meta_flags & !1 != 0 {
            return Err(Fault::Unsupported("several partitions"));
        }
        match (magic, number(FLAGS)?) {
            (_, 0) => {}
            (BTREE, flags) if flags & 0x20 != 0 => {
                return Err(Fault::Unsupported("several databases"));
            }
            (HASH, flags) if flags & 2 != 0 => {
                return Err(Fault::Unsupported("several databases"));
            }
            _ => {
                return Err(Fault::Unsupported(
                    "several values for a key, or compression",
                ));
            }
        }
        let page_size = number(PAGE_SIZE)?;
        if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
            return Err(Fault::Damaged(0, "impossible page size"));
        }
        let pages = u64::from(number(LAST_PAGE)?) + 1;
        if pages * u64::from(page_size) > bytes.len() as u64 {
            return Err(Fault::Damaged(0, "the file is shorter than it was"));
        }
        let method = match magic {
            BTREE => Method::Btree {
                root: number(ROOT)?,
            },
            _ => Method::Hash {
                last_bucket: number(LAST_BUCKET)?,
                groups: (0..GROUP_COUNT)
                    .map(|group| number(GROUPS + group * 4))
                    .collect::<Result<_, _>>()?,
            },
        };
        Ok(Self {
            order,
            page_size: page_size as usize,
            checksums: meta_flags & 1 != 0,
            method,
        })
    }
}
