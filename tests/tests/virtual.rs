//! virtual(8): mailboxes of hosted domains.

use std::fs;
use std::os::unix::fs::MetadataExt;
use suite::machine::{Account, give};
use suite::{Setup, case, mailbox, wait_until};

const SENDER: &str = "a@client.example";
const LETTER: &str = "Subject: x\n\nbody\n";

fn hosted(setup: Setup) -> Setup {
    let base = setup.path("vmail");
    fs::create_dir(&base).expect("mkdir");
    let owner = Account::named("carol").id;
    give(&base, owner, owner);
    setup
        .set("virtual_mailbox_domains", "hosted.example")
        .set("virtual_mailbox_base", &base.display().to_string())
        .set("virtual_mailbox_maps", "hash:/etc/postfix/mailboxes")
        .hash(
            "mailboxes",
            "info@hosted.example hosted/info/\nbox@hosted.example hosted.mbox\n",
        )
        .set("virtual_uid_maps", "static:60003")
        .set("virtual_gid_maps", "static:60003")
        .set("recipient_delimiter", "+")
}

case!(maildir_of_a_hosted_domain, |setup| {
    let mail = hosted(setup).start();
    let id = mail.send(SENDER, &["info@hosted.example"], LETTER);
    let folder = mail.machine.path("vmail/hosted/info");
    let letters = mail.inbox_at(&folder, 1);
    assert!(
        letters[0]
            .text
            .starts_with("Return-Path: <a@client.example>\nX-Original-To: info@hosted.example\nDelivered-To: info@hosted.example\n"),
        "{}",
        letters[0].text
    );
    mail.log().wait(
        "virtual",
        &format!("{id}: to=<info@hosted.example>, relay=virtual, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=2.0.0, status=sent (delivered to maildir)"),
    );
    assert_eq!(fs::metadata(folder.join("new")).expect("new").uid(), 60003);
});

case!(mbox_of_a_hosted_domain, |setup| {
    let mail = hosted(setup).start();
    let id = mail.send(SENDER, &["box@hosted.example"], LETTER);
    mail.log().wait(
        "virtual",
        &format!("{id}: to=<box@hosted.example>, *status=sent (delivered to mailbox)"),
    );
    let path = mail.machine.path("vmail/hosted.mbox");
    let letters = mailbox::mbox(&path);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].body(), "body\n\n");
    assert_eq!(fs::metadata(&path).expect("mbox").uid(), 60003);
});

case!(extension_is_looked_up_without_too, |setup| {
    let mail = hosted(setup).start();
    mail.send(SENDER, &["info+x@hosted.example"], LETTER);
    let letters = mail.inbox_at(&mail.machine.path("vmail/hosted/info"), 1);
    assert_eq!(
        letters[0].header("Delivered-To").as_deref(),
        Some("info+x@hosted.example")
    );
});

case!(unknown_hosted_user_is_rejected, |setup| {
    let mail = hosted(setup).start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<other@hosted.example>",
        "550 5.1.1 <other@hosted.example>: Recipient address rejected: User unknown in virtual mailbox table",
    );
});

case!(unknown_hosted_user_bounces, |setup| {
    let mail = hosted(setup)
        .set("smtpd_reject_unlisted_recipient", "no")
        .start();
    let id = mail.send(SENDER, &["other@hosted.example"], LETTER);
    mail.log().wait("virtual", &format!("{id}: to=<other@hosted.example>, relay=virtual, *dsn=5.1.1, status=bounced (unknown user: \"other@hosted.example\")"));
});

case!(low_user_id_is_refused, |setup| {
    let mail = hosted(setup).set("virtual_uid_maps", "static:5").start();
    let id = mail.send(SENDER, &["info@hosted.example"], LETTER);
    mail.log().wait("virtual", &format!("{id}: to=<info@hosted.example>, *dsn=4.3.5, status=deferred (mail system configuration error)"));
    mail.log().wait(
        "virtual",
        "warning: recipient info@hosted.example: bad uid 5 in virtual_uid_maps",
    );
});

case!(full_mailbox_bounces, |setup| {
    let mail = hosted(setup)
        .set("message_size_limit", "2000")
        .set("virtual_mailbox_limit", "2000")
        .start();
    let text = format!("Subject: x\n\n{}", "0123456789\n".repeat(80));
    mail.send(SENDER, &["box@hosted.example"], &text);
    mail.log().wait(
        "virtual",
        "{id}: to=<box@hosted.example>, *status=sent (delivered to mailbox)",
    );
    let id = mail.send(SENDER, &["box@hosted.example"], &text);
    mail.log().wait(
        "virtual",
        &format!("{id}: to=<box@hosted.example>, *dsn=5.2.2, status=bounced (*)"),
    );
});

case!(unwritable_maildir_is_deferred, |setup| {
    let setup = hosted(setup);
    give(&setup.path("vmail"), 0, 0);
    let mail = setup.start();
    let id = mail.send(SENDER, &["info@hosted.example"], LETTER);
    let line = mail.log().wait(
        "virtual",
        &format!("{id}: to=<info@hosted.example>, *status=deferred (*)"),
    );
    assert!(line.text.contains("Permission denied"), "{line:?}");
    give(&mail.machine.path("vmail"), 60003, 60003);
    mail.command("postqueue").args(["-f"]).run().succeeds();
    mail.inbox_at(&mail.machine.path("vmail/hosted/info"), 1);
});

case!(several_recipients_in_one_letter, |setup| {
    let mail = hosted(setup).start();
    let id = mail.send(
        SENDER,
        &[
            "info@hosted.example",
            "box@hosted.example",
            "alice@ferro.example",
        ],
        LETTER,
    );
    mail.letter_of("alice");
    wait_until("the end of the letter", || {
        mail.log().find("qmgr", &format!("{id}: removed")).pop()
    });
    assert_eq!(
        mailbox::mbox(&mail.machine.path("vmail/hosted.mbox")).len(),
        1
    );
});
