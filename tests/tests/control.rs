//! postfix(1) and the master that it starts, stops and reloads.

use std::time::Duration;
use suite::case;

const LETTER: &str = "Subject: x\n\nbody\n";

case!(
    only(
        ferropost,
        "The reference throttles what a reload interrupts in its start."
    ),
    reloads_one_after_another_right_after_the_start,
    |setup| {
        let mail = setup.start();
        for _ in 0..10 {
            mail.reload_quietly();
            std::thread::sleep(Duration::from_millis(15));
        }
        mail.send("a@client.example", &["alice@ferro.example"], LETTER);
        mail.letter_of("alice");
        for words in ["*throttling*", "*status channel*"] {
            for daemon in ["master", "qmgr", "pickup"] {
                let found = mail.log().find(daemon, words);
                assert!(found.is_empty(), "{daemon}: {found:?}");
            }
        }
    }
);
