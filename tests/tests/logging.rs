//! The log: exact forms of lines, and where they go.

use std::fs;
use suite::log::Line;
use suite::{Instance, Setup, case, wait_until};

const LETTER: &str = "Message-ID: <1@client.example>\nSubject: x\n\nbody\n";

fn file_lines(mail: &Instance, wanted: &str) -> Vec<Line> {
    let path = mail.machine.path("maillog");
    wait_until(wanted, || {
        let text = fs::read_to_string(&path).ok()?;
        let lines: Vec<Line> = text.lines().filter_map(Line::parse).collect();
        lines
            .iter()
            .any(|line| suite::pattern::matches(wanted, &line.text))
            .then_some(lines)
    })
}

fn to_file(setup: Setup) -> Setup {
    let path = setup.path("maillog").display().to_string();
    let prefix = setup.path("").display().to_string();
    setup
        .set("maillog_file", &path)
        .set("maillog_file_prefixes", &prefix)
}

case!(the_lines_of_a_letter_in_order, |setup| {
    let mail = setup.start();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    let wanted = [
        ("smtpd", "connect from localhost[127.0.0.1]".to_owned()),
        ("smtpd", format!("{id}: client=localhost[127.0.0.1]")),
        ("cleanup", format!("{id}: message-id=<1@client.example>")),
        (
            "qmgr",
            format!("{id}: from=<a@client.example>, size={{n}}, nrcpt=1 (queue active)"),
        ),
        (
            "local",
            format!(
                "{id}: to=<alice@ferro.example>, relay=local, delay={{f}}, delays={{f}}/{{f}}/{{f}}/{{f}}, dsn=2.0.0, status=sent (delivered to maildir)"
            ),
        ),
        ("qmgr", format!("{id}: removed")),
    ];
    let lines = mail.log().lines();
    let mut position = 0;
    for (program, pattern) in wanted {
        let found = lines[position..].iter().position(|line| {
            line.tag == format!("postfix/{program}")
                && suite::pattern::matches(&pattern, &line.text)
        });
        position += found.unwrap_or_else(|| panic!("{program}: {pattern} is not in its place")) + 1;
    }
});

case!(severities, |setup| {
    let mail = setup.start();
    let mut client = mail.connect();
    client.send("GET / HTTP/1.0\r\n");
    client.expect_reply("221 *");
    assert_eq!(mail.log().wait("smtpd", "connect from *").severity, 6);
    assert_eq!(
        mail.log()
            .wait("smtpd", "warning: non-SMTP command *")
            .severity,
        4
    );
});

case!(unprintable_text_becomes_question_marks, |setup| {
    let mail = setup.start();
    let mut client = mail.smtp();
    client.send(b"MAIL FROM:<a\x01b\x7f@client.example>\r\n");
    client.reply();
    client.send("RCPT TO:<x@elsewhere.example>\r\n");
    client.reply();
    client.quit();
    mail.log().wait("smtpd", "disconnect from *");
    assert!(
        mail.log()
            .lines()
            .iter()
            .all(|line| !line.text.contains(['\u{1}', '\u{7f}']))
    );
});

case!(syslog_name_changes_the_tag, |setup| {
    let mail = setup.set("syslog_name", "mta").stopped();
    let mut mail = mail;
    mail.start();
    mail.connect().quit();
    assert_eq!(mail.log().wait("smtpd", "connect from *").tag, "mta/smtpd");
});

case!(log_file, |setup| {
    let mail = to_file(setup).start();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    let lines = file_lines(&mail, &format!("{id}: removed"));
    assert!(lines.iter().any(|line| line.tag == "postfix/smtpd"
        && line.text == format!("{id}: client=localhost[127.0.0.1]")));
    let text = fs::read_to_string(mail.machine.path("maillog")).expect("maillog");
    let first = text.lines().next().expect("a line");
    assert!(
        suite::pattern::matches("* {n}:{n}:{n} mail postfix/*[{n}]: *", first),
        "{first}"
    );
});

case!(log_file_of_commands, |setup| {
    let mail = to_file(setup).start();
    mail.command("postlog")
        .args(["from a command"])
        .run()
        .succeeds();
    file_lines(&mail, "from a command");
});

case!(log_file_rotation, |setup| {
    let mail = to_file(setup).start();
    mail.connect().quit();
    file_lines(&mail, "connect from *");
    let path = mail.machine.path("maillog");
    mail.command("postfix").args(["logrotate"]).run().succeeds();
    wait_until("the rotated file", || {
        fs::read_dir(path.parent()?).ok()?.flatten().find(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with("maillog.") && name != "maillog")
        })
    });
    mail.connect().quit();
    file_lines(&mail, "connect from *");
});

case!(verbose_service, |setup| {
    let mail = setup
        .service("127.0.0.1:2525 inet n - n - - smtpd -v")
        .start();
    let _client = suite::Client::connect("127.0.0.1:2525");
    mail.log()
        .wait("smtpd", "connect from localhost[127.0.0.1]");
    let own = mail.process("smtpd").pid;
    let count = mail
        .log()
        .lines()
        .iter()
        .filter(|line| line.pid == own)
        .count();
    assert!(count > 5, "{count} lines");
});

case!(log_survives_a_new_syslog_socket, |setup| {
    let mail = setup.start();
    mail.connect().quit();
    mail.log().wait("smtpd", "disconnect from *");
    fs::remove_file("/dev/log").expect("remove");
    let fresh = suite::Log::listen(std::path::Path::new("/dev/log"));
    mail.reload_quietly();
    wait_until("lines at the new socket", || {
        mail.connect().quit();
        fresh.find("smtpd", "connect from *").pop()
    });
});
