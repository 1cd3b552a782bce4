//! master(8): starting, watching and restarting services.

use nix::sys::signal::Signal;
use std::fs;
use std::time::Duration;
use suite::{Client, Setup, Sink, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";

/// Writes master.cf anew with one more line at the end.
fn append_to_master_cf(line: &str) {
    let path = "/etc/postfix/master.cf";
    let text = fs::read_to_string(path).expect("master.cf");
    fs::write(path, format!("{text}{line}\n")).expect("write master.cf");
}

fn limited(setup: Setup) -> Setup {
    setup.service("smtp inet n - n - 1 smtpd -o sessions_per_process=1")
}

case!(pid_and_lock_files, |setup| {
    let mail = setup.start();
    let pid = mail.master_pid().expect("pid file");
    assert_eq!(mail.process("master").pid, pid);
    assert!(mail.machine.path("data/master.lock").exists());
});

case!(second_master_refuses, |setup| {
    let mail = setup.start();
    let outcome = suite::command::Call::new(&mail.daemon("master"))
        .args(["-c", "/etc/postfix"])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    mail.log().wait(
        "master",
        "fatal: open lock file *: unable to set exclusive lock: *",
    );
    assert!(mail.is_running());
});

case!(master_test_mode, |setup| {
    let mut mail = setup.stopped();
    let test = |mail: &suite::Instance| {
        suite::command::Call::new(&mail.daemon("master"))
            .args(["-t", "-c", "/etc/postfix"])
            .run()
            .code
    };
    assert_eq!(test(&mail), 0);
    mail.start();
    assert_ne!(test(&mail), 0);
});

case!(services_start_on_demand, |setup| {
    let mail = setup.start();
    assert!(
        mail.processes()
            .iter()
            .all(|process| process.name != "smtpd")
    );
    mail.connect().quit();
    mail.process("smtpd");
});

case!(killed_child_is_replaced, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.letter("a@client.example", &["alice@ferro.example"], LETTER);
    client.quit();
    mail.letter_of("alice");
    let qmgr = mail.process("qmgr");
    qmgr.signal(Signal::SIGKILL);
    mail.log().wait(
        "master",
        &format!("warning: process *qmgr pid {} killed by signal 9", qmgr.pid),
    );
    mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    assert_eq!(mail.inbox("alice", 2).len(), 2);
    assert_ne!(mail.process("qmgr").pid, qmgr.pid);
});

case!(service_that_cannot_start_is_throttled, |setup| {
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .service("smtp unix - - n - - no-such-program")
        .start();
    mail.send("a@client.example", &["bob@example.net"], LETTER);
    mail.log().wait(
        "master",
        "warning: *no-such-program: bad command startup -- throttling",
    );
    mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.letter_of("alice");
});

case!(service_with_a_fatal_setting_is_throttled, |setup| {
    let mail = setup
        .service("127.0.0.1:2525 inet n - n - - smtpd -o smtpd_recipient_limit=0")
        .start();
    let _client = Client::connect("127.0.0.1:2525");
    mail.log().wait(
        "smtpd",
        "fatal: invalid smtpd_recipient_limit parameter value 0 < 1",
    );
    mail.log().wait(
        "master",
        "warning: *smtpd: bad command startup -- throttling",
    );
    mail.connect().quit();
});

case!(process_limit, |setup| {
    let mail = limited(setup).start();
    let first = mail.connect();
    mail.log().wait("smtpd", "connect from *");
    let mut second = Client::connect("127.0.0.1:25");
    assert_eq!(mail.log().find("smtpd", "connect from *").len(), 1);
    first.quit();
    second.expect_reply("220 mail.ferro.example ESMTP*");
});

case!(options_in_master_cf, |setup| {
    let _mail = setup
        .service("127.0.0.1:2525 inet n - n - - smtpd -o smtpd_banner=one -o { smtpd_helo_required = yes }\n  -o { smtpd_hard_error_limit = 5 }")
        .start();
    let mut client = Client::connect("127.0.0.1:2525");
    client.expect_reply("220 one");
    client.expect(
        "MAIL FROM:<a@client.example>",
        "503 5.5.1 Error: send HELO/EHLO first",
    );
});

case!(syslog_name_of_a_service, |setup| {
    let mail = setup
        .service("127.0.0.1:2525 inet n - n - - smtpd -o syslog_name=postfix/submission")
        .start();
    let _client = Client::connect("127.0.0.1:2525");
    let line = mail
        .log()
        .wait("smtpd", "connect from localhost[127.0.0.1]");
    assert_eq!(line.tag, "postfix/submission/smtpd");
});

case!(comments_and_continuation_lines, |setup| {
    let mail = setup.stopped();
    append_to_master_cf(
        "# a comment\n127.0.0.1:2525 inet n - n - - smtpd\n# another\n  -o smtpd_banner=continued",
    );
    let mut mail = mail;
    mail.start();
    Client::connect("127.0.0.1:2525").expect_reply("220 continued");
});

case!(reload_starts_and_stops_services, |setup| {
    let mail = setup.service("127.0.0.1:2525 inet n - n - - smtpd").start();
    Client::connect("127.0.0.1:2525").expect_reply("220 *");
    let path = "/etc/postfix/master.cf";
    let text = fs::read_to_string(path).expect("master.cf");
    fs::write(path, text.replace("127.0.0.1:2525 ", "127.0.0.1:2626 ")).expect("write");
    mail.reload();
    wait_until("the new service", || {
        std::net::TcpStream::connect("127.0.0.1:2626").ok()
    });
    Client::connect("127.0.0.1:2626").expect_reply("220 *");
    wait_until("the end of the old service", || {
        std::net::TcpStream::connect("127.0.0.1:2525").err()
    });
});

case!(reload_lets_clients_finish, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    mail.reload();
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.data(LETTER);
    client.quit();
    mail.letter_of("alice");
});

case!(frozen_queue_takes_and_lists_mail, |setup| {
    let mut mail = setup.set("master_service_disable", "qmgr.unix").start();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.sendmail("bob", &["alice"], LETTER);
    wait_until("two letters", || {
        (mail.spool().ids("incoming").len() == 2).then_some(())
    });
    let listing = mail.command("mailq").run().succeeds();
    assert!(listing.out.contains(&id), "{listing:?}");
    mail.set("master_service_disable", "");
    mail.reload();
    assert_eq!(mail.inbox("alice", 2).len(), 2);
});

case!(freezing_a_running_queue, |setup| {
    let mut mail = setup.start();
    mail.set("master_service_disable", "!qmgr/fifo, qmgr/unix");
    mail.reload();
    wait_until("the end of qmgr", || {
        mail.processes()
            .iter()
            .all(|process| process.name != "qmgr")
            .then_some(())
    });
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.wait_in("incoming", &id);
    mail.set("master_service_disable", "!qmgr/unix, qmgr/unix");
    mail.reload();
    mail.letter_of("alice");
});

case!(all_of_a_type_can_be_disabled, |setup| {
    let mail = setup.set("master_service_disable", "inet").start();
    assert!(std::net::TcpStream::connect("127.0.0.1:25").is_err());
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
});

case!(fifo_services_of_old_configurations, |setup| {
    let mail = setup
        .set("master_service_disable", "pickup/unix qmgr/unix")
        .service("pickup fifo n - n 60 1 pickup")
        .service("qmgr fifo n - n 300 1 qmgr")
        .start();
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
});

case!(wakeup_without_a_trigger, |setup| {
    let mut mail = setup.service("pickup unix n - n 1 1 pickup").stopped();
    mail.start();
    mail.process("pickup");
    // postdrop finds no socket to trigger when the folder is hidden from it.
    let public = mail.spool().path.join("public/pickup");
    fs::rename(&public, mail.spool().path.join("public/hidden")).expect("rename");
    mail.sendmail("bob", &["alice"], LETTER);
    fs::rename(mail.spool().path.join("public/hidden"), &public).expect("rename");
    mail.letter_of("alice");
});

case!(idle_processes_leave, |setup| {
    let mail = setup.set("max_idle", "1s").start();
    mail.connect().quit();
    mail.process("smtpd");
    wait_until("the end of smtpd", || {
        mail.processes()
            .iter()
            .all(|process| process.name != "smtpd")
            .then_some(())
    });
});

case!(used_up_processes_are_replaced, |setup| {
    let mail = setup
        .set("max_use", "2")
        .service("smtp inet n - n - 1 smtpd")
        .start();
    for _ in 0..6 {
        mail.connect().quit();
    }
    mail.log().wait_nth(6, "smtpd", "connect from *");
    let lines = mail.log().find("smtpd", "connect from *");
    let mut pids: Vec<i32> = lines.iter().map(|line| line.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    assert!(pids.len() >= 3, "{pids:?}");
});

case!(stop_ends_everything, |setup| {
    let mut mail = setup.start();
    let _idle = mail.smtp();
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
    mail.stop();
    mail.log().wait("master", "terminating on signal 15");
    assert!(mail.processes().is_empty());
    assert!(std::net::TcpStream::connect("127.0.0.1:25").is_err());
});

case!(children_leave_when_the_master_dies, |setup| {
    let mail = setup.start();
    mail.connect().quit();
    mail.process("smtpd");
    mail.signal_master(Signal::SIGKILL);
    wait_until("the end of the children", || {
        mail.processes()
            .iter()
            .all(|process| process.name != "smtpd" && process.name != "qmgr")
            .then_some(())
    });
});

case!(restart_after_a_crash, |setup| {
    let mut mail = setup.start();
    mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.letter_of("alice");
    mail.kill();
    mail.start();
    mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    assert_eq!(mail.inbox("alice", 2).len(), 2);
});

case!(bad_main_cf_does_not_start, |setup| {
    let mail = setup.set("default_process_limit", "many").stopped();
    let outcome = suite::command::Call::new(&mail.daemon("master"))
        .args(["-c", "/etc/postfix"])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    mail.log().wait(
        "master",
        "fatal: bad numerical configuration: default_process_limit = many",
    );
});

case!(missing_main_cf_does_not_start, |setup| {
    let mail = setup.stopped();
    fs::remove_file("/etc/postfix/main.cf").expect("remove");
    let outcome = suite::command::Call::new(&mail.daemon("master"))
        .args(["-c", "/etc/postfix"])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    mail.log().wait(
        "master",
        "fatal: open /etc/postfix/main.cf: No such file or directory",
    );
});

case!(bad_master_cf_lines_do_not_start, |setup| {
    let mail = setup.stopped();
    let good = fs::read_to_string("/etc/postfix/master.cf").expect("master.cf");
    for (line, complaint) in [
        (
            "2525 inet n - n",
            "fatal: /etc/postfix/master.cf: line {n}: *",
        ),
        (
            "2525 inet y - n - - smtpd",
            "fatal: /etc/postfix/master.cf: line {n}: *",
        ),
        (
            "2525 wire n - n - - smtpd",
            "fatal: /etc/postfix/master.cf: line {n}: *wire*",
        ),
        (
            "2525 inet n - n x - smtpd",
            "fatal: /etc/postfix/master.cf: line {n}: *x*",
        ),
        (
            "2525 inet n maybe n - - smtpd",
            "fatal: /etc/postfix/master.cf: line {n}: *maybe*",
        ),
    ] {
        mail.log().clear();
        fs::write("/etc/postfix/master.cf", format!("{good}{line}\n")).expect("write");
        let outcome = suite::command::Call::new(&mail.daemon("master"))
            .args(["-c", "/etc/postfix"])
            .run();
        assert_ne!(outcome.code, 0, "{line}: {outcome:?}");
        mail.log().wait("master", complaint);
    }
});

case!(queue_is_private, |setup| {
    use std::os::unix::fs::PermissionsExt;
    let mail = setup.start();
    let mode = |name: &str| {
        fs::metadata(mail.spool().path.join(name))
            .expect(name)
            .permissions()
            .mode()
            & 0o7777
    };
    assert_eq!(
        (mode("private"), mode("public"), mode("incoming")),
        (0o700, 0o710, 0o700)
    );
    assert_eq!(mode("public/qmgr"), 0o666);
    assert_eq!(mode("private/smtp"), 0o666);
});

case!(many_connections_at_once, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.set("relayhost", "[127.0.0.2]").start();
    let senders: Vec<_> = (0..30)
        .map(|number| {
            std::thread::spawn(move || {
                let mut client = Client::connect("127.0.0.1:25");
                client.expect_reply("220 *");
                client.say("EHLO client.example");
                client.letter(
                    "a@client.example",
                    &["bob@example.net"],
                    &format!("Subject: {number}\n\n"),
                );
                client.quit();
            })
        })
        .collect();
    for sender in senders {
        sender.join().expect("a sender");
    }
    assert_eq!(sink.wait(30).len(), 30);
    std::thread::sleep(Duration::from_millis(10));
    mail.wait_empty();
});

case!(
    only(ferropost, "The reference has a process for each client."),
    one_process_serves_many_sessions,
    |setup| {
        let mail = setup.start();
        let clients: Vec<Client> = (0..20)
            .map(|_| {
                let mut client = Client::connect("127.0.0.1:25");
                client.expect_reply("220 *");
                client
            })
            .collect();
        let count = mail
            .processes()
            .iter()
            .filter(|process| process.name == "smtpd")
            .count();
        assert!(count <= 2, "{count} processes");
        for mut client in clients {
            client.expect("NOOP", "250 2.0.0 Ok");
        }
    }
);

case!(
    only(ferropost, "sessions_per_process is ours."),
    sessions_per_process_of_one_service,
    |setup| {
        let mail = setup.set("smtp_sessions_per_process", "1").start();
        let clients: Vec<Client> = (0..4).map(|_| mail.connect()).collect();
        let count = mail
            .processes()
            .iter()
            .filter(|process| process.name == "smtpd")
            .count();
        assert_eq!(count, clients.len());
    }
);
