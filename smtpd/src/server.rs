//! The daemon: what it opens before the jail, and what its sessions share.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use dns::{Families, Hosts, ResolvConf, Resolver};
use lookup::LookupError;
use mail::Address;
use net::interfaces::{OwnAddresses, Protocols};
use records::cleanup::Cleaner;
use records::flush::Flusher;
use service::{Client, Conversations, Fatal, Process, Socket, Start};

use crate::access::Lists;
use crate::access::restriction::Mistake;
use crate::config::{Config, Sockets};
use crate::notice::Postmaster;
use crate::peer::{Ends, Names, Peer};
use crate::routes::Routes;
use crate::session;
use crate::space::Space;
use crate::tables::Tables;
use crate::unbuilt;

/// smtpd(8).
pub struct Smtpd {
    shared: Rc<Shared>,
    /// Known since the first client.
    process: RefCell<Option<Rc<Process>>>,
}

/// How often the tables are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What the sessions of a process have in common.
pub struct Shared {
    pub config: Config,
    pub lists: Lists,
    pub tables: Tables,
    pub routes: Routes,
    pub cleaner: Cleaner,
    pub flusher: Flusher,
    pub resolver: Rc<Resolver>,
    pub families: Families,
    pub own: OwnAddresses,
    pub space: Space,
    pub postmaster: Postmaster,
    /// The program that takes letters from a server without the mail system's rights.
    pub postdrop: Option<PathBuf>,
    names: Option<Names>,
}

impl Conversations for Smtpd {
    const NAME: &'static str = "smtpd";
    const FAREWELL: &'static [u8] = b"421 4.3.0 Error: internal error\r\n";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let shared = Shared::open(start)?;
        Ok(Self {
            shared: Rc::new(shared),
            process: RefCell::default(),
        })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        self.process.replace(Some(Rc::clone(&client.process)));
        self.retire_if_changed();
        let shared = Rc::clone(&self.shared);
        let peer = shared.peer(&client.socket).await;
        session::serve(shared, &mut client.socket, peer).await;
    }

    /// A table that has changed must not be used for the next client.
    async fn background(self: Rc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.retire_if_changed();
        }
    }
}

impl Smtpd {
    fn retire_if_changed(&self) {
        if let Some(process) = &*self.process.borrow() {
            let (tables, lists) = (&self.shared.tables, &self.shared.lists);
            process.renew_after(|| tables.changed().or_else(|| lists.changed()));
        }
    }
}

impl Shared {
    /// Open what the sessions need, before the jail.
    pub fn open(start: &Start) -> Result<Self, Fatal> {
        let settings = &start.settings;
        let config = Config::load(settings).map_err(Fatal::new)?;
        for missing in unbuilt::find(settings)? {
            if missing.vital {
                return Err(Fatal::new(missing.to_string()));
            }
            maillog::warning!("{missing}");
        }
        let options = lookup::OpenOptions::from_settings(settings)?;
        let restrictions = settings.get()?;
        let lists = Lists::compile(&restrictions, settings, &options).map_err(refused)?;
        for word in lists.not_built() {
            maillog::warning!(
                "restriction {word} is not supported yet: what comes to it is answered with 451 4.3.5"
            );
        }
        let tables = Tables::open(settings, &options).map_err(Fatal::new)?;
        let networks: ::config::params::core::Networks = settings.get()?;
        let protocols = Protocols::parse(&networks.inet_protocols).map_err(fatal)?;
        let own = OwnAddresses::open(
            &networks.inet_interfaces,
            &networks.proxy_interfaces,
            protocols,
        );
        let families = Families {
            ipv4: protocols.ipv4,
            ipv6: protocols.ipv6,
        };
        let resolver = Rc::new(Resolver::new(ResolvConf::open(), Hosts::open()));
        let sockets = Sockets::load(settings)?;
        let ipc: ::config::params::core::Ipc = settings.get()?;
        let timeout = ipc.ipc_timeout;
        let rules = lookup::mapping::rules(settings)?;
        let looks_up = config.greeting.smtpd_peername_lookup;
        Ok(Self {
            routes: Routes::new(
                records::resolve::Resolver::new(sockets.rewrite, timeout),
                rules,
            ),
            cleaner: Cleaner::new(sockets.cleanup, timeout),
            flusher: Flusher::new(sockets.flush, timeout),
            names: looks_up.then(|| Names::new(Rc::clone(&resolver), families)),
            space: Space::new(&config.content),
            postmaster: Postmaster::open(settings).map_err(Fatal::new)?,
            postdrop: stand_alone(start)?,
            own: own.map_err(fatal)?,
            config,
            lists,
            tables,
            resolver,
            families,
        })
    }

    /// Who is at the other end.
    async fn peer(&self, socket: &Socket) -> Peer {
        let ends = match socket {
            Socket::Tcp(socket) => socket.peer_addr().ok().map(|client| Ends {
                client,
                server: socket.local_addr().ok(),
            }),
            Socket::Unix(_) | Socket::Taken => None,
        };
        let mut peer = match ends {
            Some(ends) => Peer::of(ends, self.names.as_ref()).await,
            None => Peer::local(),
        };
        peer.shows_port = self.config.greeting.smtpd_client_port_logging;
        peer
    }

    /// Whether a user has started this server for itself (`sendmail -bs`): nothing is judged then.
    pub const fn is_stand_alone(&self) -> bool {
        self.postdrop.is_some()
    }

    /// Whether a client is in `mynetworks`.
    pub async fn is_trusted(&self, peer: &Peer) -> Result<bool, LookupError> {
        match peer.address {
            Some(address) => {
                let name = peer.name.as_bytes();
                self.tables.mynetworks.matches_client(name, address).await
            }
            None => Ok(false),
        }
    }

    /// Whether an address is the one that gets no bounces (`double_bounce_sender`).
    pub fn is_double_bounce(&self, address: &Address) -> bool {
        let own = self.config.names.double_bounce_sender.as_bytes();
        let here = [&self.config.names.myorigin, &self.config.names.myhostname];
        let is_here = |domain: &[u8]| {
            here.iter()
                .any(|host| domain.eq_ignore_ascii_case(host.as_bytes()))
        };
        address.local_part().eq_ignore_ascii_case(own) && address.domain().is_none_or(is_here)
    }
}

/// The way to postdrop, for a server on standard input that does not run as the mail system's owner.
fn stand_alone(start: &Start) -> Result<Option<PathBuf>, Fatal> {
    if !start.standard {
        return Ok(None);
    }
    let identity: ::config::params::core::Identity = start.settings.get()?;
    let directories: ::config::params::core::Directories = start.settings.get()?;
    let owner = sys::users::by_name(&identity.mail_owner)
        .map_err(|error| Fatal::io("look up mail_owner", &error))?;
    let (user, _) = sys::rights::real_ids();
    let privileged = owner.is_some_and(|owner| owner.uid == user);
    let program = PathBuf::from(directories.command_directory).join("postdrop");
    Ok((!privileged).then_some(program))
}

fn fatal(error: impl std::fmt::Display) -> Fatal {
    Fatal::new(error.to_string())
}

fn refused((parameter, mistake): (&'static str, Mistake)) -> Fatal {
    if mistake == Mistake::OpenRelay {
        Fatal::new(mistake.to_string())
    } else {
        Fatal::new(format!("parameter {parameter}: {mistake}"))
    }
}
