//! Sudden death: processes killed at random under load. Every letter that got 250 must arrive.
//!
//! The short form runs here; `SUITE_KILL_ROUNDS` makes it as long as wanted (`make kill-rounds`).

use nix::sys::signal::Signal;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use suite::{Client, Instance, Setup, Sink, case, wait_until};

/// Sends numbered letters until told to stop; keeps the numbers that were accepted.
fn sender(
    first: usize,
    stop: Arc<AtomicBool>,
    accepted: Arc<Mutex<Vec<usize>>>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for number in (first..).step_by(4) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // A killed server shows as a lost connection or a refusal: the letter is then not ours to count.
            if std::panic::catch_unwind(|| one_letter(number)).is_ok_and(|taken| taken) {
                accepted.lock().expect("list").push(number);
            } else {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    })
}

fn one_letter(number: usize) -> bool {
    let mut client = Client::connect("127.0.0.1:25");
    let mut step = |command: String, code: u16| {
        let sent = command.is_empty() || client.try_send(command).is_ok();
        sent && client.try_reply().is_some_and(|reply| reply.code() == code)
    };
    step(String::new(), 220)
        && step("EHLO client.example\r\n".to_owned(), 250)
        && step("MAIL FROM:<a@client.example>\r\n".to_owned(), 250)
        && step("RCPT TO:<bob@example.net>\r\n".to_owned(), 250)
        && step("DATA\r\n".to_owned(), 354)
        && step(format!("Subject: number {number}\r\n\r\n.\r\n"), 250)
}

/// How often each numbered letter has arrived.
fn arrived(sink: &Sink) -> HashMap<usize, usize> {
    let mut counts = HashMap::new();
    for letter in sink.letters() {
        let subject = letter
            .content
            .lines()
            .find_map(|line| line.strip_prefix("Subject: number "));
        *counts
            .entry(subject.expect("a subject").parse().expect("a number"))
            .or_default() += 1;
    }
    counts
}

fn load(setup: Setup, mut round: impl FnMut(&mut Instance, usize)) {
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name().is_some() {
            eprintln!("{info}");
        }
    }));
    let rounds = std::env::var("SUITE_KILL_ROUNDS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(6);
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let mut mail = setup
        .set("relayhost", "[127.0.0.2]")
        .set("service_throttle_time", "1s")
        .set("queue_run_delay", "1s")
        .set("minimal_backoff_time", "1s")
        .set("maximal_backoff_time", "1s")
        .start();
    let stop = Arc::new(AtomicBool::new(false));
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let senders: Vec<_> = (0..4)
        .map(|first| sender(first, Arc::clone(&stop), Arc::clone(&accepted)))
        .collect();
    let mut count = 0;
    for number in 0..rounds {
        count = wait_until("accepted letters", || {
            Some(accepted.lock().expect("list").len()).filter(|&now| now > count + 2)
        });
        // Not always at the same moment of a letter's way.
        std::thread::sleep(Duration::from_millis((number as u64 * 37) % 100));
        round(&mut mail, number);
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.join().expect("a sender");
    }
    let accepted = accepted.lock().expect("list").clone();
    assert!(
        accepted.len() > rounds,
        "only {} letters accepted",
        accepted.len()
    );
    let mut missing = Vec::new();
    for _ in 0..6 {
        drop(mail.command("postqueue").args(["-f"]).run());
        let end = std::time::Instant::now() + Duration::from_secs(5);
        while std::time::Instant::now() < end {
            let counts = arrived(&sink);
            missing = accepted
                .iter()
                .filter(|number| !counts.contains_key(number))
                .copied()
                .collect();
            if missing.is_empty() {
                let twice = counts.values().filter(|&&count| count > 1).count();
                println!(
                    "{} letters accepted, all delivered, {twice} of them more than once",
                    accepted.len()
                );
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    panic!(
        "{} of {} accepted letters are lost: {missing:?}",
        missing.len(),
        accepted.len()
    );
}

case!(one_daemon_at_a_time, |setup| {
    let kinds = [
        "smtpd",
        "cleanup",
        "qmgr",
        "smtp",
        "trivial-rewrite",
        "bounce",
        "pickup",
        "proxymap",
        "error",
        "flush",
        "showq",
        "local",
    ];
    load(setup, |mail, number| {
        let name = kinds[number % kinds.len()];
        for process in mail
            .processes()
            .into_iter()
            .filter(|process| process.name == name)
        {
            process.signal(Signal::SIGKILL);
        }
    });
});

case!(everything_at_once, |setup| {
    load(setup, |mail, _| {
        mail.kill();
        mail.start();
    });
});

case!(stop_and_start_under_load, |setup| {
    load(setup, |mail, _| {
        mail.stop();
        mail.start();
        wait_until("a listening system", || {
            std::net::TcpStream::connect("127.0.0.1:25").ok()
        });
    });
});
