//! A private machine: network, mount and host-name namespaces of the calling thread.
//!
//! It has a loopback interface only, an /etc of its own (users, hosts, resolver, mail configuration), a /dev with a log
//! socket, an empty /var/mail, and a DNS server on 127.0.0.1. Threads and processes started from the calling thread live
//! in it too; it is gone with the last of them.
//!
//! Never changes anything outside its namespaces but the temporary directory that it removes.

use crate::{dns::Dns, log::Log};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, chown, sethostname};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The owner of the queue in every instance.
pub const MAIL_OWNER: Account = Account::new("fpmail", 60100, "Mail owner");
/// The ordinary users of every private machine.
pub const USERS: [Account; 3] = [
    Account::new("alice", 60001, "Alice Adams"),
    Account::new("bob", 60002, "Bob Brown"),
    Account::new("carol", 60003, "Carol Clark"),
];
/// The group of the setgid commands, where the machine has none of that name.
const SETGID_FALLBACK: u32 = 60101;

/// A user that exists in the private /etc/passwd only; the group has the same name and number.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Login name.
    pub name: &'static str,
    /// User and group id.
    pub id: u32,
    full_name: &'static str,
}

impl Account {
    const fn new(name: &'static str, id: u32, full_name: &'static str) -> Self {
        Self {
            name,
            id,
            full_name,
        }
    }

    /// The account of that name.
    ///
    /// # Panics
    /// When there is none.
    pub fn named(name: &str) -> Self {
        let all = USERS.iter().chain([&MAIL_OWNER]);
        *all.clone()
            .find(|user| user.name == name)
            .expect("an account of the private machine")
    }
}

/// The private machine of the calling thread.
pub struct Machine {
    /// What was logged on it.
    pub log: Log,
    /// Its DNS server.
    pub dns: Dns,
    /// Group id of the setgid commands.
    pub setgid: u32,
    directory: tempfile::TempDir,
}

impl Machine {
    /// Moves the calling thread to a new private machine, or says why that cannot be.
    pub fn enter() -> Result<Self, String> {
        if !Uid::effective().is_root() {
            return Err("needs root for namespaces, users and the setgid commands".to_owned());
        }
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
            .map_err(|error| format!("no namespaces here: {error}"))?;
        mount_at(None, "/", MsFlags::MS_REC | MsFlags::MS_PRIVATE);
        sethostname("mail").expect("set host name");
        let status = Command::new("/sbin/ip")
            .args(["link", "set", "lo", "up"])
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "ip link set lo up"
        );
        let directory = tempfile::Builder::new()
            .prefix("fp")
            .tempdir()
            .expect("temporary directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))
            .expect("mode of directory");
        let setgid = own_etc(directory.path());
        own_dev();
        own_mail_spool(directory.path());
        Ok(Self {
            log: Log::listen(Path::new("/dev/log")),
            dns: Dns::start(),
            setgid,
            directory,
        })
    }

    /// A path in the machine's temporary directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The home directory of a user.
    pub fn home(&self, user: &str) -> PathBuf {
        self.path("home").join(user)
    }

    /// Shows the directory `from` at the place `to`, read-only.
    pub fn show(&self, from: &Path, to: &str) {
        bind(from, Path::new(to));
        mount_at(
            None,
            to,
            MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY,
        );
    }

    /// Mounts a small memory file system at `place`.
    pub fn mount_small(&self, place: &Path, bytes: usize) {
        let options = format!("size={bytes},mode=755");
        mount(
            Some("tmpfs"),
            place,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(options.as_str()),
        )
        .expect("mount tmpfs");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Mounts made by cases would be busy when the directory is removed.
        let below = format!("{}/", self.directory.path().display());
        let mounts = fs::read_to_string("/proc/thread-self/mounts").unwrap_or_default();
        let places = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for place in places.filter(|place| place.starts_with(&below)) {
            let _ = umount2(place, MntFlags::MNT_DETACH);
        }
    }
}

/// Gives `path` to a user and group.
pub fn give(path: &Path, user: u32, group: u32) {
    chown(path, Some(Uid::from_raw(user)), Some(Gid::from_raw(group))).expect("chown");
}

fn mount_at(from: Option<&Path>, to: &str, flags: MsFlags) {
    mount(from, to, None::<&str>, flags, None::<&str>)
        .unwrap_or_else(|error| panic!("mount {to}: {error}"));
}

fn bind(from: &Path, to: &Path) {
    mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .unwrap_or_else(|error| panic!("bind {} to {}: {error}", from.display(), to.display()));
}

/// Makes the private /etc and the home directories; returns the group id of the setgid commands.
fn own_etc(root: &Path) -> u32 {
    let etc = root.join("etc");
    fs::create_dir_all(etc.join("postfix")).expect("mkdir etc");
    for name in [
        "nsswitch.conf",
        "services",
        "protocols",
        "localtime",
        "ld.so.cache",
        "group",
        "passwd",
    ] {
        drop(fs::copy(Path::new("/etc").join(name), etc.join(name)));
    }
    for name in [
        "dynamicmaps.cf",
        "postfix-script",
        "post-install",
        "postfix-files",
        "master.cf.proto",
    ] {
        drop(fs::copy(
            Path::new("/etc/postfix").join(name),
            etc.join("postfix").join(name),
        ));
    }
    fs::write(
        etc.join("resolv.conf"),
        "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n",
    )
    .expect("write");
    fs::write(
        etc.join("hosts"),
        "127.0.0.1 localhost\n127.0.1.1 mail.ferro.example mail\n",
    )
    .expect("write");
    fs::write(etc.join("shells"), "/bin/sh\n").expect("write");
    let mut passwd = fs::read_to_string("/etc/passwd").expect("read /etc/passwd");
    let mut group = fs::read_to_string("/etc/group").expect("read /etc/group");
    let setgid = group.lines().find_map(|line| {
        line.strip_prefix("postdrop:")?
            .split(':')
            .nth(1)?
            .parse()
            .ok()
    });
    if setgid.is_none() {
        group += &format!("postdrop:x:{SETGID_FALLBACK}:\n");
    }
    for user in USERS.iter().chain([&MAIL_OWNER]) {
        let home = root.join("home").join(user.name);
        fs::create_dir_all(&home).expect("mkdir home");
        give(&home, user.id, user.id);
        let Account {
            name,
            id,
            full_name,
        } = user;
        passwd += &format!(
            "{name}:x:{id}:{id}:{full_name}:{}:/bin/sh\n",
            home.display()
        );
        group += &format!("{name}:x:{id}:\n");
    }
    fs::write(etc.join("passwd"), passwd).expect("write passwd");
    fs::write(etc.join("group"), group).expect("write group");
    bind(&etc, Path::new("/etc"));
    setgid.unwrap_or(SETGID_FALLBACK)
}

/// Makes a private /dev, so that /dev/log can be ours.
fn own_dev() {
    mount(
        Some("tmpfs"),
        "/mnt",
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )
    .expect("mount tmpfs");
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let (device, place) = (Path::new("/dev").join(name), Path::new("/mnt").join(name));
        if device.exists() {
            fs::write(&place, "").expect("device place");
            bind(&device, &place);
        }
    }
    // Terminals, for commands that say more to a person.
    let terminals = Path::new("/mnt/pts");
    fs::create_dir(terminals).expect("mkdir in dev");
    bind(Path::new("/dev/pts"), terminals);
    for (name, target) in [
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
        ("stderr", "fd/2"),
    ] {
        std::os::unix::fs::symlink(target, Path::new("/mnt").join(name)).expect("symlink in dev");
    }
    mount(
        Some("/mnt"),
        "/dev",
        None::<&str>,
        MsFlags::MS_MOVE,
        None::<&str>,
    )
    .expect("move dev");
}

fn own_mail_spool(root: &Path) {
    let spool = root.join("var-mail");
    fs::create_dir(&spool).expect("mkdir spool");
    fs::set_permissions(&spool, fs::Permissions::from_mode(0o1777)).expect("mode of spool");
    bind(&spool, Path::new("/var/mail"));
}
