//! local(8), the rarer ways: transports in place of mailboxes, lists, probes, failures, and reports through aliases.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use suite::machine::{Account, give};
use suite::{Instance, Setup, case};

const SENDER: &str = "alice@ferro.example";
const LETTER: &str = "Subject: x\n\nbody\n";

fn home_file(setup: &Setup, user: &str, name: &str, text: &str, mode: u32) {
    let path = setup.machine.home(user).join(name);
    let account = Account::named(user);
    fs::write(&path, text).expect("write");
    give(&path, account.id, account.id);
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("mode");
}

fn send(mail: &Instance, recipient: &str) -> String {
    mail.send(SENDER, &[recipient], LETTER)
}

fn aliased(setup: Setup) -> Setup {
    setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("local_recipient_maps", "")
        .set("default_privs", "bob")
}

case!(mailbox_transport_takes_all_users, |setup| {
    let mail = setup
        .set("local_recipient_maps", "")
        .set("mailbox_transport", "error:5.2.0 no mailbox here")
        .start();
    let id = mail.send(
        "",
        &["bob@ferro.example", "nobody.here@ferro.example"],
        LETTER,
    );
    for user in ["bob", "nobody.here"] {
        mail.log().wait(
            "error",
            &format!("{id}: to=<{user}@ferro.example>, relay=none, *dsn=5.2.0, status=bounced (no mailbox here)"),
        );
    }
    mail.wait_empty();
});

case!(fallback_transport_takes_unknown_users, |setup| {
    let mail = setup
        .set("local_recipient_maps", "")
        .set("fallback_transport", "discard:gone")
        .start();
    let id = mail.send(
        "",
        &["bob@ferro.example", "nobody.here@ferro.example"],
        LETTER,
    );
    mail.log().wait(
        "discard",
        &format!(
            "{id}: to=<nobody.here@ferro.example>, relay=none, *dsn=2.0.0, status=sent (gone)"
        ),
    );
    mail.letter_of("bob");
    mail.wait_empty();
});

case!(transports_by_user, |setup| {
    let mail = setup
        .set("mailbox_transport_maps", "inline:{bob=discard:silently}")
        .set("mailbox_command_maps", "inline:{carol=cat>piped}")
        .set("command_execution_directory", "$home")
        .start();
    let id = mail.send(
        "",
        &[
            "bob@ferro.example",
            "carol@ferro.example",
            "alice@ferro.example",
        ],
        LETTER,
    );
    mail.log().wait(
        "discard",
        &format!("{id}: to=<bob@ferro.example>, *status=sent (silently)"),
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<carol@ferro.example>, *status=sent (delivered to command: cat>piped)"),
    );
    mail.letter_of("alice");
    mail.wait_empty();
});

case!(an_alias_of_itself_and_others, |setup| {
    let mail = aliased(setup).alias("bob", "bob, carol").start();
    let id = send(&mail, "bob@ferro.example");
    mail.letter_of("bob");
    mail.letter_of("carol");
    mail.log().wait("qmgr", &format!("{id}: removed"));
    assert_eq!(mail.inbox("bob", 1).len(), 1);
});

case!(duplicates_get_one_letter, |setup| {
    let mail = aliased(setup)
        .alias("some", "bob, carol")
        .alias("more", "some, bob, carol, bob@ferro.example")
        .start();
    send(&mail, "more@ferro.example");
    mail.letter_of("bob");
    mail.letter_of("carol");
    mail.wait_empty();
    assert_eq!(mail.inbox("bob", 1).len(), 1);
});

case!(alias_loops_end, |setup| {
    let mail = aliased(setup)
        .alias("one", "two")
        .alias("two", "one")
        .start();
    let id = mail.send("", &["one@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<*@ferro.example>, *dsn=5.4.6, status=bounced (alias database loop for *)"
        ),
    );
});

case!(command_that_dies_of_a_signal, |setup| {
    let mail = aliased(setup).alias("dies", "\"|kill -9 $$\"").start();
    let id = mail.send("", &["dies@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!("{id}: to=<dies@ferro.example>, *dsn=4.3.0, status=deferred (Command died with signal 9: \"kill -9 $$\")"),
    );
});

case!(command_that_does_not_exist, |setup| {
    let mail = aliased(setup)
        .alias("absent", "\"|/nonexistent/program\"")
        .start();
    let id = mail.send("", &["absent@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!("{id}: to=<absent@ferro.example>, *dsn=4.3.0, status=deferred (temporary failure. Command output: * /nonexistent/program: No such file or directory*)"),
    );
});

case!(command_with_its_own_status, |setup| {
    let mail = aliased(setup)
        .alias("own", "\"|echo 4.2.1 come back later; exit 1\"")
        .start();
    let id = mail.send("", &["own@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!("{id}: to=<own@ferro.example>, *dsn=4.2.1, status=deferred (come back later*)"),
    );
});

case!(command_that_takes_too_long, |setup| {
    let mail = aliased(setup)
        .set("command_time_limit", "1s")
        .alias("slow", "\"|sleep 30\"")
        .start();
    let id = mail.send("", &["slow@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!("{id}: to=<slow@ferro.example>, *dsn=5.3.0, status=bounced (Command time limit exceeded: \"sleep 30\")"),
    );
});

case!(missing_include_file, |setup| {
    let mail = aliased(setup)
        .alias("list", ":include:/nonexistent/list")
        .start();
    let id = mail.send("", &["list@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        "warning: unable to lookup :include: file /nonexistent/list: No such file or directory",
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<list@ferro.example>, *dsn=5.3.5, status=bounced (mail system configuration error)"),
    );
});

case!(files_can_be_forbidden, |setup| {
    let mail = aliased(setup)
        .set("allow_mail_to_files", "forward")
        .alias("file", "/tmp/somewhere")
        .start();
    let id = mail.send("", &["file@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<file@ferro.example>, *dsn=5.7.1, status=bounced (mail to file is restricted)"
        ),
    );
});

case!(file_that_cannot_be_written, |setup| {
    let mail = aliased(setup)
        .alias("file", "/nonexistent/directory/file")
        .start();
    let id = mail.send("", &["file@ferro.example"], LETTER);
    let line = mail
        .log()
        .wait("local", &format!("{id}: to=<file@ferro.example>, *"));
    assert!(
        line.text
            .contains("cannot append message to file /nonexistent/directory/file: "),
        "{line:?}"
    );
    assert!(line.text.contains("dsn=5.2.0, status=bounced"), "{line:?}");
});

case!(world_writable_forward_is_ignored, |setup| {
    home_file(&setup, "bob", ".forward", "carol\n", 0o666);
    let mail = setup.start();
    send(&mail, "bob@ferro.example");
    mail.letter_of("bob");
    mail.log().wait("local", "warning: *.forward*");
});

case!(forward_to_file_in_the_home, |setup| {
    let path = setup.machine.home("bob").join("kept");
    home_file(
        &setup,
        "bob",
        ".forward",
        &format!("{}\n", path.display()),
        0o644,
    );
    let mail = setup.start();
    let id = send(&mail, "bob@ferro.example");
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<bob@ferro.example>, *status=sent (delivered to file: {})",
            path.display()
        ),
    );
    let letters = suite::mailbox::mbox(&path);
    assert_eq!(letters.len(), 1);
});

case!(empty_forward_means_the_mailbox, |setup| {
    home_file(&setup, "bob", ".forward", "\n", 0o644);
    let mail = setup.start();
    send(&mail, "bob@ferro.example");
    mail.letter_of("bob");
});

case!(reserved_names_need_no_account, |setup| {
    let mail = aliased(setup).alias("other", "bob").start();
    let id = mail.send("", &["postmaster@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<postmaster@ferro.example>, relay=local, *dsn=2.0.0, status=sent (discarded)"
        ),
    );
    mail.log()
        .wait("local", "warning: required alias not found: postmaster");
});

case!(expanded_owner_is_the_sender, |setup| {
    let mail = aliased(setup)
        .set("expand_owner_alias", "yes")
        .alias("list", "bob")
        .alias("owner-list", "carol")
        .start();
    send(&mail, "list@ferro.example");
    assert_eq!(
        mail.letter_of("bob").header("Return-Path").as_deref(),
        Some("<carol@ferro.example>")
    );
});

case!(what_would_be_done_with_mail, |setup| {
    let mail = aliased(setup).alias("robot", "\"|cat\"").start();
    mail.sendmail(
        "alice",
        &["-bv", "-f", SENDER, "bob", "robot", "nobody.here"],
        "",
    );
    let report = mail.letter_of("alice");
    assert_eq!(
        report.header("Subject").as_deref(),
        Some("Mail Delivery Status Report")
    );
    for text in [
        "\nAction: deliverable\nStatus: 2.0.0\n",
        "<bob@ferro.example> (expanded from <bob>): delivery via local: delivers to\n    maildir\n",
        "<robot@ferro.example> (expanded from <robot>): delivery via local: delivers to\n    command: cat\n",
        "\nAction: undeliverable\nStatus: 5.1.1\n",
    ] {
        assert!(report.body().contains(text), "{text:?} in {}", report.text);
    }
    mail.log().wait(
        "local",
        "{id}: to=<bob@ferro.example>, *dsn=2.0.0, status=deliverable (delivers to maildir)",
    );
    mail.log().wait("local", "{id}: to=<nobody.here@ferro.example>, *status=undeliverable (unknown user: \"nobody.here\")");
});

case!(success_through_an_alias, |setup| {
    let _sink = suite::Sink::smtp().listen("127.0.0.2:25");
    let mail = aliased(setup)
        .alias("away", "someone@[127.0.0.2], bob")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<alice@ferro.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<away@ferro.example> NOTIFY=SUCCESS",
        "250 2.1.5 Ok",
    );
    let id = client.data(LETTER);
    let report = mail.letter_of("alice");
    mail.log().wait(
        "bounce",
        &format!("{id}: sender delivery status notification: {{id}}"),
    );
    assert!(
        report
            .body()
            .contains("\nAction: expanded\nStatus: 2.0.0\n"),
        "{}",
        report.text
    );
    mail.wait_empty();
});

case!(delivery_report_of_a_submitted_letter, |setup| {
    let mail = setup.start();
    mail.sendmail("alice", &["-v", "-f", SENDER, "bob"], LETTER);
    let report = mail.letter_of("alice");
    assert_eq!(
        report.header("Subject").as_deref(),
        Some("Mail Delivery Status Report")
    );
    assert!(
        report
            .body()
            .contains("\nAction: delivered\nStatus: 2.0.0\n"),
        "{}",
        report.text
    );
});

case!(reports_have_the_texts_of_the_administrator, |setup| {
    let path = setup.path("bounce.cf");
    fs::write(
        &path,
        "failure_template = <<END\nCharset: utf-8\nFrom: Robot <MAILER-DAEMON>\nSubject: Sorry\n\nThis is $myhostname, $$1.\nEND\n",
    )
    .expect("write");
    let mail = setup
        .set("local_recipient_maps", "")
        .set("bounce_template_file", &path.display().to_string())
        .start();
    send(&mail, "nobody.here@ferro.example");
    let report = mail.letter_of("alice");
    assert_eq!(report.header("Subject").as_deref(), Some("Sorry"));
    assert_eq!(
        report.header("From").as_deref(),
        Some("Robot <MAILER-DAEMON@ferro.example>")
    );
    assert!(report.body().contains("\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nThis is mail.ferro.example, $1.\n\n<nobody.here@ferro.example>: unknown user: \"nobody.here\"\n"), "{}", report.text);
});

case!(reports_in_the_thread_of_the_letter, |setup| {
    let mail = setup
        .set("local_recipient_maps", "")
        .set("enable_threaded_bounces", "yes")
        .start();
    mail.send(
        SENDER,
        &["nobody.here@ferro.example"],
        "Message-ID: <one@two>\nSubject: x\n\n",
    );
    let report = mail.letter_of("alice");
    assert_eq!(report.header("In-Reply-To").as_deref(), Some("<one@two>"));
    assert_eq!(report.header("References").as_deref(), Some("<one@two>"));
});

case!(parts_of_a_report_have_their_names, |setup| {
    let mail = setup.set("local_recipient_maps", "").start();
    send(&mail, "nobody.here@ferro.example");
    let report = mail.letter_of("alice");
    for text in [
        "\nContent-Description: Notification\n",
        "\nContent-Description: Delivery report\n",
        "\nContent-Description: Undelivered Message\n",
        "\nDiagnostic-Code: X-",
    ] {
        assert!(report.body().contains(text), "{text:?} in {}", report.text);
    }
});

case!(delay_copy_to_the_postmaster, |setup| {
    let mail = setup
        .set("delay_warning_time", "1s")
        .set("minimal_backoff_time", "1s")
        .set("queue_run_delay", "1s")
        .set("notify_classes", "delay")
        .set("delay_notice_recipient", "carol")
        .start();
    mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    let copy = mail.letter_of("carol");
    assert_eq!(
        copy.header("Subject").as_deref(),
        Some("Postmaster Warning: Delayed Mail")
    );
    assert!(
        mail.letter_of("alice")
            .body()
            .contains("\nContent-Description: Undelivered Message Headers\n"),
        "{}",
        copy.text
    );
});

case!(unwritable_mailboxes, |setup| {
    give(&setup.machine.home("bob"), 0, 0);
    let mail = setup.start();
    let id = mail.send("", &["bob@ferro.example"], LETTER);
    let line = mail
        .log()
        .wait("local", &format!("{id}: to=<bob@ferro.example>, *"));
    assert!(line.text.contains("Permission denied"), "{line:?}");
    assert!(
        line.text
            .contains("dsn=5.2.0, status=bounced (maildir delivery failed: create maildir file "),
        "{line:?}"
    );
});

case!(unwritable_mbox, |setup| {
    give(&setup.machine.home("bob"), 0, 0);
    let mail = setup.set("home_mailbox", "inbox").start();
    let id = mail.send("", &["bob@ferro.example"], LETTER);
    let line = mail
        .log()
        .wait("local", &format!("{id}: to=<bob@ferro.example>, *"));
    assert!(line.text.contains("Permission denied"), "{line:?}");
    assert!(
        line.text
            .contains("dsn=5.2.0, status=bounced (cannot update mailbox "),
        "{line:?}"
    );
});

case!(mailbox_of_somebody_else, |setup| {
    let mail = setup.set("home_mailbox", "").start();
    fs::write("/var/mail/bob", "").expect("write");
    give(
        std::path::Path::new("/var/mail/bob"),
        Account::named("carol").id,
        0,
    );
    fs::set_permissions("/var/mail/bob", Permissions::from_mode(0o666)).expect("mode");
    let id = mail.send("", &["bob@ferro.example"], LETTER);
    mail.log().wait(
        "local",
        &format!("{id}: to=<bob@ferro.example>, *dsn=4.2.0, status=deferred (cannot update mailbox /var/mail/bob for user bob. destination /var/mail/bob is not owned by recipient)"),
    );
});

case!(parts_of_a_success_report, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<alice@ferro.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<bob@ferro.example> NOTIFY=SUCCESS", "250 2.1.5 Ok");
    client.data(LETTER);
    let report = mail.letter_of("alice");
    for text in [
        "\n<bob@ferro.example>: delivery via local: delivered to maildir\n",
        "\nContent-Description: Message Headers\n",
    ] {
        assert!(report.body().contains(text), "{text:?} in {}", report.text);
    }
});

case!(delivery_as_root_is_not_root, |setup| {
    home_file(&setup, "bob", ".forward", "\"|id -u >ids\"\n", 0o644);
    let mail = setup.set("command_execution_directory", "$home").start();
    let id = send(&mail, "bob@ferro.example");
    mail.log().wait(
        "local",
        &format!("{id}: to=<bob@ferro.example>, *status=sent (delivered to command: id -u >ids)"),
    );
    let ids = fs::read_to_string(mail.machine.home("bob").join("ids")).expect("ids");
    assert_eq!(ids, format!("{}\n", Account::named("bob").id));
});

case!(status_of_the_administrator, |setup| {
    let mail = setup
        .set("local_recipient_maps", "")
        .set(
            "local_delivery_status_filter",
            "static:{4.1.1 perhaps later}",
        )
        .start();
    let id = mail.send(
        "",
        &["bob@ferro.example", "nobody.here@ferro.example"],
        LETTER,
    );
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<nobody.here@ferro.example>, *dsn=4.1.1, status=deferred (perhaps later)"
        ),
    );
    // Success stays success.
    mail.log().wait(
        "local",
        &format!("{id}: to=<bob@ferro.example>, *dsn=2.0.0, status=sent (delivered to maildir)"),
    );
});

case!(members_of_a_list_are_its_affair, |setup| {
    let mail = aliased(setup)
        .alias("list", "bob, nobody.here")
        .alias("owner-list", "carol")
        .start();
    let mut client = mail.smtp();
    client.expect(
        "MAIL FROM:<alice@ferro.example> ENVID=env-7",
        "250 2.1.0 Ok",
    );
    client.expect(
        "RCPT TO:<list@ferro.example> NOTIFY=FAILURE ORCPT=rfc822;list@elsewhere.example",
        "250 2.1.5 Ok",
    );
    client.data(LETTER);
    assert_eq!(
        mail.letter_of("bob").header("X-Original-To").as_deref(),
        Some("bob@ferro.example")
    );
    let report = mail.letter_of("carol");
    assert!(
        !report.body().contains("list@elsewhere.example"),
        "{}",
        report.text
    );
    mail.wait_empty();
});

case!(owners_without_special_treatment, |setup| {
    let mail = aliased(setup)
        .set("owner_request_special", "no")
        .alias("list", "bob")
        .alias("owner-list", "carol")
        .start();
    send(&mail, "list@ferro.example");
    assert_eq!(
        mail.letter_of("bob").header("Return-Path").as_deref(),
        Some("<alice@ferro.example>")
    );
});
