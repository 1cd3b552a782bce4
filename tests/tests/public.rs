//! Configurations that are in use elsewhere: those of public projects, and Debian's stock files. They start, their services
//! listen, a letter passes, and every setting that has no effect is named.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use suite::public::{Project, install, names, project, services};
use suite::{Instance, Setup, case, wait_until};

/// Mail for other machines is thrown away, after all that comes before; filters on other machines are not asked.
const ELSEWHERE: &str = "default_transport = discard:\nrelay_transport = discard:\ncontent_filter =\n\
                         smtpd_milters =\nnon_smtpd_milters =\ninet_interfaces = 127.0.0.1\n\
                         inet_protocols = ipv4\nmyhostname = mail.ferro.example\n";

const DISCARDED: &str = "*: to=<b@far.example>, *status=sent (*)";

/// Starts a project's configuration as its administrator would, and looks at what came up.
fn starts(setup: Setup, name: &str) -> Option<(Instance, Project)> {
    let project = project(name)?;
    let mut mail = install(setup, &project.main, &project.master, ELSEWHERE);
    mail.start();
    listens(&mail, &project.master);
    if !mail.mta.is_reference() {
        warns(&mail, &project);
    }
    Some((mail, project))
}

/// Every service has its socket.
fn listens(mail: &Instance, master: &str) {
    for (name, kind, _) in services(master) {
        if kind == "inet" {
            let port = name.rsplit(':').next().unwrap_or_default();
            let port = match port {
                "smtp" => "25",
                "submission" => "587",
                "smtps" | "submissions" => "465",
                port => port,
            };
            let address = format!("127.0.0.1:{port}");
            assert!(TcpStream::connect(&address).is_ok(), "{name}: {address}");
        } else {
            let socket = |folder: &str| mail.spool().path.join(folder).join(&name);
            let found = ["public", "private"].map(socket);
            assert!(found.iter().any(|path| path.exists()), "{name}");
        }
    }
}

/// Each setting that no program reads is named, once.
fn warns(mail: &Instance, project: &Project) {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/parameters-without-effect.txt");
    let list = fs::read_to_string(list).expect("parameters-without-effect.txt");
    let idle: BTreeSet<&str> = list.lines().collect();
    let main = fs::read_to_string("/etc/postfix/main.cf").expect("main.cf");
    for (text, form) in [
        (
            main.as_str(),
            "warning: /etc/postfix/main.cf: parameter {} has no effect in this version",
        ),
        (
            project.master.as_str(),
            "warning: /etc/postfix/master.cf: service *: parameter {} has no effect in this version",
        ),
    ] {
        for name in names(text).into_iter().filter(|name| idle.contains(name)) {
            let stock = mail.command("postconf").args(["-d", "-h", name]).run().out;
            let now = mail.command("postconf").args(["-h", name]).run().out;
            if stock != now || text != main {
                mail.log().wait("master", &form.replace("{}", name));
            }
        }
    }
}

/// A letter of a local user to somebody elsewhere is queued and passed on.
fn passes_a_letter(mail: &Instance) {
    let sendmail = mail
        .command("sendmail")
        .args(["-f", "a@ferro.example", "b@far.example"]);
    sendmail.input("Subject: x\n\nbody\n").run().succeeds();
    mail.log().wait("discard", DISCARDED);
    wait_until("an empty queue", || {
        let active = fs::read_dir(mail.spool().path.join("active")).ok()?;
        (active.count() == 0).then_some(())
    });
}

/// The same over SMTP.
fn takes_a_letter(mail: &Instance, port: u16) {
    let before = mail.log().find("discard", DISCARDED).len();
    let mut client = suite::Client::connect(&format!("127.0.0.1:{port}"));
    client.expect_reply("220 *");
    assert_eq!(client.say("EHLO mail.ferro.example").code(), 250);
    client.letter(
        "a@ferro.example",
        &["b@far.example"],
        "Subject: x\n\nbody\n",
    );
    client.quit();
    mail.log().wait_nth(before + 1, "discard", DISCARDED);
}

case!(debian_source_package, |setup| {
    if let Some((mail, _)) = starts(setup, "debian-ubuntu-pkg") {
        passes_a_letter(&mail);
        takes_a_letter(&mail, 25);
    }
});

case!(docker_mailserver, |setup| {
    if let Some((mail, _)) = starts(setup, "docker-mailserver") {
        passes_a_letter(&mail);
    }
});

case!(grapheneos, |setup| {
    if let Some((mail, _)) = starts(setup, "grapheneos") {
        passes_a_letter(&mail);
    }
});

case!(iredmail, |setup| {
    if let Some((mail, _)) = starts(setup, "iredmail") {
        passes_a_letter(&mail);
        takes_a_letter(&mail, 10027);
    }
});

case!(mailcow, |setup| {
    if let Some((mail, _)) = starts(setup, "mailcow") {
        passes_a_letter(&mail);
    }
});

case!(mailserver2, |setup| {
    if let Some((mail, _)) = starts(setup, "mailserver2") {
        passes_a_letter(&mail);
    }
});

case!(mailu, |setup| {
    if let Some((mail, _)) = starts(setup, "mailu") {
        passes_a_letter(&mail);
    }
});

/// The files that Debian's package installs, which are no part of this repository.
fn stock(file: &str) -> Option<String> {
    let read = fs::read_to_string(Path::new("/usr/share/postfix").join(file));
    if read.is_err() {
        println!("skipped: no /usr/share/postfix/{file}");
    }
    read.ok()
}

fn stock_starts(setup: Setup, main: &str) {
    let (Some(main), Some(master)) = (stock(main), stock("master.cf.dist")) else {
        return;
    };
    // The jail of the reference wants copies of system files.
    let master = setup.mta.pick(
        master.clone(),
        master.replace("       y       ", "       n       "),
    );
    let more = "myhostname = mail.ferro.example\nhome_mailbox = Maildir/\nalias_maps =\ndefault_transport = discard:\n";
    let mut mail = install(setup, &main, &master, more);
    mail.start();
    listens(&mail, &master);
    passes_a_letter(&mail);
    let letter = "Subject: x\n\nbody\n";
    mail.sendmail("bob", &["alice"], letter);
    mail.letter_of("alice");
    let mut client = mail.smtp();
    client.letter("a@client.example", &["bob@mail.ferro.example"], letter);
    client.quit();
    mail.letter_of("bob");
    assert_eq!(
        mail.command("postqueue").args(["-p"]).run().out.trim(),
        "Mail queue is empty"
    );
    let unexpected = mail.log().text();
    let unexpected = unexpected
        .lines()
        .filter(|line| line.contains("fatal:") || line.contains("error:"));
    assert_eq!(unexpected.collect::<Vec<_>>(), Vec::<&str>::new());
}

case!(debian_stock, |setup| {
    stock_starts(setup, "main.cf.debian");
});

case!(debian_stock_of_upstream, |setup| {
    stock_starts(setup, "main.cf.dist");
});
