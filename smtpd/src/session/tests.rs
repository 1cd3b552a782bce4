//! Whole sessions over a pipe, as a user's own server has them: no service is asked, no recipient judged.

use std::path::Path;
use std::rc::Rc;

use config::{Loader, MainCf};
use proptest::prelude::*;
use service::Start;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::serve;
use crate::peer::Peer;
use crate::server::Shared;

const MAIN_CF: &str = "
myhostname = mail.test
mydomain = test
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
compatibility_level = 3.6
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 8
smtpd_junk_command_limit = 5
command_directory = /nonexistent
";

fn shared(more: &str) -> Rc<Shared> {
    let text = format!("{MAIN_CF}{more}");
    let path = Path::new("/nonexistent/main.cf");
    let main = MainCf::parse(path, text.as_bytes()).unwrap();
    let settings = Loader::new("smtpd").over(path.parent().unwrap().to_owned(), main);
    let start = Start {
        settings,
        process_name: "smtpd".to_owned(),
        service_name: "smtpd".to_owned(),
        arguments: Vec::new(),
        jailed: false,
        standard: true,
        rootless: true,
        flow: None,
    };
    Rc::new(Shared::open(&start).unwrap())
}

/// Everything that the server says to a client who says all this and hangs up.
fn talk(shared: &Rc<Shared>, input: &[u8]) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let shared = Rc::clone(shared);
    runtime.block_on(async {
        let (mut client, server) = duplex(1 << 20);
        client.write_all(input).await.unwrap();
        client.shutdown().await.unwrap();
        serve(shared, server, Peer::local()).await;
        let mut output = Vec::new();
        client.read_to_end(&mut output).await.unwrap();
        String::from_utf8_lossy(&output).into_owned()
    })
}

fn codes(output: &str) -> Vec<&str> {
    output.lines().filter_map(|line| line.get(..3)).collect()
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let shared = shared("smtpd_forbid_unauth_pipelining = no\n");
    let output = talk(
        &shared,
        b"HELO x\r\nMAIL FROM:<a@b.test>\r\nMAIL FROM:<>\r\nRSET\r\nNOOP\r\nXYZZY\r\n\r\nHELP\r\nQUIT\r\nNOOP\r\n",
    );
    assert_eq!(
        codes(&output),
        [
            "220", "250", "250", "503", "250", "250", "500", "500", "214", "221"
        ]
    );
}

#[test]
fn too_many_errors_end_the_session() {
    let shared = shared("smtpd_forbid_unauth_pipelining = no\n");
    let output = talk(&shared, &b"FOO\r\n".repeat(50));
    let codes = codes(&output);
    assert_eq!((codes.len(), codes.last()), (10, Some(&"421")));
    let output = talk(&shared, &b"NOOP\r\n".repeat(50));
    assert_eq!(codes_of(&output, "250"), 13);
}

fn codes_of(output: &str, code: &str) -> usize {
    codes(output).iter().filter(|found| **found == code).count()
}

#[test]
fn early_talkers_are_sent_away() {
    let output = talk(&shared(""), b"EHLO x\r\nNOOP\r\n");
    assert_eq!(codes(&output), ["220", "554"]);
}

#[test]
fn keywords_and_footers() {
    let shared = shared(
        "smtpd_discard_ehlo_keywords = dsn, silent-discard\nsmtpd_reject_footer = ask\nsmtpd_forbid_unauth_pipelining = no\n",
    );
    let output = talk(&shared, b"EHLO x\r\nMAIL FROM:<> RET=FULL\r\n");
    assert!(!output.contains("DSN\r\n"), "{output}");
    assert!(
        output.ends_with("501-5.7.1 DSN support is disabled\r\n501 5.7.1 ask\r\n"),
        "{output}"
    );
}

#[test]
fn long_lines_are_one_command() {
    let mut input = b"NOOP ".to_vec();
    input.extend(std::iter::repeat_n(b'x', 300_000));
    input.extend_from_slice(b"\r\nQUIT\r\n");
    let shared = shared("smtpd_forbid_unauth_pipelining = no\n");
    assert_eq!(codes(&talk(&shared, &input)), ["220", "250", "221"]);
}

fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "EHLO x\r\n",
        "MAIL FROM:<a@b.test>",
        " SIZE=1 BODY=8BITMIME",
        "RCPT TO:<c@d.test>",
        "DATA\r\n",
        "BDAT 5\r\n",
        "BDAT 3 LAST\r\nabc",
        ".\r\n",
        "\r\n.\r\n",
        "RSET\r\n",
        "VRFY x\r\n",
        "XCLIENT NAME=x\r\n",
        "ETRN x\r\n",
        "\r\n",
        "\n",
        "\0",
    ]);
    prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a client says, it gets replies and nothing else, and the session ends.
    #[test]
    fn garbage_gets_replies(fragments in proptest::collection::vec(fragment(), 0..30)) {
        let shared = shared("smtpd_forbid_unauth_pipelining = no\nsmtpd_forbidden_commands =\n");
        let output = talk(&shared, &fragments.concat());
        for line in output.split_terminator("\r\n") {
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            prop_assert!(code.is_some_and(|code| (200..600).contains(&code)), "{line:?}");
        }
    }
}
