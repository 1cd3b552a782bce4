//! The commands for tables and parameters: postmap, postalias, postconf.

use std::fs;
use suite::case;

case!(postmap_makes_and_asks_tables, |setup| {
    let mail = setup
        .file(
            "table",
            "# comment\nKey  first value\nfolded\n  second\n\"quoted key\" third\n",
        )
        .stopped();
    let table = "hash:/etc/postfix/table";
    mail.command("postmap").args([table]).run().succeeds();
    mail.command("postmap")
        .args(["-q", "key", table])
        .run()
        .succeeds()
        .prints("first value");
    mail.command("postmap")
        .args(["-q", "KEY", table])
        .run()
        .succeeds()
        .prints("first value");
    mail.command("postmap")
        .args(["-q", "folded", table])
        .run()
        .succeeds()
        .prints("second");
    mail.command("postmap")
        .args(["-q", "missing", table])
        .run()
        .exits(1)
        .prints("");
    mail.command("postmap")
        .args(["-q", "-", table])
        .input("missing\nkey\n")
        .run()
        .succeeds()
        .prints("key\tfirst value");
    let listing = mail.command("postmap").args(["-s", table]).run().succeeds();
    let mut lines: Vec<&str> = listing.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "\"quoted key\"\tthird",
            "folded\tsecond",
            "key\tfirst value"
        ]
    );
    mail.command("postmap")
        .args(["-d", "key", table])
        .run()
        .succeeds();
    mail.command("postmap")
        .args(["-q", "key", table])
        .run()
        .exits(1);
});

case!(postmap_asks_tables_without_files, |setup| {
    let mail = setup.file("table", "a 1\n").stopped();
    mail.command("postmap")
        .args(["-q", "x", "static:y"])
        .run()
        .succeeds()
        .prints("y");
    mail.command("postmap")
        .args(["-q", "x", "inline:{x=y, {z = two words}}"])
        .run()
        .succeeds()
        .prints("y");
    mail.command("postmap")
        .args(["-q", "z", "inline:{x=y, {z = two words}}"])
        .run()
        .succeeds()
        .prints("two words");
    mail.command("postmap")
        .args(["-q", "a", "texthash:/etc/postfix/table"])
        .run()
        .succeeds()
        .prints("1");
    let outcome = mail
        .command("postmap")
        .args(["-q", "a", "texthash:/etc/postfix/missing"])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
});

case!(postmap_warns_of_duplicates_and_reads_input, |setup| {
    let mail = setup.file("table", "a 1\na 2\n").stopped();
    let table = "hash:/etc/postfix/table";
    let outcome = mail.command("postmap").args([table]).run().succeeds();
    assert!(
        outcome.err.contains("duplicate entry: \"a\""),
        "{outcome:?}"
    );
    mail.command("postmap")
        .args(["-q", "a", table])
        .run()
        .succeeds()
        .prints("1");
    mail.command("postmap")
        .args(["-i", table])
        .input("b 3\n")
        .run()
        .succeeds();
    mail.command("postmap")
        .args(["-q", "b", table])
        .run()
        .succeeds()
        .prints("3");
    mail.command("postmap")
        .args(["-q", "a", table])
        .run()
        .succeeds()
        .prints("1");
});

case!(postalias_makes_and_asks_tables, |setup| {
    let mail = setup
        .file(
            "names",
            "Root: alice, bob\n# no\nlong: carol,\n  bob\n\"quoted name\": x\n",
        )
        .stopped();
    let table = "hash:/etc/postfix/names";
    mail.command("postalias").args([table]).run().succeeds();
    mail.command("postalias")
        .args(["-q", "root", table])
        .run()
        .succeeds()
        .prints("alice, bob");
    mail.command("postalias")
        .args(["-q", "LONG", table])
        .run()
        .succeeds()
        .prints("carol, bob");
    mail.command("postalias")
        .args(["-q", "missing", table])
        .run()
        .exits(1);
});

case!(postconf_lists_parameters, |setup| {
    let mail = setup
        .set("mydestination", "$myhostname, other.example")
        .stopped();
    mail.command("postconf")
        .args(["mydestination"])
        .run()
        .succeeds()
        .prints("mydestination = $myhostname, other.example");
    mail.command("postconf")
        .args(["-x", "mydestination"])
        .run()
        .succeeds()
        .prints("mydestination = mail.ferro.example, other.example");
    mail.command("postconf")
        .args(["-h", "mydestination"])
        .run()
        .succeeds()
        .prints("$myhostname, other.example");
    mail.command("postconf")
        .args(["-d", "hopcount_limit"])
        .run()
        .succeeds()
        .prints("hopcount_limit = 50");
    mail.command("postconf")
        .args(["-h", "queue_run_delay", "message_size_limit"])
        .run()
        .succeeds()
        .prints("300s\n10240000");
    let explicit = mail.command("postconf").args(["-n"]).run().succeeds();
    assert!(
        explicit
            .out
            .contains("mydestination = $myhostname, other.example\n"),
        "{explicit:?}"
    );
    assert!(!explicit.out.contains("hopcount_limit"), "{explicit:?}");
    let all = mail.command("postconf").run().succeeds();
    assert!(
        all.out.lines().count() > 800,
        "{} lines",
        all.out.lines().count()
    );
});

case!(postconf_unknown_parameter, |setup| {
    let mail = setup.stopped();
    let outcome = mail.command("postconf").args(["no_such_parameter"]).run();
    assert!(
        outcome
            .err
            .contains("postconf: warning: no_such_parameter: unknown parameter"),
        "{outcome:?}"
    );
    assert_eq!(outcome.out, "");
});

case!(postconf_edits_main_cf, |setup| {
    let mail = setup.stopped();
    let main = "/etc/postfix/main.cf";
    let before = fs::read_to_string(main).expect("main.cf");
    fs::write(main, format!("# kept\n{before}hopcount_limit = 30\n")).expect("write");
    mail.command("postconf")
        .args(["-e", "hopcount_limit=20", "relayhost = [127.0.0.2]"])
        .run()
        .succeeds();
    let text = fs::read_to_string(main).expect("main.cf");
    assert!(
        text.starts_with("# kept\n")
            && text.contains("\nhopcount_limit = 20\n")
            && text.ends_with("relayhost = [127.0.0.2]\n"),
        "{text}"
    );
    mail.command("postconf")
        .args(["-X", "hopcount_limit"])
        .run()
        .succeeds();
    mail.command("postconf")
        .args(["hopcount_limit"])
        .run()
        .succeeds()
        .prints("hopcount_limit = 50");
    mail.command("postconf")
        .args(["-#", "relayhost"])
        .run()
        .succeeds();
    let text = fs::read_to_string(main).expect("main.cf");
    assert!(text.contains("\n#relayhost = [127.0.0.2]\n"), "{text}");
    mail.command("postconf")
        .args(["hash_queue_depth=2"])
        .run()
        .succeeds();
    mail.command("postconf")
        .args(["-h", "hash_queue_depth"])
        .run()
        .succeeds()
        .prints("2");
});

case!(postconf_warns_of_unused_parameters, |setup| {
    let mail = setup.set("smtpd_bannner", "x").stopped();
    let outcome = mail.command("postconf").args(["-n"]).run().succeeds();
    assert!(
        outcome
            .err
            .contains("warning: /etc/postfix/main.cf: unused parameter: smtpd_bannner=x"),
        "{outcome:?}"
    );
});
