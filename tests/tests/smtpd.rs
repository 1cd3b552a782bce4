//! smtpd(8): the SMTP protocol as clients see it.

use suite::{Client, case};

case!(greeting_and_farewell, |setup| {
    let mail = setup.start();
    let mut client = Client::connect("127.0.0.1:25");
    client.expect_reply("220 mail.ferro.example ESMTP {id}");
    client.quit();
    mail.log()
        .wait("smtpd", "connect from localhost[127.0.0.1]");
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] quit=1 commands=1",
    );
});

case!(banner_is_configurable, |setup| {
    let _mail = setup
        .set("smtpd_banner", "$myhostname ESMTP NO UCE (go away)")
        .start();
    let mut client = Client::connect("127.0.0.1:25");
    client.expect_reply("220 mail.ferro.example ESMTP NO UCE (go away)");
});

case!(ehlo_lists_the_extensions, |setup| {
    let mail = setup.start();
    let mut client = mail.connect();
    client.expect(
        "EHLO client.example",
        "250-mail.ferro.example\n250-PIPELINING\n250-SIZE 10240000\n250-VRFY\n250-ETRN\n\
         250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250-DSN\n250-SMTPUTF8\n250 CHUNKING",
    );
});

case!(discarded_ehlo_keywords_are_not_offered, |setup| {
    let mail = setup
        .set(
            "smtpd_discard_ehlo_keywords",
            "chunking, dsn, etrn, silent-discard",
        )
        .start();
    let mut client = mail.connect();
    client.expect(
        "EHLO client.example",
        "250-mail.ferro.example\n250-PIPELINING\n250-SIZE 10240000\n250-VRFY\n\
         250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250 SMTPUTF8",
    );
});

case!(helo_offers_nothing, |setup| {
    let mail = setup.start();
    let mut client = mail.connect();
    client.expect("HELO client.example", "250 mail.ferro.example");
    client.quit();
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] helo=1 quit=1 commands=2",
    );
});

case!(helo_needs_a_name, |setup| {
    let mail = setup.start();
    let mut client = mail.connect();
    client.expect("HELO", "501 Syntax: HELO hostname");
    client.expect("EHLO", "501 Syntax: EHLO hostname");
});

case!(helo_can_be_required, |setup| {
    let mail = setup.set("smtpd_helo_required", "yes").start();
    let mut client = mail.connect();
    client.expect(
        "MAIL FROM:<a@client.example>",
        "503 5.5.1 Error: send HELO/EHLO first",
    );
    client.expect("HELO client.example", "250 mail.ferro.example");
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
});

case!(verbs_are_case_blind, |setup| {
    let mail = setup.start();
    let mut client = mail.connect();
    assert_eq!(client.say("ehlo client.example").code(), 250);
    client.expect("mail from:<a@client.example>", "250 2.1.0 Ok");
    client.expect("Rcpt To:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("rset", "250 2.0.0 Ok");
    client.expect("noop", "250 2.0.0 Ok");
    client.expect("quit", "221 2.0.0 Bye");
});

case!(order_of_commands, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect(
        "RCPT TO:<alice@ferro.example>",
        "503 5.5.1 Error: need MAIL command",
    );
    client.expect("DATA", "503 5.5.1 Error: need RCPT command");
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("DATA", "554 5.5.1 Error: no valid recipients");
    client.expect(
        "MAIL FROM:<b@client.example>",
        "503 5.5.1 Error: nested MAIL command",
    );
    client.expect("RSET", "250 2.0.0 Ok");
    client.expect(
        "RCPT TO:<alice@ferro.example>",
        "503 5.5.1 Error: need MAIL command",
    );
});

case!(no_valid_recipient_no_data, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<nobody.here@ferro.example>",
        "550 5.1.1 <nobody.here@ferro.example>: Recipient address rejected: User unknown in local recipient table",
    );
    client.expect("DATA", "554 5.5.1 Error: no valid recipients");
});

case!(unknown_commands_are_refused, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("FROB", "500 5.5.2 Error: command not recognized");
    client.expect("", "500 5.5.2 Error: bad syntax");
    client.quit();
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] ehlo=1 quit=1 unknown=0/1 commands=2/3",
    );
});

case!(http_is_hung_up_on, |setup| {
    let mail = setup.start();
    let mut client = mail.connect();
    client.send("GET / HTTP/1.0\r\n");
    client.expect_reply("221 2.7.0 Error: I can break rules, too. Goodbye.");
    client.expect_end();
    mail.log().wait(
        "smtpd",
        "warning: non-SMTP command from localhost[127.0.0.1]: GET / HTTP/1.0",
    );
});

case!(arguments_that_do_not_belong, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("RSET now", "501 5.5.4 Syntax: RSET");
    client.expect("MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>");
    client.expect("MAIL FROM", "501 5.5.4 Syntax: MAIL FROM:<address>");
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT", "501 5.5.4 Syntax: RCPT TO:<address>");
    client.expect("RCPT TO:<>", "501 5.1.3 Bad recipient address syntax");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA now", "501 5.5.4 Syntax: DATA");
    client.expect("NOOP anything goes", "250 2.0.0 Ok");
});

case!(mail_parameters_are_checked, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect(
        "MAIL FROM:<a@client.example> BODY=BINARYMIME",
        "555 5.5.4 Unsupported option: BODY=BINARYMIME",
    );
    client.expect(
        "MAIL FROM:<a@client.example> SIZE=many",
        "501 5.5.4 Bad message size syntax",
    );
    client.expect(
        "MAIL FROM:<a@client.example> RET=SOME",
        "501 5.5.4 Bad RET parameter syntax",
    );
    client.expect(
        "MAIL FROM:<a@client.example> FOO=BAR",
        "555 5.5.4 Unsupported option: FOO=BAR",
    );
    client.expect(
        "MAIL FROM:<a@client.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=abc",
        "250 2.1.0 Ok",
    );
    client.expect(
        "RCPT TO:<alice@ferro.example> NOTIFY=SOMETIMES",
        "501 5.5.4 *NOTIFY parameter syntax",
    );
    client.expect(
        "RCPT TO:<alice@ferro.example> ORCPT=alice",
        "501 5.5.4 *ORCPT parameter syntax",
    );
    client.expect(
        "RCPT TO:<alice@ferro.example> FOO=BAR",
        "555 5.5.4 Unsupported option: FOO=BAR",
    );
    client.expect(
        "RCPT TO:<alice@ferro.example> NOTIFY=SUCCESS,DELAY,FAILURE ORCPT=rfc822;alice@ferro.example",
        "250 2.1.5 Ok",
    );
});

case!(strange_addresses_are_refused, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect(
        "MAIL FROM:<a@client.example",
        "501 5.1.7 Bad sender address syntax",
    );
    client.expect("MAIL FROM:<a@b@client.example>", "250 2.1.0 Ok");
    client.expect("RSET", "250 2.0.0 Ok");
    client.expect(
        "MAIL FROM:<a b@client.example>",
        "501 5.1.7 Bad sender address syntax",
    );
    client.expect("MAIL FROM:<\"a b\"@client.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<al ice@ferro.example>",
        "501 5.1.3 Bad recipient address syntax",
    );
});

case!(strict_envelopes_need_brackets, |setup| {
    let mail = setup.set("strict_rfc821_envelopes", "yes").start();
    let mut client = mail.smtp();
    client.expect(
        "MAIL FROM:a@client.example",
        "501 5.1.7 Bad sender address syntax",
    );
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:alice@ferro.example",
        "501 5.1.3 Bad recipient address syntax",
    );
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
});

case!(lenient_envelopes_do_without, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM: a@client.example", "250 2.1.0 Ok");
    client.expect("RCPT TO: alice@ferro.example", "250 2.1.5 Ok");
    client.data("Subject: lenient\n\n");
    assert_eq!(
        mail.letter_of("alice").header("Return-Path").as_deref(),
        Some("<a@client.example>")
    );
});

case!(source_routes_are_stripped, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<@somewhere.example:alice@ferro.example>",
        "250 2.1.5 Ok",
    );
    client.data("Subject: route\n\n");
    mail.log()
        .wait("local", "{id}: to=<alice@ferro.example>, *status=sent *");
});

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

case!(chunks_make_a_letter, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.send("BDAT 16\r\nSubject: chunk\r\n");
    client.expect_reply("250 2.0.0 Ok: 16 bytes");
    client.send("BDAT 5\r\n\r\nlin");
    client.expect_reply("250 2.0.0 Ok: 5 bytes");
    client.send("BDAT 10 LAST\r\ne one\r\n.\r\n");
    client.expect_reply("250 2.0.0 Ok: 31 bytes queued as {id}");
    client.quit();
    assert_eq!(mail.letter_of("alice").body(), "line one\n.\n");
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 bdat=3 quit=1 commands=7",
    );
});

case!(chunks_need_an_order, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.send("BDAT 3\r\nabc");
    client.expect_reply("250 2.0.0 Ok: 3 bytes");
    client.expect("DATA", "503 5.5.1 Error: DATA after BDAT");
    client.expect(
        "RCPT TO:<bob@ferro.example>",
        "503 5.5.1 Error: RCPT after BDAT",
    );
    client.expect("RSET", "250 2.0.0 Ok");
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("BDAT 0", "551 5.7.1 Null BDAT request");
});

case!(chunk_size_must_be_a_number, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.send("BDAT many\r\n");
    client.expect_reply("521 5.5.4 Syntax: BDAT count [LAST]");
    client.expect_end();
});

case!(chunks_too_big_are_refused, |setup| {
    let mail = setup.set("message_size_limit", "100").start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.send(format!("BDAT 200 LAST\r\n{}", "x".repeat(200)));
    client.expect_reply("552 5.3.4 Chunk exceeds message size limit");
    client.expect("RSET", "250 2.0.0 Ok");
    client.quit();
});

case!(pipelined_letter, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.send(
        "MAIL FROM:<a@client.example>\r\nRCPT TO:<alice@ferro.example>\r\nRCPT TO:<x@elsewhere.example>\r\n\
         RCPT TO:<nobody.here@ferro.example>\r\nDATA\r\n",
    );
    client.expect_reply("250 2.1.0 Ok");
    client.expect_reply("250 2.1.5 Ok");
    client.expect_reply("250 2.1.5 Ok");
    client.expect_reply("550 5.1.1 *");
    client.expect_reply("354 End data with <CR><LF>.<CR><LF>");
    client.send("Subject: pipelined\r\n\r\n.\r\nRSET\r\nQUIT\r\n");
    client.expect_reply("250 2.0.0 Ok: queued as {id}");
    client.expect_reply("250 2.0.0 Ok");
    client.expect_reply("221 2.0.0 Bye");
    client.expect_end();
    mail.letter_of("alice");
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

case!(dots_are_undoubled, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: dots\n\n.\n..\n.x\n",
    );
    assert_eq!(mail.letter_of("alice").body(), ".\n..\n.x\n");
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

case!(vrfy_answers, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.expect("VRFY alice@ferro.example", "252 2.0.0 alice@ferro.example");
    client.expect(
        "VRFY nobody.here@ferro.example",
        "550 5.1.1 <nobody.here@ferro.example>: Recipient address rejected: User unknown in local recipient table",
    );
    client.expect("VRFY", "501 5.5.4 Syntax: VRFY address*");
});

case!(vrfy_can_be_disabled, |setup| {
    let mail = setup.set("disable_vrfy_command", "yes").start();
    let mut client = mail.connect();
    assert!(!client.say("EHLO client.example").offers("VRFY"));
    client.expect(
        "VRFY alice@ferro.example",
        "502 5.5.1 VRFY command is disabled",
    );
});

case!(etrn_is_taken, |setup| {
    let mail = setup.set("relay_domains", "relay.example").start();
    let mut client = mail.smtp();
    client.expect("ETRN", "500 Syntax: ETRN domain");
    client.expect("ETRN not/a/domain", "501 Error: invalid parameter syntax");
    let reply = client.say("ETRN relay.example");
    assert!(
        [250, 251, 252, 253, 458].contains(&reply.code()),
        "{reply:?}"
    );
});

case!(help_is_no_secret, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    let reply = client.say("HELP");
    assert!([214, 500, 502].contains(&reply.code()), "{reply:?}");
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

case!(connection_statistics, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.say("FROB");
    client.letter(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: one\n\n",
    );
    client.say("RCPT TO:<alice@ferro.example>");
    client.quit();
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1/2 data=1 quit=1 unknown=0/1 commands=5/7",
    );
});

case!(several_letters_in_one_session, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    let first = client.letter(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: 1\n\n",
    );
    let second = client.letter(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: 2\n\n",
    );
    assert_ne!(first, second);
    client.quit();
    assert_eq!(mail.inbox("alice", 2).len(), 2);
});

case!(utf8_addresses, |setup| {
    let mail = setup
        .set("local_recipient_maps", "")
        .set("luser_relay", "alice")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<söder@client.example> SMTPUTF8", "250 2.1.0 Ok");
    client.expect("RCPT TO:<østen@ferro.example>", "250 2.1.5 Ok");
    client.data("Subject: smörgås\n\n");
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("Return-Path").as_deref(),
        Some("<söder@client.example>")
    );
    assert!(
        letter
            .header("Received")
            .is_some_and(|line| line.contains("UTF8SMTP"))
    );
});

case!(utf8_addresses_need_the_keyword, |setup| {
    let mail = setup.set("strict_smtputf8", "yes").start();
    let mut client = mail.smtp();
    let reply = client.say("MAIL FROM:<söder@client.example>");
    assert_eq!(reply.code(), 553, "{reply:?}");
});

case!(received_header_names_the_client, |setup| {
    setup
        .dns()
        .ptr("127.0.0.9", "named.example")
        .a("named.example", "127.0.0.9");
    let mail = setup.start();
    let mut client = mail.stranger();
    let id = client.letter(
        "a@stranger.example",
        &["alice@ferro.example"],
        "Subject: from\n\n",
    );
    let letter = mail.letter_of("alice");
    let received = letter.header("Received").expect("a Received header");
    let wanted = format!(
        "from stranger.example (named.example [127.0.0.9]) by mail.ferro.example (*) with ESMTP id {id} for <alice@ferro.example>; *"
    );
    assert!(suite::pattern::matches(&wanted, &received), "{received}");
    mail.log()
        .wait("smtpd", "connect from named.example[127.0.0.9]");
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

case!(received_header_without_one_recipient, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example", "bob@ferro.example"],
        "Subject: two\n\n",
    );
    let letter = mail.letter_of("alice");
    assert!(
        !letter
            .header("Received")
            .is_some_and(|line| line.contains(" for <"))
    );
});

case!(standard_input_mode, |setup| {
    let mail = setup.start();
    let outcome = mail
        .command("sendmail")
        .args(["-bs"])
        .input("EHLO here\r\nMAIL FROM:<bob@ferro.example>\r\nRCPT TO:<alice@ferro.example>\r\nDATA\r\nSubject: stdin\r\n\r\n.\r\nQUIT\r\n")
        .run()
        .succeeds();
    assert!(
        outcome.out.starts_with("220 mail.ferro.example ESMTP"),
        "{outcome:?}"
    );
    assert!(
        outcome.out.contains("250 2.0.0 Ok: queued as "),
        "{outcome:?}"
    );
    assert!(outcome.out.ends_with("221 2.0.0 Bye\r\n"), "{outcome:?}");
    assert_eq!(
        mail.letter_of("alice").header("Subject").as_deref(),
        Some("stdin")
    );
});

case!(standard_input_mode_for_a_user, |setup| {
    let mail = setup.start();
    let outcome = mail
        .command("sendmail")
        .user("bob")
        .args(["-bs"])
        .input("HELO here\r\nMAIL FROM:<bob@ferro.example>\r\nRCPT TO:<alice@ferro.example>\r\nDATA\r\nSubject: user\r\n\r\n.\r\nQUIT\r\n")
        .run()
        .succeeds();
    assert!(
        outcome.out.contains("250 2.0.0 Ok: queued as "),
        "{outcome:?}"
    );
    assert_eq!(
        mail.letter_of("alice").header("Subject").as_deref(),
        Some("user")
    );
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
