//! The method hash: buckets, each a chain of pages.

use std::borrow::Cow;

use super::Fault;
use super::content::Content;
use super::page::{Item, Page};
use crate::kinds::indexed::Entries;

const NEVER_USED: u8 = 0;
const UNSORTED: u8 = 2;
const SORTED: u8 = 13;

const IN_PLACE: u8 = 1;
const DUPLICATES: u8 = 2;
const IN_CHAIN: u8 = 3;
const CHAIN_OF_DUPLICATES: u8 = 4;

/// Add all pairs, bucket by bucket.
pub(super) fn collect(
    content: &mut Content<'_>,
    last_bucket: u32,
    groups: &[u32],
    entries: &mut Entries,
) -> Result<(), Fault> {
    // Every bucket has a page of its own.
    if last_bucket as usize >= content.page_count() {
        return Err(Fault::Damaged(0, "more buckets than pages"));
    }
    for bucket in 0..=last_bucket {
        let mut number = first_page(bucket, groups)?;
        while number != 0 {
            let page = content.visit(number)?;
            match page.kind() {
                SORTED | UNSORTED => items(content, &page, entries)?,
                NEVER_USED if page.entries() == 0 => {}
                _ => return Err(page.damaged("no page of a bucket")),
            }
            number = page.next();
        }
    }
    Ok(())
}

/// The pages of the buckets of a group stand side by side; a group is as long as all groups before it together.
fn first_page(bucket: u32, groups: &[u32]) -> Result<u32, Fault> {
    let group = u32::BITS - bucket.leading_zeros();
    let shift = groups.get(group as usize).copied().unwrap_or_default();
    match bucket.checked_add(shift) {
        Some(page) if page != 0 => Ok(page),
        _ => Err(Fault::Damaged(0, "a bucket without a page")),
    }
}

fn items<'a>(
    content: &mut Content<'a>,
    page: &Page<'a>,
    entries: &mut Entries,
) -> Result<(), Fault> {
    if !page.entries().is_multiple_of(2) {
        return Err(page.damaged("a key without a value"));
    }
    for index in (0..page.entries()).step_by(2) {
        let key = value_of(content, &page.packed_item(index)?)?;
        let value = value_of(content, &page.packed_item(index + 1)?)?;
        entries.add_bare(&key, &value);
    }
    Ok(())
}

fn value_of<'a>(content: &mut Content<'a>, item: &Item<'a>) -> Result<Cow<'a, [u8]>, Fault> {
    match item.byte(0)? {
        IN_PLACE => content.short(item, 1, item.bytes.len() - 1),
        IN_CHAIN => content.long(item, 4, 8),
        DUPLICATES | CHAIN_OF_DUPLICATES => Err(Fault::Unsupported("several values for a key")),
        _ => Err(item.damaged("an item of unknown kind")),
    }
}
