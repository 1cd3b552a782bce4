//! Tables under running daemons: a file that is replaced is noticed, and mail that waited for a table goes on when it is
//! mended.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use suite::{Instance, Setup, Sink, case, mailbox, wait_until};

const SENDER: &str = "a@client.example";
const LETTER: &str = "Subject: x\n\nbody\n";
const TABLE: &str = "hash:/etc/postfix/table";

/// Puts another table in the place of [`TABLE`], as tools for configurations do it: made elsewhere, and renamed.
fn replace(mail: &Instance, text: &str) {
    fs::write(mail.configuration("fresh"), text).expect("write a table");
    let fresh = "hash:/etc/postfix/fresh";
    mail.command("postmap").args([fresh]).run().succeeds();
    let kind = mail.mta.pick("lmdb", "db");
    let file = |name: &str| mail.configuration(&format!("{name}.{kind}"));
    fs::rename(file("fresh"), file("table")).expect("rename a table");
}

/// Sends until what is wanted has come, which a daemon may need a client or two for.
fn until(mail: &Instance, program: &str, mut came: impl FnMut() -> bool) {
    wait_until("the new table to count", || came().then_some(()));
    let line = format!("table {TABLE}* has changed -- restarting");
    mail.log().wait(program, &line);
}

fn has_mail(mail: &Instance, user: &str) -> bool {
    !mailbox::maildir(&mail.machine.home(user).join("Maildir")).is_empty()
}

case!(smtpd_notices, |setup| {
    let mail = setup
        .set(
            "smtpd_recipient_restrictions",
            &format!("check_recipient_access {TABLE}"),
        )
        .hash("table", "u@x.example REJECT not today\n")
        .start();
    let ask = || {
        let mut client = mail.smtp();
        client.say("MAIL FROM:<a@client.example>");
        client.say("RCPT TO:<u@x.example>").code()
    };
    assert_eq!(ask(), 554);
    replace(&mail, "v@x.example REJECT not today\n");
    until(&mail, "smtpd", || ask() == 250);
});

case!(cleanup_notices, |setup| {
    let mail = setup
        .set("virtual_alias_maps", TABLE)
        .hash("table", "team@ferro.example alice\n")
        .start();
    let send = || mail.sendmail("carol", &["team@ferro.example"], LETTER);
    send();
    mail.letter_of("alice");
    replace(&mail, "team@ferro.example bob\n");
    until(&mail, "cleanup", || {
        send();
        mail.wait_empty();
        has_mail(&mail, "bob")
    });
});

case!(trivial_rewrite_notices, |setup| {
    let mail = setup
        .set("transport_maps", TABLE)
        .hash("table", "x.example discard:one\n")
        .start();
    // The reference's queue manager remembers the last address for a while.
    let mut count = 0;
    let mut send = |text: &str| {
        count += 1;
        let id = mail.send(SENDER, &[&format!("u{count}@x.example")], LETTER);
        let line = format!("{id}: to=<u*@x.example>, *status=sent (*");
        mail.log().wait("discard", &line).text.contains(text)
    };
    assert!(send("(one)"));
    replace(&mail, "x.example discard:two\n");
    until(&mail, "trivial-rewrite", || send("(two)"));
});

case!(local_notices, |setup| {
    let mail = setup
        .set("alias_maps", TABLE)
        .hash("table", "team alice\n")
        .start();
    mail.sendmail("carol", &["team"], LETTER);
    mail.letter_of("alice");
    replace(&mail, "team bob\n");
    until(&mail, "local", || {
        mail.sendmail("carol", &["team"], LETTER);
        mail.wait_empty();
        has_mail(&mail, "bob")
    });
});

case!(virtual_notices, |setup| {
    let base = setup.path("vmail");
    fs::create_dir(&base).expect("mkdir");
    suite::machine::give(&base, 60003, 60003);
    let mail = setup
        .set("virtual_mailbox_domains", "box.example")
        .set("virtual_mailbox_base", &base.display().to_string())
        .set("virtual_mailbox_maps", TABLE)
        .set("virtual_uid_maps", "static:60003")
        .set("virtual_gid_maps", "static:60003")
        .hash("table", "u@box.example one/\n")
        .start();
    mail.sendmail("carol", &["u@box.example"], LETTER);
    mail.inbox_at(&base.join("one"), 1);
    replace(&mail, "u@box.example two/\n");
    until(&mail, "virtual", || {
        mail.sendmail("carol", &["u@box.example"], LETTER);
        mail.wait_empty();
        !mailbox::maildir(&base.join("two")).is_empty()
    });
});

case!(smtp_notices, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("smtp_generic_maps", TABLE)
        .hash("table", "alice@ferro.example one@isp.example\n")
        .start();
    let mut sent = 0;
    let mut send = |as_whom: &str| {
        mail.sendmail("alice", &["u@x.example"], LETTER);
        sent += 1;
        let letters = sink.wait(sent);
        letters[sent - 1].mail.contains(as_whom)
    };
    assert!(send("<one@isp.example>"));
    replace(&mail, "alice@ferro.example two@isp.example\n");
    until(&mail, "smtp", || send("<two@isp.example>"));
});

case!(proxymap_notices, |setup| {
    let mail = setup
        .set("virtual_alias_maps", &format!("proxy:{TABLE}"))
        .hash("table", "team@ferro.example alice\n")
        .start();
    let send = || mail.sendmail("carol", &["team@ferro.example"], LETTER);
    send();
    mail.letter_of("alice");
    replace(&mail, "team@ferro.example bob\n");
    until(&mail, "proxymap", || {
        send();
        mail.wait_empty();
        has_mail(&mail, "bob")
    });
});

/// Names a table that is not there in one parameter after the other. Each time a letter must wait, with a warning that names
/// table and reason, and be delivered when the table has come.
fn waits_for(setup: Setup, parameters: &[(&str, &str)], recipient: &str) {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mut mail = setup.set("relayhost", "[127.0.0.2]").start();
    let alice = mail.machine.home("alice").join("Maildir");
    let delivered = || mailbox::maildir(&alice).len() + sink.letters().len();
    for (number, (name, value)) in parameters.iter().enumerate() {
        let usual = mail.command("postconf").args(["-h", name]).run().out;
        let file = format!("missing.{number}");
        let table = format!("texthash:/etc/postfix/{file}");
        mail.set(name, &value.replace("TABLE", &table));
        mail.reload();
        let before = delivered();
        mail.sendmail("carol", &[recipient], LETTER);
        wait_until(&format!("a warning about {name}"), || {
            let reason = format!("/etc/postfix/{file}: No such file or directory");
            let is_that = |line: &str| line.contains("warning: ") && line.contains(&reason);
            mail.log().text().lines().any(is_that).then_some(())
        });
        assert_eq!(delivered(), before, "{name}");
        assert!(mail.spool().letters() > 0, "{name}");
        fs::write(mail.configuration(&file), "nobody@nowhere.example x\n").expect("write");
        mail.reload();
        wait_until(&format!("mail that waited for {name}"), || {
            mail.command("postqueue").args(["-f"]).run().succeeds();
            (delivered() > before).then_some(())
        });
        mail.wait_empty();
        mail.set(name, usual.trim_end());
    }
}

case!(mail_waits_for_tables_of_cleanup, |setup| {
    waits_for(
        setup,
        &[
            ("canonical_maps", "TABLE"),
            ("sender_canonical_maps", "TABLE"),
            ("recipient_canonical_maps", "TABLE"),
            ("virtual_alias_maps", "TABLE"),
            ("sender_bcc_maps", "TABLE"),
            ("recipient_bcc_maps", "TABLE"),
        ],
        "alice",
    );
});

case!(mail_waits_for_tables_of_routing, |setup| {
    waits_for(
        setup,
        &[
            ("mydestination", "TABLE, $myhostname, $mydomain, localhost"),
            ("virtual_alias_domains", "TABLE"),
            ("virtual_mailbox_domains", "TABLE"),
            ("relay_domains", "TABLE"),
            ("transport_maps", "TABLE"),
            ("relocated_maps", "TABLE"),
            ("sender_dependent_relayhost_maps", "TABLE"),
            ("sender_dependent_default_transport_maps", "TABLE"),
        ],
        "u@x.example",
    );
});

case!(mail_waits_for_tables_of_agents, |setup| {
    waits_for(
        setup,
        &[
            ("alias_maps", "TABLE"),
            ("mailbox_transport_maps", "TABLE"),
            ("mailbox_command_maps", "TABLE"),
        ],
        "alice",
    );
});

case!(
    only(ferropost, "Better on purpose: generic maps"),
    mail_waits_for_the_table_of_the_smtp_client,
    |setup| {
        waits_for(setup, &[("smtp_generic_maps", "TABLE")], "u@x.example");
    }
);

/// A table of two thousand keys that all have the value `text`.
fn large(text: &str) -> String {
    let line = |number: usize| format!("u{number}@x.example {text}\n");
    (0..2000).map(line).collect()
}

case!(
    only(ferropost, "Better on purpose: postmap and postalias"),
    readers_never_see_half_a_table,
    |setup| {
        let mail = setup
            .set(
                "smtpd_recipient_restrictions",
                &format!("check_recipient_access {TABLE}"),
            )
            .hash("table", &large("REJECT 0"))
            .start();
        let built = AtomicUsize::new(0);
        let (mail, built) = (&mail, &built);
        let is_built = || built.load(Ordering::Relaxed) == 20;
        let counts = std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 1..=20 {
                    let text = large(&format!("REJECT {number}"));
                    fs::write(mail.configuration("table"), text).expect("write a table");
                    mail.command("postmap").args([TABLE]).run().succeeds();
                    built.store(number, Ordering::Relaxed);
                }
            });
            let asking = scope.spawn(move || {
                let mut count = 0;
                while !is_built() || count == 0 {
                    let call = mail.command("postmap").args(["-q", "-", TABLE]);
                    let keys = "u0@x.example\nu999@x.example\nu1999@x.example\n";
                    let found = call.input(keys).run();
                    assert_eq!(found.out.lines().count(), 3, "{found:?}");
                    count += 1;
                }
                count
            });
            let mut count = 0;
            while !is_built() || count == 0 {
                let mut client = mail.smtp();
                client.expect("MAIL FROM:<a@client.example>", "250*");
                for user in ["u0", "u999", "u1999"] {
                    let wanted =
                        format!("554 5.7.1 <{user}@x.example>: Recipient address rejected: *");
                    client.expect(&format!("RCPT TO:<{user}@x.example>"), &wanted);
                }
                client.expect("RCPT TO:<other@x.example>", "250*");
                client.quit();
                count += 1;
            }
            (asking.join().expect("a reader"), count)
        });
        assert!(counts.0 > 0 && counts.1 > 0, "{counts:?}");
        let last = mail.command("postmap").args(["-q", "u7@x.example", TABLE]);
        last.run().succeeds().prints("REJECT 20");
    }
);
