//! cleanup(8) and trivial-rewrite(8): what happens to headers and addresses on the way in.

use suite::case;

case!(missing_headers_are_added_for_local_clients, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: bare\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.header("From").as_deref(), Some("a@client.example"));
    assert!(letter.header("Message-Id").is_some(), "{}", letter.text);
    assert!(letter.header("Date").is_some(), "{}", letter.text);
    assert_eq!(letter.header("To"), None);
});

case!(missing_headers_are_not_added_for_strangers, |setup| {
    let mail = setup.start();
    let mut client = mail.stranger();
    client.letter(
        "a@stranger.example",
        &["alice@ferro.example"],
        "Subject: bare\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        (
            letter.header("From"),
            letter.header("Message-Id"),
            letter.header("Date")
        ),
        (None, None, None)
    );
});

case!(missing_headers_can_be_added_always, |setup| {
    let mail = setup.set("always_add_missing_headers", "yes").start();
    let mut client = mail.stranger();
    client.letter(
        "a@stranger.example",
        &["alice@ferro.example"],
        "Subject: bare\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert!(
        letter.header("From").is_some()
            && letter.header("Message-Id").is_some()
            && letter.header("Date").is_some()
    );
});

case!(undisclosed_recipients, |setup| {
    let mail = setup
        .set(
            "undisclosed_recipients_header",
            "To: undisclosed-recipients:;",
        )
        .start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: bare\n\nx\n",
    );
    assert_eq!(
        mail.letter_of("alice").header("To").as_deref(),
        Some("undisclosed-recipients:;")
    );
});

case!(message_id_is_logged, |setup| {
    let mail = setup.start();
    let id = mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Message-ID: <abc@client.example>\n\nx\n",
    );
    mail.log()
        .wait("cleanup", &format!("{id}: message-id=<abc@client.example>"));
});

case!(generated_message_id_has_time_and_queue_id, |setup| {
    let mail = setup.start();
    let id = mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    let message_id = letter.header("Message-Id").expect("Message-Id");
    assert!(
        suite::pattern::matches(&format!("<{{n}}.{id}@mail.ferro.example>"), &message_id),
        "{message_id}"
    );
    assert_eq!(message_id.split('.').next().map(str::len), Some(15));
});

case!(headers_and_body_pass_unchanged, |setup| {
    let mail = setup.start();
    let text = "From: \"A. B.\" <a@client.example>\nTo: x: y;\nX-Odd:   spaces   kept  \nX-Folded: one\n\ttwo\n  three\n\n  body\n\n\ttabs\t\n";
    mail.send("a@client.example", &["alice@ferro.example"], text);
    let letter = mail.letter_of("alice");
    assert!(
        letter
            .text
            .contains("X-Odd:   spaces   kept  \nX-Folded: one\n\ttwo\n  three\n"),
        "{}",
        letter.text
    );
    assert_eq!(letter.body(), "  body\n\n\ttabs\t\n");
});

case!(a_text_without_headers_gets_an_empty_line, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "this is no header\nmore\n",
    );
    assert_eq!(mail.letter_of("alice").body(), "this is no header\nmore\n");
});

case!(first_line_with_space_is_body, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        " indented\nSubject: no\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.body(), " indented\nSubject: no\n");
});

case!(header_addresses_are_completed_for_local_clients, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "From: bob\nTo: Alice <alice>\nCc: x@host\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.header("From").as_deref(), Some("bob@ferro.example"));
    assert_eq!(
        letter.header("To").as_deref(),
        Some("Alice <alice@ferro.example>")
    );
    assert_eq!(letter.header("Cc").as_deref(), Some("x@host"));
});

case!(append_dot_mydomain, |setup| {
    let mail = setup.set("append_dot_mydomain", "yes").start();
    mail.send("a@client.example", &["alice@mail"], "From: bob@host\n\nx\n");
    assert_eq!(
        mail.letter_of("alice").header("From").as_deref(),
        Some("bob@host.ferro.example")
    );
});

case!(header_addresses_of_strangers_are_left_alone, |setup| {
    let mail = setup.start();
    let mut client = mail.stranger();
    client.letter(
        "a@stranger.example",
        &["alice@ferro.example"],
        "From: bob\nTo: alice\n\nx\n",
    );
    assert_eq!(
        mail.letter_of("alice").header("From").as_deref(),
        Some("bob")
    );
});

case!(header_addresses_of_strangers_get_a_domain, |setup| {
    let mail = setup
        .set("remote_header_rewrite_domain", "domain.invalid")
        .start();
    let mut client = mail.stranger();
    client.letter(
        "a@stranger.example",
        &["alice@ferro.example"],
        "From: bob\nTo: alice\n\nx\n",
    );
    assert_eq!(
        mail.letter_of("alice").header("From").as_deref(),
        Some("bob@domain.invalid")
    );
});

case!(removed_headers, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Return-Path: <forged@client.example>\nBcc: hidden@client.example\nContent-Length: 17\nSubject: kept\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.headers("Return-Path"), ["<a@client.example>"]);
    assert_eq!(
        (letter.header("Bcc"), letter.header("Content-Length")),
        (None, None)
    );
});

case!(headers_to_drop_are_configurable, |setup| {
    let mail = setup.set("message_drop_headers", "x-secret").start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "X-Secret: yes\nSubject: kept\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        (
            letter.header("X-Secret"),
            letter.header("Subject").as_deref()
        ),
        (None, Some("kept"))
    );
});

case!(hop_limit, |setup| {
    let mail = setup.set("hopcount_limit", "3").start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    let hops = "Received: from a by b\n".repeat(4);
    let reply = client.data_reply(&format!("{hops}\nx\n"));
    assert_eq!(reply.text(), "554 5.4.0 Error: too many hops");
    mail.log()
        .wait("cleanup", "*{id}: message rejected: hopcount exceeded");
    mail.wait_empty();
});

case!(duplicate_recipients_are_dropped, |setup| {
    let mail = setup.set("enable_original_recipient", "no").start();
    let id = mail.send(
        "a@client.example",
        &[
            "alice@ferro.example",
            "alice@ferro.example",
            "ALICE@ferro.example",
        ],
        "Subject: x\n\n",
    );
    mail.log().wait("qmgr", &format!("{id}: removed"));
    assert_eq!(mail.inbox("alice", 1).len(), 1);
});

case!(always_bcc, |setup| {
    let mail = setup.set("always_bcc", "carol@ferro.example").start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\n",
    );
    mail.letter_of("alice");
    let copy = mail.letter_of("carol");
    assert_eq!(copy.header("Bcc"), None);
});

case!(canonical_maps_change_envelope_and_header, |setup| {
    let mail = setup
        .set(
            "canonical_maps",
            "inline:{ {bob@ferro.example = robert.brown@ferro.example} }",
        )
        .start();
    mail.send(
        "bob@ferro.example",
        &["alice@ferro.example"],
        "From: Bob <bob>\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("Return-Path").as_deref(),
        Some("<robert.brown@ferro.example>")
    );
    assert_eq!(
        letter.header("From").as_deref(),
        Some("Bob <robert.brown@ferro.example>")
    );
});

case!(sender_and_recipient_canonical_maps, |setup| {
    let mail = setup
        .set(
            "sender_canonical_maps",
            "inline:{ {a@client.example = b@client.example} }",
        )
        .set("recipient_canonical_maps", "hash:/etc/postfix/recipients")
        .hash("recipients", "friend@ferro.example alice@ferro.example\n")
        .start();
    mail.send(
        "a@client.example",
        &["friend@ferro.example"],
        "To: friend\n\nx\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("Return-Path").as_deref(),
        Some("<b@client.example>")
    );
    assert_eq!(letter.header("To").as_deref(), Some("alice@ferro.example"));
});

case!(canonical_domain_entry, |setup| {
    let mail = setup
        .set(
            "canonical_maps",
            "inline:{ {@old.example = @ferro.example} }",
        )
        .start();
    mail.send("a@client.example", &["alice@old.example"], "Subject: x\n\n");
    mail.letter_of("alice");
});

case!(virtual_alias_to_many, |setup| {
    let mail = setup
        .set("virtual_alias_maps", "texthash:/etc/postfix/virtual")
        .file(
            "virtual",
            "team@ferro.example alice, bob@ferro.example,carol\n",
        )
        .start();
    let id = mail.send(
        "a@client.example",
        &["team@ferro.example"],
        "Subject: team\n\n",
    );
    for user in ["alice", "bob", "carol"] {
        assert_eq!(
            mail.letter_of(user).header("X-Original-To").as_deref(),
            Some("team@ferro.example")
        );
    }
    mail.log().wait(
        "local",
        &format!("{id}: to=<bob@ferro.example>, orig_to=<team@ferro.example>, relay=local, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=2.0.0, status=sent (delivered to maildir)"),
    );
    mail.log().wait(
        "qmgr",
        &format!("{id}: from=<a@client.example>, size={{n}}, nrcpt=3 (queue active)"),
    );
});

case!(virtual_alias_domain, |setup| {
    let mail = setup
        .set("virtual_alias_domains", "hosted.example")
        .set("virtual_alias_maps", "hash:/etc/postfix/virtual")
        .hash("virtual", "info@hosted.example alice\n@hosted.example carol\nnobody@hosted.example nobody@hosted.example\n")
        .start();
    let mut client = mail.stranger();
    client.letter(
        "a@stranger.example",
        &["info@hosted.example"],
        "Subject: 1\n\n",
    );
    client.letter(
        "a@stranger.example",
        &["anyone@hosted.example"],
        "Subject: 2\n\n",
    );
    mail.letter_of("alice");
    assert_eq!(
        mail.letter_of("carol").header("X-Original-To").as_deref(),
        Some("anyone@hosted.example")
    );
});

case!(virtual_alias_domain_unknown_user, |setup| {
    let mail = setup
        .set("virtual_alias_domains", "hosted.example")
        .set(
            "virtual_alias_maps",
            "inline:{ {info@hosted.example = alice} }",
        )
        .start();
    let mut client = mail.stranger();
    client.expect("MAIL FROM:<a@stranger.example>", "250 2.1.0 Ok");
    client.expect(
        "RCPT TO:<other@hosted.example>",
        "550 5.1.1 <other@hosted.example>: Recipient address rejected: User unknown in virtual alias table",
    );
});

case!(virtual_alias_recursion_ends, |setup| {
    let mail = setup
        .set("virtual_alias_maps", "inline:{ {alice@ferro.example = alice@ferro.example, bob@ferro.example} {bob@ferro.example = carol@ferro.example} }")
        .start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\n",
    );
    mail.letter_of("alice");
    mail.letter_of("carol");
});

case!(virtual_alias_explosion_is_deferred, |setup| {
    let mail = setup
        .set(
            "virtual_alias_maps",
            "inline:{ {team@ferro.example = a1, a2, a3, a4, a5} }",
        )
        .set("virtual_alias_expansion_limit", "3")
        .start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<team@ferro.example>", "250 2.1.5 Ok");
    let reply = client.data_reply("Subject: x\n\n");
    assert_eq!(reply.text(), "451 4.6.0 Alias expansion error");
    mail.wait_empty();
});

case!(static_table, |setup| {
    let mail = setup
        .set("virtual_alias_maps", "static:carol@ferro.example")
        .start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\n",
    );
    mail.letter_of("carol");
});

case!(address_extensions, |setup| {
    let mail = setup.set("recipient_delimiter", "+").start();
    mail.send(
        "a@client.example",
        &["alice+lists@ferro.example"],
        "Subject: x\n\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("Delivered-To").as_deref(),
        Some("alice+lists@ferro.example")
    );
});

case!(extensions_pass_through_aliases, |setup| {
    let mail = setup
        .set("recipient_delimiter", "+-")
        .set(
            "virtual_alias_maps",
            "inline:{ {friend@ferro.example = alice@ferro.example} }",
        )
        .start();
    mail.send(
        "a@client.example",
        &["friend+x@ferro.example"],
        "Subject: x\n\n",
    );
    assert_eq!(
        mail.letter_of("alice").header("Delivered-To").as_deref(),
        Some("alice+x@ferro.example")
    );
});

case!(original_recipient_can_be_left_out, |setup| {
    let mail = setup
        .set("enable_original_recipient", "no")
        .set(
            "virtual_alias_maps",
            "inline:{ {friend@ferro.example = alice@ferro.example} }",
        )
        .start();
    mail.send(
        "a@client.example",
        &["friend@ferro.example"],
        "Subject: x\n\n",
    );
    assert_eq!(mail.letter_of("alice").header("X-Original-To"), None);
});

case!(long_queue_ids, |setup| {
    let mail = setup.set("enable_long_queue_ids", "yes").start();
    let id = mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\n",
    );
    assert!(id.len() > 10 && id.contains('z'), "{id}");
    assert!(
        id.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() && !b"AEIOUaeiou".contains(&byte)),
        "{id}"
    );
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("Message-Id"),
        Some(format!("<{id}@mail.ferro.example>"))
    );
});

case!(header_too_long_is_cut, |setup| {
    let mail = setup.set("header_size_limit", "100").start();
    let text = format!("Subject: short\nX-Long: {}\n\nbody\n", "y".repeat(500));
    let id = mail.send("a@client.example", &["alice@ferro.example"], &text);
    let letter = mail.letter_of("alice");
    assert!(
        letter
            .header("X-Long")
            .is_some_and(|value| value.len() < 110),
        "{}",
        letter.text
    );
    assert_eq!(letter.body(), "body\n");
    assert!(!id.is_empty());
});

case!(stray_carriage_returns_become_spaces, |setup| {
    let mail = setup.set("cleanup_replace_stray_cr_lf", "yes").start();
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250 2.1.0 Ok");
    client.expect("RCPT TO:<alice@ferro.example>", "250 2.1.5 Ok");
    client.expect("DATA", "354 *");
    client.send("Subject: cr\r\n\r\none\rtwo\r\n.\r\n");
    client.expect_reply("250 2.0.0 Ok: queued as {id}");
    assert_eq!(mail.letter_of("alice").body(), "one two\n");
});

case!(date_is_well_formed, |setup| {
    let mail = setup.start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\n",
    );
    let date = mail.letter_of("alice").header("Date").expect("Date");
    assert!(
        suite::pattern::matches("*, * * 20{n} {n}:{n}:{n} +0000 (UTC)", &date),
        "{date}"
    );
});

case!(resent_headers, |setup| {
    let mail = setup.start();
    mail.sendmail(
        "bob",
        &["-t"],
        "From: bob\nTo: someone@elsewhere.example\nResent-To: alice\nResent-From: bob\nSubject: resent\n\n",
    );
    let letter = mail.letter_of("alice");
    assert!(
        letter.header("Resent-Message-Id").is_some() && letter.header("Resent-Date").is_some(),
        "{}",
        letter.text
    );
    assert!(suite::mailbox::maildir(&mail.machine.home("bob").join("Maildir")).is_empty());
});

case!(a_mbox_line_is_kept_as_a_header, |setup| {
    let mail = setup.start();
    let text = "From bob Mon Jan  1 00:00:00 2024\nSubject: mbox\n\nx\n";
    mail.send("a@client.example", &["alice@ferro.example"], text);
    let letter = mail.letter_of("alice");
    assert_eq!(
        letter.header("X-Mailbox-Line").as_deref(),
        Some("From bob Mon Jan  1 00:00:00 2024")
    );
    assert_eq!(letter.header("Subject").as_deref(), Some("mbox"));
});
