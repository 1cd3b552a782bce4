//! The Sender Rewriting Scheme as its documents set it up: forwarded mail leaves with an address of this machine, and what comes back to
//! that address goes to the one who sent it.

use suite::lookups::ask;
use suite::{Instance, Server, Setup, Sink, case};

/// A machine that forwards mail for forward@ferro.example, with all mail for elsewhere at the sink.
fn forwarding(setup: Setup, forward: &str, reverse: &str) -> (Instance, Sink) {
    let sink = Sink::smtp().listen("127.0.0.1:2525");
    let mail = setup
        .alias("forward", "someone@far.example")
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("relayhost", "[127.0.0.1]:2525")
        .set("sender_canonical_maps", forward)
        .set("sender_canonical_classes", "envelope_sender")
        .set("recipient_canonical_maps", reverse)
        .set(
            "recipient_canonical_classes",
            "envelope_recipient,header_recipient",
        )
        .set(
            "virtual_alias_maps",
            "inline:{forward@ferro.example=someone@far.example}",
        )
        .start();
    (mail, sink)
}

/// A letter goes there, and its bounce comes back.
fn there_and_back(mail: &Instance, sink: &Sink) {
    let before = sink.letters().len();
    let mut client = mail.stranger();
    client.letter(
        "User.One@Origin.Example",
        &["forward@ferro.example"],
        "From: user.one@origin.example\nTo: forward@ferro.example\nSubject: there\n\ntext\n",
    );
    let letters = sink.wait(before + 1);
    let there = letters.last().unwrap();
    let sender = there.mail.split(['<', '>']).nth(1).unwrap().to_owned();
    assert!(sender.starts_with("SRS0="), "{there:?}");
    assert!(
        sender
            .to_lowercase()
            .ends_with("=origin.example=user.one@ferro.example"),
        "{sender}"
    );
    assert_eq!(there.recipients.len(), 1);
    assert!(
        there.recipients[0].starts_with("RCPT TO:<someone@far.example>"),
        "{there:?}"
    );
    // Headers are not touched.
    assert!(there.content.contains("From: user.one@origin.example"));
    assert!(there.content.contains("To: forward@ferro.example"));

    client.quit();

    // From a client whose headers may be rewritten, too.
    let mut client = mail.smtp();
    client.letter(
        "",
        &[&sender],
        &format!("To: {sender}\nSubject: back\n\ntext\n"),
    );
    let letters = sink.wait(before + 2);
    let back = letters.last().unwrap();
    assert!(back.mail.starts_with("MAIL FROM:<>"), "{back:?}");
    let recipient = back.recipients[0].to_lowercase();
    assert!(
        recipient.starts_with("rcpt to:<user.one@origin.example>"),
        "{back:?}"
    );
    let content = back.content.to_lowercase();
    assert!(content.contains("to: user.one@origin.example"), "{back:?}");

    // An address that this machine never gave out is nobody's.
    let forged = sender.replace("Origin", "Victim");
    let mut client = mail.stranger();
    assert_eq!(client.say("MAIL FROM:<>").code(), 250);
    client.expect(&format!("RCPT TO:<{forged}>"), "550 5.1.1 *User unknown*");
    client.quit();
    // Mail of this machine's own users needs no other sender.
    mail.send(
        "alice@ferro.example",
        &["x@far.example"],
        "Subject: own\n\n",
    );
    let own = sink.wait(before + 3);
    let own = own.last().unwrap();
    assert!(
        own.mail.starts_with("MAIL FROM:<alice@ferro.example>"),
        "{own:?}"
    );
}

/// While the server is not there, mail waits with its sender and nothing is lost; when it is back, so is the service.
fn restart(mail: &Instance, server: &mut Server, sink: &Sink, reverse: &str) {
    server.stop();
    let mut client = mail.stranger();
    assert_eq!(client.say("MAIL FROM:<user@origin.example>").code(), 250);
    let reply = client.say("RCPT TO:<alice@ferro.example>");
    assert_eq!(reply.code(), 451, "{reply:?}");
    client.quit();
    ask(mail, "SRS0=x", reverse).exits(1);
    server.start();
    there_and_back(mail, sink);
    server.stop();
    server.start();
    there_and_back(mail, sink);
}

case!(srs_over_tcp, |setup| {
    let mut server = Server::postsrsd(&setup.machine);
    let reverse = "tcp:127.0.0.1:10002";
    let (mail, sink) = forwarding(setup, "tcp:127.0.0.1:10001", reverse);
    there_and_back(&mail, &sink);
    restart(&mail, &mut server, &sink, reverse);
});

case!(srs_over_socketmap, |setup| {
    let mut server = Server::srs_socketmap(&setup.machine);
    let map = |name| format!("socketmap:inet:localhost:10003:{name}");
    let (mail, sink) = forwarding(setup, &map("forward"), &map("reverse"));
    there_and_back(&mail, &sink);
    restart(&mail, &mut server, &sink, &map("reverse"));
});

case!(srs_over_a_socket_through_proxymap, |setup| {
    let mut server = Server::srs_socketmap(&setup.machine);
    let socket = server.path("socket");
    let map = |name| format!("proxy:socketmap:unix:{socket}:{name}");
    let (mail, sink) = forwarding(setup, &map("forward"), &map("reverse"));
    there_and_back(&mail, &sink);
    restart(&mail, &mut server, &sink, &map("reverse"));
});

case!(srs_over_a_socket_in_the_queue_directory, |setup| {
    let server = Server::srs_socketmap(&setup.machine);
    let place = setup.path("queue/srs");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(server.path("socket"), &place).unwrap();
    let map = |name| format!("socketmap:unix:srs:{name}");
    let (mail, sink) = forwarding(setup, &map("forward"), &map("reverse"));
    there_and_back(&mail, &sink);
});

case!(
    only(
        ferropost,
        "Better on purpose: drivers; the suite jails no daemon of the reference"
    ),
    srs_over_a_socket_as_jailed_daemons_see_it,
    |setup| {
        let server = Server::srs_socketmap(&setup.machine);
        let place = setup.path("queue/run/srs");
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(server.path("socket"), &place).unwrap();
        let map = |name| format!("socketmap:unix:/run/srs:{name}");
        let (mail, sink) = forwarding(setup, &map("forward"), &map("reverse"));
        there_and_back(&mail, &sink);
    }
);
