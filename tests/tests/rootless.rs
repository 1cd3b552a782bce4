//! The whole mail system as an ordinary user: no root, no chroot, no setgid, ports above 1024.
//!
//! The reference cannot do this (docs/differences.md, "rootless").

use nix::sys::signal::Signal;
use std::fs;
use std::path::PathBuf;
use suite::command::Call;
use suite::machine::{Account, give};
use suite::processes::{self, Process};
use suite::{Client, Setup, case, mailbox, wait_until};

const USER: &str = "alice";

/// A mail system that belongs to one user, below their home directory.
struct Rootless {
    setup: Setup,
    home: PathBuf,
    master: Option<i32>,
}

impl Rootless {
    /// Writes the configuration; everything else is for `postfix start` to make.
    fn new(setup: Setup) -> Self {
        let home = setup.machine.home(USER);
        let place = |name: &str| home.join(name).display().to_string();
        fs::create_dir(home.join("config")).expect("mkdir");
        let main = format!(
            "compatibility_level = 3.11\nqueue_directory = {}\ndata_directory = {}\nmail_owner = {USER}\nsetgid_group = {USER}\n\
             command_directory = {}\ndaemon_directory = {}\nmyhostname = mail.ferro.example\nmydestination = ferro.example, localhost\n\
             myorigin = ferro.example\nmynetworks = 127.0.0.1/32\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             alias_maps =\nalias_database =\nhome_mailbox = Maildir/\n",
            place("queue"),
            place("data"),
            setup.programs.plain().display(),
            setup.programs.daemons.display(),
        );
        let services = [
            "2525 inet n - y - - smtpd",
            "pickup unix n - y 60 1 pickup",
            "cleanup unix n - y - 0 cleanup",
            "qmgr unix n - y 300 1 qmgr",
            "rewrite unix - - y - - trivial-rewrite",
            "bounce unix - - y - 0 bounce",
            "defer unix - - y - 0 bounce",
            "trace unix - - y - 0 bounce",
            "proxymap unix - - n - - proxymap",
            "smtp unix - - y - - smtp",
            "showq unix n - y - - showq",
            "error unix - - y - - error",
            "retry unix - - y - - error",
            "local unix - n n - - local",
            "flush unix n - y 1000? 0 flush",
            "postlog unix-dgram n - n - 1 postlogd",
        ];
        fs::write(home.join("config/main.cf"), main).expect("write main.cf");
        fs::write(home.join("config/master.cf"), services.join("\n") + "\n")
            .expect("write master.cf");
        let account = Account::named(USER);
        for name in ["config", "config/main.cf", "config/master.cf"] {
            give(&home.join(name), account.id, account.id);
        }
        Self {
            setup,
            home,
            master: None,
        }
    }

    fn start(setup: Setup) -> Self {
        let mut mail = Self::new(setup);
        mail.postfix("start").succeeds();
        let pid = fs::read_to_string(mail.home.join("queue/pid/master.pid")).expect("pid file");
        mail.master = Some(pid.trim().parse().expect("process id"));
        mail
    }

    fn command(&self, name: &str) -> Call {
        Call::new(&self.setup.programs.plain().join(name))
            .user(USER)
            .env("HOME", &self.home.display().to_string())
    }

    fn postfix(&self, word: &str) -> suite::Outcome {
        self.command("postfix")
            .args(["-c", &self.configuration(), word])
            .run()
    }

    fn configuration(&self) -> String {
        self.home.join("config").display().to_string()
    }

    fn processes(&self) -> Vec<Process> {
        self.master.map(processes::of_session).unwrap_or_default()
    }

    fn inbox(&self, count: usize) -> Vec<mailbox::Letter> {
        wait_until(&format!("{count} letters"), || {
            Some(mailbox::maildir(&self.home.join("Maildir")))
                .filter(|letters| letters.len() >= count)
        })
    }

    fn client(&self) -> Client {
        let mut client = Client::connect("127.0.0.1:2525");
        client.expect_reply("220 mail.ferro.example ESMTP*");
        assert_eq!(client.say("EHLO client.example").code(), 250);
        client
    }
}

impl Drop for Rootless {
    fn drop(&mut self) {
        for process in self.processes() {
            process.signal(Signal::SIGKILL);
        }
    }
}

case!(only(ferropost, "rootless"), mail_flows_both_ways, |setup| {
    let mail = Rootless::start(setup);
    mail.client().letter(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: by SMTP\n\nx\n",
    );
    mail.command("sendmail")
        .args(["-C", &mail.configuration(), "alice"])
        .input("Subject: by sendmail\n\nx\n")
        .run()
        .succeeds();
    let mut subjects: Vec<_> = mail
        .inbox(2)
        .iter()
        .filter_map(|letter| letter.header("Subject"))
        .collect();
    subjects.sort();
    assert_eq!(subjects, ["by SMTP", "by sendmail"]);
});

case!(
    only(ferropost, "rootless"),
    every_process_is_the_users,
    |setup| {
        let mail = Rootless::start(setup);
        mail.client().letter(
            "a@client.example",
            &["alice@ferro.example"],
            "Subject: x\n\nx\n",
        );
        mail.inbox(1);
        for process in mail.processes() {
            assert!(
                process
                    .user()
                    .is_none_or(|user| user == Account::named(USER).id),
                "{process:?}"
            );
        }
    }
);

case!(
    only(ferropost, "rootless"),
    undeliverable_mail_is_returned,
    |setup| {
        let mail = Rootless::start(setup);
        mail.client().letter(
            "alice@ferro.example",
            &["bob@missing.example"],
            "Subject: x\n\nx\n",
        );
        let report = mail.inbox(1).remove(0);
        assert_eq!(
            report.header("Subject").as_deref(),
            Some("Undelivered Mail Returned to Sender")
        );
    }
);

case!(
    only(ferropost, "rootless"),
    status_listing_and_stop,
    |setup| {
        let mail = Rootless::start(setup);
        mail.postfix("status").succeeds();
        mail.command("postqueue")
            .args(["-c", &mail.configuration(), "-p"])
            .run()
            .succeeds()
            .prints("Mail queue is empty");
        mail.postfix("reload").succeeds();
        mail.postfix("stop").succeeds();
        wait_until("the end of all processes", || {
            mail.processes().is_empty().then_some(())
        });
        mail.postfix("status").exits(1);
    }
);
