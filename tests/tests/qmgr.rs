//! qmgr(8): what is delivered when.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};
use suite::{Sink, case, wait_until};

const SENDER: &str = "alice@ferro.example";
const LETTER: &str = "Subject: x\n\nbody\n";

case!(queue_lines_of_a_letter, |setup| {
    let mail = setup.start();
    let id = mail.send(
        "a@client.example",
        &["alice@ferro.example", "bob@ferro.example"],
        LETTER,
    );
    mail.log()
        .wait("smtpd", &format!("{id}: client=localhost[127.0.0.1]"));
    mail.log().wait(
        "qmgr",
        &format!("{id}: from=<a@client.example>, size={{n}}, nrcpt=2 (queue active)"),
    );
    mail.log().wait("qmgr", &format!("{id}: removed"));
    mail.wait_empty();
});

case!(deferred_letter_waits_in_the_future, |setup| {
    let mail = setup.set("minimal_backoff_time", "500s").start();
    let id = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    let path = mail.wait_in("deferred", &id);
    let modified = fs::metadata(&path)
        .expect("metadata")
        .modified()
        .expect("time");
    let wait = modified
        .duration_since(SystemTime::now())
        .expect("a time in the future");
    assert!(
        wait > Duration::from_secs(450) && wait <= Duration::from_secs(500),
        "{wait:?}"
    );
    assert_eq!(fs::metadata(&path).expect("metadata").mode() & 0o777, 0o700);
    assert!(mail.spool().file("defer", &id).is_some());
});

case!(deferred_letter_is_tried_again, |setup| {
    let mail = setup
        .set("minimal_backoff_time", "1s")
        .set("maximal_backoff_time", "1s")
        .set("queue_run_delay", "1s")
        .start();
    let id = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    mail.log().wait(
        "smtp",
        &format!("{id}: to=<bob@[127.0.0.2]>, *status=deferred *"),
    );
    let sink = Sink::smtp().listen("127.0.0.2:25");
    sink.wait(1);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    mail.wait_empty();
    assert!(mail.spool().file("defer", &id).is_none());
});

case!(dead_destination_is_suspended, |setup| {
    let mail = setup.set("initial_destination_concurrency", "1").start();
    let first = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    mail.log().wait(
        "smtp",
        &format!("{first}: to=<bob@[127.0.0.2]>, *status=deferred *"),
    );
    mail.wait_in("deferred", &first);
    let second = mail.send(SENDER, &["eve@[127.0.0.2]"], LETTER);
    mail.log().wait(
        "error",
        &format!("{second}: to=<eve@[127.0.0.2]>, relay=none, *dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to 127.0.0.2[127.0.0.2]:25: Connection refused)"),
    );
});

case!(only_the_rest_is_tried_again, |setup| {
    let sink = Sink::smtp()
        .once("RCPT TO:<late@", "451 4.2.0 busy")
        .listen("127.0.0.2:25");
    let mail = setup.start();
    let id = mail.send(SENDER, &["good@[127.0.0.2]", "late@[127.0.0.2]"], LETTER);
    mail.wait_in("deferred", &id);
    mail.command("postqueue").args(["-f"]).run().succeeds();
    let letters = sink.wait(2);
    assert!(
        letters[1].recipients[0].starts_with("RCPT TO:<late@"),
        "{letters:?}"
    );
    assert_eq!(letters[1].recipients.len(), 1);
    mail.wait_empty();
});

case!(one_letter_by_postqueue_i, |setup| {
    let mail = setup.start();
    let id = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    let other = mail.send(SENDER, &["eve@[127.0.0.2]"], LETTER);
    mail.wait_in("deferred", &id);
    mail.wait_in("deferred", &other);
    let sink = Sink::smtp().listen("127.0.0.2:25");
    mail.command("postqueue").args(["-i", &id]).run().succeeds();
    assert!(sink.wait(1)[0].recipients[0].starts_with("RCPT TO:<bob@"));
    mail.log().wait("qmgr", &format!("{id}: removed"));
    assert!(mail.spool().file("deferred", &other).is_some());
});

case!(expired_letter_is_returned, |setup| {
    let mail = setup.set("maximal_queue_lifetime", "0").start();
    let id = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    mail.log().wait(
        "qmgr",
        &format!("{id}: from=<alice@ferro.example>, status=expired, returned to sender"),
    );
    let bounce = mail.letter_of("alice");
    assert_eq!(
        bounce.header("Subject").as_deref(),
        Some("Undelivered Mail Returned to Sender")
    );
    assert!(
        bounce
            .body()
            .contains("connect to 127.0.0.2[127.0.0.2]:25: Connection refused"),
        "{}",
        bounce.text
    );
    mail.wait_empty();
});

case!(old_letter_expires_at_the_next_run, |setup| {
    let mut mail = setup.set("maximal_queue_lifetime", "1d").start();
    let id = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    mail.wait_in("deferred", &id);
    mail.stop();
    mail.set("maximal_queue_lifetime", "0");
    mail.start();
    mail.command("postqueue").args(["-f"]).run().succeeds();
    mail.log().wait(
        "qmgr",
        &format!("{id}: from=<alice@ferro.example>, status=expired, returned to sender"),
    );
    mail.letter_of("alice");
});

case!(hold_and_release, |setup| {
    let mut mail = setup.set("master_service_disable", "qmgr/unix").start();
    let id = mail.send(SENDER, &["bob@ferro.example"], LETTER);
    mail.wait_in("incoming", &id);
    mail.command("postsuper").args(["-h", &id]).run().succeeds();
    mail.wait_in("hold", &id);
    mail.set("master_service_disable", "");
    mail.reload();
    let other = mail.send(SENDER, &["bob@ferro.example"], LETTER);
    mail.log().wait("qmgr", &format!("{other}: removed"));
    assert!(mail.spool().file("hold", &id).is_some());
    mail.command("postsuper").args(["-H", &id]).run().succeeds();
    mail.command("postqueue").args(["-f"]).run().succeeds();
    mail.log().wait("qmgr", &format!("{id}: removed"));
    assert_eq!(mail.inbox("bob", 2).len(), 2);
});

case!(damaged_file_goes_to_corrupt, |setup| {
    let mut mail = setup.set("master_service_disable", "qmgr/unix").start();
    let bad = mail.send(SENDER, &["bob@ferro.example"], LETTER);
    let good = mail.send(SENDER, &["bob@ferro.example"], LETTER);
    let path = mail.wait_in("incoming", &bad);
    let bytes = fs::read(&path).expect("read");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("truncate");
    mail.set("master_service_disable", "");
    mail.reload();
    mail.log().wait("qmgr", &format!("{good}: removed"));
    mail.wait_in("corrupt", &bad);
    mail.log().wait("*", &format!("*warning: *{bad}*"));
    mail.letter_of("bob");
});

case!(zeroes_in_a_queue_file_go_to_corrupt, |setup| {
    let mut mail = setup.set("master_service_disable", "qmgr/unix").start();
    let bad = mail.send(SENDER, &["bob@ferro.example"], LETTER);
    let path = mail.wait_in("incoming", &bad);
    let size = fs::metadata(&path).expect("metadata").len();
    fs::write(&path, vec![0; usize::try_from(size).expect("size")]).expect("overwrite");
    mail.set("master_service_disable", "");
    mail.reload();
    mail.wait_in("corrupt", &bad);
});

case!(unfinished_file_is_left_alone, |setup| {
    let mut mail = setup.stopped();
    let path = mail.spool().path.join("incoming/12345ABCDEF");
    fs::write(&path, "half").expect("write");
    suite::machine::give(&path, suite::machine::MAIL_OWNER.id, 0);
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
    mail.start();
    let id = mail.send(SENDER, &["bob@ferro.example"], LETTER);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    assert!(path.exists());
});

case!(active_letters_survive_a_restart, |setup| {
    let sink = Sink::smtp()
        .delay("DATA", Duration::from_secs(5))
        .listen("127.0.0.2:25");
    let mut mail = setup.start();
    let id = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    wait_until("a session", || sink.sessions().pop());
    mail.wait_in("active", &id);
    mail.kill();
    sink.become_(Sink::smtp());
    mail.start();
    sink.wait(1);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    mail.wait_empty();
});

case!(concurrency_limit, |setup| {
    let sink = Sink::smtp()
        .delay(".", Duration::from_millis(400))
        .listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("smtp_destination_concurrency_limit", "2")
        .start();
    let mut client = mail.smtp();
    for number in 0..6 {
        client.letter(
            SENDER,
            &["bob@example.net"],
            &format!("Subject: {number}\n\n"),
        );
    }
    let start = std::time::Instant::now();
    sink.wait(6);
    assert!(
        start.elapsed() >= Duration::from_millis(700),
        "{:?}",
        start.elapsed()
    );
    assert!(sink.sessions().len() <= 6);
});

case!(rate_delay_spaces_deliveries, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("smtp_destination_rate_delay", "1s")
        .start();
    let start = std::time::Instant::now();
    let mut client = mail.smtp();
    for number in 0..3 {
        client.letter(
            SENDER,
            &["bob@example.net"],
            &format!("Subject: {number}\n\n"),
        );
    }
    sink.wait(3);
    assert!(
        start.elapsed() >= Duration::from_millis(1900),
        "{:?}",
        start.elapsed()
    );
});

case!(defer_transports, |setup| {
    let mail = setup.set("defer_transports", "local").start();
    let id = mail.send(SENDER, &["bob@ferro.example"], LETTER);
    mail.log().wait("*", &format!("{id}: to=<bob@ferro.example>, relay=none, *dsn=4.3.2, status=deferred (deferred transport)"));
    mail.wait_in("deferred", &id);
});

case!(force_expired_letter_is_returned, |setup| {
    let mail = setup.start();
    let id = mail.send(SENDER, &["bob@[127.0.0.2]"], LETTER);
    mail.wait_in("deferred", &id);
    mail.command("postsuper").args(["-f", &id]).run().succeeds();
    mail.command("postqueue").args(["-i", &id]).run().succeeds();
    mail.log().wait(
        "qmgr",
        &format!("{id}: from=<alice@ferro.example>, status=force-expired, returned to sender"),
    );
    mail.letter_of("alice");
    mail.wait_empty();
});

case!(thousand_recipients, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup.set("relayhost", "[127.0.0.2]").start();
    let recipients: Vec<String> = (0..1000)
        .map(|number| format!("r{number}@example.net"))
        .collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let id = mail.send(SENDER, &recipients, LETTER);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    let mut taken: Vec<String> = sink
        .letters()
        .into_iter()
        .flat_map(|letter| letter.recipients)
        .collect();
    assert!(
        sink.letters()
            .iter()
            .all(|letter| letter.recipients.len() <= 50)
    );
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 1000);
});

case!(few_recipients_in_memory_at_a_time, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("qmgr_message_recipient_limit", "20")
        .set("qmgr_message_recipient_minimum", "5")
        .set("default_recipient_limit", "20")
        .set("default_extra_recipient_limit", "5")
        .set("smtp_destination_recipient_limit", "3")
        .start();
    let recipients: Vec<String> = (0..120)
        .map(|number| format!("r{number}@example.net"))
        .collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let id = mail.send(SENDER, &recipients, LETTER);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    let mut taken: Vec<String> = sink
        .letters()
        .into_iter()
        .flat_map(|letter| letter.recipients)
        .collect();
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 120);
});

case!(few_letters_active_at_a_time, |setup| {
    let mail = setup.set("qmgr_message_active_limit", "3").start();
    let mut client = mail.smtp();
    for number in 0..20 {
        client.letter(
            "a@client.example",
            &["alice@ferro.example"],
            &format!("Subject: {number}\n\n"),
        );
    }
    assert_eq!(mail.inbox("alice", 20).len(), 20);
    mail.wait_empty();
});

case!(many_deferred_letters_are_flushed, |setup| {
    let mail = setup.set("relayhost", "[127.0.0.2]").start();
    let mut client = mail.smtp();
    for number in 0..60 {
        client.letter(
            SENDER,
            &["bob@example.net"],
            &format!("Subject: {number}\n\n"),
        );
    }
    wait_until("60 deferred letters", || {
        (mail.spool().ids("deferred").len() == 60).then_some(())
    });
    let sink = Sink::smtp().listen("127.0.0.2:25");
    mail.command("postqueue").args(["-f"]).run().succeeds();
    assert_eq!(sink.wait(60).len(), 60);
    mail.wait_empty();
});

case!(one_place_serves_waiting_clients_in_turn, |setup| {
    let sinks = ["127.0.0.2:25", "127.0.0.3:25"].map(|address| Sink::smtp().listen(address));
    let mail = setup
        .service("smtp unix - - n - 1 smtp")
        .service("local unix - n n - 1 local")
        .start();
    let begin = std::time::Instant::now();
    let recipients = ["x@[127.0.0.2]", "y@[127.0.0.3]", "alice", "bob", "carol"];
    mail.send("a@client.example", &recipients, "Subject: x\n\n");
    sinks.iter().for_each(|sink| drop(sink.wait(1)));
    for user in ["alice", "bob", "carol"] {
        mail.letter_of(user);
    }
    // A connection that is kept for a later letter is no client that others wait for.
    assert!(begin.elapsed() < std::time::Duration::from_secs(4));
});
