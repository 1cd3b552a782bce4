//! generic(5): addresses of this machine become ones that the world knows, in the envelope and in the message's own
//! headers.
//!
//! Log lines, bounces and marks in the queue file keep the addresses as they were. A table that does not answer defers
//! the letter.

use config::params::{cleanup, core, smtp};
use config::{Prefix, Settings as MainCf};
use lookup::{AddressMapping, LookupError, Maps, OpenOptions};
use mail::header::{self, Role};
use mail::mime::{self, Line, Sink, Walk};
use mail::{AddressList, DsnStatus};
use service::Fatal;

use crate::failure::Failure;

/// The tables, and what lookups in them need.
pub struct Generic {
    maps: Maps,
    addresses: AddressMapping,
    propagate: bool,
    token_limit: usize,
    mime: mime::Options,
}

impl Generic {
    /// As main.cf says; `None` when there are no tables.
    pub fn open(
        main_cf: &MainCf,
        lmtp: bool,
        options: &OpenOptions,
        mime: mime::Options,
    ) -> Result<Option<Self>, Fatal> {
        let prefix = if lmtp { Prefix::Lmtp } else { Prefix::Smtp };
        let content: smtp::Content = main_cf.client(prefix)?;
        let title = if lmtp {
            "lmtp_generic_maps"
        } else {
            "smtp_generic_maps"
        };
        let maps = Maps::open(title, &content.generic_maps, options);
        if maps.is_empty() {
            return Ok(None);
        }
        let mapping: cleanup::Mapping = main_cf.get()?;
        let limits: core::Mime = main_cf.get()?;
        Ok(Some(Self {
            maps,
            addresses: AddressMapping::open(main_cf, options)
                .map_err(|error| Fatal::new(error.to_string()))?,
            propagate: mapping.propagate_unmatched_extensions.has("generic"),
            token_limit: limits.header_address_token_limit,
            mime: mime::Options {
                disable: true,
                ..mime
            },
        }))
    }

    /// What stands for an address in internal form; `None` when it stays.
    pub async fn address(&self, address: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        if address.is_empty() {
            return Ok(None);
        }
        // In a box, as this stands deep within the delivery of a letter and is seldom asked.
        let found = Box::pin(self.addresses.find(&self.maps, address, self.propagate));
        let found = found.await.map_err(|error| unanswered(&error))?;
        Ok(found.and_then(|addresses| addresses.into_iter().next()))
    }

    /// The lines of a message from its beginning, to be mapped as they come.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers {
            generic: self,
            walk: Walk::new(self.mime),
        }
    }

    /// The first table whose file was replaced since it was opened, as `type:name`.
    #[must_use]
    pub fn changed(&self) -> Option<&str> {
        self.maps.changed().or_else(|| self.addresses.changed())
    }

    async fn header(&self, header: &Addresses) -> Result<Option<Vec<u8>>, Failure> {
        let mut list = AddressList::parse(&header.value, self.token_limit);
        let mut changed = false;
        for address in list.addresses_mut() {
            if let Some(mapped) = self.address(address).await? {
                changed |= mapped != *address;
                *address = mapped;
            }
        }
        Ok(changed.then(|| list.header(&header.name)))
    }
}

fn unanswered(error: &LookupError) -> Failure {
    Failure::new(
        DsnStatus::new(4, 3, 0),
        format!("address lookup problem: {error}"),
    )
}

/// Maps the headers of one message.
pub struct Headers<'a> {
    generic: &'a Generic,
    walk: Walk,
}

impl Headers<'_> {
    /// Whether the message's own headers are over, so that lines need not come here any more.
    #[must_use]
    pub fn are_over(&self) -> bool {
        !self.walk.in_primary_header()
    }

    /// Take a line of content, or a part of one; what is to be sent now, in the same form.
    pub async fn line(&mut self, text: &[u8], ends: bool) -> Result<Vec<(Vec<u8>, bool)>, Failure> {
        let mut items = Items::default();
        self.walk.line(text, !ends, &mut items);
        self.mapped(items).await
    }

    /// The content is over.
    pub async fn end(&mut self) -> Result<Vec<(Vec<u8>, bool)>, Failure> {
        let mut items = Items::default();
        self.walk.end(&mut items);
        self.mapped(items).await
    }

    async fn mapped(&self, items: Items) -> Result<Vec<(Vec<u8>, bool)>, Failure> {
        let mut lines = Vec::new();
        for item in items.0 {
            let (mut text, ends) = (item.text, item.ends);
            if let Some(header) = &item.addresses
                && let Some(mapped) = self.generic.header(header).await?
            {
                text = mapped;
            }
            let whole = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec);
            lines.extend(whole.map(|line| (line, ends)));
        }
        Ok(lines)
    }
}

/// What the walk gave.
#[derive(Default)]
struct Items(Vec<Item>);

struct Item {
    text: Vec<u8>,
    ends: bool,
    addresses: Option<Addresses>,
}

/// A header with addresses that are mapped.
struct Addresses {
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Sink for Items {
    fn header(&mut self, line: Line<'_>) {
        let known = line.known.or_else(|| header::find(line.name));
        let mapped = known.is_some_and(|header| header.role != Role::Other);
        self.0.push(Item {
            text: line.text.to_vec(),
            ends: true,
            addresses: mapped.then(|| Addresses {
                name: line.name.to_vec(),
                value: line.value.to_vec(),
            }),
        });
    }

    fn body(&mut self, text: &[u8], partial: bool) {
        self.0.push(Item {
            text: text.to_vec(),
            ends: !partial,
            addresses: None,
        });
    }
}
