//! Set-ups that the documentation describes and sites run, with mail from one end to the other.

use std::fs;

use suite::servers::LOGIN;
use suite::{Instance, Server, Setup, Sink, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";
const SENDER: &str = "a@client.example";

fn refused(mail: &Instance, recipient: &str) -> String {
    let mut client = mail.smtp();
    client.expect(&format!("MAIL FROM:<{SENDER}>"), "250*");
    client.say(&format!("RCPT TO:<{recipient}>")).text()
}

case!(archive_copies_of_all_mail_but_some, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("sender_bcc_maps", "pcre:/etc/postfix/archive")
        .set("recipient_bcc_maps", "pcre:/etc/postfix/archive")
        .file(
            "archive",
            "!/^(carol|bob)@ferro\\.example$/ carol@ferro.example\n",
        )
        .start();
    // By sender and by recipient: one copy, as both name the same address.
    mail.sendmail("alice", &["u@x.example"], LETTER);
    sink.wait(1);
    let copy = mail.letter_of("carol");
    assert_eq!(
        copy.header("X-Original-To").as_deref(),
        Some("carol@ferro.example")
    );
    assert_eq!(
        copy.header("Return-Path").as_deref(),
        Some("<alice@ferro.example>")
    );
    // Neither is archived.
    mail.sendmail("bob", &["carol"], "Subject: no copy\n\n");
    mail.wait_empty();
    let copies = mail.inbox("carol", 2);
    assert_eq!(copies.len(), 2, "the letter itself, and no copy of it");
    // A stranger to one who is archived.
    mail.send(SENDER, &["alice@ferro.example"], LETTER);
    mail.letter_of("alice");
    mail.wait_empty();
    assert_eq!(mail.inbox("carol", 3).len(), 3);
});

case!(one_domain_to_the_submission_port_of_another_host, |setup| {
    setup
        .dns()
        .mx("other.example", 10, "mx.other.example")
        .a("mx.other.example", "127.0.0.3");
    let partner = Sink::smtp().listen("127.0.0.2:587");
    let rest = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup
        .set("transport_maps", "hash:/etc/postfix/transport")
        .hash("transport", "partner.example smtp:[127.0.0.2]:587\n")
        .start();
    let recipients = ["u@partner.example", "v@other.example"];
    let id = mail.send(SENDER, &recipients, LETTER);
    let to_partner = partner.wait(1)[0].clone();
    assert!(to_partner.recipients[0].starts_with("RCPT TO:<u@partner.example>"));
    assert_eq!(to_partner.recipients.len(), 1);
    assert!(rest.wait(1)[0].recipients[0].starts_with("RCPT TO:<v@other.example>"));
    let relay = "relay=127.0.0.2[127.0.0.2]:587";
    let line = format!("{id}: to=<u@partner.example>, {relay}, *status=sent (*");
    mail.log().wait("smtp", &line);
});

case!(a_suspended_domain, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("transport_maps", "hash:/etc/postfix/transport")
        .hash(
            "transport",
            "suspended.example retry:4.4.1 Service unavailable\n",
        )
        .start();
    mail.sendmail("alice", &["u@suspended.example"], LETTER);
    let status = "dsn=4.4.1, status=deferred (Service unavailable)";
    let line = format!("{{id}}: to=<u@suspended.example>, relay=none, *{status}");
    let id = mail.log().wait("error", &line).id();
    mail.wait_in("deferred", &id);
    assert_eq!(
        refused(&mail, "u@suspended.example"),
        "450 4.4.1 <u@suspended.example>: Recipient address rejected: Service unavailable"
    );
    let queue = mail.command("postqueue").args(["-p"]).run().succeeds().out;
    assert!(queue.contains("(Service unavailable)"), "{queue}");
    assert!(sink.letters().is_empty());
    fs::write(mail.configuration("transport"), "nobody.example :\n").expect("write");
    let table = "hash:/etc/postfix/transport";
    mail.command("postmap").args([table]).run().succeeds();
    // The reference's queue manager remembers the last address for a while.
    mail.reload();
    wait_until("the letter of a domain that is back", || {
        mail.command("postqueue").args(["-f"]).run().succeeds();
        (!sink.letters().is_empty()).then_some(())
    });
    mail.wait_empty();
});

case!(virtual_alias_domains, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("virtual_alias_domains", "hosted.example, catch.example")
        .set("virtual_alias_maps", "hash:/etc/postfix/virtual")
        .hash(
            "virtual",
            "postmaster@hosted.example alice\n\
             info@hosted.example bob, joe@elsewhere.example\n\
             @catch.example carol\n",
        )
        .start();
    let recipients = [
        "postmaster@hosted.example",
        "Info@Hosted.example",
        "anybody@catch.example",
    ];
    mail.send(SENDER, &recipients, LETTER);
    for (user, original) in [
        ("alice", "postmaster@hosted.example"),
        ("bob", "Info@Hosted.example"),
        ("carol", "anybody@catch.example"),
    ] {
        let letter = mail.letter_of(user);
        assert_eq!(letter.header("X-Original-To").as_deref(), Some(original));
    }
    assert!(sink.wait(1)[0].recipients[0].starts_with("RCPT TO:<joe@elsewhere.example>"));
    assert_eq!(
        refused(&mail, "nobody@hosted.example"),
        "550 5.1.1 <nobody@hosted.example>: Recipient address rejected: User unknown in virtual alias table"
    );
});

/// Domains, mailboxes and aliases as administration programs for mail keep them.
const TABLES: &str = "
CREATE TABLE domain (domain VARCHAR(255) PRIMARY KEY, active INT);
CREATE TABLE mailbox (username VARCHAR(255) PRIMARY KEY, maildir VARCHAR(255), active INT);
CREATE TABLE alias (address VARCHAR(255) PRIMARY KEY, goto TEXT, active INT);
INSERT INTO domain VALUES ('one.example', 1), ('two.example', 1), ('off.example', 0);
INSERT INTO mailbox VALUES ('ann@one.example', 'one.example/ann/', 1), ('ben@two.example', 'two.example/ben/', 1),
  ('gone@one.example', 'one.example/gone/', 0);
INSERT INTO alias VALUES ('team@one.example', 'ann@one.example, ben@two.example', 1), ('@two.example', 'ben@two.example', 1),
  ('ben@two.example', 'ben@two.example', 1), ('old@one.example', 'ann@one.example', 0);
";

/// What such programs tell their users to put into main.cf.
fn hosted(setup: Setup, kind: &str, host: &str) -> Instance {
    let base = setup.path("vmail");
    fs::create_dir(&base).expect("mkdir");
    suite::machine::give(&base, 60003, 60003);
    let (user, password) = LOGIN;
    let file = |query: &str| {
        format!(
            "hosts = {host}\nuser = {user}\npassword = {password}\ndbname = mail\nquery = {query}\n"
        )
    };
    let table = |name: &str| format!("proxy:{kind}:/etc/postfix/{name}.cf");
    setup
        .file(
            "domains.cf",
            &file("SELECT domain FROM domain WHERE domain = '%s' AND active = 1"),
        )
        .file(
            "boxes.cf",
            &file("SELECT maildir FROM mailbox WHERE username = '%s' AND active = 1"),
        )
        .file(
            "aliases.cf",
            &file("SELECT goto FROM alias WHERE address = '%s' AND active = 1"),
        )
        .set("virtual_mailbox_domains", &table("domains"))
        .set("virtual_mailbox_maps", &table("boxes"))
        .set("virtual_alias_maps", &table("aliases"))
        .set("virtual_mailbox_base", &base.display().to_string())
        .set("virtual_uid_maps", "static:60003")
        .set("virtual_gid_maps", "static:60003")
        .set("recipient_delimiter", "+")
        .start()
}

fn serves_hosted_domains(mail: &Instance) {
    let inbox = |path: &str, count| {
        let letters = mail.inbox_at(&mail.machine.path("vmail").join(path), count);
        assert_eq!(letters.len(), count, "{path}");
    };
    mail.send(SENDER, &["ann@one.example", "anyone@two.example"], LETTER);
    inbox("one.example/ann", 1);
    inbox("two.example/ben", 1);
    mail.send(SENDER, &["Team@One.example", "ann+tag@one.example"], LETTER);
    inbox("one.example/ann", 3);
    inbox("two.example/ben", 2);
    for unknown in ["gone@one.example", "old@one.example", "x'--@one.example"] {
        let reply = refused(mail, unknown);
        let wanted = "Recipient address rejected: User unknown in virtual mailbox table";
        assert!(
            reply.starts_with("550 5.1.1 ") && reply.ends_with(wanted),
            "{reply}"
        );
    }
    let mut stranger = mail.stranger();
    stranger.expect("MAIL FROM:<a@stranger.example>", "250*");
    stranger.expect("RCPT TO:<u@off.example>", "554 5.7.1 *Relay access denied");
    stranger.expect("RCPT TO:<ann@one.example>", "250*");
    stranger.expect("RSET", "250*");
    mail.wait_empty();
}

/// The server goes away: nothing is refused for good, and what waited is delivered when it is back.
fn survives_its_database(mail: &Instance, server: &mut Server) {
    // MariaDB, as the suite starts it, writes once a second.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    server.stop();
    let reply = refused(mail, "cat@one.example");
    assert!(reply.starts_with("451 4.3."), "{reply}");
    mail.sendmail("alice", &["ben@two.example"], "Subject: late\n\n");
    server.start();
    // The reference asks a server that failed again after a minute.
    mail.reload();
    let ben = mail.machine.path("vmail/two.example/ben");
    wait_until("mail that waited for the database", || {
        mail.command("postkick")
            .args(["public", "pickup", "W"])
            .run();
        mail.command("postqueue").args(["-f"]).run().succeeds();
        (suite::mailbox::maildir(&ben).len() > 2).then_some(())
    });
}

case!(virtual_mailboxes_in_postgresql, |setup| {
    let mut server = Server::postgres(&setup.machine, TABLES);
    let mail = hosted(setup, "pgsql", "127.0.0.1");
    serves_hosted_domains(&mail);
    survives_its_database(&mail, &mut server);
});

case!(virtual_mailboxes_in_mariadb, |setup| {
    let mut server = Server::mariadb(&setup.machine, TABLES);
    let mail = hosted(setup, "mysql", "127.0.0.1");
    serves_hosted_domains(&mail);
    survives_its_database(&mail, &mut server);
});

/// The addresses of one list.
const LIST: [&str; 9] = [
    "",
    "-bounces",
    "-confirm",
    "-join",
    "-leave",
    "-owner",
    "-request",
    "-subscribe",
    "-unsubscribe",
];

/// The table of addresses as Mailman 3 writes it, with the list manager's LMTP server at port 8024.
fn mailman_lmtp(lists: &[&str], key: impl Fn(&str) -> String) -> String {
    let mut text = "# AUTOMATICALLY GENERATED BY MAILMAN ON 2026-11-30 21:00:00\n#\n".to_owned();
    for list in lists {
        let (name, domain) = list.split_once('@').expect("a list");
        text += &format!("# Aliases which are visible only in the @{domain} domain.\n");
        for suffix in LIST {
            let address = key(&format!("{name}{suffix}@{domain}"));
            text += &format!("{address:<40} lmtp:[127.0.0.2]:8024\n");
        }
        text += "\n";
    }
    text
}

fn mailman(setup: Setup, kind: &str) -> Setup {
    let data = "/etc/postfix/mailman";
    fs::create_dir(data).expect("mkdir");
    let lmtp = format!("{kind}:{data}/postfix_lmtp");
    setup
        .set("owner_request_special", "no")
        .set("recipient_delimiter", "+")
        .set("unknown_local_recipient_reject_code", "550")
        .set("transport_maps", &lmtp)
        .set(
            "local_recipient_maps",
            &format!("proxy:unix:passwd.byname {lmtp}"),
        )
        .set("relay_domains", &format!("{kind}:{data}/postfix_domains"))
        .set("relay_recipient_maps", &lmtp)
}

/// Mailman calls postmap after it has written a file; systems of ours and of others look at their tables anew.
fn write_list_tables(mail: &Instance, lists: &[&str]) {
    let domains: String = lists
        .iter()
        .filter_map(|list| list.split_once('@'))
        .map(|(_, domain)| format!("{domain} {domain}\n"))
        .collect();
    for (name, text) in [
        ("postfix_lmtp", mailman_lmtp(lists, str::to_owned)),
        ("postfix_domains", domains),
    ] {
        let path = mail.configuration(&format!("mailman/{name}"));
        fs::write(&path, text).expect("write");
        let table = format!("hash:{}", path.display());
        mail.command("postmap").args([&table]).run().succeeds();
    }
}

case!(mailman_with_indexed_files, |setup| {
    let sink = Sink::lmtp().listen("127.0.0.2:8024");
    let mut mail = mailman(setup, "hash").stopped();
    write_list_tables(&mail, &["staff@ferro.example", "talk@lists.example"]);
    mail.start();
    let recipients = [
        "staff@ferro.example",
        "talk-request@lists.example",
        "talk-bounces+ann=x.example@lists.example",
        "staff-owner@ferro.example",
        "alice@ferro.example",
    ];
    mail.send(SENDER, &recipients, LETTER);
    mail.letter_of("alice");
    wait_until("four recipients at the list manager", || {
        let letters = sink.letters();
        let count: usize = letters.iter().map(|letter| letter.recipients.len()).sum();
        (count == 4).then_some(())
    });
    assert!(refused(&mail, "nosuch@ferro.example").starts_with("550 5.1.1 "));
    assert!(refused(&mail, "nosuch@lists.example").starts_with("550 5.1.1 "));
    // A list is made while mail flows.
    write_list_tables(
        &mail,
        &[
            "staff@ferro.example",
            "talk@lists.example",
            "news@lists.example",
        ],
    );
    wait_until("the new list to be known", || {
        refused(&mail, "news-join@lists.example")
            .starts_with("250 ")
            .then_some(())
    });
});

case!(mailman_with_patterns, |setup| {
    let sink = Sink::lmtp().listen("127.0.0.2:8024");
    let pattern = |text: &str| format!("/^{}$/", text.replace('.', "\\."));
    let addresses = mailman_lmtp(&["talk@lists.example"], pattern);
    let mail = mailman(setup, "regexp")
        .file("mailman/postfix_lmtp", &addresses)
        .file(
            "mailman/postfix_domains",
            "/^lists\\.example$/ lists.example\n",
        )
        .start();
    let recipients = ["talk@lists.example", "talk-owner@lists.example"];
    mail.send(SENDER, &recipients, LETTER);
    let letter = sink.wait(1)[0].clone();
    assert_eq!(letter.recipients.len(), 2, "{letter:?}");
    assert!(refused(&mail, "nosuch@lists.example").starts_with("550 5.1.1 "));
    mail.wait_empty();
});
