//! STRESS_README: what happens when a service has used up its process limit.

use std::fs;
use suite::{Client, Instance, Setup, case, wait_until};

/// A server that says whether it is stressed; two clients use it up.
fn two_at_once(setup: Setup, arguments: &str) -> Instance {
    setup
        .set("inet_interfaces", "all")
        .set("smtpd_banner", "${stress?{stressed}:{calm}}")
        .service(&format!("smtp inet n - n - 2 smtpd {arguments}"))
        .start()
}

fn used_up(mail: &Instance) {
    mail.log().wait(
        "master",
        "warning: service \"smtp\" (25) has reached its process limit \"2\": new clients may experience noticeable delays",
    );
}

/// What the third client hears, after the first one has gone.
fn third_greeting(mail: &Instance) -> String {
    let mut first = Client::connect("127.0.0.1:25");
    first.expect_reply("220 calm");
    let mut second = Client::connect("127.0.0.1:25");
    // The reference starts its last process stressed.
    second.expect_reply("220 *");
    if fs::read_to_string("/etc/postfix/main.cf")
        .expect("main.cf")
        .contains("inet_interfaces = all")
    {
        used_up(mail);
    }
    let mut third = Client::connect("127.0.0.1:25");
    first.quit();
    let greeting = third.reply().text();
    second.quit();
    third.quit();
    greeting
}

case!(a_used_up_service_is_stressed, |setup| {
    let mail = two_at_once(setup, "");
    assert_eq!(third_greeting(&mail), "220 stressed");
    mail.log().wait(
        "master",
        "warning: to avoid this condition, increase the process count in master.cf or reduce the service time per client",
    );
    mail.log().wait(
        "master",
        "warning: see http*://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration settings",
    );
});

case!(stress_shortens_the_patience_of_stock_settings, |setup| {
    let mail = two_at_once(setup, "");
    let mut first = Client::connect("127.0.0.1:25");
    first.expect_reply("220 calm");
    for _ in 0..3 {
        first.expect("FOO", "500 *");
    }
    let _second = Client::connect("127.0.0.1:25");
    used_up(&mail);
    let mut third = Client::connect("127.0.0.1:25");
    first.quit();
    third.expect_reply("220 stressed");
    third.expect("FOO", "500 *");
    third.expect_reply("421 4.7.0 *Error: too many errors");
});

case!(a_setting_of_master_cf_beats_the_stress, |setup| {
    let mail = two_at_once(setup, "-o stress=");
    assert_eq!(third_greeting(&mail), "220 calm");
});

case!(only_strangers_cause_stress, |setup| {
    let mail = setup
        .set("smtpd_banner", "${stress?{stressed}:{calm}}")
        .service("smtp inet n - n - 2 smtpd")
        .start();
    assert_eq!(third_greeting(&mail), "220 calm");
    mail.log()
        .never("master", "*has reached its process limit*");
});

case!(stress_lasts_and_a_reload_does_not_end_it, |setup| {
    let mail = two_at_once(setup, "");
    assert_eq!(third_greeting(&mail), "220 stressed");
    mail.reload();
    let mut client = Client::connect("127.0.0.1:25");
    client.expect_reply("220 stressed");
    client.quit();
});

case!(
    a_client_who_was_there_before_the_stress_is_served_to_the_end,
    |setup| {
        let mail = two_at_once(setup, "");
        let mut first = Client::connect("127.0.0.1:25");
        first.expect_reply("220 calm");
        first.say("EHLO client.example");
        let mut second = Client::connect("127.0.0.1:25");
        second.expect_reply("220 *");
        mail.log().wait(
            "master",
            "warning: service * has reached its process limit *",
        );
        let mut third = Client::connect("127.0.0.1:25");
        second.quit();
        third.expect_reply("220 stressed");
        first.letter(
            "a@client.example",
            &["alice@ferro.example"],
            "Subject: x\n\nbody\n",
        );
        first.quit();
        mail.letter_of("alice");
        third.quit();
        wait_until("one service", || {
            let count = mail
                .processes()
                .iter()
                .filter(|process| process.name == "smtpd")
                .count();
            (count <= 2).then_some(())
        });
    }
);
