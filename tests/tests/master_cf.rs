//! master.cf as it was written over the years: FIFOs, tabs, comments anywhere, entries twice, jails by default; and queues
//! that are frozen by it.

use std::fs;
use suite::{Client, Instance, Setup, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";
const MASTER_CF: &str = "/etc/postfix/master.cf";

/// A file of the old days: queue manager and pickup behind FIFOs, tabs between fields, comments between continuation lines.
const OLD: &str = "\
#
# Postfix master process configuration file.
#
# ==========================================================================
# service type  private unpriv  chroot  wakeup  maxproc command + args
# ==========================================================================
smtp\tinet\tn\t-\tn\t-\t-\tsmtpd
\t-o smtpd_banner=old
# a comment between an entry and its next line
    # another one, indented

\t-o smtpd_helo_required=yes \t
#submission inet n - n - - smtpd
#  -o smtpd_tls_security_level=encrypt
pickup    fifo  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr\t  fifo  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
\t-o fallback_relay=
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
retry     unix  -       -       n       -       -       error
";

/// The usual instance with a master.cf of the case's choice; not started.
fn with(setup: Setup, text: &str) -> Instance {
    let mail = setup.stopped();
    fs::write(MASTER_CF, text).expect("write master.cf");
    mail
}

fn started(setup: Setup, text: &str) -> Instance {
    let mut mail = with(setup, text);
    mail.start();
    mail
}

/// The subjects in a user's mailbox, in order, when there are so many letters.
fn subjects(mail: &Instance, user: &str, count: usize) -> Vec<String> {
    let letters = mail.inbox(user, count);
    let mut found: Vec<String> = letters
        .iter()
        .filter_map(|letter| {
            letter
                .text
                .lines()
                .find(|line| line.starts_with("Subject: "))
                .map(str::to_owned)
        })
        .collect();
    found.sort();
    found
}

fn without_qmgr(mail: &Instance) {
    wait_until("the end of qmgr", || {
        mail.processes()
            .iter()
            .all(|process| process.name != "qmgr")
            .then_some(())
    });
}

case!(an_old_file_works, |setup| {
    let mail = started(setup, OLD);
    let mut client = Client::connect("127.0.0.1:25");
    client.expect_reply("220 old");
    client.expect(
        "MAIL FROM:<a@client.example>",
        "503 5.5.1 Error: send HELO/EHLO first",
    );
    client.say("EHLO client.example");
    client.letter("a@client.example", &["alice@ferro.example"], LETTER);
    mail.sendmail("bob", &["alice"], LETTER);
    assert_eq!(mail.inbox("alice", 2).len(), 2);
    mail.reload();
    mail.sendmail("bob", &["alice"], LETTER);
    assert_eq!(mail.inbox("alice", 3).len(), 3);
});

case!(blanks_at_the_end_of_lines, |setup| {
    let mail = started(
        setup,
        &OLD.replace("\tpickup\n", "\tpickup   \t\n")
            .replace("cleanup\n", "cleanup  \n"),
    );
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
});

case!(the_last_of_two_entries_counts, |setup| {
    let text = format!("{OLD}25 inet n - n - - smtpd -o smtpd_banner=last\n");
    let mail = started(setup, &text);
    Client::connect("127.0.0.1:25").expect_reply("220 last");
    mail.log().wait(
        "master",
        "warning: duplicate master.cf entry for service \"smtp\" (*) -- using the last entry",
    );
});

case!(a_first_line_that_continues_nothing, |setup| {
    let mail = started(setup, &format!("   -o smtpd_banner=lost\n{OLD}"));
    Client::connect("127.0.0.1:25").expect_reply("220 old");
    mail.log()
        .wait("master", "warning: */etc/postfix/master.cf*whitespace*");
});

case!(no_line_end_at_the_end, |setup| {
    let mail = started(setup, OLD.trim_end());
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
});

/// Where smtpd and cleanup have their root directory, with `-` in the chroot field.
fn root_of_smtpd(setup: Setup, level: &str) -> bool {
    let setup = setup.set("compatibility_level", level);
    let text = OLD
        .replace("smtp\tinet\tn\t-\tn\t", "smtp\tinet\tn\t-\t-\t")
        .replace(
            "cleanup   unix  n       -       n ",
            "cleanup   unix  n       -       - ",
        );
    let mail = started(setup, &text);
    let mut client = Client::connect("127.0.0.1:25");
    client.expect_reply("220 old");
    client.say("EHLO client.example");
    client.letter("a@client.example", &["alice@ferro.example"], LETTER);
    let queue = mail.spool().path;
    let jailed = |name: &str| mail.process(name).root().is_some_and(|root| root == queue);
    let (smtpd, cleanup) = (jailed("smtpd"), jailed("cleanup"));
    assert_eq!(smtpd, cleanup);
    client.quit();
    mail.letter_of("alice");
    smtpd
}

case!(a_dash_means_a_jail_at_level_0, |setup| {
    assert!(root_of_smtpd(setup, "0"));
});

case!(a_dash_means_no_jail_at_level_1, |setup| {
    assert!(!root_of_smtpd(setup, "1"));
});

case!(a_frozen_fifo_queue, |setup| {
    let mut mail = started(
        setup
            .set("master_service_disable", "qmgr.fifo")
            .set("in_flow_delay", "0"),
        OLD,
    );
    let mut client = Client::connect("127.0.0.1:25");
    client.expect_reply("220 old");
    client.say("EHLO client.example");
    let ids: Vec<String> = (0..5)
        .map(|number| {
            client.letter(
                "a@client.example",
                &["alice@ferro.example"],
                &format!("Subject: {number}\n\n"),
            )
        })
        .collect();
    client.quit();
    for number in 5..8 {
        mail.sendmail("bob", &["alice"], &format!("Subject: {number}\n\n"));
    }
    wait_until("eight letters", || {
        (mail.spool().ids("incoming").len() == 8).then_some(())
    });
    let listing = mail.command("postqueue").args(["-p"]).run().succeeds();
    assert!(ids.iter().all(|id| listing.out.contains(id)), "{listing:?}");
    assert!(listing.out.contains("in 8 Requests."), "{listing:?}");
    mail.set("master_service_disable", "");
    mail.reload();
    let wanted: Vec<String> = (0..8).map(|number| format!("Subject: {number}")).collect();
    assert_eq!(subjects(&mail, "alice", 8), wanted);
    mail.wait_empty();
});

case!(freezing_and_unfreezing_while_mail_comes, |setup| {
    let mut mail = started(setup.set("in_flow_delay", "0"), OLD);
    let mut client = Client::connect("127.0.0.1:25");
    client.expect_reply("220 old");
    client.say("EHLO client.example");
    let mut send = |number: usize| {
        let text = format!("Subject: {number:03}\n\n");
        client.letter("a@client.example", &["alice@ferro.example"], &text);
    };
    let mut count = 0;
    for _ in 0..3 {
        for disabled in ["qmgr.fifo", ""] {
            mail.set("master_service_disable", disabled);
            mail.reload();
            for _ in 0..4 {
                send(count);
                count += 1;
            }
            if !disabled.is_empty() {
                without_qmgr(&mail);
            }
        }
    }
    let wanted: Vec<String> = (0..count)
        .map(|number| format!("Subject: {number:03}"))
        .collect();
    assert_eq!(subjects(&mail, "alice", count), wanted);
    mail.wait_empty();
});

case!(a_frozen_fifo_pickup, |setup| {
    let mut mail = started(setup.set("master_service_disable", "pickup.fifo"), OLD);
    mail.sendmail("bob", &["alice"], LETTER);
    mail.sendmail("carol", &["alice"], LETTER);
    assert_eq!(mail.spool().ids("maildrop").len(), 2);
    mail.set("master_service_disable", "");
    mail.reload();
    assert_eq!(mail.inbox("alice", 2).len(), 2);
});

case!(fifo_and_socket_change_places, |setup| {
    let mail = started(setup, OLD);
    mail.sendmail("bob", &["alice"], LETTER);
    mail.letter_of("alice");
    let change = |from: &str, to: &str| {
        let text = fs::read_to_string(MASTER_CF).expect("master.cf");
        fs::write(MASTER_CF, text.replace(from, to)).expect("write");
        mail.reload();
    };
    change("fifo  n", "unix  n");
    mail.sendmail("bob", &["alice"], LETTER);
    assert_eq!(mail.inbox("alice", 2).len(), 2);
    change(
        "unix  n       -       n       60 ",
        "fifo  n       -       n       60 ",
    );
    mail.sendmail("bob", &["alice"], LETTER);
    assert_eq!(mail.inbox("alice", 3).len(), 3);
});
