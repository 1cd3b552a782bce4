use proptest::prelude::*;

use super::*;

#[derive(Default)]
struct Told(String);

impl Sink for Told {
    fn header(&mut self, line: Line<'_>) {
        let block = match line.block {
            Block::Primary => "H",
            Block::Part => "P",
            Block::Nested => "N",
        };
        let text = String::from_utf8_lossy(line.text).replace('\n', "|");
        self.0.push_str(&format!("{block} {text}\n"));
    }

    fn headers_end(&mut self) {
        self.0.push_str("-\n");
    }

    fn body(&mut self, text: &[u8], partial: bool) {
        let mark = if partial { "b" } else { "B" };
        self.0
            .push_str(&format!("{mark} {}\n", String::from_utf8_lossy(text)));
    }

    fn fault(&mut self, fault: Fault, _text: &[u8]) {
        self.0.push_str(&format!("! {fault:?}\n"));
    }
}

fn walk(message: &str, options: Options) -> String {
    let mut told = Told::default();
    let mut walk = Walk::new(options);
    for line in message.lines() {
        walk.line(line.as_bytes(), false, &mut told);
    }
    walk.end(&mut told);
    told.0
}

#[test]
fn headers_then_body() {
    assert_eq!(
        walk("To: x\n cont\nSubject: y\n\nbody\n", Options::default()),
        "H To: x| cont\nH Subject: y\n-\nB \nB body\n"
    );
    assert_eq!(
        walk("no header\n", Options::default()),
        "-\nB \nB no header\n"
    );
    assert_eq!(walk("", Options::default()), "-\n");
    assert_eq!(walk("\n\nx", Options::default()), "-\nB \nB \nB x\n");
}

#[test]
fn parts_and_attached_messages() {
    let message = "Content-Type: multipart/mixed; (c) boundary=\"a b\"\n\nbefore\n--a b\nX: 1\n\none\n--a b\n\
                   Content-Type: message/rfc822\n\nFrom: inner\n\ninside\n--a b--\nX: after\n";
    assert_eq!(
        walk(message, Options::default()),
        "H Content-Type: multipart/mixed; (c) boundary=\"a b\"\n-\nB \nB before\nB --a b\nP X: 1\nB \nB one\n\
         B --a b\nP Content-Type: message/rfc822\nB \nN From: inner\nB \nB inside\nB --a b--\nB X: after\n"
    );
    let off = Options {
        disable: true,
        ..Options::default()
    };
    assert!(!walk(message, off).contains("P "));
}

#[test]
fn parts_of_a_digest_are_messages() {
    let message = "Content-Type: multipart/digest; boundary=b\n\n--b\n\nFrom: x\n\ny\n--b--\n";
    assert!(walk(message, Options::default()).contains("N From: x\n"));
}

#[test]
fn eight_bit_bodies_become_quoted_printable() {
    let options = Options {
        downgrade: true,
        ..Options::default()
    };
    assert_eq!(
        walk(
            "Content-Transfer-Encoding: 8bit\nTo: x\n\nl\u{e9}=a \n\n",
            options
        ),
        "H To: x\nH Content-Transfer-Encoding: quoted-printable\n-\nB \nB l=C3=A9=3Da=20\nB \n"
    );
    let message = "Content-Type: multipart/x; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\n\
                   Content-Transfer-Encoding: 8bit\n\n\u{e9}\n--b--\n";
    assert_eq!(
        walk(message, options),
        "H Content-Type: multipart/x; boundary=b\nH Content-Transfer-Encoding: 7bit\n-\nB \nB --b\n\
         P Content-Transfer-Encoding: quoted-printable\nB \nB =C3=A9\nB --b--\n"
    );
    let long = format!(
        "Content-Transfer-Encoding: 8bit\n\n{}\n",
        "\u{e9}".repeat(40)
    );
    assert!(walk(&long, options).lines().all(|line| line.len() <= 78));
}

#[test]
fn a_message_for_a_7bit_peer() {
    let mut lines = Vec::new();
    let mut downgrade = Downgrade::new(Options::default());
    let mut out = |text: &[u8], ends: bool| {
        lines.push((String::from_utf8_lossy(text).into_owned(), ends));
    };
    for line in [
        "To: x,",
        " y",
        "Content-Transfer-Encoding: 8bit",
        "",
        "\u{e9}",
    ] {
        downgrade.line(line.as_bytes(), true, &mut out);
    }
    downgrade.finish(&mut out);
    let text: Vec<_> = lines.iter().map(|(text, _)| text.as_str()).collect();
    let expected = [
        "To: x,",
        " y",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "=C3=A9",
    ];
    assert_eq!(text, expected);
    assert!(lines.iter().all(|(_, ends)| *ends));
}

#[test]
fn rules_are_checked_when_asked() {
    let options = Options {
        check_headers: true,
        check_bodies: true,
        check_domains: true,
        nesting_limit: 0,
        ..Options::default()
    };
    let told = walk(
        "Subject: \u{e9}\nContent-Type: multipart/x; boundary=b\nContent-Transfer-Encoding: base64\n\n\u{e9}\n",
        options,
    );
    for fault in [
        "EightBitHeader",
        "EightBitBody",
        "EncodingDomain",
        "Nesting",
    ] {
        assert!(told.contains(fault), "{told}");
    }
}

#[test]
fn long_headers_are_cut() {
    let options = Options {
        header_size_limit: 10,
        ..Options::default()
    };
    assert_eq!(
        walk("Subject: long long\n more\nTo: x\n\n", options),
        "! HeaderTooLong\nH Subject: l\nH To: x\n-\nB \n"
    );
}

proptest! {
    #[test]
    fn without_conversion_nothing_is_lost(lines in proptest::collection::vec("[a-zA-Z:; /=\"-]{0,20}", 0..30)) {
        let mut told = Collected::default();
        let mut walk = Walk::new(Options::default());
        for line in &lines {
            walk.line(line.as_bytes(), false, &mut told);
        }
        walk.end(&mut told);
        let text: Vec<String> = told.0.into_iter().filter(|line| !line.is_empty()).collect();
        let sent: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        prop_assert_eq!(text, sent);
    }

    #[test]
    fn any_bytes_pass(lines: Vec<(Vec<u8>, bool)>, downgrade: bool) {
        let mut told = Told::default();
        let mut walk = Walk::new(Options { downgrade, check_bodies: true, check_headers: true, ..Options::default() });
        for (line, partial) in &lines {
            walk.line(line, *partial, &mut told);
        }
        walk.end(&mut told);
    }
}

#[derive(Default)]
struct Collected(Vec<String>);

impl Sink for Collected {
    fn header(&mut self, line: Line<'_>) {
        let text = String::from_utf8_lossy(line.text);
        self.0.extend(text.split('\n').map(str::to_owned));
    }

    fn body(&mut self, text: &[u8], _partial: bool) {
        self.0.push(String::from_utf8_lossy(text).into_owned());
    }
}
