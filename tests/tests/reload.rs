//! Reload: services that come, change and go while mail flows, and what it cannot change.
//!
//! The short form of the load runs here; `SUITE_RELOADS` makes it as long as wanted (`make reload-rounds`).

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use suite::{Client, Instance, Sink, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";
const MASTER_CF: &str = "/etc/postfix/master.cf";

fn edit_master_cf(edit: impl Fn(&str) -> String) {
    let text = fs::read_to_string(MASTER_CF).expect("master.cf");
    fs::write(MASTER_CF, edit(&text)).expect("write master.cf");
}

/// Sends letters one after another until told to stop. Any refusal is a panic, which the test sees when it joins.
fn sender(stop: Arc<AtomicBool>, sent: Arc<AtomicUsize>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let mut client = Client::connect("127.0.0.1:25");
            client.expect_reply("220 *");
            assert_eq!(client.say("EHLO client.example").code(), 250);
            let number = sent.fetch_add(1, Ordering::Relaxed);
            let text = format!("Subject: number {number}\n\nbody\n");
            client.letter("a@client.example", &["bob@example.net"], &text);
            client.quit();
        }
    })
}

/// The processes of the mail system by name, more than one of a kind only.
fn crowd(mail: &Instance) -> Vec<(String, usize)> {
    let mut names: Vec<String> = mail
        .processes()
        .into_iter()
        .map(|process| process.name)
        .collect();
    names.sort();
    let mut counts: Vec<(String, usize)> = Vec::new();
    for name in names {
        match counts.last_mut().filter(|(last, _)| *last == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts
}

case!(reload_under_load, |setup| {
    let rounds: usize = std::env::var("SUITE_RELOADS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(10);
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("max_idle", "2s")
        .start();
    let (stop, sent) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let senders: Vec<_> = (0..3)
        .map(|_| sender(Arc::clone(&stop), Arc::clone(&sent)))
        .collect();
    for round in 0..rounds {
        edit_master_cf(|text| {
            let others: String = text
                .lines()
                .filter(|line| !line.starts_with("127.0.0.1:2"))
                .map(|line| format!("{line}\n"))
                .collect();
            format!(
                "{others}127.0.0.1:{} inet n - n - - smtpd\n",
                2500 + round % 3
            )
        });
        mail.reload();
        let place = format!("127.0.0.1:{}", 2500 + round % 3);
        wait_until("the new service", || {
            std::net::TcpStream::connect(&place).ok()
        });
        std::thread::sleep(Duration::from_millis(50));
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.join().expect("no client is refused");
    }
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent > 0, "no letters in {rounds} reloads");
    mail.wait_empty();
    let mut subjects: Vec<String> = sink
        .wait(sent)
        .iter()
        .filter_map(|letter| {
            letter
                .content
                .lines()
                .find(|line| line.starts_with("Subject: number "))
                .map(str::to_owned)
        })
        .collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), sent, "every letter arrives");
    mail.log().never("master", "*throttling*");
    mail.log().never("master", "warning: process *");
    wait_until("the end of the processes before the reloads", || {
        let crowd = crowd(&mail);
        let all: usize = crowd.iter().map(|(_, count)| count).sum();
        (all <= 12 && crowd.iter().all(|(_, count)| *count <= 2)).then_some(())
    });
    eprintln!("{rounds} reloads, {sent} letters");
});

case!(reload_changes_a_service, |setup| {
    let mail = setup
        .service("127.0.0.1:2525 inet n - n - - smtpd -o smtpd_banner=one")
        .start();
    let mut before = Client::connect("127.0.0.1:2525");
    before.expect_reply("220 one");
    edit_master_cf(|text| text.replace("smtpd_banner=one", "smtpd_banner=two"));
    mail.reload();
    let mut after = Client::connect("127.0.0.1:2525");
    after.expect_reply("220 two");
    before.expect("HELO client.example", "250 *");
    after.quit();
    before.quit();
});

case!(a_renamed_port_stays_open, |setup| {
    let mail = setup.service("127.0.0.1:2525 inet n - n - - smtpd").start();
    edit_master_cf(|text| text.replace("smtp inet", "25 inet"));
    mail.reload();
    mail.connect().quit();
    mail.log().never("master", "*fatal*");
    mail.log().never("master", "error*");
});

case!(a_removed_service_ends_its_clients, |setup| {
    let mail = setup.service("127.0.0.1:2525 inet n - n - - smtpd").start();
    let mut client = Client::connect("127.0.0.1:2525");
    client.expect_reply("220 *");
    edit_master_cf(|text| text.replace("127.0.0.1:2525 ", "127.0.0.1:2626 "));
    mail.reload();
    assert!(client.try_reply().is_none());
});

case!(
    only(
        ferropost,
        "The reference leaves the name in the file system."
    ),
    removed_local_services_leave_no_name,
    |setup| {
        let mail = setup.service("extra unix - - n - - discard").start();
        let place = mail.spool().path.join("private/extra");
        assert!(place.exists());
        edit_master_cf(|text| text.replace("extra unix", "other unix"));
        mail.reload();
        wait_until("the new socket", || {
            mail.spool()
                .path
                .join("private/other")
                .exists()
                .then_some(())
        });
        wait_until("the end of the old name", || {
            (!place.exists()).then_some(())
        });
    }
);

case!(addresses_are_those_of_the_start, |setup| {
    let mut mail = setup.start();
    mail.set("inet_interfaces", "127.0.0.2");
    mail.reload();
    mail.log().wait(
        "master",
        "warning: service smtp: ignoring inet_interfaces change",
    );
    mail.log().wait(
        "master",
        "warning: to change inet_interfaces, stop and start Postfix",
    );
    // The reference's smtpd finds no interface with that address and gives up.
    if !mail.mta.is_reference() {
        mail.connect().quit();
    }
    assert!(std::net::TcpStream::connect("127.0.0.2:25").is_err());
});

case!(protocols_are_those_of_the_start, |setup| {
    let mut mail = setup.start();
    mail.set("inet_protocols", "all");
    mail.reload();
    mail.log().wait(
        "master",
        "warning: ignoring inet_protocols parameter value change",
    );
    mail.log()
        .wait("master", "warning: old value: \"ipv4\", new value: \"all\"");
    mail.log().wait(
        "master",
        "warning: to change inet_protocols, stop and start Postfix",
    );
    mail.connect().quit();
});

case!(a_lower_process_limit_counts_from_then_on, |setup| {
    let mail = setup
        .service("127.0.0.1:2525 inet n - n - 10 smtpd -o sessions_per_process=1")
        .start();
    let mut first = Client::connect("127.0.0.1:2525");
    first.expect_reply("220 *");
    edit_master_cf(|text| text.replace("inet n - n - 10 smtpd", "inet n - n - 1 smtpd"));
    mail.reload();
    let mut second = Client::connect("127.0.0.1:2525");
    first.expect("NOOP", "250 *");
    first.quit();
    second.expect_reply("220 *");
    second.quit();
});

case!(
    only(
        ferropost,
        "The reference waits service_throttle_time in any case."
    ),
    a_throttled_service_is_tried_again_at_a_reload,
    |setup| {
        let mail = setup
            .service("127.0.0.1:2525 inet n - n - - smtpd -o smtpd_recipient_limit=0")
            .start();
        let mut client = Client::connect("127.0.0.1:2525");
        mail.log().wait(
            "master",
            "warning: *smtpd: bad command startup -- throttling",
        );
        edit_master_cf(|text| text.replace(" -o smtpd_recipient_limit=0", ""));
        mail.reload();
        client.expect_reply("220 *");
        client.letter("a@client.example", &["alice@ferro.example"], LETTER);
        client.quit();
        mail.letter_of("alice");
    }
);
