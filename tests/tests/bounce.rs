//! bounce(8): reports to senders and notices to the postmaster.

use suite::{Instance, Sink, case, mailbox::Letter};

const LETTER: &str = "Subject: original subject\nX-Mark: kept\n\noriginal body\n";

/// A letter from alice to somewhere that refuses it.
fn refused(mail: &Instance) -> (String, Letter) {
    let id = mail.send("alice@ferro.example", &["bad@[127.0.0.2]"], LETTER);
    (id, mail.letter_of("alice"))
}

fn refusing() -> Sink {
    Sink::smtp()
        .on("RCPT", "550 5.1.1 no such user")
        .listen("127.0.0.2:25")
}

case!(non_delivery_report, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    let (id, report) = refused(&mail);
    for (name, value) in [
        ("Return-Path", "<>"),
        ("From", "Mail Delivery System <MAILER-DAEMON@ferro.example>"),
        ("Subject", "Undelivered Mail Returned to Sender"),
        ("To", "alice@ferro.example"),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(report.header(name).as_deref(), Some(value), "{name}");
    }
    let kind = report.header("Content-Type").expect("Content-Type");
    let boundary = kind
        .strip_prefix("multipart/report; report-type=delivery-status; boundary=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or_else(|| panic!("{kind}"));
    assert!(
        suite::pattern::matches(&format!("{id}.{{n}}/mail.ferro.example"), boundary),
        "{boundary}"
    );
    let parts: Vec<&str> = report.body().split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 5, "{}", report.text);
    assert!(
        parts[1]
            .starts_with("\nContent-Description: Notification\nContent-Type: text/plain; charset="),
        "{}",
        parts[1]
    );
    assert!(
        parts[1].contains("<bad@[127.0.0.2]>: host 127.0.0.2[127.0.0.2] said: 550 5.1.1 no such user (in\n    reply to RCPT TO command)\n"),
        "{}",
        parts[1]
    );
    assert!(
        parts[2].contains("\nContent-Type: message/delivery-status\n"),
        "{}",
        parts[2]
    );
    assert!(
        parts[3].contains("\nContent-Type: message/rfc822\n"),
        "{}",
        parts[3]
    );
    assert!(
        parts[3].contains("\nX-Mark: kept\n") && parts[3].contains("\noriginal body\n"),
        "{}",
        parts[3]
    );
    assert_eq!(parts[4], "--\n");
    mail.log().wait(
        "bounce",
        &format!("{id}: sender non-delivery notification: {{id}}"),
    );
    mail.wait_empty();
});

case!(delivery_status_fields, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    let (id, report) = refused(&mail);
    let wanted = format!(
        "*\n\nReporting-MTA: dns; mail.ferro.example\nX-*-Queue-ID: {id}\nX-*-Sender: rfc822; alice@ferro.example\nArrival-Date: *\n\n\
         Final-Recipient: rfc822; bad@[127.0.0.2]\nOriginal-Recipient: rfc822;bad@[127.0.0.2]\nAction: failed\nStatus: 5.1.1\n\
         Remote-MTA: dns; 127.0.0.2\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n*"
    );
    assert!(
        suite::pattern::matches(&wanted, report.body()),
        "{}",
        report.text
    );
});

case!(bounce_of_a_bounce_is_dropped, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    let id = mail.send("", &["bad@[127.0.0.2]"], LETTER);
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bad@[127.0.0.2]>, *status=bounced *"),
    );
    mail.log().wait("qmgr", &format!("{id}: removed"));
    mail.wait_empty();
    mail.log().never("bounce", "*notification*");
});

case!(undeliverable_bounce_is_dropped, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    let id = mail.send("eve@[127.0.0.2]", &["bad@[127.0.0.2]"], LETTER);
    let line = mail.log().wait(
        "bounce",
        &format!("{id}: sender non-delivery notification: {{id}}"),
    );
    let bounce = line.text.rsplit(' ').next().expect("id").to_owned();
    mail.log().wait(
        "smtp",
        &format!("{bounce}: to=<eve@[127.0.0.2]>, *status=bounced *"),
    );
    mail.log().wait("qmgr", &format!("{bounce}: removed"));
    mail.wait_empty();
});

case!(double_bounce_goes_to_the_postmaster, |setup| {
    let _sink = refusing();
    let mail = setup
        .set("notify_classes", "2bounce")
        .set("2bounce_notice_recipient", "carol")
        .start();
    mail.send("eve@[127.0.0.2]", &["bad@[127.0.0.2]"], LETTER);
    let notice = mail.letter_of("carol");
    assert_eq!(
        notice.header("Return-Path").as_deref(),
        Some("<double-bounce@mail.ferro.example>")
    );
    assert!(
        notice
            .header("Subject")
            .is_some_and(|subject| subject.starts_with("Postmaster Copy: Undelivered Mail")),
        "{}",
        notice.text
    );
    mail.log()
        .wait("bounce", "{id}: postmaster non-delivery notification: {id}");
});

case!(bounce_copy_to_the_postmaster, |setup| {
    let _sink = refusing();
    let mail = setup
        .set("notify_classes", "bounce")
        .set("bounce_notice_recipient", "carol")
        .start();
    refused(&mail);
    let copy = mail.letter_of("carol");
    assert!(
        copy.header("Subject")
            .is_some_and(|subject| subject.starts_with("Postmaster Copy: ")),
        "{}",
        copy.text
    );
    assert!(copy.body().contains("text/rfc822-headers"), "{}", copy.text);
    assert!(!copy.body().contains("original body"), "{}", copy.text);
});

case!(delay_warning, |setup| {
    let mail = setup
        .set("delay_warning_time", "1s")
        .set("minimal_backoff_time", "1s")
        .set("queue_run_delay", "1s")
        .start();
    let id = mail.send("alice@ferro.example", &["bob@[127.0.0.2]"], LETTER);
    let warning = mail.letter_of("alice");
    assert_eq!(
        warning.header("Subject").as_deref(),
        Some("Delayed Mail (still being retried)")
    );
    assert!(
        warning
            .body()
            .contains("\nAction: delayed\nStatus: 4.4.1\n"),
        "{}",
        warning.text
    );
    assert!(
        warning.body().contains("\nWill-Retry-Until: "),
        "{}",
        warning.text
    );
    assert!(
        !warning.body().contains("original body"),
        "{}",
        warning.text
    );
    mail.log().wait(
        "bounce",
        &format!("{id}: sender delay notification: {{id}}"),
    );
    assert!(mail.spool().find(&id).is_some());
});

case!(success_report, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect(
        "MAIL FROM:<alice@ferro.example> ENVID=env-7",
        "250 2.1.0 Ok",
    );
    client.expect(
        "RCPT TO:<bob@ferro.example> NOTIFY=SUCCESS ORCPT=rfc822;robert@elsewhere.example",
        "250 2.1.5 Ok",
    );
    let id = client.data(LETTER);
    let report = mail.letter_of("alice");
    assert_eq!(
        report.header("Subject").as_deref(),
        Some("Successful Mail Delivery Report")
    );
    for line in [
        "\nOriginal-Envelope-Id: env-7\n",
        "\nOriginal-Recipient: rfc822;robert@elsewhere.example\n",
        "\nAction: delivered\nStatus: 2.0.0\n",
    ] {
        assert!(report.body().contains(line), "{line:?} in {}", report.text);
    }
    mail.log().wait(
        "bounce",
        &format!("{id}: sender delivery status notification: {{id}}"),
    );
});

case!(never_means_never, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<alice@ferro.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<bad@[127.0.0.2]> NOTIFY=NEVER", "250 2.1.5 Ok");
    let id = client.data(LETTER);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    mail.wait_empty();
    mail.log().never("bounce", "*notification*");
});

case!(only_headers_when_asked, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<alice@ferro.example> RET=HDRS", "250 2.1.0 Ok");
    client.expect("RCPT TO:<bad@[127.0.0.2]>", "250 2.1.5 Ok");
    client.data(LETTER);
    let report = mail.letter_of("alice");
    assert!(
        report.body().contains("text/rfc822-headers") && report.body().contains("\nX-Mark: kept\n"),
        "{}",
        report.text
    );
    assert!(!report.body().contains("original body"), "{}", report.text);
});

case!(long_original_is_cut_to_headers, |setup| {
    let _sink = refusing();
    let mail = setup.set("bounce_size_limit", "1000").start();
    mail.send(
        "alice@ferro.example",
        &["bad@[127.0.0.2]"],
        &format!("{LETTER}{}", "long line\n".repeat(500)),
    );
    let report = mail.letter_of("alice");
    assert!(
        !report.body().contains("long line\nlong line\nlong line"),
        "{}",
        report.text
    );
    assert!(
        report.body().contains("\nX-Mark: kept\n"),
        "{}",
        report.text
    );
});

case!(one_report_for_several_recipients, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    mail.send(
        "alice@ferro.example",
        &["b1@[127.0.0.2]", "b2@[127.0.0.2]", "bob@ferro.example"],
        LETTER,
    );
    let report = mail.letter_of("alice");
    assert_eq!(
        report.body().matches("\nFinal-Recipient: ").count(),
        2,
        "{}",
        report.text
    );
    mail.letter_of("bob");
    mail.wait_empty();
    assert_eq!(mail.inbox("alice", 1).len(), 1);
});

case!(soft_bounce_defers, |setup| {
    let _sink = refusing();
    let mail = setup.set("soft_bounce", "yes").start();
    let id = mail.send("alice@ferro.example", &["bad@[127.0.0.2]"], LETTER);
    mail.log().wait("smtp", &format!("{id}: to=<bad@[127.0.0.2]>, *dsn=4.1.1, status=SOFTBOUNCE (host 127.0.0.2[127.0.0.2] said: 550 5.1.1 no such user *)"));
    mail.wait_in("deferred", &id);
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<bob@elsewhere.example>",
        "454 4.7.1 <bob@elsewhere.example>: Relay access denied",
    );
});

case!(protocol_errors_are_told_to_the_postmaster, |setup| {
    let mail = setup
        .set("notify_classes", "protocol")
        .set("error_notice_recipient", "carol")
        .start();
    let mut client = mail.smtp();
    client.say("FROB");
    client.quit();
    let notice = mail.letter_of("carol");
    assert!(
        notice.header("Subject").is_some_and(
            |subject| subject.contains("SMTP server: errors from localhost[127.0.0.1]")
        ),
        "{}",
        notice.text
    );
    assert!(notice.body().contains("In:  FROB"), "{}", notice.text);
});

case!(policy_errors_are_told_to_the_postmaster, |setup| {
    let mail = setup
        .set("notify_classes", "policy")
        .set("error_notice_recipient", "carol")
        .start();
    let mut client = mail.stranger();
    client.say("MAIL FROM:<a@stranger.example>");
    client.say("RCPT TO:<bob@elsewhere.example>");
    client.quit();
    let notice = mail.letter_of("carol");
    assert!(
        notice
            .body()
            .contains("Out: 554 5.7.1 <bob@elsewhere.example>: Relay access denied"),
        "{}",
        notice.text
    );
});

case!(bounce_of_utf8_mail, |setup| {
    let _sink = refusing();
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<alice@ferro.example> SMTPUTF8", "250 2.1.0 Ok");
    client.expect("RCPT TO:<bäd@[127.0.0.2]>", "250 2.1.5 Ok");
    client.data("Subject: smörgås\n\nx\n");
    let report = mail.letter_of("alice");
    assert!(
        report.body().contains("message/global-delivery-status"),
        "{}",
        report.text
    );
    assert!(
        report
            .body()
            .contains("Final-Recipient: utf-8; bäd@[127.0.0.2]"),
        "{}",
        report.text
    );
});
