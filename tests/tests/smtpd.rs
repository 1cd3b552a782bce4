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

case!(dots_are_undoubled, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: dots\n\n.\n..\n.x\n",
    );
    assert_eq!(mail.letter_of("alice").body(), ".\n..\n.x\n");
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
    let mail = setup.set("smtpd_forbid_unauth_pipelining", "no").start();
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
    let mail = setup.set("smtpd_forbid_unauth_pipelining", "no").start();
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
