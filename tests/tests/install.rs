//! `make install`: what is put where, with which owners and modes, is what `etc/install.table` says, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names that the table uses, as `etc/install.sh` sets them.
fn value(text: &str, prefix: &str) -> String {
    let names = [
        ("$config_directory", "/etc/postfix".to_owned()),
        ("$meta_directory", "/etc/postfix".to_owned()),
        ("$queue_directory", "/var/spool/postfix".to_owned()),
        ("$data_directory", "/var/lib/postfix".to_owned()),
        ("$daemon_directory", format!("{prefix}/lib/postfix/sbin")),
        ("$command_directory", format!("{prefix}/sbin")),
        ("$manpage_directory", format!("{prefix}/share/man")),
        ("$sendmail_path", format!("{prefix}/sbin/sendmail")),
        ("$mailq_path", format!("{prefix}/bin/mailq")),
        ("$newaliases_path", format!("{prefix}/bin/newaliases")),
        ("$mail_owner", "nobody".to_owned()),
        ("$setgid_group", "nogroup".to_owned()),
    ];
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    })
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn built() -> PathBuf {
    let given = std::env::var_os("FERROPOST_BIN").map(PathBuf::from);
    given.unwrap_or_else(|| {
        let own = std::env::current_exe().expect("own path");
        own.ancestors().nth(2).expect("target directory").to_owned()
    })
}

fn install(root: &Path, prefix: &str) {
    let done = Command::new("sh")
        .arg(top().join("etc/install.sh"))
        .arg(built())
        .env("DESTDIR", root)
        .env("PREFIX", prefix)
        .env("MAIL_OWNER", "nobody")
        .env("SETGID_GROUP", "nogroup")
        .output()
        .expect("sh");
    assert!(done.status.success(), "{done:?}");
}

/// The number of a user or group, by the file that has it.
fn number(file: &str, name: &str) -> u32 {
    let text = fs::read_to_string(file).expect(file);
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name}:")));
    let field = line.and_then(|line| line.split(':').nth(2));
    field
        .and_then(|field| field.parse().ok())
        .expect("a number")
}

/// What one row of the table stands for: for a pattern, every file that matches.
fn places(root: &Path, path: &str) -> Vec<PathBuf> {
    let place = root.join(path.trim_start_matches('/'));
    let Some((before, after)) = path
        .rsplit('/')
        .next()
        .and_then(|name| name.split_once('*'))
    else {
        return vec![place];
    };
    let folder = place.parent().expect("a folder");
    let entries = fs::read_dir(folder).expect("read a folder").flatten();
    let found: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(before) && name.ends_with(after)
        })
        .collect();
    assert!(!found.is_empty(), "nothing for {path}");
    found
}

/// Compares the tree with every row, and gives the paths that rows stand for.
fn compare(root: &Path, prefix: &str) -> BTreeSet<PathBuf> {
    let table = fs::read_to_string(top().join("etc/install.table")).expect("install.table");
    let root_calls = nix::unistd::Uid::effective().is_root();
    let mut known = BTreeSet::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<String> = line.split(':').map(|field| value(field, prefix)).collect();
        let [path, kind, owner, group, mode, flags] = fields.as_slice() else {
            panic!("six fields: {line}");
        };
        for place in places(root, path) {
            known.insert(place.clone());
            let Ok(found) = fs::symlink_metadata(&place) else {
                assert!(flags.contains('o'), "missing: {}", place.display());
                continue;
            };
            match kind.as_str() {
                "d" => assert!(found.is_dir(), "{line}"),
                "f" => assert!(found.is_file(), "{line}"),
                "l" => {
                    assert_eq!(
                        fs::read_link(&place).expect("link"),
                        Path::new(owner),
                        "{line}"
                    );
                    continue;
                }
                "h" => {
                    let other = root.join(owner.trim_start_matches('/'));
                    assert_eq!(
                        found.ino(),
                        fs::metadata(other).expect("other").ino(),
                        "{line}"
                    );
                    continue;
                }
                _ => panic!("kind of {line}"),
            }
            let wanted = u32::from_str_radix(mode, 8).expect("mode");
            assert_eq!(found.permissions().mode() & 0o7777, wanted, "{line}");
            if root_calls {
                assert_eq!(found.uid(), number("/etc/passwd", owner), "{line}");
                if group != "-" {
                    assert_eq!(found.gid(), number("/etc/group", group), "{line}");
                }
            }
        }
    }
    known
}

/// Everything that is no folder, and folders that are empty.
fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("read a folder").flatten() {
        let path = entry.path();
        if entry.file_type().expect("type").is_dir() {
            files(&path, all);
        } else {
            all.push(path);
        }
    }
}

fn installs_what_the_table_says(prefix: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("temporary directory");
    install(root.path(), prefix);
    let known = compare(root.path(), prefix);
    let mut all = Vec::new();
    files(root.path(), &mut all);
    let unknown: Vec<_> = all.iter().filter(|path| !known.contains(*path)).collect();
    assert!(unknown.is_empty(), "no row for {unknown:?}");
    root
}

#[test]
fn the_usual_places() {
    let root = installs_what_the_table_says("/usr");
    let main = root.path().join("etc/postfix/main.cf");
    // Another release leaves the configuration as the administrator has it.
    fs::write(&main, "myhostname = mine.example\n").expect("write");
    install(root.path(), "/usr");
    assert_eq!(
        fs::read_to_string(&main).expect("read"),
        "myhostname = mine.example\n"
    );
    compare(root.path(), "/usr");
}

#[test]
fn a_place_of_ones_own() {
    let root = installs_what_the_table_says("/opt/mail");
    let text = |path: &str| fs::read_to_string(root.path().join(path)).expect(path);
    let main = text("etc/postfix/main.cf");
    for line in [
        "daemon_directory = /opt/mail/lib/postfix/sbin",
        "command_directory = /opt/mail/sbin",
        "sendmail_path = /opt/mail/sbin/sendmail",
        "mail_owner = nobody",
        "setgid_group = nogroup",
    ] {
        assert!(main.lines().any(|found| found == line), "{line}: {main}");
    }
    assert!(
        text("lib/systemd/system/postfix.service")
            .contains("ExecStart=/opt/mail/sbin/postfix start")
    );
    assert!(text("opt/mail/lib/postfix/sbin/post-install").contains("/opt/mail/sbin}/postfix"));
}
