//! Lookup tables: the types that need no server, how commands make and ask them, how daemons use them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use suite::machine::Account;
use suite::{Instance, Mta, case};

/// The file that `hash:NAME` is kept in.
fn built(mta: Mta, mail: &Instance, name: &str) -> PathBuf {
    let kind = mta.pick("lmdb", "db");
    mail.configuration(&format!("{name}.{kind}"))
}

fn query(mail: &Instance, key: &str, table: &str) -> String {
    let found = mail.command("postmap").args(["-q", key, table]).run();
    assert!(found.code <= 1, "{found:?}");
    found.out.trim_end().to_owned()
}

case!(postmap_complains_about_lines, |setup| {
    let text = "a 1\nlonely\na 2\n\"open 3\nb: 4\n c\n";
    let mail = setup.file("table", text).stopped();
    let table = "hash:/etc/postfix/table";
    let made = mail.command("postmap").args([table]).run().succeeds();
    for wanted in [
        "line 2: expected format: key whitespace value",
        "duplicate entry: \"a\"",
        "line 5: record is in \"key: value\" format; is this an alias file?",
    ] {
        assert!(made.err.contains(wanted), "{}", made.err);
    }
    assert_eq!(query(&mail, "a", table), "1");
    assert_eq!(query(&mail, "b:", table), "4 c");
});

case!(postmap_adds_to_a_table, |setup| {
    let mail = setup.file("table", "a 1\n").stopped();
    let table = "hash:/etc/postfix/table";
    let add = |options: &[&str], text: &str| {
        let call = mail.command("postmap").args(options.iter().chain(&[table]));
        call.input(text).run().succeeds().err
    };
    add(&[], "");
    assert!(add(&["-i"], "a 2\nb 3\n").contains("duplicate entry: \"a\""));
    assert_eq!(query(&mail, "a", table), "1");
    assert_eq!(query(&mail, "b", table), "3");
    assert_eq!(add(&["-iw"], "a 4\n"), "");
    assert_eq!(query(&mail, "a", table), "1");
    assert_eq!(add(&["-ir"], "a 5\n"), "");
    assert_eq!(query(&mail, "a", table), "5");
    add(&["-d", "-"], "b\nnone\n");
    assert_eq!(query(&mail, "b", table), "");
    let none = mail.command("postmap").args(["-d", "b", table]).run();
    none.exits(1);
});

case!(postmap_keeps_or_folds_case, |setup| {
    let mail = setup.file("table", "Key 1\n").stopped();
    let table = "hash:/etc/postfix/table";
    mail.command("postmap").args(["-f", table]).run().succeeds();
    assert_eq!(query(&mail, "Key", table), "");
    let exact = mail.command("postmap").args(["-f", "-q", "Key", table]);
    exact.run().succeeds().prints("1");
});

case!(postmap_gives_tables_their_sources_mode_and_owner, |setup| {
    let mta = setup.mta;
    let mail = setup.file("table", "a 1\n").stopped();
    let source = mail.configuration("table");
    let made = |options: &[&str]| {
        let file = built(mta, &mail, "table");
        if file.exists() {
            fs::remove_file(&file).unwrap();
        }
        let call = mail.command("postmap").args(options);
        call.args(["hash:/etc/postfix/table"]).run().succeeds();
        fs::metadata(file).unwrap()
    };
    fs::set_permissions(&source, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(made(&[]).mode() & 0o777, 0o600);
    assert_eq!(made(&["-p"]).mode() & 0o777, 0o644);
    fs::set_permissions(&source, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(made(&[]).mode() & 0o777, 0o644);
});

case!(postmap_works_as_the_owner_of_the_source, |setup| {
    let mta = setup.mta;
    let mail = setup.stopped();
    let alice = Account::named("alice");
    let folder = mail.configuration("tables");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("table"), "a 1\n").unwrap();
    for path in [folder.clone(), folder.join("table")] {
        std::os::unix::fs::chown(path, Some(alice.id), Some(alice.id)).unwrap();
    }
    let table = "hash:/etc/postfix/tables/table";
    mail.command("postmap").args([table]).run().succeeds();
    let file = built(mta, &mail, "tables/table");
    assert_eq!(fs::metadata(&file).unwrap().uid(), alice.id);
    fs::remove_file(&file).unwrap();
    mail.command("postmap").args(["-o", table]).run().succeeds();
    assert_eq!(fs::metadata(&file).unwrap().uid(), 0);
});

case!(tables_that_cannot_be_used_are_fatal, |setup| {
    let mail = setup.file("text", "a 1\n").stopped();
    for (arguments, wanted) in [
        (
            &["nonsense:/etc/postfix/text"][..],
            "unsupported dictionary type: nonsense",
        ),
        (
            &["hash:/etc/postfix/missing"],
            "open /etc/postfix/missing: No such file or directory",
        ),
        (
            &["-q", "a", "nonsense:x"],
            "unsupported dictionary type: nonsense",
        ),
        (
            &["-q", "a", "hash:/etc/postfix/text"],
            "No such file or directory",
        ),
        (&["-q", "a", "fail:x"], "table fail:x: query error"),
        (
            &["-q", "a", "inline:{x}"],
            "missing '=' after attribute name",
        ),
        (&["-q", "a", "unix:shadow"], "unknown table: unix:shadow"),
        (&["-q", "a", "static:"], "expecting \"type:name\" form"),
        (
            &["-d", "a", "texthash:/etc/postfix/text"],
            "map requires O_RDONLY access mode",
        ),
        (&["-s", "static:x"], "sequence operation is not supported"),
        (
            &["-q", "a", "-s", "texthash:/etc/postfix/text"],
            "specify only one of -s",
        ),
    ] {
        let outcome = mail.command("postmap").args(arguments).run().exits(1);
        assert!(outcome.err.contains("fatal: "), "{outcome:?}");
        assert!(outcome.err.contains(wanted), "{outcome:?}");
    }
});

case!(tables_in_memory, |setup| {
    let text = "# comment\nA@B.example  value one\nlong\n  value\n\"x y\" quoted\nlong other\n";
    let mail = setup.file("text", text).stopped();
    for (key, table, wanted) in [
        ("a@b.EXAMPLE", "texthash:/etc/postfix/text", "value one"),
        ("long", "texthash:/etc/postfix/text", "value"),
        ("\"x y\"", "texthash:/etc/postfix/text", "quoted"),
        ("none", "texthash:/etc/postfix/text", ""),
        ("b", "inline:{a=1, B=2, {c = 3 4}}", "2"),
        ("C", "inline:{a=1, B=2, {c = 3 4}}", "3 4"),
        ("d", "inline:{a=1, B=2, {c = 3 4}}", ""),
        ("anything", "static:x", "x"),
        ("anything", "static:{ x y }", "x y"),
        ("root", "unix:passwd.byname", "root:x:0:0:*"),
        ("nobody-at-all", "unix:passwd.byname", ""),
    ] {
        let found = query(&mail, key, table);
        assert!(
            suite::pattern::matches(wanted, &found),
            "{key} in {table}: {found:?}"
        );
    }
});

case!(networks_in_order, |setup| {
    let text = "# networks\n192.0.2.1 one\nif 192.0.2.0/24\n!192.0.2.128/25 lower half\n192.0.2.0/24 upper half\nendif\n\
                2001:db8::/32 six\n10.0.0.1/8 bad\n";
    let mail = setup.file("cidr", text).stopped();
    for (key, wanted) in [
        ("192.0.2.1", "one"),
        ("192.0.2.2", "lower half"),
        ("192.0.2.200", "upper half"),
        ("2001:DB8:0::5", "six"),
        ("10.0.0.1", ""),
        ("host.example", ""),
    ] {
        assert_eq!(query(&mail, key, "cidr:/etc/postfix/cidr"), wanted, "{key}");
    }
    let outcome = mail.command("postmap");
    let outcome = outcome
        .args(["-q", "::1", "cidr:/etc/postfix/cidr"])
        .run()
        .exits(1);
    assert!(
        outcome
            .err
            .contains("line 8: non-null host address bits in \"10.0.0.1/8\"")
    );
    assert_eq!(
        query(
            &mail,
            "192.0.2.7",
            "cidr:{{192.0.2.0/24 here}, {::/0 there}}"
        ),
        "here"
    );
});

case!(postalias_reads_names_and_values, |setup| {
    let text = "root: me, you\nBob: \"|cmd x\"\nlist: :include:/x,\n   b\nx@y: z\nempty:\nroot: dup\n: x\n";
    let mail = setup.file("names", text).stopped();
    let table = "hash:/etc/postfix/names";
    let made = mail.command("postalias").args([table]).run().succeeds();
    for wanted in [
        "line 5: name must be local",
        "line 6: need name:value pair",
        "line 8: need name:value pair",
        "duplicate entry: \"root\"",
    ] {
        assert!(made.err.contains(wanted), "{}", made.err);
    }
    let ask = |key: &str| mail.command("postalias").args(["-q", key, table]).run();
    ask("ROOT").succeeds().prints("me, you");
    ask("bob").succeeds().prints("\"|cmd x\"");
    ask("none").exits(1).prints("");
    let many = mail.command("postalias").args(["-q", "-", table]);
    many.input("none\nroot\n")
        .run()
        .succeeds()
        .prints("root:\tme, you");
});

case!(newaliases_is_seen_by_running_daemons, |setup| {
    let bob = setup.machine.home("bob").join("Maildir");
    let mail = setup
        .alias("team", "alice")
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("alias_database", "hash:/etc/postfix/aliases")
        .start();
    mail.sendmail("carol", &["team"], "Subject: one\n\n");
    mail.letter_of("alice");
    let path = Path::new("/etc/postfix/aliases");
    let text = fs::read_to_string(path)
        .unwrap()
        .replace("team: alice", "team: bob");
    fs::write(path, text).unwrap();
    mail.command("newaliases").run().succeeds();
    // The reference's processes look for changed tables between clients.
    suite::wait_until("the new alias to count", || {
        mail.sendmail("carol", &["team"], "Subject: two\n\n");
        mail.wait_empty();
        suite::mailbox::maildir(&bob).pop()
    });
});

case!(a_table_that_is_not_built_makes_mail_wait, |setup| {
    let mail = setup
        .set("virtual_alias_maps", "hash:/etc/postfix/unbuilt")
        .file("unbuilt", "team@ferro.example alice\n")
        .start();
    let mut client = mail.smtp();
    let sender = client.say("MAIL FROM:<x@remote.example>");
    let recipient = client.say("RCPT TO:<team@ferro.example>");
    assert!(
        [sender.code(), recipient.code()].contains(&451),
        "{sender:?} {recipient:?}"
    );
    suite::wait_until("a warning about the table", || {
        let log = mail.log().text();
        log.contains("hash:/etc/postfix/unbuilt is unavailable.")
            .then_some(())
    });
});

case!(networks_and_domains_from_files_and_tables, |setup| {
    let mail = setup
        .file("nets", "# ours\n192.0.2.0/24\n!127.0.0.1\n127.0.0.0/8\n")
        .set("mynetworks", "/etc/postfix/nets")
        .hash("relay", "relayed.example x\n")
        .set("relay_domains", "hash:/etc/postfix/relay, listed.example")
        .start();
    let mut client = mail.smtp();
    client.say("MAIL FROM:<x@remote.example>");
    let denied = client.say("RCPT TO:<x@elsewhere.example>");
    assert!(denied.text().contains("Relay access denied"), "{denied:?}");
    for known in ["relayed.example", "listed.example"] {
        client.expect(&format!("RCPT TO:<x@{known}>"), "250*");
    }
});

case!(proxymap_answers_for_jailed_daemons, |setup| {
    let table = "proxy:hash:/etc/postfix/names";
    let mail = setup
        .set("canonical_maps", table)
        .hash("names", "old@ferro.example alice@ferro.example\n")
        .start();
    mail.send("x@remote.example", &["old@ferro.example"], "Subject: x\n\n");
    mail.letter_of("alice");
    assert_eq!(
        query(&mail, "OLD@ferro.example", table),
        "alice@ferro.example"
    );
});

case!(proxymap_refuses_what_is_not_approved, |setup| {
    let mail = setup
        .set("proxy_read_maps", "hash:/etc/postfix/names")
        .hash("names", "x@remote.example y@remote.example\n")
        .start();
    let table = "proxy:hash:/etc/postfix/names";
    let asked = mail
        .command("postmap")
        .args(["-q", "x@remote.example", table]);
    asked.run().exits(1).complains(
        "postmap: fatal: *proxymap service is not configured for table \"hash:/etc/postfix/names\"",
    );
    mail.log().wait(
        "proxymap",
        "warning: request for unapproved table: \"hash:/etc/postfix/names\"",
    );
});
