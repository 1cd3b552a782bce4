//! Mail that waits for a site of `fast_flush_domains` is noted with flush(8), so that the site can ask for it (ETRN,
//! `postqueue -s`).

use std::time::Duration;

use config::{Settings, params};
use lookup::match_list::Parents;
use lookup::{MatchList, OpenOptions};
use mail::{Address, QueueId};
use records::flush::{Flusher, Reply, Request};

/// The sites whose mail is noted, and the way to the service.
pub(crate) struct Waiting {
    sites: MatchList,
    service: Flusher,
}

impl Waiting {
    pub(crate) fn open(settings: &Settings, timeout: Duration) -> Result<Self, config::Error> {
        let flush: params::flush::Flush = settings.get()?;
        let domains: params::core::Domains = settings.get()?;
        let services: params::services::Sockets = settings.get()?;
        let with_subdomains = text::token::words(&domains.parent_domain_matches_subdomains)
            .any(|word| word == "fast_flush_domains");
        let parents = if with_subdomains {
            Parents::Bare
        } else {
            Parents::Dotted
        };
        let options = OpenOptions::from_settings(settings)?;
        let sites = flush.fast_flush_domains.join(" ");
        Ok(Self {
            sites: MatchList::open("fast_flush_domains", &sites, parents, &options),
            service: Flusher::new(format!("public/{}", services.flush_service_name), timeout),
        })
    }

    /// Note a letter for the recipient's site. What goes wrong only delays mail that a site asks for.
    pub(crate) async fn note(&self, id: &QueueId, recipient: &Address) {
        let Some(domain) = recipient.domain().filter(|_| !self.sites.is_empty()) else {
            return;
        };
        let site = domain.to_ascii_lowercase();
        if !matches!(self.sites.matches_domain(&site).await, Ok(true)) {
            return;
        }
        let Ok(site) = String::from_utf8(site) else {
            return;
        };
        let id_text = id.as_str();
        match self
            .service
            .ask(&Request::Add {
                site,
                id: id.clone(),
            })
            .await
        {
            Ok(Reply::Done | Reply::Unknown | Reply::Bad) => {}
            Ok(Reply::Failed) => maillog::warning!("{id_text}: flush service failure"),
            Err(error) => maillog::warning!("{id_text}: flush service failure: {error}"),
        }
    }
}
