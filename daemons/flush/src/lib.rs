//! flush(8): remembers which mail waits for which site, and has it delivered when asked.
//!
//! Serves `records::flush` for delivery agents (add), smtpd's ETRN and postqueue(1) (send), and master's wake-up timer
//! (refresh). Only sites that fast_flush_domains names have a list. It moves deferred mail back to incoming and tells the
//! queue manager; it never opens a queue file. Logs only what fails.

mod resend;
mod site;

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use config::params::core::Domains;
use config::params::flush::Flush as Parameters;
use config::params::queue::Folders;
use config::params::services::Sockets;
use ipc::{Error, Server};
use lookup::match_list::{MatchList, Parents};
use queue::Layout;
use records::flush::{Flush as Conversation, Reply, Request};
use service::{Client, Conversations, Fatal, Start};

use crate::site::Site;

/// The daemon.
pub struct Flush {
    domains: MatchList,
    layout: Layout,
    queue_manager: std::path::PathBuf,
    refresh_time: Duration,
    purge_time: Duration,
    /// Domains may be listed only because relay_domains has the stock value of an older version.
    keeps_old: bool,
}

impl Conversations for Flush {
    const NAME: &'static str = "flush";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let settings = &start.settings;
        let (parameters, folders): (Parameters, Folders) = (settings.get()?, settings.get()?);
        let parents = settings.get::<Domains>()?.parent_domain_matches_subdomains;
        let bare = text::token::words(&parents).any(|word| word == "fast_flush_domains");
        let words: Vec<&str> = parameters
            .fast_flush_domains
            .iter()
            .map(AsRef::as_ref)
            .collect();
        let options = lookup::OpenOptions::from_settings(settings)?;
        let names = folders.hash_queue_names.iter().map(AsRef::as_ref);
        Ok(Self {
            domains: MatchList::open(
                "fast_flush_domains",
                &words.join(" "),
                if bare { Parents::Bare } else { Parents::Dotted },
                &options,
            ),
            layout: Layout::new(names, folders.hash_queue_depth),
            queue_manager: Path::new("public").join(settings.get::<Sockets>()?.queue_service_name),
            refresh_time: parameters.fast_flush_refresh_time,
            purge_time: parameters.fast_flush_purge_time,
            keeps_old: settings.set("fast_flush_domains").is_none()
                && settings.keeps_old("relay_domains")?,
        })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        let Some(connection) = client.connection() else {
            return;
        };
        let mut server = Server::<Conversation>::over(connection);
        let mut served = false;
        loop {
            match server.receive().await {
                Ok(Some(request)) => {
                    served = true;
                    let reply = self.answer(&request).await;
                    if server.reply(&reply).await.is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                // master's timer says one letter and leaves.
                Err(Error::Closed) if !served => return self.refresh(false),
                Err(error) => return maillog::warning!("flush client: {error}"),
            }
        }
    }
}

impl Flush {
    async fn answer(&self, request: &Request) -> Reply {
        match request {
            Request::Add { site, id } => match self.site(site).await {
                Ok(listed) => {
                    if self.keeps_old {
                        maillog::info!(
                            "using backwards-compatible default setting relay_domains=$mydestination to update fast-flush logfile for domain \"{site}\""
                        );
                    }
                    done(listed.add(&self.layout, id), "add to the list of a site")
                }
                Err(reply) => reply,
            },
            Request::SendSite(site) => match self.site(site).await {
                Ok(site) => done(self.send(&site), "send what waits for a site"),
                Err(reply) => reply,
            },
            Request::SendMessage(id) => {
                resend::messages(&self.layout, [id], &self.queue_manager);
                Reply::Done
            }
            Request::Purge => {
                self.refresh(true);
                Reply::Done
            }
        }
    }

    /// The site's list, when the site may have one.
    async fn site(&self, name: &str) -> Result<Site, Reply> {
        let plain = name.trim_start_matches('[').trim_end_matches(']');
        let site = Site::new(plain).ok_or(Reply::Bad)?;
        match self.domains.matches_domain(plain.as_bytes()).await {
            Ok(true) => Ok(site),
            Ok(false) => Err(Reply::Unknown),
            Err(error) => {
                maillog::warning!("fast_flush_domains: {error}; the request is not served");
                Err(Reply::Failed)
            }
        }
    }

    /// Have everything on a site's list delivered, and empty the list.
    fn send(&self, site: &Site) -> std::io::Result<()> {
        let ids = site.take(&self.layout)?;
        resend::messages(&self.layout, &ids, &self.queue_manager);
        Ok(())
    }

    /// Send what has waited long, forget lists that are not used; `all`: send every list.
    fn refresh(&self, all: bool) {
        let sites = match Site::all() {
            Ok(sites) => sites,
            Err(error) => return maillog::warning!("scan the flush folder: {error}"),
        };
        for site in sites {
            let result = match site.standing(&self.layout) {
                Ok(standing) if standing.empty && standing.age > self.purge_time => {
                    site.remove(&self.layout)
                }
                Ok(standing) if !standing.empty && (all || standing.age > self.refresh_time) => {
                    self.send(&site)
                }
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                maillog::warning!("refresh the flush list {}: {error}", site.name());
            }
        }
    }
}

fn done(result: std::io::Result<()>, what: &str) -> Reply {
    match result {
        Ok(()) => Reply::Done,
        Err(error) => {
            maillog::warning!("{what}: {error}");
            Reply::Failed
        }
    }
}
