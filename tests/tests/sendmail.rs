//! sendmail(1), postdrop(1), pickup(8): mail from programs of this machine.

use suite::case;

const LETTER: &str = "Subject: from a program\n\ntext\n";

case!(recipients_as_arguments, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["alice", "carol@ferro.example"], LETTER);
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("From").as_deref(),
        Some("Bob Brown <bob@ferro.example>")
    );
    assert_eq!(
        letter.header("Return-Path").as_deref(),
        Some("<bob@ferro.example>")
    );
    assert_eq!(letter.header("X-Original-To").as_deref(), Some("alice"));
    mail.letter_of("carol");
    let uid = suite::machine::Account::named("bob").id;
    mail.log()
        .wait("pickup", &format!("{{id}}: uid={uid} from=<bob>"));
});

case!(calls_of_cron, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["-i", "-FCronDaemon", "-B8BITMIME", "-oem", "alice"],
        LETTER,
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("From").as_deref(),
        Some("CronDaemon <bob@ferro.example>")
    );
});

case!(calls_of_cronie, |setup| {
    let mail = setup.start();
    let text = "To: alice\nFrom: \"(Cron Daemon)\" <root>\nSubject: cron\n\n.\nafter the dot\n";
    mail.sendmail(
        "bob",
        &[
            "-FCronDaemon",
            "-i",
            "-odi",
            "-oem",
            "-oi",
            "-t",
            "-f",
            "root",
        ],
        text,
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("Return-Path").as_deref(),
        Some("<root@ferro.example>")
    );
    assert_eq!(
        letter.header("From").as_deref(),
        Some("\"(Cron Daemon)\" <root@ferro.example>")
    );
    assert_eq!(letter.body(), ".\nafter the dot\n");
});

case!(calls_of_systemd_cron, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["-i", "-B", "8BITMIME", "alice@ferro.example"],
        LETTER,
    );
    mail.letter_of("alice");
});

case!(calls_of_anacron_and_at, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["-FAnacron", "-odi", "alice"], LETTER);
    mail.sendmail("bob", &["-i", "alice"], LETTER);
    assert_eq!(mail.inbox("alice", 2).len(), 2);
});

case!(calls_of_mdadm, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["-t", "-fraid@box.example"],
        "To: alice\nSubject: raid\n\n",
    );
    assert_eq!(
        mail.letter_of("alice").header("Return-Path").as_deref(),
        Some("<raid@box.example>")
    );
});

case!(calls_of_mutt, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &[
            "-oem",
            "-oi",
            "-B8BITMIME",
            "-N",
            "failure,delay",
            "-R",
            "hdrs",
            "--",
            "alice",
        ],
        LETTER,
    );
    mail.letter_of("alice");
});

case!(calls_of_bsd_mailx, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["-oem", "-oi", "-froot", "alice"], LETTER);
    assert_eq!(
        mail.letter_of("alice").header("Return-Path").as_deref(),
        Some("<root@ferro.example>")
    );
});

case!(calls_of_busybox, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["-ti"], "To: alice\nSubject: box\n\n.\nx\n");
    assert_eq!(mail.letter_of("alice").body(), ".\nx\n");
});

case!(calls_of_php, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["-t", "-i", "-fweb@site.example"],
        "To: alice@ferro.example\nCc: carol@ferro.example\nBcc: bob@ferro.example\nSubject: web\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.header("Bcc"), None);
    assert_eq!(letter.header("Cc").as_deref(), Some("carol@ferro.example"));
    mail.letter_of("carol");
    mail.letter_of("bob");
});

case!(calls_of_git, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &[
            "-f",
            "bob@ferro.example",
            "-i",
            "alice@ferro.example",
            "carol@ferro.example",
        ],
        LETTER,
    );
    mail.letter_of("alice");
    mail.letter_of("carol");
});

case!(calls_of_news_servers, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["-p", "NNTP:news.example", "-ee", "-oi", "-oem", "alice"],
        LETTER,
    );
    mail.letter_of("alice");
});

case!(old_options_are_swallowed, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &[
            "-om", "-oo", "-A", "m", "-G", "-h", "5", "-L", "label", "-U", "-Rfull", "-r", "bob",
            "alice",
        ],
        LETTER,
    );
    mail.letter_of("alice");
});

case!(a_dot_ends_the_letter_without_i, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["alice"], "Subject: dot\n\nbefore\n.\nafter\n");
    assert_eq!(mail.letter_of("alice").body(), "before\n");
});

case!(headers_with_t_in_every_form, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["-t"],
        "To: Alice Adams <alice>,\n \"Carol, C.\" <carol@ferro.example>\nBcc: bob (me)\nSubject: many\n\nx\n",
    );
    mail.letter_of("alice");
    mail.letter_of("bob");
    let letter = mail.letter_of("carol");
    assert_eq!(letter.header("Bcc"), None);
});

case!(no_recipients_is_a_usage_error, |setup| {
    let mail = setup.start();
    let outcome = mail
        .command("sendmail")
        .user("bob")
        .args(["-t"])
        .input("Subject: none\n\n")
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(
        outcome.err.contains(
            "Recipient addresses must be specified on the command line or via the -t option"
        ) || outcome
            .err
            .contains("No recipient addresses found in message header"),
        "{outcome:?}"
    );
    let outcome = mail
        .command("sendmail")
        .user("bob")
        .args::<&str>([])
        .input(LETTER)
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(
        outcome.err.contains(
            "Recipient addresses must be specified on the command line or via the -t option"
        ),
        "{outcome:?}"
    );
});

case!(unknown_option_is_a_usage_error, |setup| {
    let mail = setup.start();
    mail.command("sendmail")
        .user("bob")
        .args(["-Z", "alice"])
        .run()
        .exits(75);
});

case!(bad_arguments_are_usage_errors, |setup| {
    let mail = setup.start();
    for arguments in [["-B", "9BIT"], ["-q", "-t"]] {
        let outcome = mail
            .command("sendmail")
            .user("bob")
            .args(arguments)
            .args(["alice"])
            .input(LETTER)
            .run();
        assert_ne!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    }
});

case!(works_while_the_system_is_down, |setup| {
    let mut mail = setup.stopped();
    let outcome = mail
        .command("sendmail")
        .user("bob")
        .args(["alice"])
        .input(LETTER)
        .run()
        .succeeds();
    assert_eq!(mail.spool().ids("maildrop").len(), 1, "{outcome:?}");
    mail.start();
    mail.letter_of("alice");
    mail.wait_empty();
});

case!(postdrop_files_belong_to_the_sender, |setup| {
    use std::os::unix::fs::MetadataExt;
    let mail = setup.stopped();
    mail.sendmail("bob", &["alice"], LETTER);
    let id = mail.spool().ids("maildrop").remove(0);
    let meta = mail
        .spool()
        .file("maildrop", &id)
        .expect("file")
        .metadata()
        .expect("metadata");
    assert_eq!(meta.uid(), suite::machine::Account::named("bob").id);
    assert_eq!(meta.gid(), mail.machine.setgid);
    assert_eq!(meta.mode() & 0o7777, 0o744);
});

case!(too_big_is_refused, |setup| {
    let mail = setup.set("message_size_limit", "1000").start();
    let text = format!("Subject: long\n\n{}", "0123456789\n".repeat(200));
    let outcome = mail
        .command("sendmail")
        .user("bob")
        .args(["alice"])
        .input(text)
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(
        outcome.err.contains("message file too big") || outcome.err.contains("File too large"),
        "{outcome:?}"
    );
    mail.wait_empty();
});

case!(submission_can_be_limited_to_some_users, |setup| {
    let mail = setup.set("authorized_submit_users", "bob").start();
    mail.sendmail("bob", &["alice"], LETTER);
    let outcome = mail
        .command("sendmail")
        .user("carol")
        .args(["alice"])
        .input(LETTER)
        .run();
    assert_eq!(outcome.code, 75, "{outcome:?}");
    assert!(
        outcome
            .err
            .contains("User carol(60003) is not allowed to submit mail"),
        "{outcome:?}"
    );
});

case!(null_sender, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["-f", "<>", "alice"], LETTER);
    let letter = mail.letter_of("alice");
    assert_eq!(letter.header("Return-Path").as_deref(), Some("<>"));
    mail.log().wait("pickup", "{id}: uid=60002 from=<>");
});

case!(a_mbox_line_at_the_top, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["alice"],
        "From bob Mon Jan  1 00:00:00 2024\nSubject: mbox\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.header("X-Mailbox-Line"), None);
    assert_eq!(letter.header("Subject").as_deref(), Some("mbox"));
});

case!(carriage_returns_are_line_ends, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["alice"], "Subject: dos\r\n\r\none\r\ntwo\r\n");
    assert_eq!(mail.letter_of("alice").body(), "one\ntwo\n");
});

case!(text_without_a_last_newline, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["alice"], "Subject: cut\n\nlast");
    assert_eq!(mail.letter_of("alice").body(), "last\n");
});

case!(very_long_lines_survive, |setup| {
    let mail = setup.start();
    let line = "x".repeat(100_000);
    mail.sendmail("bob", &["alice"], &format!("Subject: wide\n\n{line}\n"));
    assert_eq!(mail.letter_of("alice").body(), format!("{line}\n"));
});

case!(queue_listing_by_name_and_option, |setup| {
    let mut mail = setup.stopped();
    mail.command("mailq")
        .user("bob")
        .run()
        .exits(69)
        .complains("postqueue: fatal: Queue report unavailable - mail system is down *");
    mail.start();
    mail.command("mailq")
        .user("bob")
        .run()
        .succeeds()
        .prints("Mail queue is empty");
    mail.command("sendmail")
        .user("bob")
        .args(["-bp"])
        .run()
        .succeeds()
        .prints("Mail queue is empty");
});

case!(newaliases_by_name_and_option, |setup| {
    let mail = setup
        .set("alias_database", "hash:/etc/postfix/extra")
        .set("alias_maps", "hash:/etc/postfix/extra")
        .file("extra", "friend: alice\n")
        .start();
    mail.command("newaliases").run().succeeds();
    mail.command("sendmail").args(["-bi"]).run().succeeds();
    mail.send("a@client.example", &["friend@ferro.example"], LETTER);
    mail.letter_of("alice");
});

case!(verify_mode_reports_and_delivers_nothing, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["-bv", "alice", "nobody.here"], "");
    let report = mail.letter_of("bob");
    assert_eq!(
        report.header("Subject").as_deref(),
        Some("Mail Delivery Status Report")
    );
    let text = report
        .body()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for part in [
        "<alice@ferro.example> (expanded from <alice>): ",
        "delivers to maildir",
        "Action: deliverable Status: 2.0.0",
        "unknown user: \"nobody.here\"",
        "Action: undeliverable Status: 5.1.1",
    ] {
        assert!(text.contains(part), "{part} in {}", report.text);
    }
    assert!(suite::mailbox::maildir(&mail.machine.home("alice").join("Maildir")).is_empty());
});

case!(verbose_delivery_reports, |setup| {
    let mail = setup.start();
    mail.sendmail("bob", &["-v", "alice"], LETTER);
    let report = mail.letter_of("bob");
    assert_eq!(
        report.header("Subject").as_deref(),
        Some("Mail Delivery Status Report")
    );
    mail.letter_of("alice");
});

case!(queue_run_option, |setup| {
    let mail = setup.start();
    mail.command("sendmail").args(["-q"]).run().succeeds();
    mail.command("sendmail").args(["-q15m"]).run().exits(0);
});

case!(pickup_removes_rubbish, |setup| {
    let mut mail = setup.stopped();
    let path = mail.spool().path.join("maildrop/RUBBISH1");
    std::fs::write(&path, "this is no queue file").expect("write");
    suite::machine::give(&path, 60002, mail.machine.setgid);
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o744)).expect("mode");
    mail.start();
    mail.wait_empty();
    mail.log().wait("pickup", "warning: *maildrop/RUBBISH1: *");
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
});

case!(pickup_leaves_unfinished_files, |setup| {
    let mut mail = setup.stopped();
    let path = mail.spool().path.join("maildrop/UNFINISHED");
    std::fs::write(&path, "x").expect("write");
    suite::machine::give(&path, 60002, mail.machine.setgid);
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
    mail.start();
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
    assert!(path.exists());
});

case!(postdrop_refuses_what_is_no_letter, |setup| {
    let mail = setup.start();
    let outcome = mail
        .command("postdrop")
        .user("bob")
        .input("garbage that is no record")
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert_eq!(mail.spool().ids("maildrop").len(), 0);
});

case!(environment_does_not_lead_postdrop_astray, |setup| {
    let mail = setup.start();
    let outcome = mail
        .command("sendmail")
        .user("bob")
        .env("MAIL_CONFIG", "/tmp")
        .args(["alice"])
        .input(LETTER)
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.err.contains("/tmp"), "{outcome:?}");
});
