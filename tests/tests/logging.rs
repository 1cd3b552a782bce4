//! The log: exact forms of lines, and where they go.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use suite::log::Line;
use suite::{Instance, Setup, Sink, case, wait_until};

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

case!(info_log_address_format_of_all_programs, |setup| {
    let mut mail = setup.set("local_recipient_maps", "").start();
    let quoted = "\"al ice\"@ferro.example";
    for (format, shown) in [("external", quoted), ("internal", "al ice@ferro.example")] {
        mail.set("info_log_address_format", format);
        mail.reload();
        mail.log().clear();
        mail.sendmail("alice", &["-f", quoted, quoted], LETTER);
        let pickup = format!("*: uid={{n}} from=<{shown}>");
        let id = mail.log().wait("pickup", &pickup).id();
        let active = format!("{id}: from=<{shown}>, size={{n}}, nrcpt=1 (queue active)");
        mail.log().wait("qmgr", &active);
        mail.log()
            .wait("local", &format!("{id}: to=<{shown}>, relay=local, *"));
        let mut client = mail.stranger();
        client.say(&format!("MAIL FROM:<{quoted}>"));
        client.expect("RCPT TO:<\"el se\"@where.example>", "*");
        let refused = match format {
            "external" => {
                format!("*: reject: RCPT from *from=<{shown}> to=<\"el se\"@where.example> *")
            }
            _ => format!("*: reject: RCPT from *from=<{shown}> to=<el se@where.example> *"),
        };
        mail.log().wait("smtpd", &refused);
    }
});

fn submit() {
    let mut client = suite::Client::connect("127.0.0.1:2525");
    client.expect_reply("220 *");
    client.quit();
}

case!(syslog_name_and_facility_by_service_and_at_reload, |setup| {
    let mut mail = setup
        .service("127.0.0.1:2525 inet n - n - - smtpd\n  -o syslog_name=submission -o syslog_facility=local3")
        .start();
    submit();
    let line = mail.log().wait("smtpd", "connect from *");
    assert_eq!((line.tag.as_str(), line.facility), ("submission/smtpd", 19));
    mail.log().clear();
    mail.connect().quit();
    let line = mail.log().wait("smtpd", "connect from *");
    assert_eq!((line.tag.as_str(), line.facility), ("postfix/smtpd", 2));
    mail.set("syslog_facility", "local0");
    mail.set("syslog_name", "other");
    mail.reload();
    mail.log().clear();
    mail.connect().quit();
    let line = mail.log().wait("smtpd", "connect from *");
    assert_eq!((line.tag.as_str(), line.facility), ("other/smtpd", 16));
    mail.log().clear();
    submit();
    let line = mail.log().wait("smtpd", "connect from *");
    assert_eq!((line.tag.as_str(), line.facility), ("submission/smtpd", 19));
});

case!(peers_in_debug_peer_list_are_logged_in_detail, |setup| {
    let mail = setup.set("debug_peer_list", "127.0.0.7").start();
    mail.smtp().quit();
    mail.log().wait("smtpd", "disconnect from localhost*");
    assert!(mail.log().find("smtpd", "< *").is_empty());
    let mut client = suite::Client::connect_from("127.0.0.7", "127.0.0.1:25");
    client.expect_reply("220 *");
    client.expect("EHLO noisy.example", "250*");
    let mut other = mail.connect();
    other.expect("NOOP quiet", "250*");
    client.quit();
    mail.log()
        .wait("smtpd", "< *[127.0.0.7]: EHLO noisy.example");
    mail.log()
        .wait("smtpd", "> *[127.0.0.7]: 250*mail.ferro.example*");
    mail.log().wait("smtpd", "< *[127.0.0.7]: QUIT");
    mail.log().wait("smtpd", "disconnect from *[127.0.0.7]*");
    other.expect("NOOP quiet", "250*");
    other.quit();
    mail.log()
        .wait_nth(2, "smtpd", "disconnect from localhost*");
    assert!(mail.log().find("smtpd", "< *quiet*").is_empty());
});

case!(servers_and_destinations_in_debug_peer_list, |setup| {
    setup
        .dns()
        .a("mx.example.net", "127.0.0.2")
        .mx("example.net", 10, "mx.example.net")
        .a("mx.quiet.example", "127.0.0.3")
        .mx("quiet.example", 10, "mx.quiet.example");
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let quiet = Sink::smtp().listen("127.0.0.3:25");
    let mail = setup
        .set("debug_peer_list", "example.net 192.0.2.0/24")
        .start();
    let id = mail.send("a@client.example", &["x@quiet.example"], LETTER);
    quiet.wait(1);
    mail.log()
        .wait("smtp", &format!("{id}: to=<x@quiet.example>*"));
    assert!(mail.log().find("smtp", "> *").is_empty());
    let id = mail.send("a@client.example", &["x@example.net"], LETTER);
    sink.wait(1);
    mail.log()
        .wait("smtp", &format!("{id}: to=<x@example.net>*"));
    for line in [
        "< mx.example.net[127.0.0.2]:25: 220 *",
        "> mx.example.net[127.0.0.2]:25: EHLO mail.ferro.example",
        "> mx.example.net[127.0.0.2]:25: RCPT TO:<x@example.net>*",
        "> mx.example.net[127.0.0.2]:25: .",
        "< mx.example.net[127.0.0.2]:25: 250 2.0.0 taken as *",
    ] {
        mail.log().wait("smtp", line);
    }
    assert!(mail.log().find("smtp", "> *quiet*").is_empty());
});

case!(verbose_daemons_show_what_they_say_to_each_other, |setup| {
    let setup =
        ["rewrite", "bounce", "defer", "local", "smtp"]
            .iter()
            .fold(setup, |setup, name| {
                let program = match *name {
                    "rewrite" => "trivial-rewrite",
                    "defer" => "bounce",
                    program => program,
                };
                let unprivileged = if program == "local" { "n" } else { "-" };
                setup.service(&format!("{name} unix - {unprivileged} n - - {program} -v"))
            });
    let mail = setup
        .service("cleanup unix n - n - 0 cleanup -v")
        .service("qmgr unix n - n 300 1 qmgr -v")
        .service("smtp inet n - n - - smtpd -v -v")
        .start();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.log().wait("qmgr", &format!("{id}: removed"));
    for program in ["smtpd", "cleanup", "trivial-rewrite", "qmgr", "local"] {
        let count = mail.log().find(program, "*").len();
        assert!(count > 5, "{program}: {count} lines");
    }
    mail.log().wait("trivial-rewrite", "*alice@ferro.example*");
    mail.log().wait("local", "*alice@ferro.example*");
    mail.log().wait(
        "smtpd",
        "< localhost[127.0.0.1]: RCPT TO:<alice@ferro.example>",
    );
});

case!(
    only(
        ferropost,
        "Postfix shows passwords to those who ask for verbose logs"
    ),
    verbose_logs_hold_no_secrets,
    |setup| {
        let mail = setup
            .service("smtp inet n - n - - smtpd -v -v")
            .set("local_recipient_maps", "proxy:inline:{alice=hunter2}")
            .start();
        let mut client = mail.smtp();
        client.say("AUTH PLAIN AGFsaWNlAGh1bnRlcjI=");
        client.quit();
        let id = mail.send(
            "a@client.example",
            &["alice@ferro.example"],
            "Subject: x\n\nprivate words\n",
        );
        mail.log().wait("qmgr", &format!("{id}: removed"));
        mail.log()
            .wait("smtpd", "< localhost[127.0.0.1]: AUTH PLAIN ...");
        let text = mail.log().text();
        for secret in ["AGFsaWNlAGh1bnRlcjI", "hunter2", "private words"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
);

case!(
    the_debugger_command_runs_at_the_start_of_a_daemon,
    |setup| {
        let path = setup.path("traced").display().to_string();
        let mail = setup
            .set(
                "debugger_command",
                &format!("echo $process_name $process_id $$HOME_OF_NOBODY >>{path}; sleep 1"),
            )
            .service("127.0.0.1:2525 inet n - n - - smtpd -D")
            .service("rewrite unix - - n - - trivial-rewrite -D")
            .start();
        let _client = suite::Client::connect("127.0.0.1:2525");
        let smtpd = mail.log().wait("smtpd", "connect from *").pid;
        mail.send("a@client.example", &["alice@ferro.example"], LETTER);
        let text = fs::read_to_string(&path).expect("the command's file");
        assert!(
            text.lines()
                .any(|line| line.trim() == format!("smtpd {smtpd}")),
            "{text}"
        );
        assert!(text.contains("trivial-rewrite "), "{text}");
    }
);

case!(maillog_to_standard_output, |setup| {
    let mut mail = setup.set("maillog_file", "/dev/stdout").stopped();
    let call = mail.command("postfix").args(["start-fg"]);
    let running = std::thread::spawn(move || call.run());
    wait_until("a server", || {
        std::net::TcpStream::connect("127.0.0.1:25").ok()
    });
    mail.adopt();
    let id = mail.send("a@client.example", &["alice@ferro.example"], LETTER);
    mail.inbox("alice", 1);
    mail.wait_empty();
    mail.command("postfix").args(["stop"]).run().succeeds();
    let out = running.join().expect("postfix start-fg").out;
    let lines: Vec<Line> = out.lines().filter_map(Line::parse).collect();
    for (tag, text) in [
        (
            "postfix/smtpd",
            format!("{id}: client=localhost[127.0.0.1]"),
        ),
        ("postfix/qmgr", format!("{id}: removed")),
    ] {
        let found = lines
            .iter()
            .any(|line| line.tag == tag && line.text == text);
        assert!(found, "{tag}: {text} is not in:\n{out}");
    }
});

case!(
    a_rotated_log_file_is_compressed_and_a_new_one_has_its_mode,
    |setup| {
        let mail = to_file(setup)
            .set("maillog_file_permissions", "0640")
            .set("maillog_file_rotate_suffix", "old-%Y")
            .start();
        mail.connect().quit();
        file_lines(&mail, "disconnect from *");
        mail.command("postfix").args(["logrotate"]).run().succeeds();
        let path = mail.machine.path("maillog");
        let rotated = wait_until("the compressed file", || {
            let mut names = fs::read_dir(path.parent()?).ok()?.flatten();
            names.find(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.starts_with("maillog.old-2") && name.ends_with(".gz")
            })
        });
        assert!(rotated.metadata().expect("size").len() > 20);
        mail.connect().quit();
        file_lines(&mail, "disconnect from *");
        let mode = fs::metadata(&path).expect("maillog").permissions().mode() & 0o777;
        assert_eq!(mode, mail.mta.pick(0o640, 0o600));
        let rest = fs::read_to_string(&path).expect("maillog");
        assert!(!rest.contains("daemon started"), "{rest}");
    }
);

case!(
    a_log_file_outside_of_maillog_file_prefixes_is_refused,
    |setup| {
        let path = setup.path("elsewhere").display().to_string();
        let mail = setup
            .set("maillog_file", &path)
            .set("maillog_file_prefixes", "/var, /dev/stdout")
            .stopped();
        let outcome = mail.command("postfix").args(["start"]).run();
        assert_ne!(outcome.code, 0);
        assert!(!std::path::Path::new(&path).exists());
        assert!(!mail.is_running());
    }
);
