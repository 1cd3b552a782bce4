//! Database servers of a private machine: started by a case, on the machine's own loopback, gone with the case.
//!
//! Each has its data in a directory of the machine, waits for nothing to reach the disk, and can be stopped, started again and halted
//! (as a server that is alive but does not answer). The programs come from Debian's packages.

mod srs;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, User};

use crate::machine::{Machine, give};
use crate::wait::wait_until;

/// A running server.
pub struct Server {
    command: Vec<String>,
    /// Succeeds as soon as clients are served; empty where listening is enough.
    ready: Vec<String>,
    /// What ends it at once.
    ending: Signal,
    user: User,
    port: u16,
    /// Where its data is.
    pub directory: PathBuf,
    child: Option<Child>,
}

/// Where tests/prepare puts the programs of a server that no Debian package has.
const MONGODB: &str = "/opt/ferropost-tests/mongodb/bin";

/// The name and password under which cases log in to servers that know users.
pub const LOGIN: (&str, &str) = ("mail", "pass$word'\"1");

impl Server {
    /// A server that `command` is, run by `user`, listening at `port`; not started yet.
    fn new(machine: &Machine, name: &str, user: &str, port: u16) -> Self {
        let user = User::from_name(user)
            .ok()
            .flatten()
            .unwrap_or_else(|| panic!("no user {user}: tests/prepare test installs the servers"));
        let directory = machine.path(name);
        fs::create_dir_all(&directory).expect("mkdir of a server");
        give(&directory, user.uid.as_raw(), user.gid.as_raw());
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("mode");
        Self {
            command: Vec::new(),
            ready: Vec::new(),
            ending: Signal::SIGKILL,
            user,
            port,
            directory,
            child: None,
        }
    }

    /// PostgreSQL at port 5432 and at a socket in its directory, with a database `mail`, TLS, and passwords for all.
    pub fn postgres(machine: &Machine, sql: &str) -> Self {
        let bin = newest(Path::new("/usr/lib/postgresql")).join("bin");
        let mut server = Self::new(machine, "postgres", "postgres", 5432);
        let data = server.path("data");
        let password = server.path("password");
        fs::write(&password, LOGIN.1).expect("write");
        let initdb = bin.join("initdb").display().to_string();
        server.run(&[
            &initdb,
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--username=mail",
            "--auth=scram-sha-256",
            &format!("--pwfile={password}"),
            &data,
        ]);
        server.certificate("server");
        server.certificate("other");
        let postgres = bin.join("postgres").display().to_string();
        let mut command = vec![postgres, "-D".to_owned(), data];
        let socket = format!("unix_socket_directories={}", server.directory.display());
        let certificate = format!("ssl_cert_file={}", server.path("server.pem"));
        let key = format!("ssl_key_file={}", server.path("server.key"));
        for setting in [
            "fsync=off",
            "listen_addresses=127.0.0.1",
            "shared_buffers=1MB",
            "ssl=on",
            &socket,
            &certificate,
            &key,
        ] {
            command.extend(["-c".to_owned(), setting.to_owned()]);
        }
        server.command = command;
        let ready = bin.join("pg_isready").display().to_string();
        server.ready = vec![ready, "-qh".to_owned(), "127.0.0.1".to_owned()];
        server.ending = Signal::SIGQUIT;
        server.start();
        server.psql("postgres", "CREATE DATABASE mail");
        server.psql("mail", sql);
        server
    }

    /// MariaDB at port 3306 and at `socket` in its directory, with a database `mail` and TLS.
    pub fn mariadb(machine: &Machine, sql: &str) -> Self {
        let mut server = Self::new(machine, "mariadb", "mysql", 3306);
        let data = format!("--datadir={}", server.path("data"));
        let socket = format!("--socket={}", server.path("socket"));
        server.run(&[
            "mariadb-install-db",
            "--no-defaults",
            &data,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]);
        server.certificate("server");
        server.certificate("other");
        server.command = [
            "mariadbd",
            "--no-defaults",
            &data,
            &socket,
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=8M",
            "--innodb-flush-log-at-trx-commit=0",
            "--performance-schema=OFF",
            &format!("--ssl-cert={}", server.path("server.pem")),
            &format!("--ssl-key={}", server.path("server.key")),
        ]
        .map(str::to_owned)
        .to_vec();
        server.ready = [
            "mariadb-admin",
            "--no-defaults",
            "-uroot",
            "-s",
            &socket,
            "ping",
        ]
        .map(str::to_owned)
        .to_vec();
        server.start();
        let (user, password) = LOGIN;
        let password = password.replace('\'', "''");
        server.mariadb_sql("", "CREATE DATABASE mail CHARACTER SET utf8mb4");
        server.mariadb_sql(
            "",
            &format!("GRANT ALL ON mail.* TO {user} IDENTIFIED BY '{password}'"),
        );
        server.mariadb_sql("mail", sql);
        server
    }

    /// slapd at ports 3890 and 6360 and at `socket` in its directory, with the entries of `ldif` below `cn=mail`, which only
    /// `cn=reader,cn=mail` may read. Entries are of the class `thing`, and have the attributes that cases need.
    pub fn slapd(machine: &Machine, ldif: &str) -> Self {
        let mut server = Self::new(machine, "slapd", "openldap", 3890);
        server.certificate("server");
        server.certificate("other");
        let data = server.path("data");
        server.run(&["mkdir", &data]);
        let text = "1.3.6.1.4.1.1466.115.121.1.15";
        let name = "1.3.6.1.4.1.1466.115.121.1.12";
        let settings = format!(
            "modulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             attributetype ( 1.1.2.1.1 NAME 'mail' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX {text} )\n\
             attributetype ( 1.1.2.1.2 NAME 'maildrop' EQUALITY caseIgnoreMatch SYNTAX {text} )\n\
             attributetype ( 1.1.2.1.3 NAME 'memberdn' EQUALITY distinguishedNameMatch SYNTAX {name} )\n\
             attributetype ( 1.1.2.1.4 NAME 'memberurl' EQUALITY caseExactMatch SYNTAX {text} )\n\
             objectclass ( 1.1.2.2.1 NAME 'thing' SUP top STRUCTURAL MUST cn MAY ( mail $ maildrop $ memberdn $ memberurl $ userPassword ) )\n\
             TLSCertificateFile {}\nTLSCertificateKeyFile {}\n\
             loglevel 0\n\
             database mdb\nsuffix cn=mail\nrootdn cn=admin,cn=mail\ndirectory {data}\nmaxsize 10485760\ndbnosync\n\
             access to * by dn.exact=cn=reader,cn=mail read by anonymous auth\n",
            server.path("server.pem"),
            server.path("server.key"),
        );
        fs::write(server.path("slapd.conf"), settings).expect("write");
        let password = base64(LOGIN.1.as_bytes());
        let base = format!(
            "dn: cn=mail\nobjectClass: thing\n\ndn: cn=reader,cn=mail\nobjectClass: thing\nuserPassword:: {password}\n\n"
        );
        fs::write(server.path("entries.ldif"), base + ldif).expect("write");
        let (settings, entries) = (server.path("slapd.conf"), server.path("entries.ldif"));
        server.run(&["slapadd", "-q", "-f", &settings, "-l", &entries]);
        let socket = server.path("socket").replace('/', "%2F");
        let places = format!("ldap://127.0.0.1:3890 ldaps://127.0.0.1:6360 ldapi://{socket}");
        server.command = ["slapd", "-d", "0", "-f", &settings, "-h", &places]
            .map(str::to_owned)
            .to_vec();
        server.start();
        server
    }

    /// memcached at port 11211.
    pub fn memcached(machine: &Machine) -> Self {
        let mut server = Self::new(machine, "memcached", "memcache", 11211);
        server.command = [
            "memcached",
            "-l",
            "127.0.0.1",
            "-p",
            "11211",
            "-m",
            "8",
            "-t",
            "1",
        ]
        .map(str::to_owned)
        .to_vec();
        server.start();
        server
    }

    /// redis-server at a port and at `socket` in its directory, with the usual password; a node of a cluster, if wanted.
    pub fn redis(machine: &Machine, port: u16, cluster: bool) -> Self {
        let mut server = Self::new(machine, &format!("redis{port}"), "redis", port);
        let password = LOGIN.1.replace('"', "\\\"");
        let mut settings = format!(
            "bind 127.0.0.1\nport {port}\nunixsocket {}\nunixsocketperm 777\nsave \"\"\nrequirepass \"{password}\"\ndir {}\n",
            server.path("socket"),
            server.directory.display(),
        );
        if cluster {
            settings += "cluster-enabled yes\ncluster-require-full-coverage no\n";
        } else {
            server.certificate("server");
            settings += &format!(
                "tls-port {}\ntls-cert-file {}\ntls-key-file {}\ntls-auth-clients no\ntls-ca-cert-file {}\n",
                port + 1,
                server.path("server.pem"),
                server.path("server.key"),
                server.path("server.pem"),
            );
        }
        let file = server.path("redis.conf");
        fs::write(&file, settings).expect("write");
        server.command = vec!["redis-server".to_owned(), file];
        server.start();
        server
    }

    /// A server of MongoDB's protocol at port 27017, without users, with documents (JSON, a list) in `mail.boxes`.
    pub fn mongodb(machine: &Machine, documents: &str) -> Self {
        let mut server = Self::new(machine, "mongodb", "nobody", 27017);
        let data = server.path("data.db");
        let pid = server.path("pid");
        let program = format!("{MONGODB}/nx-27017");
        let command = [
            program.as_str(),
            "--host",
            "127.0.0.1",
            "-p",
            "27017",
            "--log-file",
            "/dev/null",
            "--pid-file",
            &pid,
            "--db",
            &data,
        ];
        server.command = command.map(str::to_owned).to_vec();
        server.start();
        let fill = "import json, pymongo, sys\n\
                    pymongo.MongoClient('mongodb://127.0.0.1').mail.boxes.insert_many(json.loads(sys.argv[1]))";
        server.run(&[&format!("{MONGODB}/python3"), "-c", fill, documents]);
        server
    }

    /// TLS at a port, in front of a server that has none.
    pub fn tls_before(machine: &Machine, port: u16, behind: u16) -> Self {
        let mut server = Self::new(machine, &format!("tls{port}"), "nobody", port);
        server.certificate("server");
        server.certificate("other");
        let listen = format!(
            "OPENSSL-LISTEN:{port},bind=127.0.0.1,cert={},key={},verify=0,fork,reuseaddr",
            server.path("server.pem"),
            server.path("server.key"),
        );
        let behind = format!("TCP:127.0.0.1:{behind}");
        server.command = ["socat", &listen, &behind].map(str::to_owned).to_vec();
        server.start();
        server
    }

    /// Runs a command of Redis.
    pub fn redis_command(&self, command: &str) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .env("REDISCLI_AUTH", LOGIN.1)
            .args(["-h", "127.0.0.1", "-p", &port])
            .args(command.split(' '))
            .output()
            .expect("redis-cli");
        assert!(output.status.success(), "redis-cli {command}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Sends one line (or several) over TCP, and returns the lines that come back, up to one that is `last`.
    pub fn talk(&self, text: &str, last: &str) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connect");
        stream.write_all(text.as_bytes()).expect("send");
        let mut lines = Vec::new();
        for line in BufReader::new(stream).lines() {
            lines.push(line.expect("a line"));
            if lines.last().is_some_and(|line| line == last) {
                break;
            }
        }
        lines
    }

    /// Runs SQL in a MariaDB database.
    pub fn mariadb_sql(&self, database: &str, sql: &str) {
        let status = Command::new("mariadb")
            .args(["--no-defaults", "-uroot", "--default-character-set=utf8mb4"])
            .args(["-S", &self.path("socket"), "-e", sql, database])
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "mariadb: {sql}"
        );
    }

    /// Runs SQL in a PostgreSQL database.
    pub fn psql(&self, database: &str, sql: &str) {
        let psql = newest(Path::new("/usr/lib/postgresql")).join("bin/psql");
        let status = Command::new(psql)
            .env("PGPASSWORD", LOGIN.1)
            .args([
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                LOGIN.0,
            ])
            .args(["-c", sql, database])
            .status();
        assert!(status.is_ok_and(|status| status.success()), "psql: {sql}");
    }

    /// Starts it, and waits until it listens.
    pub fn start(&mut self) {
        let child = self
            .prepared(&self.command)
            .process_group(0)
            .spawn()
            .expect("start a server");
        self.child = Some(child);
        let port = self.port;
        wait_until("a server that listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()?;
            let mut words = self.ready.iter();
            let Some(program) = words.next() else {
                return Some(());
            };
            let mut asking = Command::new(program);
            asking
                .args(words)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            asking
                .status()
                .is_ok_and(|status| status.success())
                .then_some(())
        });
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // PostgreSQL's processes are in groups of their own, so it must end them itself.
        self.signal(&child, Signal::SIGCONT);
        self.signal(&child, self.ending);
        for _ in 0..100 {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.signal(&child, Signal::SIGKILL);
        drop(child.wait());
    }

    /// Lets it stand still: connections are made, and nobody answers.
    pub fn halt(&self) {
        self.child
            .iter()
            .for_each(|child| self.signal(child, Signal::SIGSTOP));
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.child
            .iter()
            .for_each(|child| self.signal(child, Signal::SIGCONT));
    }

    /// A path in its directory, as text.
    pub fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// Makes `NAME.pem`, a certificate for 127.0.0.1 that is its own authority, and `NAME.key`, in its directory.
    fn certificate(&self, name: &str) {
        let settings = self.path("openssl.cnf");
        let text = "[req]\ndistinguished_name = n\nx509_extensions = x\nprompt = no\n[n]\nCN = localhost\n\
                    [x]\nsubjectAltName = IP:127.0.0.1, DNS:localhost\nbasicConstraints = CA:TRUE\n";
        fs::write(&settings, text).expect("write");
        let key = self.path(&format!("{name}.key"));
        let certificate = self.path(&format!("{name}.pem"));
        let curve = "ec_paramgen_curve:P-256";
        self.run(&[
            "openssl",
            "req",
            "-x509",
            "-config",
            &settings,
            "-newkey",
            "ec",
            "-pkeyopt",
            curve,
            "-nodes",
            "-days",
            "30",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ]);
    }

    fn run(&self, command: &[&str]) {
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        let output = self.prepared(&command).output().expect("run a program");
        assert!(output.status.success(), "{command:?}: {output:?}");
    }

    fn prepared(&self, command: &[String]) -> Command {
        let mut prepared = Command::new(&command[0]);
        prepared
            .args(&command[1..])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&self.directory)
            .uid(self.user.uid.as_raw())
            .gid(self.user.gid.as_raw())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        prepared
    }

    fn signal(&self, child: &Child, signal: Signal) {
        let group = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        let _ = killpg(group, signal);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

/// The last directory by name, of those that are named by version.
fn newest(path: &Path) -> PathBuf {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .max()
        .expect("an installed version")
}
