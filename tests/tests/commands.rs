//! The commands: postfix, postqueue, postsuper, postcat, postlog, postkick, postlock.

use std::fs;
use suite::{Instance, Setup, Sink, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";

/// A system that takes mail and does not deliver it, with one letter.
fn frozen(setup: Setup) -> (Instance, String) {
    let mail = setup.set("master_service_disable", "qmgr/unix").start();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.wait_in("incoming", &id);
    (mail, id)
}

/// A system with one letter that could not be delivered.
fn deferred(setup: Setup) -> (Instance, String) {
    let mail = setup.start();
    let id = mail.send("a@client.example", &["bob@[127.0.0.2]"], LETTER);
    mail.wait_in("deferred", &id);
    wait_until("an idle queue", || {
        mail.spool().ids("active").is_empty().then_some(())
    });
    (mail, id)
}

case!(postfix_start_status_stop, |setup| {
    let mut mail = setup.stopped();
    mail.command("postfix").args(["status"]).run().exits(1);
    mail.command("postfix").args(["start"]).run().succeeds();
    mail.adopt();
    mail.command("postfix").args(["status"]).run().succeeds();
    mail.log()
        .wait("postfix-script", "starting the Postfix mail system");
    mail.log().wait(
        "master",
        "daemon started -- version *, configuration /etc/postfix",
    );
    mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.letter_of("alice");
    mail.command("postfix").args(["stop"]).run().succeeds();
    mail.log()
        .wait("postfix-script", "stopping the Postfix mail system");
    mail.log().wait("master", "terminating on signal 15");
    wait_until("the end of the master", || {
        (!mail.is_running()).then_some(())
    });
    mail.command("postfix").args(["status"]).run().exits(1);
    mail.log()
        .wait("postfix-script", "the Postfix mail system is not running");
});

case!(postfix_starts_once, |setup| {
    let mail = setup.start();
    let outcome = mail.command("postfix").args(["start"]).run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    mail.log().wait(
        "postfix-script",
        "fatal: the Postfix mail system is already running",
    );
});

case!(postfix_reload, |setup| {
    let mut mail = setup.start();
    mail.set("smtpd_banner", "$myhostname ESMTP reloaded");
    mail.command("postfix").args(["reload"]).run().succeeds();
    mail.log()
        .wait("postfix-script", "refreshing the Postfix mail system");
    mail.log()
        .wait("master", "reload -- version *, configuration /etc/postfix");
    wait_until("the new banner", || {
        let mut client = suite::Client::connect("127.0.0.1:25");
        client.reply().text().ends_with("reloaded").then_some(())
    });
});

case!(postfix_check, |setup| {
    let mail = setup.start();
    mail.command("postfix").args(["check"]).run().succeeds();
});

case!(postfix_flush, |setup| {
    let (mail, id) = deferred(setup);
    let sink = Sink::smtp().listen("127.0.0.2:25");
    mail.command("postfix").args(["flush"]).run().succeeds();
    sink.wait(1);
    mail.log().wait("qmgr", &format!("{id}: removed"));
});

case!(postfix_abort, |setup| {
    let mail = setup.start();
    mail.command("postfix").args(["abort"]).run().succeeds();
    mail.log()
        .wait("postfix-script", "aborting the Postfix mail system");
    wait_until("the end of the master", || {
        (!mail.is_running()).then_some(())
    });
});

case!(postfix_unknown_word, |setup| {
    let mail = setup.stopped();
    let outcome = mail.command("postfix").args(["frobnicate"]).run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
});

case!(postfix_needs_root, |setup| {
    let mail = setup.stopped();
    let outcome = mail.command("postfix").user("bob").args(["status"]).run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
});

case!(listing_of_the_queue, |setup| {
    let (mail, id) = deferred(setup);
    let listing = mail
        .command("postqueue")
        .user("bob")
        .args(["-p"])
        .run()
        .succeeds();
    let wanted = format!(
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n{id} *  a@client.example\n\
         *(connect to 127.0.0.2[127.0.0.2]:25: Connection refused)\n                                         bob@[127.0.0.2]\n\n\
         -- 0 Kbytes in 1 Request."
    );
    assert!(
        suite::pattern::matches(&wanted, listing.out.trim_end()),
        "{}",
        listing.out
    );
});

case!(listing_marks, |setup| {
    let (mail, id) = frozen(setup);
    let other = mail.send("a@client.example", &["bob@ferro.example"], LETTER);
    mail.command("postsuper")
        .args(["-h", &other])
        .run()
        .succeeds();
    let listing = mail.command("mailq").run().succeeds();
    assert!(
        listing.out.contains(&format!("\n{other}!")),
        "{}",
        listing.out
    );
    assert!(listing.out.contains(&format!("\n{id} ")), "{}", listing.out);
    assert!(
        listing.out.trim_end().ends_with("in 2 Requests."),
        "{}",
        listing.out
    );
});

case!(listing_as_json, |setup| {
    let (mail, id) = deferred(setup);
    let listing = mail.command("postqueue").args(["-j"]).run().succeeds();
    let entry: serde_json::Value =
        serde_json::from_str(listing.out.trim()).expect("one JSON object");
    assert_eq!(entry["queue_name"], "deferred");
    assert_eq!(entry["queue_id"], id.as_str());
    assert_eq!(entry["sender"], "a@client.example");
    assert_eq!(entry["recipients"][0]["address"], "bob@[127.0.0.2]");
    assert_eq!(
        entry["recipients"][0]["delay_reason"],
        "connect to 127.0.0.2[127.0.0.2]:25: Connection refused"
    );
    assert!(
        entry["arrival_time"].is_u64() && entry["message_size"].is_u64(),
        "{entry}"
    );
    assert_eq!(entry["forced_expire"], false);
});

case!(showq_speaks_to_others, |setup| {
    use std::io::Read;
    let (mail, id) = frozen(setup);
    let mut stream =
        std::os::unix::net::UnixStream::connect(mail.spool().path.join("public/showq"))
            .expect("connect");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("read");
    let words: Vec<String> = bytes
        .split(|&byte| byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let start = words
        .iter()
        .position(|word| word == "queue_name")
        .expect("an entry");
    assert_eq!(
        &words[start..start + 4],
        ["queue_name", "incoming", "queue_id", &id]
    );
    for name in ["time", "size", "forced_expire", "sender", "recipient"] {
        assert!(words.iter().any(|word| word == name), "{name} in {words:?}");
    }
});

case!(listing_can_be_limited_to_some_users, |setup| {
    let mail = setup.set("authorized_mailq_users", "root").start();
    let outcome = mail.command("postqueue").user("bob").args(["-p"]).run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(
        outcome
            .err
            .contains("User bob(60002) is not allowed to view the mail queue"),
        "{outcome:?}"
    );
    mail.command("postqueue").args(["-p"]).run().succeeds();
});

case!(flushing_a_site, |setup| {
    let (mail, _) = deferred(
        setup
            .set("fast_flush_domains", "example.net")
            .set("relayhost", "[127.0.0.2]"),
    );
    let id = mail.send("a@client.example", &["bob@example.net"], LETTER);
    mail.wait_in("deferred", &id);
    let sink = Sink::smtp().listen("127.0.0.2:25");
    mail.command("postqueue")
        .user("bob")
        .args(["-s", "example.net"])
        .run()
        .succeeds();
    sink.wait(1);
    mail.log().wait("qmgr", &format!("{id}: removed"));
});

case!(flushing_an_ineligible_site, |setup| {
    let mail = setup.start();
    let outcome = mail
        .command("postqueue")
        .args(["-s", "elsewhere.example"])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
});

case!(postqueue_usage, |setup| {
    let mail = setup.start();
    for arguments in [vec![], vec!["-z"], vec!["-p", "-f"], vec!["-i", "no/id"]] {
        let outcome = mail.command("postqueue").args(&arguments).run();
        assert_ne!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    }
});

case!(deleting_letters, |setup| {
    let (mail, id) = frozen(setup);
    let outcome = mail.command("postsuper").args(["-d", &id]).run().succeeds();
    assert!(
        outcome.err.contains(&format!("postsuper: {id}: removed")),
        "{outcome:?}"
    );
    assert!(
        outcome.err.contains("postsuper: Deleted: 1 message"),
        "{outcome:?}"
    );
    mail.log().wait("postsuper", &format!("{id}: removed"));
    mail.log().wait("postsuper", "Deleted: 1 message");
    assert_eq!(mail.spool().letters(), 0);
});

case!(deleting_all_and_from_standard_input, |setup| {
    let (mail, first) = frozen(setup);
    let second = mail.send("a@client.example", &["bob@ferro.example"], LETTER);
    mail.send("a@client.example", &["bob@ferro.example"], LETTER);
    mail.command("postsuper")
        .args(["-d", "-"])
        .input(format!("{first}\n{second}\n"))
        .run()
        .succeeds();
    assert_eq!(mail.spool().letters(), 1);
    mail.command("postsuper")
        .args(["-d", "ALL", "deferred"])
        .run()
        .succeeds();
    assert_eq!(mail.spool().letters(), 1);
    let outcome = mail
        .command("postsuper")
        .args(["-d", "ALL"])
        .run()
        .succeeds();
    assert!(outcome.err.contains("Deleted: 1 message"), "{outcome:?}");
    assert_eq!(mail.spool().letters(), 0);
});

case!(holding_and_releasing_letters, |setup| {
    let (mail, id) = frozen(setup);
    let outcome = mail.command("postsuper").args(["-h", &id]).run().succeeds();
    assert!(
        outcome.err.contains(&format!("{id}: placed on hold"))
            && outcome.err.contains("Placed on hold: 1 message"),
        "{outcome:?}"
    );
    mail.wait_in("hold", &id);
    let outcome = mail
        .command("postsuper")
        .args(["-H", "ALL"])
        .run()
        .succeeds();
    assert!(
        outcome.err.contains("Released from hold: 1 message"),
        "{outcome:?}"
    );
    mail.wait_in("deferred", &id);
});

case!(requeueing_letters, |setup| {
    let mut mail = setup.set("master_service_disable", "qmgr/unix").start();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    let outcome = mail.command("postsuper").args(["-r", &id]).run().succeeds();
    assert!(
        outcome.err.contains(&format!("{id}: requeued"))
            && outcome.err.contains("Requeued: 1 message"),
        "{outcome:?}"
    );
    mail.set("master_service_disable", "");
    mail.reload();
    let letter = mail.letter_of("alice");
    assert_eq!(letter.headers("Received").len(), 2);
    mail.log().wait(
        "pickup",
        &format!("{{id}}: uid={{n}} from=<a@client.example> orig_id={id}"),
    );
});

case!(postsuper_needs_root_and_sense, |setup| {
    let (mail, id) = frozen(setup);
    let outcome = mail
        .command("postsuper")
        .user("bob")
        .args(["-d", &id])
        .run();
    assert_ne!(outcome.code, 0, "{outcome:?}");
    let outcome = mail.command("postsuper").args(["-d", "../../etc"]).run();
    assert!(outcome.err.contains("invalid"), "{outcome:?}");
    mail.command("postsuper").args(["-z"]).run().exits(1);
    assert_eq!(mail.spool().letters(), 1);
});

case!(postsuper_repairs_the_structure, |setup| {
    let mut mail = setup.set("master_service_disable", "qmgr/unix").start();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.stop();
    let old = mail.spool().file("incoming", &id).expect("file");
    let copy = old.with_file_name("copy");
    fs::copy(&old, &copy).expect("copy");
    let file = fs::File::open(&copy).expect("open");
    file.set_permissions(fs::metadata(&old).expect("metadata").permissions())
        .expect("mode");
    suite::machine::give(&copy, suite::machine::MAIL_OWNER.id, 0);
    fs::rename(&copy, &old).expect("replace");
    let outcome = mail.command("postsuper").run().succeeds();
    assert!(
        outcome
            .err
            .contains("Renamed to match inode number: 1 message"),
        "{outcome:?}"
    );
    let ids = mail.spool().ids("incoming");
    assert!(ids.len() == 1 && ids[0] != id, "{ids:?}");
    mail.set("master_service_disable", "");
    mail.start();
    mail.letter_of("alice");
});

case!(postsuper_moves_into_hashed_folders, |setup| {
    let mut mail = setup.start();
    let id = mail.send("a@client.example", &["bob@[127.0.0.2]"], LETTER);
    mail.wait_in("deferred", &id);
    mail.stop();
    mail.set("hash_queue_depth", "2");
    mail.command("postsuper").run().succeeds();
    let path = mail.spool().file("deferred", &id).expect("file");
    let place = format!("deferred/{}/{}/{id}", &id[..1], &id[1..2]);
    assert!(path.ends_with(&place), "{}", path.display());
});

case!(postcat_shows_a_letter, |setup| {
    let (mail, id) = frozen(setup);
    let outcome = mail.command("postcat").args(["-q", &id]).run().succeeds();
    for part in [
        "*** ENVELOPE RECORDS ",
        "sender: a@client.example\n",
        "original_recipient: alice@ferro.example\n",
        "recipient: alice@ferro.example\n",
        "*** MESSAGE CONTENTS ",
        "\nSubject: x\n",
        "\nbody\n",
        "*** HEADER EXTRACTED ",
        "*** MESSAGE FILE END ",
    ] {
        assert!(outcome.out.contains(part), "{part:?} in {}", outcome.out);
    }
});

case!(postcat_shows_parts, |setup| {
    let (mail, id) = frozen(setup);
    let body = mail.command("postcat").args(["-qb", &id]).run().succeeds();
    assert_eq!(body.out.trim_start_matches('\n'), "body\n");
    let header = mail.command("postcat").args(["-qh", &id]).run().succeeds();
    assert!(
        header.out.contains("Subject: x\n") && !header.out.contains("body"),
        "{header:?}"
    );
    let envelope = mail.command("postcat").args(["-qe", &id]).run().succeeds();
    assert!(
        envelope.out.contains("sender: a@client.example\n") && !envelope.out.contains("Subject"),
        "{envelope:?}"
    );
    let path = mail.spool().file("incoming", &id).expect("file");
    let outcome = mail.command("postcat").args([path]).run().succeeds();
    assert!(outcome.out.contains("body\n"), "{outcome:?}");
    mail.command("postcat")
        .args(["-q", "NOSUCHID"])
        .run()
        .exits(1);
});

case!(postlog_logs, |setup| {
    let mail = setup.stopped();
    mail.command("postlog")
        .args(["-t", "mytag", "a line of text"])
        .run()
        .succeeds();
    mail.log().wait("*", "a line of text");
    mail.command("postlog")
        .args(["-p", "warn"])
        .input("from standard input\n")
        .run()
        .succeeds();
    let line = mail.log().wait("postlog", "warning: from standard input");
    assert_eq!(line.severity, 4);
});

case!(postkick_wakes_a_service, |setup| {
    let mail = setup.start();
    let id = mail.send("a@client.example", &["bob@[127.0.0.2]"], LETTER);
    mail.wait_in("deferred", &id);
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let outcome = mail
        .command("postkick")
        .args(["public", "qmgr", "DFA"])
        .run();
    // The reference's may die of SIGPIPE when qmgr has read the first byte and hung up.
    let harmless = mail.mta.pick(0, 141);
    assert!([0, harmless].contains(&outcome.code), "{outcome:?}");
    sink.wait(1);
});

case!(postlock_runs_under_a_lock, |setup| {
    let mail = setup.stopped();
    let path = mail.machine.path("mailbox");
    fs::write(&path, "").expect("write");
    let name = path.display().to_string();
    let script = format!("test -e {name}.lock && echo locked; exit 3");
    let outcome = mail
        .command("postlock")
        .args(["-l", "dotlock", &name, "sh", "-c", &script])
        .run()
        .exits(3);
    assert_eq!(outcome.out, "locked\n");
    assert!(!mail.machine.path("mailbox.lock").exists());
});
