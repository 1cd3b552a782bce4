//! lmtp(8): mail to a mailbox server.

use suite::{Sink, case};

const SENDER: &str = "a@client.example";
const LETTER: &str = "Subject: x\n\nbody\n";

case!(lmtp_replies_for_each_recipient, |setup| {
    let sink = Sink::lmtp()
        .on(".RCPT TO:<BAD@", "550 5.2.1 mailbox closed")
        .on(".RCPT TO:<LATE@", "452 4.2.2 full")
        .listen("127.0.0.2:24");
    let mail = setup
        .set("default_transport", "lmtp:inet:127.0.0.2:24")
        .start();
    let id = mail.send(
        SENDER,
        &["good@example.net", "bad@example.net", "late@example.net"],
        LETTER,
    );
    sink.wait(1);
    let line = |to: &str, rest: &str| {
        format!("{id}: to=<{to}@example.net>, relay=127.0.0.2[127.0.0.2]:24, *{rest}")
    };
    mail.log().wait(
        "lmtp",
        &line("good", "dsn=2.0.0, status=sent (250 2.0.0 taken as SINK1)"),
    );
    mail.log().wait(
        "lmtp",
        &line("bad", "dsn=5.2.1, status=bounced (host 127.0.0.2[127.0.0.2] said: 550 5.2.1 mailbox closed (in reply to end of DATA command))"),
    );
    mail.log().wait(
        "lmtp",
        &line("late", "dsn=4.2.2, status=deferred (host 127.0.0.2[127.0.0.2] said: 452 4.2.2 full (in reply to end of DATA command))"),
    );
    assert_eq!(sink.sessions()[0].commands[0], "LHLO mail.ferro.example");
});

case!(lmtp_over_a_local_socket, |setup| {
    let mut mail = setup
        .set("mailbox_transport", "lmtp:unix:private/mailbox")
        .stopped();
    let sink = Sink::lmtp().listen_local(&mail.spool().path.join("private/mailbox"));
    mail.start();
    let id = mail.send(SENDER, &["alice@ferro.example"], LETTER);
    sink.wait(1);
    mail.log().wait("lmtp", &format!("{id}: to=<alice@ferro.example>, relay=mail.ferro.example[private/mailbox], *status=sent (250 2.0.0 taken as SINK1)"));
});
