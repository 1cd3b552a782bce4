//! A queue that changes hands: one mail system stops, the other starts on the same queue directory.

use suite::{Instance, Setup, Sink, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";

/// Fills a queue with letters of every kind, stops, and hands over. Gives the ids: waiting, deferred, held.
fn filled(setup: Setup) -> (Instance, Sink, Vec<String>) {
    let sink = Sink::smtp()
        .on("RCPT TO:<late", "451 4.2.0 busy")
        .listen("127.0.0.2:25");
    let mut mail = setup.start();
    let deferred = mail.send(
        "bob@ferro.example",
        &["good@[127.0.0.2]", "late@[127.0.0.2]"],
        LETTER,
    );
    sink.wait(1);
    mail.wait_in("deferred", &deferred);
    mail.set("master_service_disable", "qmgr/unix");
    mail.reload();
    wait_until("the end of qmgr", || {
        mail.processes()
            .iter()
            .all(|process| process.name != "qmgr")
            .then_some(())
    });
    let waiting = mail.send(
        "bob@ferro.example",
        &["alice@ferro.example"],
        "Subject: waiting\n\nbody\n",
    );
    let held = mail.send(
        "bob@ferro.example",
        &["carol@ferro.example"],
        "Subject: held\n\nbody\n",
    );
    mail.command("postsuper")
        .args(["-h", &held])
        .run()
        .succeeds();
    mail.set("enable_long_queue_ids", "yes");
    mail.reload();
    let mut long = String::new();
    wait_until("a long id", || {
        long = mail.send(
            "bob@ferro.example",
            &["alice@ferro.example"],
            "Subject: long\n\nbody\n",
        );
        (long.len() > 12).then_some(())
    });
    mail.stop();
    mail.sendmail("bob", &["alice"], "Subject: dropped\n\nbody\n");
    mail.set("master_service_disable", "");
    mail.hand_over();
    (mail, sink, vec![waiting, deferred, held, long])
}

case!(other_system_delivers_all, |setup| {
    let (mut mail, sink, ids) = filled(setup);
    sink.become_(Sink::smtp());
    mail.start();
    mail.command("postsuper")
        .args(["-H", "ALL"])
        .run()
        .succeeds();
    mail.command("postqueue").args(["-f"]).run().succeeds();
    let letters = sink.wait(2);
    assert_eq!(letters[1].recipients.len(), 1, "{letters:?}");
    assert!(
        letters[1].recipients[0].starts_with("RCPT TO:<late@"),
        "{letters:?}"
    );
    for id in &ids {
        mail.log().wait("qmgr", &format!("{id}: removed"));
    }
    let mut subjects: Vec<String> = mail
        .inbox("alice", 3)
        .iter()
        .filter_map(|letter| letter.header("Subject"))
        .collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects, ["dropped", "long", "waiting"]);
    assert_eq!(
        mail.letter_of("carol").header("Subject").as_deref(),
        Some("held")
    );
    mail.wait_empty();
});

case!(other_system_lists_and_shows, |setup| {
    let (mail, _sink, ids) = filled(setup);
    let mut mail = mail;
    mail.set("master_service_disable", "qmgr/unix");
    mail.start();
    let listing = mail.command("mailq").run().succeeds().out;
    for id in &ids {
        assert!(listing.contains(id), "{id} in {listing}");
        let shown = mail.command("postcat").args(["-q", id]).run().succeeds();
        assert!(
            shown.out.contains("sender: bob@ferro.example\n") && shown.out.contains("\nbody\n"),
            "{}",
            shown.out
        );
    }
    assert!(listing.contains("451 4.2.0 busy"), "{listing}");
    assert!(!listing.contains("good@[127.0.0.2]"), "{listing}");
    mail.command("postsuper")
        .args(["-d", "ALL"])
        .run()
        .succeeds();
    mail.wait_empty();
});

case!(other_system_returns_what_expired, |setup| {
    let (mut mail, _sink, ids) = filled(setup);
    mail.set("maximal_queue_lifetime", "0");
    mail.start();
    mail.command("postqueue").args(["-f"]).run().succeeds();
    mail.log().wait(
        "qmgr",
        &format!(
            "{}: from=<bob@ferro.example>, status=expired, returned to sender",
            ids[1]
        ),
    );
    let bounce = mail.letter_of("bob");
    assert!(
        bounce.body().contains("<late@[127.0.0.2]>") && !bounce.body().contains("<good@"),
        "{}",
        bounce.text
    );
});
