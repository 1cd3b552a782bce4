//! Bad input and bad times: garbage, hang-ups, full disks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use suite::{Client, Instance, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";

fn still_works(mail: &Instance) {
    let before = suite::mailbox::maildir(&mail.machine.home("alice").join("Maildir")).len();
    mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.inbox("alice", before + 1);
    mail.wait_empty();
}

case!(garbage_gets_replies_or_the_end, |setup| {
    let mail = setup.start();
    let mut client = mail.connect();
    let garbage: Vec<u8> = (0..60_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    drop(client.try_send(&garbage));
    drop(client.try_send(b"\r\nQUIT\r\n"));
    while let Some(reply) = client.try_reply() {
        assert!(reply.code() >= 200, "{reply:?}");
        if reply.code() == 221 || reply.code() == 421 {
            break;
        }
    }
    mail.log()
        .wait("smtpd", "disconnect from localhost[127.0.0.1]*");
    still_works(&mail);
});

case!(nulls_in_commands, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.send(b"MAIL FROM:<a\0b@client.example>\r\n");
    let reply = client.reply();
    assert!(reply.code() >= 200, "{reply:?}");
    client.say("RSET");
    client.quit();
    still_works(&mail);
});

case!(nulls_in_text, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA", "354 *");
    client.send(b"Subject: nulls\r\n\r\none\0two\r\n.\r\n");
    client.expect_reply("250 2.0.0 Ok: queued as {id}");
    client.quit();
    assert_eq!(mail.letter_of("alice").body(), "one\0two\n");
});

case!(endless_command_line, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    drop(client.try_send(vec![b'x'; 1_000_000]));
    drop(client.try_send(b"\r\n"));
    while let Some(reply) = client.try_reply() {
        assert!(reply.code() >= 221, "{reply:?}");
        if reply.code() == 221 || client.try_send(b"QUIT\r\n").is_err() {
            break;
        }
    }
    still_works(&mail);
});

case!(ten_megabyte_line_in_a_letter, |setup| {
    let mail = setup
        .set("message_size_limit", "30000000")
        .set("mailbox_size_limit", "0")
        .start();
    let line = "y".repeat(10_000_000);
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        &format!("Subject: wide\n\n{line}\n"),
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.body().len(), line.len() + 1);
});

case!(many_headers, |setup| {
    let mail = setup.start();
    let headers = "X-Many: 1\n".repeat(50_000);
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        &format!("{headers}Subject: x\n\nbody\n"),
    );
    assert_eq!(mail.letter_of("alice").body(), "body\n");
});

case!(deeply_nested_mime, |setup| {
    let mail = setup.start();
    let mut text = String::from("MIME-Version: 1.0\n");
    for depth in 0..150 {
        text += &format!("Content-Type: multipart/mixed; boundary=\"b{depth}\"\n\n--b{depth}\n");
    }
    text += "\nend\n";
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    // postconf(5) says that such mail is refused; the reference at hand takes it.
    let reply = client.data_reply(&text);
    if reply.text() != "550 5.6.0 MIME nesting exceeds safety limit" {
        assert_eq!(reply.code(), 250, "{reply:?}");
        assert!(mail.letter_of("alice").body().ends_with("\nend\n"));
    }
    still_works(&mail);
});

case!(long_local_part, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    let reply = client.say(&format!("RCPT TO:<{}@ferro.example>", "x".repeat(1500)));
    assert!(reply.code() >= 500, "{reply:?}");
    still_works(&mail);
});

case!(hang_up_at_every_stage, |setup| {
    let mail = setup.start();
    let stages = [
        ("CONNECT", None),
        ("EHLO", Some("EHLO client.example")),
        ("MAIL", Some("MAIL FROM:<a@client.example>")),
        ("RCPT", Some("RCPT TO:<alice@ferro.example>")),
    ];
    for last in 0..stages.len() {
        let mut client = mail.connect();
        for command in stages[..=last].iter().filter_map(|(_, command)| *command) {
            assert_eq!(client.say(command).code(), 250);
        }
        drop(client);
        let stage = stages[last].0;
        mail.log().wait(
            "smtpd",
            &format!("*lost connection after {stage} from localhost[127.0.0.1]"),
        );
    }
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA", "354 *");
    client.send("Subject: cut\r\n\r\nhalf of it\r\n");
    drop(client);
    mail.log().wait(
        "smtpd",
        "*lost connection after DATA ({n} bytes) from localhost[127.0.0.1]",
    );
    mail.wait_empty();
    assert!(suite::mailbox::maildir(&mail.machine.home("alice").join("Maildir")).is_empty());
    still_works(&mail);
});

case!(half_a_command, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.send("MAIL FROM:<a@cli");
    client.half_close();
    assert!(client.try_reply().is_none_or(|reply| reply.code() >= 400));
    mail.log().wait(
        "smtpd",
        "*lost connection after * from localhost[127.0.0.1]",
    );
});

case!(hang_up_after_the_letter, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.letter("a@client.example", &["alice@ferro.example"], LETTER);
    drop(client);
    mail.letter_of("alice");
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 commands=4",
    );
    mail.log().never("smtpd", "*lost connection*");
});

case!(full_disk_is_a_temporary_error, |setup| {
    let mut mail = setup
        .set("queue_minfree", "0")
        .set("message_size_limit", "3000000")
        .stopped();
    let incoming = mail.spool().path.join("incoming");
    mail.machine.mount_small(&incoming, 300_000);
    suite::machine::give(&incoming, suite::machine::MAIL_OWNER.id, 0);
    fs::set_permissions(&incoming, fs::Permissions::from_mode(0o700)).expect("mode");
    mail.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    let reply = client.data_reply(&format!(
        "Subject: big\n\n{}",
        "0123456789012345678\n".repeat(30_000)
    ));
    assert!(reply.code() / 100 == 4, "{reply:?}");
    client.quit();
    wait_until("an empty folder", || {
        mail.spool().ids("incoming").is_empty().then_some(())
    });
});

case!(low_disk_is_told_at_mail_from, |setup| {
    let mail = setup.set("queue_minfree", "900000000000000").start();
    let mut client = mail.smtp();
    client.expect(
        "MAIL FROM:<a@client.example>",
        "452 4.3.1 Insufficient system storage",
    );
    mail.log().wait("smtpd", "NOQUEUE: reject: MAIL from localhost[127.0.0.1]: 452 4.3.1 Insufficient system storage; proto=ESMTP helo=<client.example>");
    mail.log().wait(
        "smtpd",
        "warning: not enough free space in mail queue: {n} bytes < *",
    );
});

case!(broken_table_is_a_temporary_error, |setup| {
    let mail = setup
        .set("local_recipient_maps", "hash:/etc/postfix/missing")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    let reply = client.say("RCPT TO:<alice@ferro.example>");
    assert_eq!(reply.code() / 100, 4, "{reply:?}");
    mail.log().wait("*", "*/etc/postfix/missing*");
});

case!(
    only(postfix, "Ours says so at start."),
    unknown_restriction_is_a_server_error,
    |setup| {
        let mail = setup
            .set("smtpd_sender_restrictions", "permit_my_typos")
            .start();
        let mut client = mail.smtp();
        client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
        client.expect(
            "RCPT TO:<alice@ferro.example>",
            "451 4.3.5 Server configuration error",
        );
        mail.log().wait(
            "smtpd",
            "warning: unknown smtpd restriction: \"permit_my_typos\"",
        );
    }
);

case!(many_idle_clients, |setup| {
    let mail = setup.start();
    let clients: Vec<Client> = (0..60).map(|_| mail.connect()).collect();
    still_works(&mail);
    for client in clients {
        client.quit();
    }
});

case!(
    only(
        ferropost,
        "docs/differences.md: a wrong restriction stops the start."
    ),
    unknown_restriction_stops_the_start,
    |setup| {
        let mail = setup
            .set("smtpd_sender_restrictions", "permit_my_typos")
            .start();
        let _client = Client::connect("127.0.0.1:25");
        mail.log().wait(
            "smtpd",
            "fatal: *unknown smtpd restriction: \"permit_my_typos\"",
        );
    }
);

case!(too_few_processes_lose_nothing, |setup| {
    let mail = setup
        .service("smtp inet n - n - 2 smtpd")
        .service("smtp unix - - n - 1 smtp")
        .service("rewrite unix - - n - 1 trivial-rewrite")
        .start();
    let senders: Vec<_> = (0..12)
        .map(|number| {
            std::thread::spawn(move || {
                let mut client = Client::connect("127.0.0.1:25");
                client.expect_reply("220 *");
                client.say("EHLO client.example");
                client.letter(
                    "a@client.example",
                    &["alice@ferro.example"],
                    &format!("Subject: {number}\n\n"),
                );
                client.quit();
            })
        })
        .collect();
    for sender in senders {
        sender.join().expect("a sender");
    }
    assert_eq!(mail.inbox("alice", 12).len(), 12);
});

case!(full_mailbox_disk_defers, |setup| {
    let mail = setup.set("message_size_limit", "3000000").start();
    let folder = mail.machine.home("alice").join("Maildir");
    fs::create_dir(&folder).expect("mkdir");
    mail.machine.mount_small(&folder, 100_000);
    suite::machine::give(&folder, 60001, 60001);
    let text = format!("Subject: big\n\n{}", "0123456789012345678\n".repeat(30_000));
    let id = mail.send("a@client.example", &["alice@ferro.example"], &text);
    mail.log().wait(
        "local",
        &format!("{id}: to=<alice@ferro.example>, *status=deferred (*)"),
    );
    assert!(suite::mailbox::maildir(&folder).is_empty());
    mail.wait_in("deferred", &id);
});

case!(killed_cleanup_is_a_temporary_error, |setup| {
    let mail = setup.set("service_throttle_time", "1s").start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA", "354 *");
    client.send("Subject: x\r\n\r\nhalf\r\n");
    mail.process("cleanup")
        .signal(nix::sys::signal::Signal::SIGKILL);
    client.send("the rest\r\n.\r\n");
    let reply = client.reply();
    assert_eq!(reply.code() / 100, 4, "{reply:?}");
    client.letter("a@client.example", &["alice@ferro.example"], LETTER);
    assert_eq!(mail.letter_of("alice").body(), "body\n");
});
