//! What main.cf says about logs and notices.

use std::time::Duration;

use config::{Error, Settings, params};
use mail::Address;
use queue::Layout;

/// Where logs are and how they are written.
pub(crate) struct Logs {
    pub(crate) layout: Layout,
    pub(crate) backwards_compatible: bool,
}

/// What notices need to know about this system.
pub(crate) struct System {
    pub(crate) layout: Layout,
    pub(crate) myhostname: String,
    /// In the names of fields, `X-<mail_name>-Queue-ID:`.
    pub(crate) mail_name: String,
    pub(crate) double_bounce: Address,
    /// What notices show in place of the null sender.
    pub(crate) mailer_daemon: Address,
    pub(crate) size_limit: u64,
    pub(crate) threaded: bool,
    pub(crate) queue_lifetime: Duration,
    pub(crate) smtputf8: bool,
    pub(crate) postmaster: Postmaster,
}

/// Which notices the postmaster gets a copy of, and where to.
pub(crate) struct Postmaster {
    pub(crate) bounces: Option<Address>,
    pub(crate) double_bounces: Option<Address>,
    pub(crate) delays: Option<Address>,
}

impl Logs {
    pub(crate) fn load(settings: &Settings) -> Result<Self, Error> {
        let files: params::core::Files = settings.get()?;
        Ok(Self {
            layout: layout(settings)?,
            backwards_compatible: files.backwards_bounce_logfile_compatibility,
        })
    }
}

impl System {
    pub(crate) fn load(settings: &Settings) -> Result<Self, Error> {
        let names: params::core::Names = settings.get()?;
        let reports: params::bounce::Reports = settings.get()?;
        let times: params::qmgr::Times = settings.get()?;
        let utf8: params::core::Smtputf8 = settings.get()?;
        let mailer_daemon = format!("MAILER-DAEMON@{}", names.myhostname);
        let double_bounce = format!("{}@{}", names.double_bounce_sender, names.myhostname);
        Ok(Self {
            layout: layout(settings)?,
            myhostname: names.myhostname,
            mail_name: names.mail_name.replace(' ', "-"),
            double_bounce: address(&double_bounce),
            mailer_daemon: address(&mailer_daemon),
            size_limit: reports.bounce_size_limit as u64,
            threaded: reports.enable_threaded_bounces,
            queue_lifetime: times.maximal_queue_lifetime,
            smtputf8: utf8.smtputf8_enable,
            postmaster: Postmaster::load(&settings.get()?),
        })
    }

    /// Whether the address is the one that postmaster notices come from.
    pub(crate) fn is_double_bounce(&self, sender: &Address) -> bool {
        sender
            .as_bytes()
            .eq_ignore_ascii_case(self.double_bounce.as_bytes())
    }
}

impl Postmaster {
    fn load(notices: &params::core::Notices) -> Self {
        let to = |class: &str, recipient: &str| {
            notices
                .notify_classes
                .has(class)
                .then(|| address(recipient))
        };
        Self {
            bounces: to("bounce", &notices.bounce_notice_recipient),
            double_bounces: to("2bounce", &notices.second_bounce_notice_recipient),
            delays: to("delay", &notices.delay_notice_recipient),
        }
    }
}

fn layout(settings: &Settings) -> Result<Layout, Error> {
    let folders: params::queue::Folders = settings.get()?;
    let names = folders.hash_queue_names.iter().map(String::as_str);
    Ok(Layout::new(names, folders.hash_queue_depth))
}

fn address(text: &str) -> Address {
    Address::new(text).unwrap_or_default()
}
