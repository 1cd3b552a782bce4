//! The configuration of one mail system, before it starts.
//!
//! Starts from a small main.cf that makes the machine `mail.ferro.example` with local users alice, bob and carol
//! (Maildir in their homes), and the stock services. Cases add to it and override.

use crate::dns::Dns;
use crate::instance::Instance;
use crate::log::Log;
use crate::machine::{MAIL_OWNER, Machine, give};
use crate::programs::{Mta, Programs};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The configuration directory of the private machine.
pub const CONFIGURATION: &str = "/etc/postfix";

/// A mail system to be.
pub struct Setup {
    /// Which one.
    pub mta: Mta,
    /// Where it lives.
    pub machine: Machine,
    /// Its programs.
    pub programs: Programs,
    main: Vec<(String, String)>,
    services: Vec<String>,
    aliases: String,
    hashes: Vec<String>,
}

impl Setup {
    /// A mail system with the suite's usual configuration.
    pub fn new(mta: Mta, machine: Machine) -> Self {
        let programs = Programs::of(mta, &machine);
        let main = usual_main_cf(mta, &machine);
        let services = usual_master_cf(mta);
        Self {
            mta,
            machine,
            programs,
            main,
            services,
            aliases: String::new(),
            hashes: Vec::new(),
        }
    }

    /// Sets a parameter.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.main.retain(|(known, _)| known != name);
        self.main.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a parameter at its built-in default.
    pub fn unset(mut self, name: &str) -> Self {
        self.main.retain(|(known, _)| known != name);
        self
    }

    /// Adds a master.cf entry, in place of the one with the same name and type.
    pub fn service(mut self, entry: &str) -> Self {
        let same = |known: &String| {
            known
                .split_whitespace()
                .take(2)
                .eq(entry.split_whitespace().take(2))
        };
        self.services.retain(|known| !same(known));
        self.services.push(entry.to_owned());
        self
    }

    /// Adds an alias to the alias database.
    pub fn alias(mut self, name: &str, value: &str) -> Self {
        self.aliases += &format!("{name}: {value}\n");
        self
    }

    /// Adds a file beside main.cf.
    pub fn file(self, name: &str, text: &str) -> Self {
        write_settled(&Path::new(CONFIGURATION).join(name), text);
        self
    }

    /// Adds a file beside main.cf, which postmap makes a `hash:` table of.
    pub fn hash(mut self, name: &str, text: &str) -> Self {
        self.hashes.push(name.to_owned());
        self.file(name, text)
    }

    /// The machine's DNS server.
    pub fn dns(&self) -> &Dns {
        &self.machine.dns
    }

    /// The machine's log.
    pub fn log(&self) -> &Log {
        &self.machine.log
    }

    /// A path below the machine's temporary directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.machine.path(name)
    }

    /// Writes the configuration and starts the mail system.
    pub fn start(self) -> Instance {
        let mut instance = self.stopped();
        instance.start();
        instance
    }

    /// Writes the configuration and starts nothing.
    pub fn stopped(self) -> Instance {
        let queue = self.machine.path("queue");
        make_queue(&queue, self.machine.setgid);
        make_data(&self.machine.path("data"));
        write_settled(
            &Path::new(CONFIGURATION).join("master.cf"),
            &(self.services.join("\n") + "\n"),
        );
        write_settled(&Path::new(CONFIGURATION).join("aliases"), &self.aliases);
        let instance = Instance::new(self.mta, self.machine, self.programs, self.main);
        if !self.aliases.is_empty() {
            let table = format!("hash:{CONFIGURATION}/aliases");
            instance
                .command("postalias")
                .args([&table])
                .run()
                .succeeds();
        }
        for name in self.hashes {
            let table = format!("hash:{CONFIGURATION}/{name}");
            instance.command("postmap").args([&table]).run().succeeds();
        }
        instance
    }
}

/// Writes a file as if it had been there for a while: the reference waits a second before it trusts a younger one. Programs
/// that read it meanwhile find the old one or the new one.
pub(crate) fn write_settled(path: &Path, text: &str) {
    let fresh = path.with_extension("being-written");
    fs::write(&fresh, text).unwrap_or_else(|error| panic!("write {}: {error}", fresh.display()));
    let past = SystemTime::now() - Duration::from_secs(10);
    let file = File::options()
        .write(true)
        .open(&fresh)
        .expect("open a file just written");
    file.set_modified(past)
        .expect("time of a file just written");
    fs::rename(&fresh, path).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
}

fn usual_main_cf(mta: Mta, machine: &Machine) -> Vec<(String, String)> {
    let queue = machine.path("queue").display().to_string();
    let data = machine.path("data").display().to_string();
    let lines = [
        ("compatibility_level", mta.pick("3.11", "3.6")),
        ("queue_directory", &queue),
        ("data_directory", &data),
        ("mail_owner", MAIL_OWNER.name),
        ("setgid_group", "postdrop"),
        ("myhostname", "mail.ferro.example"),
        ("mydomain", "ferro.example"),
        ("myorigin", "$mydomain"),
        ("mydestination", "$myhostname, $mydomain, localhost"),
        ("mynetworks", "127.0.0.1/32"),
        ("inet_interfaces", "127.0.0.1"),
        ("inet_protocols", "ipv4"),
        ("alias_maps", ""),
        ("alias_database", ""),
        ("home_mailbox", "Maildir/"),
        ("notify_classes", ""),
        ("smtpd_error_sleep_time", "0"),
        (
            "smtpd_relay_restrictions",
            "permit_mynetworks, reject_unauth_destination",
        ),
        ("append_dot_mydomain", "no"),
        ("biff", "no"),
    ];
    lines
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// The stock services. Ours are chrooted as our stock master.cf has them; the reference would need copies of system files.
fn usual_master_cf(mta: Mta) -> Vec<String> {
    let jail = mta.pick("y", "n");
    let lines = [
        "smtp inet n - {jail} - - smtpd",
        "pickup unix n - {jail} 60 1 pickup",
        "cleanup unix n - {jail} - 0 cleanup",
        "qmgr unix n - {jail} 300 1 qmgr",
        "tlsmgr unix - - {jail} 1000? 1 tlsmgr",
        "rewrite unix - - {jail} - - trivial-rewrite",
        "bounce unix - - {jail} - 0 bounce",
        "defer unix - - {jail} - 0 bounce",
        "trace unix - - {jail} - 0 bounce",
        "verify unix - - {jail} - 1 verify",
        "flush unix n - {jail} 1000? 0 flush",
        "proxymap unix - - n - - proxymap",
        "proxywrite unix - - n - 1 proxymap",
        "smtp unix - - {jail} - - smtp",
        "relay unix - - {jail} - - smtp",
        "showq unix n - {jail} - - showq",
        "error unix - - {jail} - - error",
        "retry unix - - {jail} - - error",
        "discard unix - - {jail} - - discard",
        "local unix - n n - - local",
        "virtual unix - n n - - virtual",
        "lmtp unix - - {jail} - - lmtp",
        "anvil unix - - {jail} - 1 anvil",
        "scache unix - - {jail} - 1 scache",
        "postlog unix-dgram n - n - 1 postlogd",
    ];
    lines.map(|line| line.replace("{jail}", jail)).to_vec()
}

fn make_queue(queue: &Path, setgid: u32) {
    let make = |name: &str, owner: u32, group: u32, mode: u32| {
        let path = queue.join(name);
        fs::create_dir_all(&path).expect("mkdir queue");
        give(&path, owner, group);
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("mode of queue");
    };
    make("", 0, 0, 0o755);
    make("pid", 0, 0, 0o755);
    for name in [
        "incoming", "active", "deferred", "hold", "corrupt", "saved", "bounce", "defer", "trace",
        "flush", "private",
    ] {
        make(name, MAIL_OWNER.id, 0, 0o700);
    }
    make("maildrop", MAIL_OWNER.id, setgid, 0o730);
    make("public", MAIL_OWNER.id, setgid, 0o710);
}

fn make_data(data: &Path) {
    fs::create_dir_all(data).expect("mkdir data");
    give(data, MAIL_OWNER.id, MAIL_OWNER.id);
    fs::set_permissions(data, Permissions::from_mode(0o700)).expect("mode of data");
}
