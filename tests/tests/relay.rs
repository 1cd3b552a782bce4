//! smtp(8): mail to other machines.

use std::time::Duration;
use suite::{Instance, Sink, case};

const SENDER: &str = "a@client.example";
const LETTER: &str = "Subject: x\n\nbody\n";

fn send(mail: &Instance, recipient: &str) -> String {
    mail.send(SENDER, &[recipient], LETTER)
}

case!(delivery_by_mail_exchanger, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "mx.example.net")
        .a("mx.example.net", "127.0.0.2");
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.start();
    let id = send(&mail, "bob@example.net");
    let letters = sink.wait(1);
    assert!(
        letters[0]
            .content
            .ends_with("Subject: x\r\nMessage-Id: <*\r\n\r\nbody\r\n")
            || letters[0].content.ends_with("\r\n\r\nbody\r\n")
    );
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@example.net>, relay=mx.example.net[127.0.0.2]:25, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=2.0.0, status=sent (250 2.0.0 taken as SINK1)"),
    );
    mail.log().wait("qmgr", &format!("{id}: removed"));
    let commands = &sink.sessions()[0].commands;
    assert_eq!(commands[0], "EHLO mail.ferro.example");
    assert!(
        commands[1].starts_with("MAIL FROM:<a@client.example> SIZE="),
        "{commands:?}"
    );
    assert!(
        commands[2].starts_with("RCPT TO:<bob@example.net>"),
        "{commands:?}"
    );
    assert_eq!(commands[3], "DATA");
});

case!(exchangers_in_order_of_preference, |setup| {
    setup
        .dns()
        .mx("example.net", 20, "second.example.net")
        .mx("example.net", 10, "first.example.net")
        .a("first.example.net", "127.0.0.2")
        .a("second.example.net", "127.0.0.3");
    let first = Sink::smtp().listen("127.0.0.2:25");
    let second = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup.start();
    send(&mail, "bob@example.net");
    first.wait(1);
    assert!(second.letters().is_empty());
});

case!(next_exchanger_when_the_first_is_down, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "first.example.net")
        .mx("example.net", 20, "second.example.net")
        .a("first.example.net", "127.0.0.2")
        .a("second.example.net", "127.0.0.3");
    let second = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup.start();
    let id = send(&mail, "bob@example.net");
    second.wait(1);
    mail.log().wait(
        "smtp",
        "connect to first.example.net[127.0.0.2]:25: Connection refused",
    );
    mail.log().wait(
        "smtp",
        &format!(
            "{id}: to=<bob@example.net>, relay=second.example.net[127.0.0.3]:25, *status=sent *"
        ),
    );
});

case!(next_exchanger_after_a_temporary_refusal, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "first.example.net")
        .mx("example.net", 20, "second.example.net")
        .a("first.example.net", "127.0.0.2")
        .a("second.example.net", "127.0.0.3");
    let _first = Sink::smtp()
        .on("MAIL", "451 4.3.0 not now")
        .listen("127.0.0.2:25");
    let second = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup.start();
    let id = send(&mail, "bob@example.net");
    second.wait(1);
    mail.log().wait(
        "smtp",
        &format!("{id}: host first.example.net[127.0.0.2] said: 451 4.3.0 not now (in reply to MAIL FROM command)"),
    );
});

case!(greeting_5xx_goes_to_the_next, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "first.example.net")
        .mx("example.net", 20, "second.example.net")
        .a("first.example.net", "127.0.0.2")
        .a("second.example.net", "127.0.0.3");
    let _first = Sink::smtp()
        .greeting("554 go away")
        .on("CONNECT", "554 go away")
        .listen("127.0.0.2:25");
    let second = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup.start();
    send(&mail, "bob@example.net");
    second.wait(1);
    mail.log().wait(
        "smtp",
        "{id}: host first.example.net[127.0.0.2] refused to talk to me: 554 go away",
    );
});

case!(address_when_there_is_no_exchanger, |setup| {
    setup.dns().a("example.net", "127.0.0.2");
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.start();
    send(&mail, "bob@example.net");
    sink.wait(1);
    mail.log().wait(
        "smtp",
        "{id}: to=<bob@example.net>, relay=example.net[127.0.0.2]:25, *status=sent *",
    );
});

case!(no_such_domain_bounces, |setup| {
    let mail = setup.start();
    let id = send(&mail, "bob@missing.example");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@missing.example>, relay=none, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=missing.example type=A*: Host not found)"),
    );
});

case!(dns_failure_defers, |setup| {
    setup.dns().fail("flaky.example");
    let mail = setup.start();
    let id = send(&mail, "bob@flaky.example");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@flaky.example>, relay=none, *dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name=flaky.example type=MX: Host not found, try again)"),
    );
});

case!(null_mx_bounces, |setup| {
    setup
        .dns()
        .mx("nomail.example", 0, ".")
        .a("nomail.example", "127.0.0.2");
    let mail = setup.start();
    let status = mail.mta.pick("5.1.10", "5.1.0");
    let id = send(&mail, "bob@nomail.example");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@nomail.example>, relay=none, *dsn={status}, status=bounced (Domain nomail.example does not accept mail (nullMX))"),
    );
});

case!(exchanger_without_address_defers, |setup| {
    setup.dns().mx("example.net", 10, "gone.example.net");
    let mail = setup.start();
    let id = send(&mail, "bob@example.net");
    mail.log().wait("smtp", &format!("{id}: to=<bob@example.net>, relay=none, *dsn=5.4.4, status=bounced (*gone.example.net*)"));
});

case!(mail_loops_back, |setup| {
    setup
        .dns()
        .mx("loop.example", 10, "mail.ferro.example")
        .a("mail.ferro.example", "127.0.0.1");
    let mail = setup.start();
    let id = send(&mail, "bob@loop.example");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@loop.example>, relay=none, *dsn=5.4.6, status=bounced (mail for loop.example loops back to myself)"),
    );
});

case!(greeting_of_ourselves_is_a_loop, |setup| {
    let _sink = Sink::smtp()
        .greeting("220 mail.ferro.example ESMTP")
        .on("EHLO", "250 mail.ferro.example")
        .listen("127.0.0.2:25");
    let mail = setup.start();
    let id = send(&mail, "bob@[127.0.0.2]");
    mail.log().wait(
        "smtp",
        "warning: host 127.0.0.2[127.0.0.2]:25 replied to HELO/EHLO with my own hostname mail.ferro.example",
    );
    mail.log().wait("smtp", &format!("{id}: to=<bob@[127.0.0.2]>, *dsn=5.4.6, status=bounced (mail for [127.0.0.2] loops back to myself)"));
});

case!(relayhost_takes_all, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:2525");
    let mail = setup.set("relayhost", "[127.0.0.2]:2525").start();
    let id = send(&mail, "bob@anywhere.example");
    sink.wait(1);
    mail.log().wait(
        "smtp",
        &format!(
            "{id}: to=<bob@anywhere.example>, relay=127.0.0.2[127.0.0.2]:2525, *status=sent *"
        ),
    );
    assert!(
        mail.machine
            .dns
            .asked()
            .iter()
            .all(|question| !question.contains("anywhere.example"))
    );
});

case!(relayhost_by_exchanger, |setup| {
    setup
        .dns()
        .mx("hub.example", 10, "mx.hub.example")
        .a("mx.hub.example", "127.0.0.2");
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.set("relayhost", "hub.example").start();
    send(&mail, "bob@anywhere.example");
    sink.wait(1);
});

case!(fallback_relay, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "mx.example.net")
        .a("mx.example.net", "127.0.0.2");
    let fallback = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup.set("smtp_fallback_relay", "[127.0.0.3]").start();
    let id = send(&mail, "bob@example.net");
    fallback.wait(1);
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@example.net>, relay=127.0.0.3[127.0.0.3]:25, *status=sent *"),
    );
});

case!(old_server_gets_helo, |setup| {
    let sink = Sink::smtp()
        .greeting("220 old")
        .on("EHLO", "502 what")
        .listen("127.0.0.2:25");
    let mail = setup.start();
    send(&mail, "bob@[127.0.0.2]");
    sink.wait(1);
    let mut commands = sink.sessions()[0].commands.clone();
    // A session may be kept for the next letter.
    commands.retain(|command| command != "QUIT");
    assert_eq!(
        commands,
        [
            "EHLO mail.ferro.example",
            "HELO mail.ferro.example",
            "MAIL FROM:<a@client.example>",
            "RCPT TO:<bob@[127.0.0.2]>",
            "DATA"
        ]
    );
});

case!(pipelines_only_when_offered, |setup| {
    let quick = Sink::smtp().listen("127.0.0.2:25");
    let plain = Sink::smtp().without("PIPELINING").listen("127.0.0.3:25");
    let mail = setup.start();
    mail.send(
        SENDER,
        &[
            "b@[127.0.0.2]",
            "c@[127.0.0.2]",
            "b@[127.0.0.3]",
            "c@[127.0.0.3]",
        ],
        LETTER,
    );
    quick.wait(1);
    plain.wait(1);
    assert!(quick.sessions()[0].pipelined >= 4, "{:?}", quick.sessions());
    assert_eq!(plain.sessions()[0].pipelined, 1, "{:?}", plain.sessions());
});

case!(size_is_announced, |setup| {
    let sink = Sink::smtp()
        .without("SIZE")
        .with("SIZE 100")
        .listen("127.0.0.2:25");
    let mail = setup.start();
    let id = mail.send(
        SENDER,
        &["bob@[127.0.0.2]"],
        &format!("Subject: x\n\n{}\n", "x".repeat(200)),
    );
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@[127.0.0.2]>, relay=127.0.0.2[127.0.0.2]:25, *dsn=5.3.4, status=bounced (message size {{n}} exceeds size limit 100 of server 127.0.0.2[127.0.0.2])"),
    );
    assert!(sink.letters().is_empty());
});

case!(eight_bit_text_is_converted_when_needed, |setup| {
    let modern = Sink::smtp().listen("127.0.0.2:25");
    let old = Sink::smtp()
        .without("8BITMIME")
        .without("SMTPUTF8")
        .listen("127.0.0.3:25");
    let mail = setup.start();
    let text = "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nsm\u{f6}rg\u{e5}s = 1\n";
    mail.send(SENDER, &["b@[127.0.0.2]", "b@[127.0.0.3]"], text);
    let (new, old) = (modern.wait(1).remove(0), old.wait(1).remove(0));
    assert!(
        new.content.contains("Content-Transfer-Encoding: 8bit\r\n")
            && new.content.ends_with("sm\u{f6}rg\u{e5}s = 1\r\n"),
        "{}",
        new.content
    );
    assert!(new.mail.contains(" BODY=8BITMIME"), "{}", new.mail);
    assert!(
        old.content
            .contains("Content-Transfer-Encoding: quoted-printable\r\n")
            && old.content.ends_with("sm=C3=B6rg=C3=A5s =3D 1\r\n"),
        "{}",
        old.content
    );
});

case!(recipients_are_refused_one_by_one, |setup| {
    let sink = Sink::smtp()
        .on("RCPT TO:<bad@", "550 5.1.1 no such user")
        .on("RCPT TO:<late@", "451 4.2.0 busy")
        .listen("127.0.0.2:25");
    let mail = setup.start();
    let id = mail.send(
        SENDER,
        &["good@[127.0.0.2]", "bad@[127.0.0.2]", "late@[127.0.0.2]"],
        LETTER,
    );
    sink.wait(1);
    let line = |to: &str, rest: &str| {
        format!("{id}: to=<{to}@[127.0.0.2]>, relay=127.0.0.2[127.0.0.2]:25, *{rest}")
    };
    mail.log().wait(
        "smtp",
        &line("good", "dsn=2.0.0, status=sent (250 2.0.0 taken as SINK1)"),
    );
    mail.log().wait(
        "smtp",
        &line("bad", "dsn=5.1.1, status=bounced (host 127.0.0.2[127.0.0.2] said: 550 5.1.1 no such user (in reply to RCPT TO command))"),
    );
    mail.log().wait(
        "smtp",
        &line("late", "dsn=4.2.0, status=deferred (host 127.0.0.2[127.0.0.2] said: 451 4.2.0 busy (in reply to RCPT TO command))"),
    );
    mail.wait_in("deferred", &id);
});

case!(refusal_after_data, |setup| {
    let _sink = Sink::smtp()
        .on(".", "554 5.6.0 do not like it")
        .listen("127.0.0.2:25");
    let mail = setup.start();
    let id = send(&mail, "bob@[127.0.0.2]");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@[127.0.0.2]>, *dsn=5.6.0, status=bounced (host 127.0.0.2[127.0.0.2] said: 554 5.6.0 do not like it (in reply to end of DATA command))"),
    );
});

case!(connection_lost_defers, |setup| {
    let _sink = Sink::smtp().hang_up("DATA").listen("127.0.0.2:25");
    let mail = setup.start();
    let id = send(&mail, "bob@[127.0.0.2]");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@[127.0.0.2]>, relay=127.0.0.2[127.0.0.2]:25, *dsn=4.4.2, status=deferred (lost connection with 127.0.0.2[127.0.0.2] while *)"),
    );
});

case!(connection_refused_defers, |setup| {
    let mail = setup.start();
    let id = send(&mail, "bob@[127.0.0.2]");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@[127.0.0.2]>, relay=none, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=4.4.1, status=deferred (connect to 127.0.0.2[127.0.0.2]:25: Connection refused)"),
    );
});

case!(slow_server_times_out, |setup| {
    let _sink = Sink::smtp()
        .delay("MAIL", Duration::from_secs(10))
        .without("PIPELINING")
        .listen("127.0.0.2:25");
    let mail = setup.set("smtp_mail_timeout", "1s").start();
    let id = send(&mail, "bob@[127.0.0.2]");
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@[127.0.0.2]>, *dsn=4.4.2, status=deferred (conversation with 127.0.0.2[127.0.0.2] timed out while sending MAIL FROM)"),
    );
});

case!(address_limit, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "one.example.net")
        .mx("example.net", 20, "two.example.net")
        .mx("example.net", 30, "three.example.net")
        .a("one.example.net", "127.0.0.2")
        .a("two.example.net", "127.0.0.3")
        .a("three.example.net", "127.0.0.4");
    let third = Sink::smtp().listen("127.0.0.4:25");
    let mail = setup.set("smtp_mx_address_limit", "2").start();
    let id = send(&mail, "bob@example.net");
    mail.log().wait("smtp", &format!("{id}: to=<bob@example.net>, *status=deferred (connect to two.example.net[127.0.0.3]:25: Connection refused)"));
    assert!(third.sessions().is_empty());
});

case!(session_limit, |setup| {
    setup
        .dns()
        .mx("example.net", 10, "one.example.net")
        .mx("example.net", 20, "two.example.net")
        .a("one.example.net", "127.0.0.2")
        .a("two.example.net", "127.0.0.3");
    let _first = Sink::smtp()
        .on("MAIL", "451 4.3.0 not now")
        .listen("127.0.0.2:25");
    let second = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup.set("smtp_mx_session_limit", "1").start();
    let id = send(&mail, "bob@example.net");
    mail.log().wait("smtp", &format!("{id}: to=<bob@example.net>, *status=deferred (host one.example.net[127.0.0.2] said: 451 4.3.0 not now *)"));
    assert!(second.sessions().is_empty());
});

case!(delivery_status_options_are_passed_on, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect(
        "MAIL FROM:<a@client.example> RET=HDRS ENVID=xyz",
        "250 2.1.0 Ok",
    );
    client.expect(
        "RCPT TO:<bob@[127.0.0.2]> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob+3Dx@elsewhere.example",
        "250 2.1.5 Ok",
    );
    client.data(LETTER);
    let letter = sink.wait(1).remove(0);
    assert!(
        letter.mail.contains(" RET=HDRS") && letter.mail.contains(" ENVID=xyz"),
        "{letter:?}"
    );
    assert_eq!(
        letter.recipients,
        ["RCPT TO:<bob@[127.0.0.2]> ORCPT=rfc822;bob+3Dx@elsewhere.example NOTIFY=SUCCESS,FAILURE"]
    );
});

case!(relayed_report_when_the_next_lacks_them, |setup| {
    let sink = Sink::smtp().without("DSN").listen("127.0.0.2:25");
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<alice@ferro.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<bob@[127.0.0.2]> NOTIFY=SUCCESS", "250 2.1.5 Ok");
    client.data(LETTER);
    assert_eq!(sink.wait(1)[0].recipients, ["RCPT TO:<bob@[127.0.0.2]>"]);
    let report = mail.letter_of("alice");
    assert_eq!(
        report.header("Subject").as_deref(),
        Some("Successful Mail Delivery Report")
    );
    assert!(
        report.body().contains("\nAction: relayed\nStatus: 2.0.0\n"),
        "{}",
        report.text
    );
});

case!(dots_are_doubled_on_the_wire, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.start();
    mail.send(
        SENDER,
        &["bob@[127.0.0.2]"],
        "Subject: dots\n\n.\n..\nend\n",
    );
    assert!(
        sink.wait(1)[0]
            .content
            .ends_with("\r\n\r\n.\r\n..\r\nend\r\n")
    );
});

case!(long_lines_are_broken, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.start();
    mail.send(
        SENDER,
        &["bob@[127.0.0.2]"],
        &format!("Subject: wide\n\n{}\n", "x".repeat(2500)),
    );
    let letter = sink.wait(1).remove(0);
    assert!(
        letter.content.split("\r\n").all(|line| line.len() <= 998),
        "{}",
        letter.content.len()
    );
    let body = letter.content.split_once("\r\n\r\n").expect("body").1;
    assert_eq!(
        body,
        format!(
            "{}\r\n {}\r\n {}\r\n",
            "x".repeat(998),
            "x".repeat(997),
            "x".repeat(505)
        )
    );
});

case!(null_sender_on_the_wire, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.start();
    mail.send("", &["bob@[127.0.0.2]"], LETTER);
    assert!(sink.wait(1)[0].mail.starts_with("MAIL FROM:<> SIZE="));
});

case!(bind_address, |setup| {
    let mail = setup.set("smtp_bind_address", "127.0.0.7").start();
    let listener = std::net::TcpListener::bind("127.0.0.2:25").expect("bind");
    send(&mail, "bob@[127.0.0.2]");
    let (_stream, peer) = listener.accept().expect("accept");
    assert_eq!(peer.ip().to_string(), "127.0.0.7");
});

case!(names_by_the_hosts_file, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    std::fs::write(
        "/etc/hosts",
        "127.0.0.1 localhost\n127.0.0.2 neighbour.example\n",
    )
    .expect("write");
    let mail = setup
        .set("smtp_host_lookup", "native")
        .set("relayhost", "[neighbour.example]")
        .start();
    send(&mail, "bob@example.net");
    sink.wait(1);
});

case!(helo_name, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.set("smtp_helo_name", "helo.ferro.example").start();
    send(&mail, "bob@[127.0.0.2]");
    sink.wait(1);
    assert_eq!(sink.sessions()[0].commands[0], "EHLO helo.ferro.example");
});

case!(session_is_reused_under_load, |setup| {
    let sink = Sink::smtp()
        .delay(".", Duration::from_millis(50))
        .listen("127.0.0.2:25");
    let mail = setup
        .set("default_destination_concurrency_limit", "1")
        .set("relayhost", "[127.0.0.2]")
        .start();
    let mut client = mail.smtp();
    for number in 0..10 {
        client.letter(
            SENDER,
            &["bob@example.net"],
            &format!("Subject: {number}\n\n"),
        );
    }
    sink.wait(10);
    assert!(
        sink.sessions().len() < 10,
        "{} sessions",
        sink.sessions().len()
    );
    mail.log().wait(
        "smtp",
        "{id}: to=<bob@example.net>, relay=127.0.0.2[127.0.0.2]:25, conn_use={n}, delay=*",
    );
});

case!(generic_maps_give_local_addresses_a_face, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("recipient_delimiter", "+")
        .set("propagate_unmatched_extensions", "canonical, virtual, generic")
        .set("smtp_generic_maps", "inline:{ { alice@ferro.example = alice@isp.example } { bob@ferro.example = bob.brown@isp.example } { @host.ferro.example = @isp.example } carol=cc@isp.example }")
        .start();
    let letter = "From: Alice <alice@ferro.example>\nTo: bob@ferro.example,\n\tx@host.ferro.example, y@x.example\n\
        Cc: carol\nSubject: about alice@ferro.example\n\nalice@ferro.example\n";
    mail.sendmail(
        "alice",
        &[
            "-f",
            "alice+tag@ferro.example",
            "z@host.ferro.example@[127.0.0.2]",
            "y@[127.0.0.2]",
        ],
        letter,
    );
    let letter = sink.wait(1)[0].clone();
    assert!(
        letter.mail.starts_with("MAIL FROM:<alice+tag@isp.example>"),
        "{letter:?}"
    );
    let line = |name: &str| {
        let mut lines = letter
            .content
            .split("\r\n")
            .skip_while(|line| !line.starts_with(name));
        let first = lines.next().unwrap_or_default().to_owned();
        lines
            .take_while(|line| line.starts_with('\t'))
            .fold(first, |all, line| all + line)
    };
    assert_eq!(line("From:"), "From: Alice <alice@isp.example>");
    assert_eq!(
        line("To:"),
        "To: bob.brown@isp.example, x@isp.example, y@x.example"
    );
    assert_eq!(line("Cc:"), "Cc: cc@isp.example");
    assert_eq!(line("Subject:"), "Subject: about alice@ferro.example");
    assert!(
        letter.content.ends_with("\r\n\r\nalice@ferro.example\r\n"),
        "{letter:?}"
    );
    // Logs keep what was asked for.
    mail.log()
        .wait("smtp", "{id}: to=<y@[127.0.0.2]>, *status=sent *");
    mail.log()
        .wait("qmgr", "{id}: from=<alice+tag@ferro.example>, *");
});

case!(
    only(
        ferropost,
        "generic maps: Postfix's smtp process ends, the letter waits without a status"
    ),
    generic_maps_that_do_not_answer_defer,
    |setup| {
        let sink = Sink::smtp().listen("127.0.0.2:25");
        let mail = setup.set("smtp_generic_maps", "fail:broken").start();
        let id = mail.send("a@client.example", &["b@[127.0.0.2]"], "Subject: x\n\n");
        mail.log().wait(
            "smtp",
            &format!("{id}: to=<b@[127.0.0.2]>, *status=deferred *"),
        );
        assert_eq!(sink.letters().len(), 0);
    }
);
