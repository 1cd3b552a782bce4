//! smtpd(8): who may do what, and how much of it.

use suite::{Client, case};

case!(announced_size_is_refused_at_once, |setup| {
    let mail = setup.set("message_size_limit", "1000").start();
    let mut client = mail.connect();
    assert!(client.say("EHLO client.example").offers("SIZE 1000"));
    client.expect(
        "MAIL FROM:<a@client.example> SIZE=1001",
        "552 5.3.4 Message size exceeds fixed limit",
    );
    client.expect("MAIL FROM:<a@client.example> SIZE=1000", "250 2.1.0 Ok");
});

case!(sent_size_is_refused_at_the_end, |setup| {
    let mail = setup.set("message_size_limit", "1000").start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    let reply = client.data_reply(&format!("Subject: long\n\n{}", "0123456789\n".repeat(200)));
    assert_eq!(reply.text(), "552 5.3.4 Error: message file too big");
    client.quit();
    mail.wait_empty();
});

case!(early_talker_is_cut_off, |setup| {
    let mail = setup
        .set("smtpd_forbid_unauth_pipelining", "yes")
        .set("mynetworks", "127.0.0.8/32")
        .start();
    let mut client = mail.connect();
    client.send("EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n");
    client.expect_reply("554 5.5.0 Error: SMTP protocol synchronization");
    client.expect_end();
    mail.log().wait(
        "smtpd",
        "improper command pipelining after EHLO from localhost[127.0.0.1]: MAIL FROM:<a@client.example>*",
    );
});

case!(bare_newlines_normalized, |setup| {
    let mail = setup
        .set("smtpd_forbid_bare_newline", "normalize")
        .set("smtpd_forbid_bare_newline_exclusions", "")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA", "354 *");
    client.send("Subject: bare\n\nbefore\n.\nafter\r\n.\r\n");
    client.expect_reply("250 2.0.0 Ok: queued as {id}");
    client.quit();
    assert_eq!(mail.letter_of("alice").body(), "before\nafter\n");
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] * commands=5*",
    );
});

case!(bare_newlines_rejected, |setup| {
    let mail = setup
        .set("smtpd_forbid_bare_newline", "reject")
        .set("smtpd_forbid_bare_newline_exclusions", "")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA", "354 *");
    client.send("Subject: bare\nline\r\n.\r\n");
    client.expect_reply("550 5.5.2 *bare <LF> received");
    mail.wait_empty();
});

case!(smuggled_letter_is_not_one, |setup| {
    let mail = setup
        .set("smtpd_forbid_bare_newline", "normalize")
        .set("smtpd_forbid_bare_newline_exclusions", "")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA", "354 *");
    client.send(
        "Subject: one\r\n\r\nx\n.\r\nMAIL FROM:<root@ferro.example>\r\nRCPT TO:<bob@ferro.example>\r\nDATA\r\nSubject: two\r\n\r\n.\r\n",
    );
    client.expect_reply("250 2.0.0 Ok: queued as {id}");
    client.quit();
    assert!(
        mail.letter_of("alice")
            .body()
            .contains("MAIL FROM:<root@ferro.example>")
    );
    mail.wait_empty();
    assert_eq!(
        suite::mailbox::maildir(&mail.machine.home("bob").join("Maildir")).len(),
        0
    );
});

case!(strangers_cannot_relay, |setup| {
    let mail = setup.start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<someone@elsewhere.example>",
        "554 5.7.1 <someone@elsewhere.example>: Relay access denied",
    );
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.quit();
    mail.log().wait(
        "smtpd",
        "NOQUEUE: reject: RCPT from unknown[127.0.0.9]: 554 5.7.1 <someone@elsewhere.example>: Relay access denied; \
         from=<a@stranger.example> to=<someone@elsewhere.example> proto=ESMTP helo=<stranger.example>",
    );
    mail.log().wait(
        "smtpd",
        "disconnect from unknown[127.0.0.9] ehlo=1 mail=1 rcpt=1/2 quit=1 commands=4/5",
    );
});

case!(relaying_can_be_deferred, |setup| {
    let mail = setup
        .set(
            "smtpd_relay_restrictions",
            "permit_mynetworks, defer_unauth_destination",
        )
        .start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<someone@elsewhere.example>",
        "454 4.7.1 <someone@elsewhere.example>: Relay access denied",
    );
});

case!(sender_specified_routing_is_no_way_round, |setup| {
    let mail = setup.start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    for address in [
        "someone%elsewhere.example@ferro.example",
        "elsewhere.example!someone@ferro.example",
        "\"someone@elsewhere.example\"@ferro.example",
    ] {
        let reply = client.say(&format!("RCPT TO:<{address}>"));
        assert_eq!(reply.code() / 100, 5, "{address}: {reply:?}");
    }
});

case!(open_relay_does_not_start, |setup| {
    let mail = setup
        .set("smtpd_relay_restrictions", "permit_mynetworks")
        .set("smtpd_recipient_restrictions", "permit")
        .start();
    let _client = Client::connect("127.0.0.1:25");
    mail.log().wait(
        "smtpd",
        "fatal: in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working \
         instance of: reject_unauth_destination, defer_unauth_destination, reject, defer, defer_if_permit *",
    );
});

case!(reject_and_permit_restrictions, |setup| {
    let mail = setup
        .set("smtpd_recipient_restrictions", "permit_mynetworks, reject")
        .start();
    let mut stranger = mail.stranger();
    stranger.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    stranger.expect(
        "RCPT TO:<alice@ferro.example>",
        "554 5.7.1 <alice@ferro.example>: Recipient address rejected: Access denied",
    );
    let mut friend = mail.smtp();
    friend.letter(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: friend\n\n",
    );
});

case!(unknown_local_users_are_rejected, |setup| {
    let mail = setup.start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<nobody.here@ferro.example>",
        "550 5.1.1 <nobody.here@ferro.example>: Recipient address rejected: User unknown in local recipient table",
    );
    mail.log().wait(
        "smtpd",
        "NOQUEUE: reject: RCPT from unknown[127.0.0.9]: 550 5.1.1 <nobody.here@ferro.example>: Recipient address rejected: \
         User unknown in local recipient table; from=<a@stranger.example> to=<nobody.here@ferro.example> proto=ESMTP helo=<stranger.example>",
    );
    client.expect("RCPT TO:<postmaster>", "250 2.1.5 Ok");
});

case!(unlisted_recipients_can_be_let_in, |setup| {
    let mail = setup.set("local_recipient_maps", "").start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<nobody.here@ferro.example>", "250 2.1.5 Ok");
});

case!(too_many_recipients, |setup| {
    let mail = setup.set("smtpd_recipient_limit", "2").start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("RCPT TO:<bob@ferro.example>", "250 2.1.5 Ok");
    client.expect(
        "RCPT TO:<carol@ferro.example>",
        "452 4.5.3 Error: too many recipients",
    );
    client.data("Subject: two\n\n");
});

case!(too_many_errors, |setup| {
    let mail = setup.set("smtpd_hard_error_limit", "3").start();
    let mut client = mail.smtp();
    client.expect("FROB", "500 5.5.2 Error: command not recognized");
    client.expect("FROB", "500 5.5.2 Error: command not recognized");
    client.expect("FROB", "500 5.5.2 Error: command not recognized");
    client.send("NOOP\r\n");
    client.expect_reply("421 4.7.0 mail.ferro.example Error: too many errors");
    client.expect_end();
    mail.log()
        .wait("smtpd", "*too many errors after *from localhost[127.0.0.1]");
});

case!(errors_slow_the_client_down, |setup| {
    let mail = setup
        .set("smtpd_soft_error_limit", "1")
        .set("smtpd_error_sleep_time", "1s")
        .start();
    let mut client = mail.smtp();
    client.expect("FROB", "500 5.5.2 Error: command not recognized");
    let start = std::time::Instant::now();
    client.expect("FROB", "500 5.5.2 Error: command not recognized");
    assert!(start.elapsed().as_millis() >= 900, "{:?}", start.elapsed());
});

case!(junk_commands_count_as_errors, |setup| {
    let mail = setup
        .set("smtpd_junk_command_limit", "2")
        .set("smtpd_hard_error_limit", "2")
        .start();
    let mut client = mail.smtp();
    for _ in 0..20 {
        if client.say("NOOP").code() == 421 {
            client.expect_end();
            return;
        }
    }
    panic!("no end after 20 commands");
});

case!(silence_is_timed_out, |setup| {
    let mail = setup.set("smtpd_timeout", "1s").start();
    let mut client = mail.smtp();
    client.expect_reply("421 4.4.2 mail.ferro.example Error: timeout exceeded");
    client.expect_end();
    mail.log()
        .wait("smtpd", "*timeout after EHLO from localhost[127.0.0.1]");
});

case!(client_name_must_match_both_ways, |setup| {
    setup
        .dns()
        .ptr("127.0.0.9", "liar.example")
        .a("liar.example", "192.0.2.1");
    let mail = setup.start();
    let _client = mail.stranger();
    mail.log().wait(
        "smtpd",
        "warning: hostname liar.example does not resolve to address 127.0.0.9",
    );
    mail.log().wait("smtpd", "connect from unknown[127.0.0.9]");
});

case!(client_names_are_not_looked_up_when_told_so, |setup| {
    let mail = setup.set("smtpd_peername_lookup", "no").start();
    let _client = mail.stranger();
    mail.log().wait("smtpd", "connect from unknown[127.0.0.9]");
    assert!(
        mail.machine
            .dns
            .asked()
            .iter()
            .all(|question| !question.contains("9.0.0.127"))
    );
});

case!(
    only(ferropost, "not built yet"),
    words_that_are_not_built_defer,
    |setup| {
        let mail = setup
        .set(
            "smtpd_recipient_restrictions",
            "permit_mynetworks, check_policy_service unix:private/policy, reject_unverified_sender, permit",
        )
        .start();
        mail.smtp().letter(
            "a@client.example",
            &["alice@ferro.example"],
            "Subject: x\n\n",
        );
        mail.log().wait(
            "smtpd",
            "warning: restriction check_policy_service is not supported yet: *",
        );
        mail.log().wait(
            "smtpd",
            "warning: restriction reject_unverified_sender is not supported yet: *",
        );
        let mut client = mail.stranger();
        client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
        client.expect(
            "RCPT TO:<alice@ferro.example>",
            "451 4.3.5 *Server configuration error",
        );
    }
);
