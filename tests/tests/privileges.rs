//! Who may do what: user ids, jails, capabilities of every kind of process.

use std::fs;
use suite::machine::MAIL_OWNER;
use suite::processes::Process;
use suite::{Instance, Setup, Sink, case};

/// A system whose daemons have all been used.
fn busy(setup: Setup) -> (Instance, Sink) {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.start();
    mail.send(
        "alice@ferro.example",
        &["alice@ferro.example", "bob@[127.0.0.2]", "bob@[127.0.0.3]"],
        "Subject: x\n\n",
    );
    sink.wait(1);
    mail.letter_of("alice");
    mail.command("mailq").run().succeeds();
    (mail, sink)
}

fn unprivileged(mail: &Instance) -> Vec<Process> {
    let privileged = ["master", "local", "virtual", "pipe", "spawn"];
    let all = mail.processes();
    all.into_iter()
        .filter(|process| !privileged.contains(&process.name.as_str()))
        .collect()
}

case!(daemons_run_as_the_mail_owner, |setup| {
    let (mail, _sink) = busy(setup);
    let processes = unprivileged(&mail);
    for name in [
        "smtpd",
        "cleanup",
        "qmgr",
        "smtp",
        "pickup",
        "trivial-rewrite",
    ] {
        assert!(
            processes.iter().any(|process| process.name == name),
            "{name} in {processes:?}"
        );
    }
    for process in processes {
        let ids = process.status("Uid").unwrap_or_default();
        let wanted = vec![MAIL_OWNER.id.to_string(); 4].join("\t");
        assert!(ids.is_empty() || ids == wanted, "{}: {ids}", process.name);
    }
    assert_eq!(mail.process("master").user(), Some(0));
});

case!(daemons_have_no_capabilities, |setup| {
    let (mail, _sink) = busy(setup);
    for process in unprivileged(&mail) {
        for field in ["CapPrm", "CapEff"] {
            let set = process.status(field).unwrap_or_else(|| "0".to_owned());
            assert_eq!(set.trim_start_matches('0'), "", "{} {field}", process.name);
        }
    }
});

case!(
    only(ferropost, "The reference does not set no_new_privs."),
    daemons_cannot_gain_rights,
    |setup| {
        let (mail, _sink) = busy(setup);
        for process in unprivileged(&mail) {
            let set = process
                .status("NoNewPrivs")
                .unwrap_or_else(|| "1".to_owned());
            assert_eq!(set, "1", "{}", process.name);
            let bounding = process.status("CapBnd").unwrap_or_else(|| "0".to_owned());
            assert_eq!(
                bounding.trim_start_matches('0'),
                "",
                "{} CapBnd",
                process.name
            );
        }
    }
);

case!(chroot_where_master_cf_says_so, |setup| {
    let jail = setup.path("queue");
    fs::create_dir_all(jail.join("etc")).expect("mkdir");
    for name in ["resolv.conf", "services", "hosts", "nsswitch.conf"] {
        fs::copy(
            std::path::Path::new("/etc").join(name),
            jail.join("etc").join(name),
        )
        .expect("copy");
    }
    let setup = setup
        .service("cleanup unix n - y - 0 cleanup")
        .service("qmgr unix n - y 300 1 qmgr")
        .service("rewrite unix - - y - - trivial-rewrite")
        .service("smtp unix - - y - - smtp");
    let (mail, _sink) = busy(setup);
    for name in ["cleanup", "qmgr", "trivial-rewrite", "smtp"] {
        assert_eq!(mail.process(name).root(), Some(mail.spool().path), "{name}");
    }
    assert_eq!(
        mail.process("local").root().as_deref(),
        Some(std::path::Path::new("/"))
    );
});

case!(
    only(
        ferropost,
        "The reference needs copies of system files in its jail."
    ),
    every_daemon_is_jailed,
    |setup| {
        let (mail, _sink) = busy(setup);
        for process in unprivileged(&mail) {
            if process.name == "proxymap" || process.name == "postlogd" {
                continue;
            }
            if let Some(root) = process.root() {
                assert_eq!(root, mail.spool().path, "{}", process.name);
            }
        }
    }
);

case!(jailed_daemons_resolve_and_log, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "mx.example.net")
        .a("mx.example.net", "127.0.0.2");
    let jail = setup.path("queue");
    fs::create_dir_all(jail.join("etc")).expect("mkdir");
    for name in ["resolv.conf", "services", "hosts", "nsswitch.conf"] {
        fs::copy(
            std::path::Path::new("/etc").join(name),
            jail.join("etc").join(name),
        )
        .expect("copy");
    }
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.service("smtp unix - - y - - smtp").start();
    let id = mail.send("a@client.example", &["bob@example.net"], "Subject: x\n\n");
    sink.wait(1);
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@example.net>, relay=mx.example.net[127.0.0.2]:25, *status=sent *"),
    );
});

case!(queue_files_are_private, |setup| {
    use std::os::unix::fs::MetadataExt;
    let mail = setup.set("master_service_disable", "qmgr/unix").start();
    let id = mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\n",
    );
    let file = fs::metadata(mail.wait_in("incoming", &id)).expect("metadata");
    assert_eq!((file.uid(), file.mode() & 0o7777), (MAIL_OWNER.id, 0o700));
});

case!(no_descriptors_leak_to_commands, |setup| {
    let output = setup.path("home/bob/descriptors");
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("default_privs", "bob")
        .alias(
            "robot",
            &format!("\"|ls -l /proc/self/fd > {}\"", output.display()),
        )
        .start();
    let id = mail.send(
        "a@client.example",
        &["robot@ferro.example"],
        "Subject: x\n\n",
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<robot@ferro.example>, *status=sent *"),
    );
    let listing = fs::read_to_string(&output).expect("listing");
    // Standard input, output, error, and the directory that ls itself reads.
    assert_eq!(listing.matches(" -> ").count(), 4, "{listing}");
});

case!(setgid_commands_give_no_shell_to_the_spool, |setup| {
    let mail = setup.start();
    let path = mail.spool().path.join("maildrop");
    let outcome = suite::command::Call::new(std::path::Path::new("/bin/ls"))
        .user("bob")
        .args([path])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    let outcome = mail
        .command("postqueue")
        .user("bob")
        .args(["-c", "/tmp", "-p"])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
});
