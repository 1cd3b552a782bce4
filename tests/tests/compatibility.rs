//! compatibility_level: old stock values stay in force below a level, and the log says when one mattered.

use suite::{Client, Setup, case};

/// A mail system as an upgrade from an old version leaves it.
fn old(setup: Setup) -> Setup {
    setup
        .unset("compatibility_level")
        .unset("smtpd_relay_restrictions")
        .unset("mynetworks")
        .unset("append_dot_mydomain")
        .set("smtpd_recipient_restrictions", RESTRICTIONS)
        .set("default_transport", "discard:")
        .set("relay_transport", "discard:")
}

const RESTRICTIONS: &str = "check_recipient_access inline:{{open@far.example=OK},{bad@ferro.example=REJECT}}, reject_unauth_destination";

/// Says hello and names a sender and a recipient; the reply to RCPT.
fn recipient(client: &mut Client, from: &str, to: &str) -> u16 {
    client.say(&format!("MAIL FROM:<{from}>"));
    let code = client.say(&format!("RCPT TO:<{to}>")).code();
    client.say("RSET");
    code
}

case!(relaying_as_it_was, |setup| {
    let mail = old(setup).set("mynetworks", "127.0.0.1/32").start();
    let mut client = Client::connect_from("127.0.0.9", "127.0.0.1:25");
    client.expect_reply("220 *");
    client.say("EHLO client.example");
    assert_eq!(
        recipient(&mut client, "a@b.example", "open@far.example"),
        250
    );
    mail.log().wait("smtpd", "using backwards-compatible default setting \"smtpd_relay_restrictions = (empty)\" to avoid \"Relay access denied\" error for recipient \"open@far.example\" from client \"unknown[127.0.0.9]\"");
    assert_eq!(
        recipient(&mut client, "a@b.example", "bad@ferro.example"),
        554
    );
    mail.log().wait("smtpd", "using backwards-compatible default setting smtpd_relay_before_recipient_restrictions=no to reject recipient \"bad@ferro.example\" from client \"unknown[127.0.0.9]\"");
    client.quit();
});

case!(networks_and_domains_as_they_were, |setup| {
    let mail = old(setup)
        .set(
            "smtpd_recipient_restrictions",
            "permit_mynetworks, reject_unauth_destination",
        )
        .start();
    let mut client = Client::connect_from("127.0.0.9", "127.0.0.1:25");
    client.expect_reply("220 *");
    client.say("EHLO client.example");
    assert_eq!(recipient(&mut client, "a@b.example", "x@far.example"), 250);
    mail.log().wait("smtpd", "using backwards-compatible default setting mynetworks_style=subnet to permit request from client \"unknown[127.0.0.9]\"");
    assert_eq!(
        recipient(&mut client, "a@b.example", "x@sub.ferro.example"),
        250
    );
    mail.log().wait("smtpd", "using backwards-compatible default setting relay_domains=$mydestination to accept mail for address \"x@sub.ferro.example\"");
    assert_eq!(client.say("ETRN sub.ferro.example").code(), 250);
    mail.log().wait("smtpd", "using backwards-compatible default setting relay_domains=$mydestination to flush mail for domain \"sub.ferro.example\"");
    client.say("MAIL FROM:<\u{e4}@b.example>");
    mail.log().wait("smtpd", "using backwards-compatible default setting smtputf8_enable=no to accept non-ASCII sender address \"??@b.example\" from unknown[127.0.0.9]");
    client.quit();
});

case!(short_domains_as_they_were, |setup| {
    let mail = old(setup).start();
    mail.sendmail("alice", &["x@short"], "Subject: x\n\nbody\n");
    mail.log().wait(
        mail.mta.pick("cleanup", "trivial-rewrite"),
        "using backwards-compatible default setting append_dot_mydomain=yes to rewrite \"short\" to \"short.ferro.example\"",
    );
});

case!(jails_as_they_were, |setup| {
    let mail = old(setup).service("local unix - n - - - local").start();
    mail.log().wait(
        "master",
        "/etc/postfix/master.cf: line *: using backwards-compatible default setting chroot=y",
    );
});

case!(nothing_is_said_at_a_new_level, |setup| {
    let mail = old(setup)
        .set("compatibility_level", "3.11")
        .set("smtpd_relay_restrictions", "")
        .service("local unix - n - - - local")
        .start();
    let mut client = mail.smtp();
    recipient(&mut client, "a@short", "open@far.example");
    recipient(&mut client, "a@short", "bad@ferro.example");
    client.quit();
    let text = mail.log().text();
    let mut lines = text.lines();
    // The reference at hand says which value `-` stands for at any level.
    let old = |line: &&str| line.contains("backwards-compatible") && !line.ends_with("chroot=n");
    assert_eq!(lines.find(old), None);
});
