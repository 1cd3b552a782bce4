//! postsuper(1) beside a running queue manager: what was deleted or held is not delivered, what was requeued is delivered once.

use std::time::Duration;
use suite::{Instance, Setup, Sink, case, wait_until};

const SENDER: &str = "alice@ferro.example";
const RECIPIENT: &str = "bob@example.net";

/// A system with four letters for a slow destination that takes one at a time: the first is being delivered.
fn busy(setup: Setup) -> (Instance, Sink, Vec<String>) {
    let sink = Sink::smtp()
        .delay(".", Duration::from_secs(2))
        .listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("smtp_destination_concurrency_limit", "1")
        .set("initial_destination_concurrency", "1")
        .start();
    let ids: Vec<String> = ["first", "second", "third", "fourth"]
        .into_iter()
        .map(|subject| mail.send(SENDER, &[RECIPIENT], &format!("Subject: {subject}\n\n")))
        .collect();
    for id in &ids {
        mail.wait_in("active", id);
    }
    wait_until("a session", || sink.sessions().pop());
    (mail, sink, ids)
}

fn subjects(sink: &Sink, count: usize) -> Vec<String> {
    let letters = sink.wait(count);
    let mut subjects: Vec<String> = letters
        .iter()
        .filter_map(|letter| {
            letter
                .content
                .lines()
                .find_map(|line| line.strip_prefix("Subject: "))
                .map(str::to_owned)
        })
        .collect();
    subjects.sort();
    subjects
}

case!(letters_that_leave_active_are_not_delivered, |setup| {
    let (mail, sink, ids) = busy(setup);
    mail.command("postsuper")
        .args(["-d", &ids[1], "-h", &ids[2]])
        .run()
        .succeeds()
        .complains("*Deleted: 1 message\n*Placed on hold: 1 message");
    assert_eq!(subjects(&sink, 2), ["first", "fourth"]);
    mail.log().wait("qmgr", &format!("{}: removed", ids[3]));
    assert_eq!(mail.spool().letters(), 1);
    mail.wait_in("hold", &ids[2]);
    sink.become_(Sink::smtp());
    mail.command("postsuper")
        .args(["-H", "ALL"])
        .run()
        .succeeds();
    mail.command("postqueue").args(["-f"]).run().succeeds();
    assert_eq!(subjects(&sink, 3), ["first", "fourth", "third"]);
    mail.wait_empty();
});

case!(active_letters_are_requeued_once, |setup| {
    let (mail, sink, ids) = busy(setup);
    mail.command("postsuper")
        .args(["-r", &ids[1], "-r", &ids[2], "-r", &ids[3]])
        .run()
        .succeeds()
        .complains("*Requeued: 3 messages");
    sink.become_(Sink::smtp());
    mail.command("postkick")
        .args(["public", "pickup", "W"])
        .run()
        .succeeds();
    assert_eq!(subjects(&sink, 4), ["first", "fourth", "second", "third"]);
    mail.wait_empty();
});

case!(all_active_letters_are_deleted, |setup| {
    let (mail, sink, _) = busy(setup);
    mail.command("postsuper")
        .args(["-d", "ALL"])
        .run()
        .succeeds();
    assert_eq!(mail.spool().letters(), 0);
    let last = mail.send(SENDER, &[RECIPIENT], "Subject: last\n\n");
    mail.log().wait("qmgr", &format!("{last}: removed"));
    assert!(subjects(&sink, 1).contains(&"last".to_owned()));
    assert!(sink.letters().len() <= 2, "{:?}", subjects(&sink, 1));
});

case!(folders_are_hashed_anew, |setup| {
    let mut mail = setup.set("relayhost", "[127.0.0.3]").start();
    let id = mail.send(SENDER, &[RECIPIENT], "Subject: x\n\n");
    mail.wait_in("deferred", &id);
    mail.stop();
    mail.set("hash_queue_depth", "3");
    mail.set("hash_queue_names", "incoming, active, deferred, defer");
    mail.command("postsuper").args(["-s"]).run().succeeds();
    let path = mail.wait_in("deferred", &id);
    assert_eq!(
        path.strip_prefix(mail.spool().path)
            .unwrap()
            .components()
            .count(),
        5
    );
    let sink = Sink::smtp().listen("127.0.0.2:25");
    mail.set("relayhost", "[127.0.0.2]");
    mail.start();
    let listed = mail.command("postqueue").args(["-p"]).run().succeeds();
    assert!(listed.out.contains("Connection refused)"), "{}", listed.out);
    mail.command("postqueue").args(["-f"]).run().succeeds();
    sink.wait(1);
    mail.wait_empty();
});
