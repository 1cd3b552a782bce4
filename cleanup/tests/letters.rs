//! Letters through the real program, on its standard input and output: what the queue file holds, what the answer is.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends in a panic"
)]

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use ipc::{Client, Connection, now};
use queue::{RecordType, record};
use records::cleanup::{Cleanup, Flags, Reply, Request, Status};

const MAIN_CF: &str = "compatibility_level = 3.6
myhostname = host.example.org
mydomain = example.org
myorigin = origin.example.org
mydestination = $myhostname, localhost, origin.example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
append_dot_mydomain = yes
recipient_delimiter = +
";

/// What came of a letter.
struct Outcome {
    status: Status,
    reason: String,
    /// `T data` for each record of the queue file; empty when there is none.
    records: Vec<String>,
    folder: &'static str,
    log: String,
    id: String,
}

/// A letter to be made.
struct Letter<'a> {
    settings: &'a str,
    flags: Flags,
    envelope: Vec<(RecordType, &'a str)>,
    content: &'a str,
}

fn attribute(text: &str) -> (RecordType, &str) {
    (RecordType::ATTRIBUTE, text)
}

impl<'a> Letter<'a> {
    fn new(settings: &'a str, content: &'a str) -> Self {
        Self {
            settings,
            flags: Flags::EXTERNAL,
            envelope: vec![
                attribute("rewrite_context=local"),
                (RecordType::SENDER, "sender"),
                (RecordType::RECIPIENT, "rcpt"),
            ],
            content,
        }
    }

    fn records(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        record::put(&mut bytes, RecordType::TIME, b"1795196625 250000");
        for (kind, data) in &self.envelope {
            record::put(&mut bytes, *kind, data.as_bytes());
        }
        record::put(&mut bytes, RecordType::MESSAGE, b"");
        for line in self.content.lines() {
            record::put(&mut bytes, RecordType::LINE, line.as_bytes());
        }
        record::put(&mut bytes, RecordType::EXTRACTED, b"");
        record::put(&mut bytes, RecordType::END, b"");
        bytes
    }

    fn send(&self) -> Outcome {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for folder in ["incoming", "hold", "public", "private", "data"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        let place = root.display();
        let main_cf = format!(
            "{MAIN_CF}queue_directory = {place}\ndata_directory = {place}/data\n{}\n",
            self.settings
        );
        fs::write(root.join("main.cf"), main_cf).unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let input = OwnedFd::from(theirs.try_clone().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_cleanup"))
            .args(["-S", "-V"])
            .env("MAIL_CONFIG", root)
            .env("TZ", "UTC")
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut client = Client::<Cleanup>::over(Connection::blocking(ours).unwrap());
        let opened = now(client.call(&Request::Open(self.flags))).unwrap();
        let Reply::Opened(id) = opened else {
            panic!("{opened:?}")
        };
        now(client.send(&Request::Records(self.records()))).unwrap();
        let ended = now(client.call(&Request::End)).unwrap();
        let Reply::Ended(outcome) = ended else {
            panic!("{ended:?}")
        };
        drop(client);
        let output = child.wait_with_output().unwrap();
        let (folder, records) = queue_file(root, id.as_str());
        Outcome {
            status: outcome.status,
            reason: String::from_utf8(outcome.reason).unwrap(),
            records,
            folder,
            log: String::from_utf8(output.stderr).unwrap(),
            id: id.as_str().to_owned(),
        }
    }
}

fn queue_file(root: &Path, id: &str) -> (&'static str, Vec<String>) {
    let mut found = ("", Vec::new());
    for folder in ["incoming", "hold"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.ends_with(id), "{} is left", path.display());
            let bytes = fs::read(path).unwrap();
            let mut rest = bytes.as_slice();
            let mut records = Vec::new();
            while let Some((kind, data, tail)) = record::split(rest) {
                let data = String::from_utf8_lossy(data);
                records.push(format!("{} {data}", char::from(kind.0)));
                rest = tail;
            }
            assert!(rest.is_empty());
            found = (folder, records);
        }
    }
    found
}

impl Outcome {
    fn content(&self) -> String {
        let from = self.records.iter().position(|r| r == "M ").unwrap() + 1;
        let to = self.records.iter().position(|r| r == "X ").unwrap();
        let lines: Vec<_> = self.records[from..to].iter().map(|r| &r[2..]).collect();
        lines.join("\n").replace(&self.id, "QID")
    }

    fn recipients(&self) -> Vec<&str> {
        let wanted = |record: &&String| {
            record.starts_with("R ")
                || record.starts_with("O ")
                || record.starts_with("A dsn_orig")
                || record.starts_with("A notify")
        };
        self.records
            .iter()
            .filter(wanted)
            .map(String::as_str)
            .collect()
    }
}

/// The same letter through the reference gave the same file.
#[test]
fn a_letter_is_completed_and_committed() {
    let outcome = Letter::new("", "Received: from x\nTo: x, Name <y@d>\nBcc: z\n\nbody").send();
    assert_eq!(outcome.status, Status::Ok);
    assert_eq!(outcome.folder, "incoming");
    assert_eq!(
        outcome.content(),
        "Received: from x\nTo: x@origin.example.org, Name <y@d.example.org>\n\
         Message-Id: <20261120174345.QID@host.example.org>\nDate: Fri, 20 Nov 2026 17:43:45 +0000 (UTC)\n\
         From: sender@origin.example.org\n\nbody"
    );
    let records = &outcome.records;
    let size: Vec<_> = records[0].split_whitespace().collect();
    assert_eq!(size[0], "C");
    assert_eq!((size[1], size[3], size[5]), (size[5], "1", size[1]));
    assert_eq!(records[1], "T 1795196625 250000");
    assert!(records[2].starts_with("A create_time="));
    assert_eq!(
        &records[3..8],
        [
            "A rewrite_context=local",
            "S sender@origin.example.org",
            "A dsn_orig_rcpt=rfc822;rcpt@origin.example.org",
            "O rcpt",
            "R rcpt@origin.example.org"
        ]
    );
    assert_eq!(records[records.len() - 2..], ["X ", "E "]);
    let id = &outcome.id;
    let line = format!("{id}: message-id=<20261120174345.{id}@host.example.org>");
    assert!(outcome.log.contains(&line), "{}", outcome.log);
}

#[test]
fn headers_of_strangers_stay() {
    let mut letter = Letter::new("", "To: x\nSubject : y\n\nbody");
    letter.envelope[0] = attribute("rewrite_context=remote");
    let outcome = letter.send();
    assert_eq!(outcome.content(), "To: x\nSubject: y\n\nbody");
    assert!(outcome.log.contains(": message-id=<>"), "{}", outcome.log);

    letter.settings = "remote_header_rewrite_domain = domain.invalid";
    let content = letter.send().content();
    assert!(content.starts_with("To: x@domain.invalid\nSubject: y\nMessage-Id:"));

    letter.settings = "always_add_missing_headers = yes";
    let content = letter.send().content();
    assert!(
        content.starts_with("To: x\nSubject: y\nMessage-Id:"),
        "{content}"
    );
}

#[test]
fn odd_beginnings() {
    let content = |text: &str| {
        Letter::new("always_add_missing_headers = no", text)
            .send()
            .content()
    };
    assert!(
        content("From me now\nTo: x@y.z\n\nb")
            .starts_with("X-Mailbox-Line: From me now\nTo: x@y.z\n")
    );
    assert!(content("no header\nb").ends_with("\n\nno header\nb"));
    assert!(content("\n\nb").ends_with("\n\n\nb"));
    assert!(
        content("Resent-To: x@y.z\n\nb").contains("\nResent-From: sender@origin.example.org\n")
    );
}

#[test]
fn full_names_and_null_senders() {
    let mut letter = Letter::new("", "To: x@y.z\n\nb");
    letter
        .envelope
        .insert(0, (RecordType::FULL_NAME, "Joe Doe"));
    let content = letter.send().content();
    assert!(
        content.contains("\nFrom: Joe Doe <sender@origin.example.org>\n"),
        "{content}"
    );
    letter.settings = "header_from_format = obsolete";
    let content = letter.send().content();
    assert!(
        content.contains("\nFrom: sender@origin.example.org (Joe Doe)\n"),
        "{content}"
    );
    letter.envelope[2] = (RecordType::SENDER, "");
    let content = letter.send().content();
    assert!(content.contains("\nFrom: MAILER-DAEMON\n"), "{content}");
}

#[test]
fn recipients_are_expanded_once_each() {
    let mut letter = Letter::new(
        "virtual_alias_maps = inline:{ {list=a@x.y, b+z@x.y, list}, {a@x.y=c@x.y}, {@cat.ch=@all.ch}, {loop=loop1}, {ext=new} }",
        "\nb",
    );
    letter.envelope = vec![
        (RecordType::SENDER, "s@x.y"),
        attribute("dsn_orig_rcpt=rfc822;list"),
        attribute("notify_flags=4"),
        (RecordType::RECIPIENT, "list"),
        (RecordType::RECIPIENT, "c@x.y"),
        (RecordType::RECIPIENT, "c@x.y"),
        (RecordType::RECIPIENT, "User@cat.ch"),
        (RecordType::RECIPIENT, "ext+more"),
    ];
    let outcome = letter.send();
    let list = ["A dsn_orig_rcpt=rfc822;list", "A notify_flags=4", "O list"];
    let expected: Vec<_> = ["R c@x.y", "R b+z@x.y", "R list@origin.example.org"]
        .iter()
        .flat_map(|r| list.iter().chain([r]).copied())
        .chain(["A dsn_orig_rcpt=rfc822;c@x.y", "O c@x.y", "R c@x.y"])
        .chain(["A dsn_orig_rcpt=rfc822;User@cat.ch"])
        .chain(["O User@cat.ch", "R User@all.ch"])
        .chain(["A dsn_orig_rcpt=rfc822;ext+more@origin.example.org"])
        .chain(["O ext+more", "R new+more@origin.example.org"])
        .collect();
    assert_eq!(outcome.recipients(), expected);
}

#[test]
fn canonical_tables_change_envelope_and_headers() {
    let mut letter = Letter::new(
        "canonical_maps = inline:{ {old@x.y=New.Name@x.y}, {rcpt=other@x.y} }\nsender_canonical_maps = inline:{sender=boss@x.y}",
        "From: sender\nTo: Old Name <old@x.y>, rcpt+e\nSubject: s\n\nb",
    );
    let outcome = letter.send();
    assert!(outcome.records.contains(&"S boss@x.y".to_owned()));
    assert_eq!(
        outcome.recipients(),
        ["A dsn_orig_rcpt=rfc822;other@x.y", "O rcpt", "R other@x.y"]
    );
    assert!(
        outcome
            .content()
            .starts_with("From: boss@x.y\nTo: Old Name <New.Name@x.y>, other+e@x.y\nSubject: s\n"),
        "{}",
        outcome.content()
    );
    letter.flags = Flags::default();
    let outcome = letter.send();
    assert!(outcome.content().contains("Old Name <old@x.y>"));
}

#[test]
fn copies_for_always_bcc() {
    let outcome = Letter::new("always_bcc = archive", "\nb").send();
    assert_eq!(
        outcome.recipients(),
        [
            "A dsn_orig_rcpt=rfc822;rcpt@origin.example.org",
            "O rcpt",
            "R rcpt@origin.example.org",
            "A notify_flags=1",
            "O archive@origin.example.org",
            "R archive@origin.example.org"
        ]
    );
}

#[test]
fn refused_letters_leave_no_file() {
    let refused = |settings: &str, content: &str| Letter::new(settings, content).send();
    let outcome = refused("hopcount_limit = 2", "Received: a\nReceived: b\n\nx");
    assert_eq!(outcome.status, Status::Hops);
    assert!(outcome.log.contains("message rejected: hopcount exceeded"));
    assert!(
        outcome.log.contains(": removed (canceled)"),
        "{}",
        outcome.log
    );
    assert!(outcome.records.is_empty());

    let outcome = refused("message_size_limit = 50", &format!("\n{}", "x".repeat(100)));
    assert_eq!(outcome.status, Status::Size);
    let outcome = refused("canonical_maps = fail:x", "\nx");
    assert_eq!(outcome.status, Status::Defer);
    assert!(
        outcome
            .log
            .contains("-- message not accepted, try again later")
    );
    let outcome = refused(
        "virtual_alias_maps = inline:{ {rcpt=a}, {a=b}, {b=a} }",
        "\nx",
    );
    assert_eq!(outcome.status, Status::Defer);
    assert_eq!(outcome.reason, "4.6.0 Alias expansion error");
    let outcome = refused("strict_7bit_headers = yes", "Subject: \u{e9}\n\nx");
    assert_eq!(outcome.status, Status::Content);
    assert_eq!(
        outcome.reason,
        "5.6.0 improper use of 8-bit data in message header"
    );

    let mut letter = Letter::new("", "\nx");
    letter.envelope.truncate(2);
    assert_eq!(letter.send().status, Status::NoRecipient);
    letter.envelope = vec![(RecordType::RECIPIENT, "x")];
    assert_eq!(letter.send().status, Status::Bad);
    letter.envelope = vec![(RecordType::SENDER, "x"), attribute("a=b\nR")];
    assert_eq!(letter.send().status, Status::Bad);
}

#[test]
fn flags_hold_and_discard() {
    let mut letter = Letter::new("", "\nx");
    letter.flags = Flags::HOLD;
    assert_eq!(letter.send().folder, "hold");
    letter.flags = Flags::default();
    letter.envelope.push((RecordType::FLAGS, "4"));
    assert_eq!(letter.send().folder, "hold");
    letter.flags = Flags::DISCARD;
    let outcome = letter.send();
    assert_eq!(outcome.status, Status::Ok);
    assert!(outcome.records.is_empty());
    assert!(outcome.log.contains(": removed (discarded)"));
}

#[test]
fn eight_bit_mail_is_noted() {
    let outcome = Letter::new(
        "",
        "Content-Transfer-Encoding: 8bit\nSubject: \u{e9}\n\n\u{e9}",
    )
    .send();
    assert!(outcome.records.contains(&"A encoding=8bit".to_owned()));
    let options = outcome.records[0].split_whitespace().last();
    assert_eq!(options, Some("2"));
    let outcome = Letter::new(
        "force_mime_input_conversion = yes",
        "Content-Transfer-Encoding: 8bit\n\n\u{e9}",
    )
    .send();
    assert!(
        outcome.content().ends_with("\n\n=C3=A9"),
        "{}",
        outcome.content()
    );
}

#[test]
fn the_time_of_a_delay_warning_is_noted() {
    let outcome = Letter::new("delay_warning_time = 4h", "\nb").send();
    let warning = outcome.records.iter().find(|r| r.starts_with("W "));
    assert_eq!(warning.map(String::as_str), Some("W      1795211025"));
}
