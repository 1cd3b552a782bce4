//! local(8): mailboxes, aliases, .forward files, commands.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use suite::machine::{Account, give};
use suite::{Instance, Setup, case, mailbox, wait_until};

const SENDER: &str = "a@client.example";
const LETTER: &str = "Subject: x\n\nbody\n";

/// Writes a file into a user's home directory, as that user would.
fn home_file(setup: &Setup, user: &str, name: &str, text: &str) {
    let path = setup.machine.home(user).join(name);
    let account = Account::named(user);
    fs::write(&path, text).expect("write");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("mode");
    give(&path, account.id, account.id);
}

fn send(mail: &Instance, recipient: &str) -> String {
    mail.send(SENDER, &[recipient], LETTER)
}

fn wait_mbox(path: &Path, count: usize) -> Vec<mailbox::Letter> {
    wait_until(&format!("{count} letters in {}", path.display()), || {
        Some(mailbox::mbox(path)).filter(|letters| letters.len() >= count)
    })
}

case!(maildir_delivery, |setup| {
    let mail = setup.start();
    let id = send(&mail, "alice@ferro.example");
    let letter = mail.letter_of("alice");
    assert!(
        letter
            .text
            .starts_with("Return-Path: <a@client.example>\nX-Original-To: alice@ferro.example\nDelivered-To: alice@ferro.example\nReceived: "),
        "{}",
        letter.text
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<alice@ferro.example>, relay=local, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=2.0.0, status=sent (delivered to maildir)"),
    );
    let folder = mail.machine.home("alice").join("Maildir");
    assert_eq!(
        fs::metadata(folder.join("new")).expect("new").uid(),
        Account::named("alice").id
    );
    assert_eq!(fs::read_dir(folder.join("tmp")).expect("tmp").count(), 0);
    let file = fs::read_dir(folder.join("new"))
        .expect("new")
        .next()
        .expect("a file")
        .expect("a file");
    assert_eq!(file.metadata().expect("metadata").mode() & 0o777, 0o600);
    let name = file.file_name().into_string().expect("name");
    assert!(
        suite::pattern::matches("{n}.V*I*M{n}.mail*", &name),
        "{name}"
    );
});

case!(mbox_delivery, |setup| {
    let mail = setup.set("home_mailbox", "").start();
    let id = mail.send(
        SENDER,
        &["alice@ferro.example"],
        "Subject: x\n\nFrom here\n>From there\n",
    );
    let path = Path::new("/var/mail/alice");
    mail.log().wait(
        "local",
        &format!("{id}: to=<alice@ferro.example>, *status=sent (delivered to mailbox)"),
    );
    mail.send(SENDER, &["alice@ferro.example"], "Subject: y\n\nlast\n");
    let letters = wait_mbox(path, 2);
    assert_eq!(letters.len(), 2);
    assert!(
        letters[0].text.starts_with("From a@client.example  "),
        "{}",
        letters[0].text
    );
    assert!(
        letters[0].text.ends_with("\n\n>From here\n>From there\n\n"),
        "{}",
        letters[0].text
    );
    let file = fs::metadata(path).expect("mailbox");
    assert_eq!(
        (file.uid(), file.mode() & 0o777),
        (Account::named("alice").id, 0o600)
    );
    wait_until("the end of the lock", || {
        (!Path::new("/var/mail/alice.lock").exists()).then_some(())
    });
});

case!(mbox_in_the_home_directory, |setup| {
    let mail = setup.set("home_mailbox", "inbox").start();
    send(&mail, "alice@ferro.example");
    wait_mbox(&mail.machine.home("alice").join("inbox"), 1);
});

case!(locked_mbox_defers, |setup| {
    let mail = setup
        .set("home_mailbox", "")
        .set("mailbox_delivery_lock", "dotlock")
        .set("deliver_lock_attempts", "1")
        .start();
    fs::write("/var/mail/alice.lock", "").expect("lock");
    let id = send(&mail, "alice@ferro.example");
    mail.log().wait(
        "local",
        &format!("{id}: to=<alice@ferro.example>, *dsn=4.2.0, status=deferred (*alice.lock: *)"),
    );
    fs::remove_file("/var/mail/alice.lock").expect("unlock");
    mail.command("postqueue").args(["-f"]).run().succeeds();
    wait_mbox(Path::new("/var/mail/alice"), 1);
});

case!(mailbox_size_limit, |setup| {
    let mail = setup
        .set("home_mailbox", "")
        .set("message_size_limit", "2000")
        .set("mailbox_size_limit", "2000")
        .start();
    mail.send(
        SENDER,
        &["alice@ferro.example"],
        &format!("Subject: x\n\n{}", "0123456789\n".repeat(80)),
    );
    wait_mbox(Path::new("/var/mail/alice"), 1);
    let id = mail.send(
        SENDER,
        &["alice@ferro.example"],
        &format!("Subject: y\n\n{}", "0123456789\n".repeat(80)),
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<alice@ferro.example>, *dsn=5.2.2, status=bounced (*)"),
    );
});

case!(unknown_user_bounces, |setup| {
    let mail = setup.set("local_recipient_maps", "").start();
    let id = send(&mail, "nobody.here@ferro.example");
    mail.log().wait(
        "local",
        &format!("{id}: to=<nobody.here@ferro.example>, relay=local, *dsn=5.1.1, status=bounced (unknown user: \"nobody.here\")"),
    );
});

case!(aliases, |setup| {
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .alias("friends", "alice, bob")
        .alias("everyone", "friends, \"carol\"@ferro.example")
        .start();
    let id = send(&mail, "everyone@ferro.example");
    for user in ["alice", "bob", "carol"] {
        assert_eq!(
            mail.letter_of(user).header("X-Original-To").as_deref(),
            Some("everyone@ferro.example")
        );
    }
    mail.log().wait("qmgr", &format!("{id}: removed"));
});

case!(alias_to_elsewhere_is_forwarded, |setup| {
    let sink = suite::Sink::smtp().listen("127.0.0.2:25");
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .alias("away", "someone@[127.0.0.2]")
        .start();
    let id = send(&mail, "away@ferro.example");
    let letters = sink.wait(1);
    assert!(
        letters[0].recipients[0].starts_with("RCPT TO:<someone@[127.0.0.2]>"),
        "{letters:?}"
    );
    assert!(
        letters[0]
            .content
            .contains("Delivered-To: away@ferro.example\r\n"),
        "{letters:?}"
    );
    let line = mail.log().wait(
        "local",
        &format!("{id}: to=<away@ferro.example>, relay=local, *dsn=2.0.0, status=sent (forwarded as {{id}})"),
    );
    let forwarded = line
        .text
        .rsplit(' ')
        .next()
        .expect("id")
        .trim_end_matches(')')
        .to_owned();
    mail.log().wait("smtp", &format!("{forwarded}: to=<someone@[127.0.0.2]>, orig_to=<away@ferro.example>, relay=127.0.0.2[127.0.0.2]:25, *status=sent *"));
});

case!(alias_to_file_and_command, |setup| {
    let target = setup.path("home/bob/archive");
    let output = setup.path("home/bob/output");
    let alias = format!("{}, \"|cat > {}\"", target.display(), output.display());
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("default_privs", "bob")
        .alias("robot", &alias)
        .start();
    let id = send(&mail, "robot@ferro.example");
    wait_mbox(&target, 1);
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<robot@ferro.example>, *status=sent (delivered to file: {})",
            target.display()
        ),
    );
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<robot@ferro.example>, *status=sent (delivered to command: cat > {})",
            output.display()
        ),
    );
    assert_eq!(
        fs::metadata(&output).expect("output").uid(),
        Account::named("bob").id
    );
    let piped = fs::read_to_string(&output).expect("output");
    assert!(
        piped.starts_with("From a@client.example  ")
            && piped.contains("\nDelivered-To: robot@ferro.example\n"),
        "{piped}"
    );
});

case!(command_exit_codes, |setup| {
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("default_privs", "bob")
        .alias("refuses", "\"|exit 67\"")
        .alias("postpones", "\"|exit 75\"")
        .alias("fails", "\"|echo some text; exit 1\"")
        .start();
    let id = mail.send(
        SENDER,
        &[
            "refuses@ferro.example",
            "postpones@ferro.example",
            "fails@ferro.example",
        ],
        LETTER,
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<refuses@ferro.example>, *dsn=5.1.1, status=bounced (user unknown)"),
    );
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<postpones@ferro.example>, *dsn=4.3.0, status=deferred (temporary failure)"
        ),
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<fails@ferro.example>, *dsn=5.3.0, status=bounced (Command died with status 1: \"echo some text; exit 1\". Command output: some text )"),
    );
});

case!(command_environment, |setup| {
    let output = setup.path("home/bob/environment");
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("default_privs", "bob")
        .set("recipient_delimiter", "+")
        .alias("robot", &format!("\"|env > {}\"", output.display()))
        .start();
    let id = send(&mail, "robot+extra@ferro.example");
    mail.log().wait(
        "local",
        &format!("{id}: to=<robot+extra@ferro.example>, *status=sent *"),
    );
    let environment = fs::read_to_string(&output).expect("environment");
    for line in [
        "SENDER=a@client.example",
        "RECIPIENT=robot+extra@ferro.example",
        "LOCAL=robot+extra",
        "DOMAIN=ferro.example",
        "EXTENSION=extra",
        "ORIGINAL_RECIPIENT=robot+extra@ferro.example",
        "CLIENT_ADDRESS=127.0.0.1",
        "CLIENT_PROTOCOL=ESMTP",
    ] {
        assert!(
            environment.lines().any(|found| found == line),
            "{line} in {environment}"
        );
    }
});

case!(include_files, |setup| {
    let list = setup.path("list");
    fs::write(&list, "# the list\nalice\n\nbob, carol\n").expect("write");
    fs::set_permissions(&list, Permissions::from_mode(0o644)).expect("mode");
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .alias("list", &format!(":include:{}", list.display()))
        .start();
    send(&mail, "list@ferro.example");
    for user in ["alice", "bob", "carol"] {
        mail.letter_of(user);
    }
});

case!(owner_alias_takes_bounces, |setup| {
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .alias("list", "alice, nobody.here")
        .alias("owner-list", "carol")
        .start();
    send(&mail, "list@ferro.example");
    assert_eq!(
        mail.letter_of("alice").header("Return-Path").as_deref(),
        Some("<owner-list@ferro.example>")
    );
    let bounce = mail.letter_of("carol");
    assert_eq!(
        bounce.header("Subject").as_deref(),
        Some("Undelivered Mail Returned to Sender")
    );
    assert_eq!(
        bounce.header("To").as_deref(),
        Some("owner-list@ferro.example")
    );
});

case!(forward_file, |setup| {
    home_file(
        &setup,
        "alice",
        ".forward",
        "bob, \\alice\n# nothing\n\"|cat > $HOME/piped\"\n",
    );
    let mail = setup.start();
    let id = send(&mail, "alice@ferro.example");
    mail.letter_of("alice");
    let forwarded = mail.letter_of("bob");
    assert_eq!(
        forwarded.headers("Delivered-To"),
        ["bob@ferro.example", "alice@ferro.example"]
    );
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<alice@ferro.example>, *status=sent (delivered to command: cat > $HOME/piped)"
        ),
    );
    let piped = mail.machine.home("alice").join("piped");
    assert_eq!(
        fs::metadata(piped).expect("piped").uid(),
        Account::named("alice").id
    );
});

case!(forward_file_with_extension, |setup| {
    home_file(&setup, "alice", ".forward", "bob\n");
    home_file(&setup, "alice", ".forward+lists", "carol\n");
    let mail = setup.set("recipient_delimiter", "+").start();
    send(&mail, "alice+lists@ferro.example");
    mail.letter_of("carol");
    send(&mail, "alice+other@ferro.example");
    assert_eq!(mail.letter_of("bob").headers("Delivered-To").len(), 2);
});

case!(unsafe_forward_file_is_ignored, |setup| {
    home_file(&setup, "alice", ".forward", "bob\n");
    let path = setup.machine.home("alice").join(".forward");
    give(&path, Account::named("bob").id, 0);
    let mail = setup.start();
    send(&mail, "alice@ferro.example");
    mail.letter_of("alice");
    mail.log().wait("local", "warning: *.forward*");
});

case!(forward_loop_ends, |setup| {
    home_file(&setup, "alice", ".forward", "bob\n");
    home_file(&setup, "bob", ".forward", "alice\n");
    let mail = setup.start();
    let id = send(&mail, "alice@ferro.example");
    mail.log().wait("local", "{id}: to=<*@ferro.example>, *dsn=5.4.6, status=bounced (mail forwarding loop for *@ferro.example)");
    mail.wait_empty();
    assert!(!id.is_empty());
});

case!(delivered_to_loop_bounces, |setup| {
    let mail = setup.start();
    let id = mail.send(
        SENDER,
        &["alice@ferro.example"],
        "Delivered-To: alice@ferro.example\nSubject: x\n\n",
    );
    mail.log().wait(
        "local",
        &format!("{id}: to=<alice@ferro.example>, *dsn=5.4.6, status=bounced (mail forwarding loop for alice@ferro.example)"),
    );
});

case!(mailbox_command, |setup| {
    let mail = setup
        .set("mailbox_command", "cat > \"$HOME/$USER.$EXTENSION\"")
        .set("recipient_delimiter", "+")
        .start();
    let id = send(&mail, "alice+ext@ferro.example");
    mail.log().wait(
        "local",
        &format!("{id}: to=<alice+ext@ferro.example>, *status=sent (delivered to command: *)"),
    );
    let output = mail.machine.home("alice").join("alice.ext");
    assert_eq!(
        fs::metadata(output).expect("output").uid(),
        Account::named("alice").id
    );
});

case!(luser_relay, |setup| {
    let mail = setup
        .set("local_recipient_maps", "")
        .set("luser_relay", "carol+${local}@ferro.example")
        .set("recipient_delimiter", "+")
        .start();
    send(&mail, "nobody.here@ferro.example");
    let letter = mail.letter_of("carol");
    assert_eq!(
        letter.header("X-Original-To").as_deref(),
        Some("nobody.here@ferro.example")
    );
    assert_eq!(
        letter.headers("Delivered-To").last().map(String::as_str),
        Some("nobody.here@ferro.example")
    );
});

case!(local_parts_are_case_blind, |setup| {
    let mail = setup.start();
    send(&mail, "ALiCe@FERRO.example");
    mail.letter_of("alice");
});

case!(commands_can_be_forbidden, |setup| {
    home_file(&setup, "alice", ".forward", "\"|cat > $HOME/piped\"\n");
    let mail = setup.set("allow_mail_to_commands", "alias").start();
    let id = send(&mail, "alice@ferro.example");
    mail.log().wait("local", &format!("{id}: to=<alice@ferro.example>, *dsn=5.7.1, status=bounced (mail to command is restricted)"));
});

case!(delivery_does_not_run_as_root, |setup| {
    let output = setup.path("home/bob/identity");
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("default_privs", "bob")
        .alias(
            "robot",
            &format!(
                "\"|id -u > {0}; id -g >> {0}; id -G >> {0}\"",
                output.display()
            ),
        )
        .start();
    let id = send(&mail, "robot@ferro.example");
    mail.log().wait(
        "local",
        &format!("{id}: to=<robot@ferro.example>, *status=sent *"),
    );
    assert_eq!(
        fs::read_to_string(&output).expect("identity"),
        "60002\n60002\n60002\n"
    );
});

case!(command_time_limit, |setup| {
    let mail = setup
        .set("alias_maps", "hash:/etc/postfix/aliases")
        .set("default_privs", "bob")
        .set("command_time_limit", "1s")
        .alias("slow", "\"|sleep 30\"")
        .start();
    let id = send(&mail, "slow@ferro.example");
    mail.log().wait(
        "local",
        &format!(
            "{id}: to=<slow@ferro.example>, *status=* (Command time limit exceeded: \"sleep 30\"*)"
        ),
    );
});
