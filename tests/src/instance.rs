//! One mail system on a private machine: started, used, stopped.
//!
//! Ends every process of the mail system when it goes, also when the case panics or the test process is killed.

use crate::client::Client;
use crate::command::Call;
use crate::log::Log;
use crate::machine::Machine;
use crate::mailbox::{self, Letter};
use crate::processes::{self, Process};
use crate::programs::{Mta, Programs};
use crate::setup::{CONFIGURATION, write_settled};
use crate::spool::Spool;
use crate::wait::wait_until;
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where every instance receives mail.
pub const SMTP: &str = "127.0.0.1:25";

const STARTED: &str = "daemon started -- version *, configuration /etc/postfix";

/// A configured mail system, running or not.
pub struct Instance {
    /// Which one.
    pub mta: Mta,
    /// Where it lives.
    pub machine: Machine,
    /// Its programs.
    pub programs: Programs,
    main: Vec<(String, String)>,
    master: Option<i32>,
    child: Option<Child>,
    guard: Option<Child>,
}

impl Instance {
    pub(crate) fn new(
        mta: Mta,
        machine: Machine,
        programs: Programs,
        main: Vec<(String, String)>,
    ) -> Self {
        let instance = Self {
            mta,
            machine,
            programs,
            main,
            master: None,
            child: None,
            guard: None,
        };
        instance.write_main_cf();
        instance
    }

    /// Starts the master and waits until it listens.
    pub fn start(&mut self) {
        let file = fs::read_to_string(self.machine.path("maillog")).unwrap_or_default();
        let started =
            self.log().find("master", STARTED).len() + file.matches("daemon started").count();
        let child = Command::new(self.daemon("master"))
            .args(["-c", CONFIGURATION])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start master");
        self.own(i32::try_from(child.id()).expect("process id"));
        self.child = Some(child);
        let file = self.machine.path("maillog");
        wait_until("a started master", || {
            let lines = fs::read_to_string(&file).unwrap_or_default();
            let logged =
                self.log().find("master", STARTED).len() + lines.matches("daemon started").count();
            (logged > started).then_some(())
        });
    }

    /// Takes note of a master that was started in another way, so that it is ended.
    pub fn adopt(&mut self) {
        let pid = self.master_pid().expect("the master's pid file");
        self.own(pid);
    }

    fn own(&mut self, master: i32) {
        self.master = Some(master);
        self.guard = Some(guard(master));
    }

    /// What the pid file says.
    pub fn master_pid(&self) -> Option<i32> {
        fs::read_to_string(self.spool().path.join("pid/master.pid"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// Whether the master lives.
    pub fn is_running(&self) -> bool {
        self.master.is_some_and(processes::lives)
    }

    /// Ends the mail system as `postfix stop` does, without its command.
    pub fn stop(&mut self) {
        self.end(Signal::SIGTERM);
    }

    /// Ends all processes of the mail system at once.
    pub fn kill(&mut self) {
        self.end(Signal::SIGKILL);
    }

    /// Makes all processes read the configuration again.
    pub fn reload(&self) {
        let before = self.log().find("master", "reload -- version *").len();
        self.signal_master(Signal::SIGHUP);
        self.log()
            .wait_nth(before + 1, "master", "reload -- version *");
    }

    /// As [`Self::reload`], when the log is not to be waited for.
    pub fn reload_quietly(&self) {
        self.signal_master(Signal::SIGHUP);
    }

    /// Sends the master a signal.
    pub fn signal_master(&self, signal: Signal) {
        let pid = self.master.expect("a running master");
        Process {
            pid,
            parent: 0,
            name: String::new(),
        }
        .signal(signal);
    }

    /// The processes of the mail system, the master among them.
    pub fn processes(&self) -> Vec<Process> {
        self.master.map(processes::of_session).unwrap_or_default()
    }

    /// A process of that name; waits for it.
    pub fn process(&self, name: &str) -> Process {
        wait_until(&format!("a process {name}"), || {
            self.processes()
                .into_iter()
                .find(|process| process.name == name)
        })
    }

    /// Sets a parameter in main.cf; the system does not know before `reload`.
    pub fn set(&mut self, name: &str, value: &str) {
        self.main.retain(|(known, _)| known != name);
        self.main.push((name.to_owned(), value.to_owned()));
        self.write_main_cf();
    }

    /// Makes the other mail system the owner of this queue; the instance must be stopped.
    pub fn hand_over(&mut self) {
        assert!(!self.is_running(), "still running");
        self.mta = self.mta.other();
        self.programs = Programs::of(self.mta, &self.machine);
        let jail = self.mta.pick("y", "n");
        let path = Path::new(CONFIGURATION).join("master.cf");
        let entries = fs::read_to_string(&path).expect("read master.cf");
        let entries = entries.lines().map(|line| {
            let mut fields: Vec<&str> = line.split_whitespace().collect();
            let worker = ["local", "virtual", "proxymap", "postlogd"].contains(&fields[7]);
            fields[4] = if worker { "n" } else { jail };
            fields.join(" ")
        });
        write_settled(&path, &(entries.collect::<Vec<_>>().join("\n") + "\n"));
        self.write_main_cf();
    }

    /// The log of the machine.
    pub fn log(&self) -> &Log {
        &self.machine.log
    }

    /// The queue directory.
    pub fn spool(&self) -> Spool {
        Spool {
            path: self.machine.path("queue"),
        }
    }

    /// A path beside main.cf.
    pub fn configuration(&self, name: &str) -> PathBuf {
        Path::new(CONFIGURATION).join(name)
    }

    /// The path of a daemon.
    pub fn daemon(&self, name: &str) -> PathBuf {
        self.programs.daemons.join(name)
    }

    /// A call of one of the system's commands.
    pub fn command(&self, name: &str) -> Call {
        Call::new(&self.programs.command(name))
    }

    /// Sends a letter with sendmail(1), by a user.
    pub fn sendmail(&self, user: &str, arguments: &[&str], text: &str) {
        let outcome = self
            .command("sendmail")
            .user(user)
            .args(arguments)
            .input(text)
            .run();
        assert_eq!(outcome.code, 0, "sendmail: {outcome:?}");
    }

    /// Connects and reads the greeting.
    pub fn connect(&self) -> Client {
        let mut client = Client::connect(SMTP);
        client.expect_reply("220 mail.ferro.example ESMTP*");
        client
    }

    /// Connects from a loopback address of the case's choice and reads the greeting.
    pub fn connect_from(&self, source: &str) -> Client {
        let mut client = Client::connect_from(source, SMTP);
        client.expect_reply("220 mail.ferro.example ESMTP*");
        client
    }

    /// Connects and says EHLO.
    pub fn smtp(&self) -> Client {
        let mut client = self.connect();
        assert_eq!(client.say("EHLO client.example").code(), 250);
        client
    }

    /// Connects from an address outside mynetworks and says EHLO.
    pub fn stranger(&self) -> Client {
        let mut client = self.connect_from("127.0.0.9");
        assert_eq!(client.say("EHLO stranger.example").code(), 250);
        client
    }

    /// Sends one letter over SMTP and returns its queue id.
    pub fn send(&self, sender: &str, recipients: &[&str], text: &str) -> String {
        let mut client = self.smtp();
        let id = client.letter(sender, recipients, text);
        client.quit();
        id
    }

    /// The first `count` letters in a user's Maildir; waits for them.
    pub fn inbox(&self, user: &str, count: usize) -> Vec<Letter> {
        self.inbox_at(&self.machine.home(user).join("Maildir"), count)
    }

    /// The only letter in a user's Maildir; waits for it.
    pub fn letter_of(&self, user: &str) -> Letter {
        let mut letters = self.inbox(user, 1);
        assert_eq!(letters.len(), 1, "one letter for {user}");
        letters.remove(0)
    }

    /// The letters in any Maildir; waits for them.
    pub fn inbox_at(&self, path: &Path, count: usize) -> Vec<Letter> {
        wait_until(&format!("{count} letters in {}", path.display()), || {
            Some(mailbox::maildir(path)).filter(|letters| letters.len() >= count)
        })
    }

    /// Waits until no letter is in the queue.
    pub fn wait_empty(&self) {
        wait_until("an empty queue", || {
            (self.spool().letters() == 0).then_some(())
        });
    }

    /// Waits until a letter is in this folder of the queue, such as `deferred`.
    pub fn wait_in(&self, folder: &str, id: &str) -> PathBuf {
        wait_until(&format!("{id} in {folder}"), || {
            self.spool().file(folder, id)
        })
    }

    fn write_main_cf(&self) {
        let paths = match self.mta {
            Mta::Postfix => String::new(),
            Mta::Ferropost => format!(
                "command_directory = {0}\ndaemon_directory = {1}\nsendmail_path = {0}/sendmail\nmailq_path = {0}/mailq\nnewaliases_path = {0}/newaliases\n",
                self.programs.commands.display(),
                self.programs.daemons.display()
            ),
        };
        let lines: String = self
            .main
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect();
        write_settled(&Path::new(CONFIGURATION).join("main.cf"), &(paths + &lines));
    }

    fn end(&mut self, signal: Signal) {
        let Some(master) = self.master.take() else {
            return;
        };
        let leader = Process {
            pid: master,
            parent: 0,
            name: String::new(),
        };
        if signal == Signal::SIGTERM {
            leader.signal(signal);
            let start = std::time::Instant::now();
            while !processes::of_session(master).is_empty() && start.elapsed().as_secs() < 8 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        // The master first, or it would start others.
        leader.signal(Signal::SIGKILL);
        wait_until("the end of all processes", || {
            let left = processes::of_session(master);
            left.iter()
                .for_each(|process| process.signal(Signal::SIGKILL));
            left.is_empty().then_some(())
        });
        if let Some(mut child) = self.child.take() {
            drop(child.wait());
        }
        if let Some(mut guard) = self.guard.take() {
            drop(
                guard
                    .stdin
                    .take()
                    .map(|mut stdin| stdin.write_all(b"done\n")),
            );
            drop(guard.wait());
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process that ends the mail system should the test process be killed: its input then ends without a word. In a
/// process group of its own, or it would be killed too.
fn guard(master: i32) -> Child {
    let script = format!(
        "read word; [ \"$word\" = done ] || {{ kill -TERM {master}; sleep 2; kill -KILL {master}; }}"
    );
    Command::new("/bin/sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("guard")
}
