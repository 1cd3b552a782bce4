//! Where a letter goes: address classes, transport tables, relay hosts.

use suite::{Sink, case};

const SENDER: &str = "a@client.example";
const LETTER: &str = "Subject: x\n\nbody\n";

case!(local_class, |setup| {
    let mail = setup
        .set("mydestination", "one.example, two.example")
        .start();
    mail.send(SENDER, &["alice@one.example"], LETTER);
    mail.send(SENDER, &["alice@TWO.example"], LETTER);
    assert_eq!(mail.inbox("alice", 2).len(), 2);
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<alice@sub.one.example>",
        "554 5.7.1 <alice@sub.one.example>: Relay access denied",
    );
});

case!(address_literal_of_ours_is_local, |setup| {
    let mail = setup.start();
    mail.send(SENDER, &["alice@[127.0.0.1]"], LETTER);
    mail.letter_of("alice");
});

case!(address_without_a_domain_is_ours, |setup| {
    let mail = setup.start();
    mail.send("bob", &["alice"], LETTER);
    assert_eq!(
        mail.letter_of("alice").header("Return-Path").as_deref(),
        Some("<bob@ferro.example>")
    );
});

case!(relay_domains_are_relayed, |setup| {
    setup
        .dns()
        .mx("relay.example", 10, "mx.relay.example")
        .a("mx.relay.example", "127.0.0.2");
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.set("relay_domains", "relay.example").start();
    let mut client = mail.stranger();
    let id = client.letter("a@stranger.example", &["bob@relay.example"], LETTER);
    sink.wait(1);
    mail.log().wait(
        "smtp",
        &format!(
            "{id}: to=<bob@relay.example>, relay=mx.relay.example[127.0.0.2]:25, *status=sent *"
        ),
    );
    let line = mail
        .log()
        .wait("*", &format!("{id}: to=<bob@relay.example>*"));
    assert_eq!(line.tag, "postfix/smtp");
});

case!(relay_recipients_are_checked, |setup| {
    let mail = setup
        .set("relay_domains", "relay.example")
        .set(
            "relay_recipient_maps",
            "inline:{ {bob@relay.example = ok} }",
        )
        .start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<bob@relay.example>", "250 2.1.5 Ok");
    client.expect(
        "RCPT TO:<eve@relay.example>",
        "550 5.1.1 <eve@relay.example>: Recipient address rejected: User unknown in relay recipient table",
    );
});

case!(subdomains_of_relay_domains, |setup| {
    let mail = setup.set("relay_domains", "relay.example").start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<bob@sub.relay.example>", "250 2.1.5 Ok");
});

case!(transport_for_a_domain_and_its_subdomains, |setup| {
    let one = Sink::smtp().listen("127.0.0.2:25");
    let two = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup
        .set("transport_maps", "hash:/etc/postfix/transport")
        .hash(
            "transport",
            "example.net smtp:[127.0.0.2]\n.example.net smtp:[127.0.0.3]\n",
        )
        .start();
    mail.send(SENDER, &["bob@example.net"], LETTER);
    mail.send(SENDER, &["bob@deep.sub.example.net"], LETTER);
    assert!(one.wait(1)[0].recipients[0].starts_with("RCPT TO:<bob@example.net>"));
    assert!(two.wait(1)[0].recipients[0].starts_with("RCPT TO:<bob@deep.sub.example.net>"));
});

case!(transport_for_a_user_and_for_all, |setup| {
    let one = Sink::smtp().listen("127.0.0.2:25");
    let rest = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup
        .set("recipient_delimiter", "+")
        .set("transport_maps", "texthash:/etc/postfix/transport")
        .file(
            "transport",
            "bob@example.net relay:[127.0.0.2]\nferro.example :\n* smtp:[127.0.0.3]\n",
        )
        .start();
    mail.send(SENDER, &["bob+x@example.net"], LETTER);
    mail.send(SENDER, &["eve@example.net"], LETTER);
    mail.send(SENDER, &["alice@ferro.example"], LETTER);
    one.wait(1);
    rest.wait(1);
    mail.letter_of("alice");
    mail.log().wait(
        "smtp",
        "{id}: to=<bob+x@example.net>, relay=127.0.0.2[127.0.0.2]:25, *",
    );
});

case!(transport_error, |setup| {
    let mail = setup
        .set("transport_maps", "inline:{ { closed.example = error:5.7.1 we are closed } { later.example = retry:4.7.0 come later } }")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<bob@closed.example>",
        "550 5.7.1 <bob@closed.example>: Recipient address rejected: we are closed",
    );
    mail.sendmail(
        "alice",
        &["bob@closed.example", "bob@later.example"],
        LETTER,
    );
    let id = mail.log().wait("pickup", "{id}: uid=*").id();
    mail.log().wait("error", &format!("{id}: to=<bob@closed.example>, relay=none, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=5.7.1, status=bounced (we are closed)"));
    mail.log().wait("error", &format!("{id}: to=<bob@later.example>, relay=none, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=4.7.0, status=deferred (come later)"));
});

case!(transport_discard, |setup| {
    let mail = setup
        .set(
            "transport_maps",
            "inline:{ { void.example = discard:into the void } }",
        )
        .start();
    let id = mail.send(SENDER, &["bob@void.example"], LETTER);
    mail.log().wait(
        "discard",
        &format!("{id}: to=<bob@void.example>, relay=none, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=2.0.0, status=sent (into the void)"),
    );
    mail.wait_empty();
});

case!(default_transport, |setup| {
    let mail = setup.set("default_transport", "discard").start();
    let id = mail.send(SENDER, &["bob@anywhere.example"], LETTER);
    mail.log().wait(
        "discard",
        &format!("{id}: to=<bob@anywhere.example>, *status=sent (anywhere.example)"),
    );
});

case!(unknown_transport_is_deferred, |setup| {
    let mail = setup.set("default_transport", "missing").start();
    let id = mail.send(SENDER, &["bob@anywhere.example"], LETTER);
    mail.log().wait("*", &format!("{id}: to=<bob@anywhere.example>, *dsn=4.3.0, status=deferred (mail transport unavailable)"));
    mail.log().wait(
        "qmgr",
        "warning: connect to transport private/missing: No such file or directory",
    );
});

case!(local_transport_override, |setup| {
    let mail = setup
        .set("local_transport", "discard:local")
        .set("local_recipient_maps", "")
        .start();
    let id = mail.send(SENDER, &["alice@ferro.example"], LETTER);
    mail.log().wait(
        "discard",
        &format!("{id}: to=<alice@ferro.example>, *status=sent (local)"),
    );
});

case!(sender_dependent_relayhost, |setup| {
    let own = Sink::smtp().listen("127.0.0.2:25");
    let usual = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup
        .set("relayhost", "[127.0.0.3]")
        .set(
            "sender_dependent_relayhost_maps",
            "inline:{ {@client.example = [127.0.0.2]} }",
        )
        .start();
    mail.send("a@client.example", &["bob@example.net"], LETTER);
    mail.send("a@other.example", &["bob@example.net"], LETTER);
    own.wait(1);
    usual.wait(1);
});

case!(relayhost_does_not_take_ours, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.set("relayhost", "[127.0.0.2]").start();
    mail.send(SENDER, &["alice@ferro.example", "bob@example.net"], LETTER);
    mail.letter_of("alice");
    assert_eq!(sink.wait(1)[0].recipients.len(), 1);
});

case!(percent_and_bang_are_rewritten, |setup| {
    let mail = setup.set("default_transport", "discard").start();
    let id = mail.send(
        SENDER,
        &["bob%remote.example@ferro.example", "other.example!eve"],
        LETTER,
    );
    mail.log().wait(
        "discard",
        &format!("{id}: to=<bob@remote.example>, *status=sent *"),
    );
    mail.log().wait(
        "discard",
        &format!("{id}: to=<eve@other.example>, *status=sent *"),
    );
});

case!(postmaster_and_double_bounce, |setup| {
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .alias("postmaster", "alice")
        .start();
    mail.send("", &["postmaster"], LETTER);
    mail.letter_of("alice");
    let id = mail.send("", &["double-bounce@ferro.example"], LETTER);
    mail.log().wait("*", &format!("{id}: to=<double-bounce@ferro.example>, *status=sent (undeliverable postmaster notification discarded)"));
    mail.wait_empty();
});

case!(destination_count_makes_deliveries, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("smtp_destination_recipient_limit", "2")
        .start();
    mail.send(
        SENDER,
        &[
            "a@one.example",
            "b@one.example",
            "c@one.example",
            "d@one.example",
            "e@one.example",
        ],
        LETTER,
    );
    let letters = sink.wait(3);
    let mut counts: Vec<usize> = letters
        .iter()
        .map(|letter| letter.recipients.len())
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 2]);
});
