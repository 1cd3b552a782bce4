//! The programs of the two mail systems.
//!
//! Those of Ferropost are shown at one place of the private machine, as an installation would have them: setgid commands with their
//! group, `lmtp`, `mailq` and `newaliases` by name. They come from the directory that cargo built them into, or from `FERROPOST_BIN`.
//! Those of the reference are where Debian puts them.

use crate::machine::{Machine, give};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The mail system under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mta {
    /// Ours.
    Ferropost,
    /// The reference, from Debian's package.
    Postfix,
}

impl Mta {
    /// As in `MTA_UNDER_TEST`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ferropost => "ferropost",
            Self::Postfix => "postfix",
        }
    }

    /// Whether this is the reference.
    pub fn is_reference(self) -> bool {
        self == Self::Postfix
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Ferropost => Self::Postfix,
            Self::Postfix => Self::Ferropost,
        }
    }

    /// One of two values, where the target's version and the reference at hand differ.
    pub fn pick<T>(self, ferropost: T, postfix: T) -> T {
        match self {
            Self::Ferropost => ferropost,
            Self::Postfix => postfix,
        }
    }
}

/// Lower-case constructors, for the names that `case!` makes.
#[allow(missing_docs, reason = "named by the macro only")]
impl Mta {
    pub fn ferropost() -> Self {
        Self::Ferropost
    }

    pub fn postfix() -> Self {
        Self::Postfix
    }
}

/// Where the programs of one mail system are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `command_directory`, with sendmail, mailq and newaliases too.
    pub commands: PathBuf,
    /// `daemon_directory`.
    pub daemons: PathBuf,
}

/// Where the tree of Ferropost is shown.
const PLACE: &str = "/mnt";
const COMMANDS: [&str; 14] = [
    "postalias",
    "postcat",
    "postconf",
    "postdrop",
    "postfix",
    "postkick",
    "postlock",
    "postlog",
    "postmap",
    "postqueue",
    "postsuper",
    "sendmail",
    "postmulti",
    "qshape",
];
const SETGID: [&str; 3] = ["postdrop", "postqueue", "postlog"];
const DAEMONS: [&str; 34] = [
    "anvil",
    "bounce",
    "cleanup",
    "discard",
    "dnsblog",
    "error",
    "flush",
    "local",
    "master",
    "pickup",
    "pipe",
    "postlogd",
    "postscreen",
    "proxymap",
    "qmgr",
    "qmqpd",
    "scache",
    "showq",
    "smtp",
    "smtpd",
    "spawn",
    "tlsmgr",
    "trivial-rewrite",
    "verify",
    "virtual",
    "ldap_table",
    "memcache_table",
    "mongodb_table",
    "mysql_table",
    "pgsql_table",
    "redis_table",
    "socketmap_table",
    "sqlite_table",
    "tcp_table",
];

impl Programs {
    /// Finds the programs, and makes them visible on the private machine.
    pub fn of(mta: Mta, machine: &Machine) -> Self {
        match mta {
            Mta::Postfix => {
                assert!(
                    Path::new("/usr/lib/postfix/sbin/master").exists(),
                    "the reference is missing: apt install postfix"
                );
                Self {
                    commands: PathBuf::from("/usr/sbin"),
                    daemons: PathBuf::from("/usr/lib/postfix/sbin"),
                }
            }
            Mta::Ferropost => {
                let place = Path::new(PLACE);
                if !place.join("sbin").exists() {
                    machine.show(&tree(machine.setgid), PLACE);
                }
                Self {
                    commands: place.join("sbin"),
                    daemons: place.join("libexec"),
                }
            }
        }
    }

    /// The directory of Ferropost's commands without setgid rights, for a user's own installation.
    pub fn plain(&self) -> PathBuf {
        self.commands.with_file_name("plain")
    }

    /// The path of a command; `mailq` and `newaliases` count as commands.
    pub fn command(&self, name: &str) -> PathBuf {
        let usual = self.commands.join(name);
        if usual.exists() {
            usual
        } else {
            Path::new("/usr/bin").join(name)
        }
    }
}

/// The install tree beside the built programs; made or renewed by the first case that needs it.
fn tree(setgid: u32) -> PathBuf {
    let built = built();
    assert!(
        built.join("master").exists(),
        "no programs in {}: cargo build --workspace first",
        built.display()
    );
    let tree = built.join("suite-tree");
    for part in ["sbin", "libexec", "plain"] {
        fs::create_dir_all(tree.join(part)).expect("mkdir tree");
    }
    let lock = File::create(tree.join("lock")).expect("lock file");
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).expect("lock");
    for name in COMMANDS {
        let (from, to) = (built.join(name), tree.join("sbin").join(name));
        install(&from, &tree.join("plain").join(name));
        if SETGID.contains(&name) {
            install_setgid(&from, &to, setgid);
        } else {
            install(&from, &to);
        }
    }
    for name in DAEMONS {
        install(&built.join(name), &tree.join("libexec").join(name));
    }
    install(&built.join("smtp"), &tree.join("libexec/lmtp"));
    for name in ["mailq", "newaliases"] {
        if let Err(error) = symlink("sendmail", tree.join("sbin").join(name)) {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        }
    }
    tree
}

/// Whether a program is built that is made only where it is asked for.
#[must_use]
pub fn is_built(name: &str) -> bool {
    built().join(name).exists()
}

fn built() -> PathBuf {
    if let Some(given) = std::env::var_os("FERROPOST_BIN") {
        return PathBuf::from(given);
    }
    let own = std::env::current_exe().expect("own path");
    own.ancestors().nth(2).expect("target directory").to_owned()
}

/// Links one program that needs no rights of its own. One that is not built is left out.
fn install(from: &Path, to: &Path) {
    let Ok(source) = fs::metadata(from) else {
        return;
    };
    if fs::metadata(to).is_ok_and(|installed| installed.ino() == source.ino()) {
        return;
    }
    let fresh = to.with_extension("new");
    drop(fs::remove_file(&fresh));
    if fs::hard_link(from, &fresh).is_err() {
        fs::copy(from, &fresh).expect("copy a program");
    }
    fs::rename(&fresh, to).expect("install a program");
}

fn install_setgid(from: &Path, to: &Path, group: u32) {
    let Ok(source) = fs::metadata(from) else {
        return;
    };
    let stamp = source.modified().expect("time of a program");
    let current = fs::metadata(to).is_ok_and(|installed| {
        installed.modified().is_ok_and(|time| time == stamp) && installed.gid() == group
    });
    if current {
        return;
    }
    let fresh = to.with_extension("new");
    fs::copy(from, &fresh).expect("copy a program");
    File::options()
        .write(true)
        .open(&fresh)
        .and_then(|file| file.set_modified(stamp))
        .expect("time of a program");
    give(&fresh, 0, group);
    fs::set_permissions(&fresh, Permissions::from_mode(0o2755)).expect("mode of a program");
    fs::rename(&fresh, to).expect("install a program");
}
