use super::*;
use proptest::prelude::*;

const PORTS: &str = "lmtp=24, smtp=25, smtps=submissions=465, submission=587";

fn parse(text: &str) -> Result<MasterCf, Error> {
    MasterCf::parse(Path::new("master.cf"), text.as_bytes(), false, PORTS)
}

fn fails(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn services_are_typed() {
    let master = parse(
        "# comment\nsmtp inet n - y - - smtpd\n  -o { a = b c } -v\n # x\n  -o d=$e { x y }\nflush unix n - - 1000? 0 flush\npostlog unix-dgram n - n - 1 postlogd\npickup fifo n n - 60 1 pickup\n",
    )
    .unwrap();
    let [smtp, flush, postlog, pickup] = master.services.as_slice() else {
        panic!("{:?}", master.services)
    };
    assert_eq!(smtp.kind, ServiceType::Inet);
    assert!(smtp.chroot && smtp.unprivileged && !smtp.private);
    assert_eq!(smtp.arguments, ["-o", "a=b c", "-v", "-o", "d=$e", "x y"]);
    assert_eq!(
        smtp.overrides().collect::<Vec<_>>(),
        [("a", "b c"), ("d", "$e")]
    );
    assert_eq!(
        flush.wakeup,
        Some(Wakeup {
            seconds: 1000,
            only_after_use: true
        })
    );
    assert_eq!((flush.process_limit, smtp.process_limit), (Some(0), None));
    assert_eq!(
        (postlog.kind, postlog.path().as_deref()),
        (ServiceType::UnixDgram, Some("public/postlog"))
    );
    assert!(!pickup.unprivileged && !pickup.chroot);
    assert!(master.warnings.is_empty());
}

#[test]
fn the_last_duplicate_counts() {
    let master =
        parse("25 inet n - n - - a\nsmtp inet n - n - - b\n[::1]:smtp inet n - n - - c\n").unwrap();
    let commands: Vec<_> = master
        .services
        .iter()
        .map(|service| service.command.as_str())
        .collect();
    assert_eq!(commands, ["b", "c"]);
    assert_eq!(
        master.warnings,
        ["duplicate master.cf entry for service \"25\" (25) -- using the last entry"]
    );
}

#[test]
fn mistakes_name_the_word_and_what_is_expected() {
    assert_eq!(
        fails("x\ny"),
        "master.cf: line 1: bad field count: 1 fields, 8 expected: \"x\""
    );
    let flag = "\"y\", \"n\" or \"-\"";
    let wrong = [
        (
            "x foo n - n - - c",
            "bad transport type: foo",
            "\"inet\", \"unix\", \"unix-dgram\", \"fifo\" or \"pass\"",
        ),
        (
            "x unix q - n - - c",
            "field \"private\": bad value: \"q\"",
            flag,
        ),
        (
            "x inet - - n - - c",
            "field \"private\": bad value: \"-\"",
            "\"n\" for an \"inet\" service",
        ),
        (
            "x unix - - n 5s - c",
            "field \"wakeup_time\": bad value: \"5s\"",
            "seconds, with or without \"?\", or \"-\"",
        ),
        (
            "x unix - - n - -5 c",
            "field \"max_proc\": bad value: \"-5\"",
            "a number or \"-\"",
        ),
        (
            "x unix - - n - - ../c",
            "field \"command\": bad value: \"../c\"",
            "a program under the daemon directory",
        ),
        (
            "../x unix - - n - - c",
            "field \"service\": bad value: \"../x\"",
            "a name under the queue directory",
        ),
    ];
    for (line, what, expected) in wrong {
        assert_eq!(
            fails(line),
            format!("master.cf: line 1: {what} ({expected} expected)"),
            "{line}"
        );
    }
}

#[test]
fn open_braces_are_mistakes_that_editors_can_read() {
    let text = "x unix - - n - - c -o { a = b\n";
    assert_eq!(fails(text), "master.cf: line 1: missing '}' in \"{ a = b\"");
    let found = entries(Path::new("master.cf"), text.as_bytes()).unwrap();
    assert_eq!(found.entries[0].arguments, ["-o", "a=b"]);
    assert_eq!(found.warnings, ["master.cf: missing '}' in \"{ a = b\""]);
}

#[test]
fn services_are_disabled_by_name_or_type() {
    let disabled = Disabled::parse("!smtp/inet, inet qmgr.fifo 127.0.0.1:10025/unix").unwrap();
    assert!(!disabled.matches("smtp", ServiceType::Inet));
    assert!(disabled.matches("587", ServiceType::Inet));
    assert!(disabled.matches("QMGR", ServiceType::Fifo));
    assert!(!disabled.matches("qmgr", ServiceType::Unix));
    assert!(Disabled::parse("qmgr").is_err());
}

proptest! {
    #[test]
    fn any_bytes_end(text in "[a-z {}=\n#?0-9-]{0,120}") {
        let _ = parse(&text);
    }
}

#[test]
fn help_marks_the_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.cf");
    let help = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let error = MasterCf::parse(&path, text.as_bytes(), false, "").unwrap_err();
        let help = error.help().unwrap().to_string();
        help.split_once(", line").unwrap().1.to_owned()
    };
    assert_eq!(
        help("# c\nsmtp inet n\n  - x - -\n  smtpd\n"),
        " 3, column 5\n   |\n 3 |   - x - -\n   |     ^ \"y\", \"n\" or \"-\" is expected\n"
    );
    assert_eq!(
        help("smtp unx - - y - - smtp\n"),
        " 1, column 6\n   |\n 1 | smtp unx - - y - - smtp\n   |      ^^^ \"inet\", \"unix\", \"unix-dgram\", \"fifo\" or \"pass\" is expected; did you mean `unix`?\n"
    );
    assert!(help("smtp unix - -\n").starts_with(" 1, column 14\n"));
}
