//! The method btree: a tree of pages with keys and values in order on its leaves.

use std::borrow::Cow;

use super::Fault;
use super::content::Content;
use super::page::{Item, Page};
use crate::kinds::indexed::Entries;

const BRANCH: u8 = 3;
const LEAF: u8 = 5;

/// The number of a page below, in an item of a branch.
const CHILD: usize = 4;

const IN_PLACE: u8 = 1;
const DUPLICATES: u8 = 2;
const IN_CHAIN: u8 = 3;
const DELETED: u8 = 0x80;

/// Add all pairs, in the order of the keys.
pub(super) fn collect(
    content: &mut Content<'_>,
    root: u32,
    entries: &mut Entries,
) -> Result<(), Fault> {
    let mut to_do = vec![root];
    while let Some(number) = to_do.pop() {
        let page = content.visit(number)?;
        match page.kind() {
            BRANCH => {
                let children: Result<Vec<u32>, _> = (0..page.entries())
                    .map(|index| page.item(index)?.u32(CHILD))
                    .collect();
                to_do.extend(children?.into_iter().rev());
            }
            LEAF => leaf(content, &page, entries)?,
            _ => return Err(page.damaged("no page of a tree")),
        }
    }
    Ok(())
}

fn leaf<'a>(
    content: &mut Content<'a>,
    page: &Page<'a>,
    entries: &mut Entries,
) -> Result<(), Fault> {
    if !page.entries().is_multiple_of(2) {
        return Err(page.damaged("a key without a value"));
    }
    for index in (0..page.entries()).step_by(2) {
        let key = value_of(content, &page.item(index)?)?;
        let value = value_of(content, &page.item(index + 1)?)?;
        if let (Some(key), Some(value)) = (key, value) {
            entries.add_bare(&key, &value);
        }
    }
    Ok(())
}

/// What an item holds; nothing when it is marked as deleted.
fn value_of<'a>(
    content: &mut Content<'a>,
    item: &Item<'a>,
) -> Result<Option<Cow<'a, [u8]>>, Fault> {
    let kind = item.byte(2)?;
    if kind & DELETED != 0 {
        return Ok(None);
    }
    match kind {
        IN_PLACE => content.short(item, 3, item.u16(0)?.into()).map(Some),
        IN_CHAIN => content.long(item, 4, 8).map(Some),
        DUPLICATES => Err(Fault::Unsupported("several values for a key")),
        _ => Err(item.damaged("an item of unknown kind")),
    }
}
