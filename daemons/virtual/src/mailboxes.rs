//! Whose mailbox is where, and who owns it: virtual_mailbox_maps, virtual_uid_maps, virtual_gid_maps.

use std::path::PathBuf;

use config::{Settings, TableList, params};
use delivery::{Failure, Ids, LockMethod, Locking};
use lookup::address::{Order, Step, find_address};
use lookup::match_list::Parents;
use lookup::{Maps, OpenOptions, Purpose};
use mail::{Address, DsnStatus};
use service::Fatal;

/// The order in which an address is looked up.
const STEPS: &[Step] = &[Step::Full, Step::Unextended, Step::AtDomain];

/// The tables, and how mailboxes are written.
pub(crate) struct Mailboxes {
    base: String,
    paths: Maps,
    users: Maps,
    groups: Maps,
    minimum_uid: u32,
    delimiters: Vec<u8>,
    owner_request_special: bool,
    rootless: bool,
    pub(crate) myhostname: String,
    pub(crate) original_recipient: bool,
    pub(crate) limit: u64,
    pub(crate) strict_ownership: bool,
    pub(crate) locking: Locking,
}

/// One mailbox.
pub(crate) struct Mailbox {
    pub(crate) path: PathBuf,
    pub(crate) owner: Ids,
}

impl Mailbox {
    /// A name that ends in a slash is a maildir.
    pub(crate) fn is_maildir(&self) -> bool {
        self.path.as_os_str().as_encoded_bytes().ends_with(b"/")
    }
}

impl Mailboxes {
    /// The first table whose file was replaced since it was opened, as `type:name`.
    pub(crate) fn changed(&self) -> Option<&str> {
        [&self.paths, &self.users, &self.groups]
            .into_iter()
            .find_map(Maps::changed)
    }

    pub(crate) fn open(settings: &Settings, rootless: bool) -> Result<Self, Fatal> {
        let own: params::virtual_mail::Mailboxes = settings.get()?;
        let names: params::core::Names = settings.get()?;
        let compatibility: params::core::Compatibility = settings.get()?;
        let mailbox: params::local::Mailbox = settings.get()?;
        if own.virtual_mailbox_base.is_empty() {
            return Err(Fatal::new(
                "bad string length 0 < 1: virtual_mailbox_base = ",
            ));
        }
        // Neither a service with fewer rights nor an address must say who we write as.
        let options = OpenOptions::from_settings(settings)?.for_purpose(Purpose::Rights);
        let open = |title: &str, list: &TableList| Maps::open(title, list, &options);
        Ok(Self {
            paths: open("virtual_mailbox_maps", &own.virtual_mailbox_maps),
            users: open("virtual_uid_maps", &own.virtual_uid_maps),
            groups: open("virtual_gid_maps", &own.virtual_gid_maps),
            minimum_uid: u32::try_from(own.virtual_minimum_uid).unwrap_or(u32::MAX),
            base: own.virtual_mailbox_base,
            delimiters: names.recipient_delimiter.into_bytes(),
            owner_request_special: compatibility.owner_request_special,
            rootless,
            myhostname: names.myhostname,
            original_recipient: compatibility.enable_original_recipient,
            limit: own.virtual_mailbox_limit,
            strict_ownership: mailbox.strict_mailbox_ownership,
            locking: locking(settings, &own.virtual_mailbox_lock)?,
        })
    }

    /// The mailbox of an address; `None` when it has none.
    pub(crate) async fn of(&self, address: &Address) -> Result<Option<Mailbox>, Failure> {
        let Some(path) = self.find(&self.paths, address).await? else {
            return Ok(None);
        };
        let path = format!("{}/{path}", self.base);
        Ok(Some(Mailbox {
            path: PathBuf::from(path),
            owner: self.owner(address).await?,
        }))
    }

    async fn owner(&self, address: &Address) -> Result<Ids, Failure> {
        if self.rootless {
            let (uid, gid) = sys::rights::effective_ids();
            return Ok(Ids { uid, gid });
        }
        Ok(Ids {
            uid: self
                .number(&self.users, address, "uid", self.minimum_uid)
                .await?,
            gid: self.number(&self.groups, address, "gid", 1).await?,
        })
    }

    async fn number(
        &self,
        maps: &Maps,
        address: &Address,
        what: &str,
        minimum: u32,
    ) -> Result<u32, Failure> {
        let title = maps.title();
        let Some(text) = self.find(maps, address).await? else {
            return Err(complain(address, &format!("not found in {title}")));
        };
        let number = text.trim().parse().ok().filter(|number| *number >= minimum);
        number.ok_or_else(|| complain(address, &format!("bad {what} {text} in {title}")))
    }

    async fn find(&self, maps: &Maps, address: &Address) -> Result<Option<String>, Failure> {
        let order = Order {
            steps: STEPS,
            delimiters: &self.delimiters,
            owner_request_special: self.owner_request_special,
            parents: Parents::Dotted,
        };
        let found = find_address(maps, address.as_bytes(), &order, async || Ok(false)).await;
        match found {
            Ok(found) => Ok(found.map(|found| String::from_utf8_lossy(&found.value).into_owned())),
            Err(_) => Err(complain(
                address,
                &format!("{} lookup failure", maps.title()),
            )),
        }
    }
}

/// Warn the administrator; the sender only hears that it is not the sender's fault.
fn complain(address: &Address, what: &str) -> Failure {
    let address = String::from_utf8_lossy(address.as_bytes());
    maillog::warning!("recipient {address}: {what}");
    Failure::new(DsnStatus::new(4, 3, 5), "mail system configuration error")
}

fn locking(settings: &Settings, words: &config::Words) -> Result<Locking, Fatal> {
    let files: params::core::Files = settings.get()?;
    let methods = words.iter().map(|word| {
        LockMethod::parse(word)
            .ok_or_else(|| Fatal::new(format!("virtual_mailbox_lock: unknown lock method: {word}")))
    });
    Ok(Locking {
        methods: methods.collect::<Result<_, _>>()?,
        attempts: u32::try_from(files.deliver_lock_attempts).unwrap_or(u32::MAX),
        delay: files.deliver_lock_delay,
        stale: files.stale_lock_time,
    })
}
