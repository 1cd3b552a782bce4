//! Queue files and logs that the reference wrote, read by us.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use mail::outcome::Action;
use mail::{DsnStatus, Notify, Ret};
use queue::{Letter, Reader, RecordType, logfile};

const FROM_SMTP: &[u8] = include_bytes!("data/from-smtp");
const HEADER_RECIPIENTS: &[u8] = include_bytes!("data/header-recipients");
const SOME_DONE: &[u8] = include_bytes!("data/some-done");
const DEFER_LOG: &[u8] = include_bytes!("data/defer-log");

fn letter(bytes: &[u8]) -> Letter {
    Letter::read(&mut Reader::new(bytes), usize::MAX).expect("a letter")
}

fn recipients(letter: &Letter) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let line = |r: &mail::Recipient| {
        format!(
            "{} {} {} {} {}",
            text(r.address.as_bytes()),
            text(r.original.as_bytes()),
            text(&r.dsn_orcpt),
            r.dsn_notify.bits(),
            r.offset
        )
    };
    letter.recipients.iter().map(line).collect()
}

#[test]
fn a_letter_that_came_by_smtp() {
    let letter = letter(FROM_SMTP);
    assert_eq!(letter.sender.as_bytes(), b"alice@remote.test");
    assert_eq!(letter.size.message_size, 3289);
    assert_eq!(letter.size.data_offset, 810);
    assert_eq!(letter.dsn_envid, b"abc+d");
    assert_eq!(letter.dsn_ret, Ret::Headers);
    assert_eq!(letter.attribute("log_helo_name"), b"client.test");
    assert_eq!(letter.attribute("encoding"), b"8bit");
    assert_eq!(letter.warning.map(|(_, offset)| offset), Some(628));
    assert_eq!(
        recipients(&letter),
        [
            "bob@other.test bob@other.test rfc822;Bob+x@other.test 10 717",
            "carol@other.test carol@other.test rfc822;carol@other.test 0 790",
            "arch@other.test arch@other.test  1 4149",
        ]
    );
    assert_eq!(letter.more, None);
}

#[test]
fn a_letter_with_its_recipients_behind_the_content() {
    let letter = letter(HEADER_RECIPIENTS);
    assert_eq!(letter.full_name, b"Full Name");
    assert_eq!(letter.dsn_ret, Ret::Full);
    assert_eq!(
        recipients(&letter),
        [
            "a@x.test a@x.test rfc822;a@x.test 6 594",
            "b@x.test b@x.test rfc822;b@x.test 6 661",
            "arch@other.test arch@other.test  1 704",
        ]
    );
}

#[test]
fn a_letter_that_is_partly_delivered() {
    let letter = letter(SOME_DONE);
    assert_eq!(letter.finished, 1);
    assert_eq!(letter.recipients.len(), 3);
}

#[test]
fn recipients_in_portions() {
    for portion in 1..4 {
        let mut reader = Reader::new(FROM_SMTP).with_block(64);
        let mut letter = Letter::read(&mut reader, portion).expect("a letter");
        assert_eq!(letter.attribute("encoding"), b"8bit");
        let mut all = recipients(&letter);
        while letter.more.is_some() {
            letter
                .more_recipients(&mut reader, portion)
                .expect("more recipients");
            all.extend(recipients(&letter));
        }
        assert_eq!(
            all,
            recipients(&self::letter(FROM_SMTP)),
            "{portion} at a time"
        );
    }
}

#[test]
fn damage_at_any_place_is_an_error_or_a_letter() {
    for at in 0..FROM_SMTP.len() {
        let cut = FROM_SMTP.get(..at).unwrap_or_default();
        assert!(
            Letter::read(&mut Reader::new(cut), usize::MAX).is_err(),
            "cut at {at}"
        );
        let mut changed = FROM_SMTP.to_vec();
        changed[at] ^= 0x5A;
        let _ = Letter::read(&mut Reader::new(changed.as_slice()), usize::MAX);
    }
}

#[test]
fn a_defer_log() {
    let entries = logfile::parse(DEFER_LOG, DsnStatus::new(4, 0, 0));
    assert_eq!(entries.len(), 3);
    let entry = entries
        .iter()
        .find(|entry| entry.recipient.offset == 255)
        .expect("the first recipient");
    assert_eq!(entry.recipient.address.as_bytes(), b"zed@o.test");
    assert_eq!(entry.recipient.original.as_bytes(), b"al@example.test");
    assert_eq!(entry.recipient.dsn_orcpt, b"rfc822;al@example.test");
    assert_eq!(entry.recipient.dsn_notify, Notify::UNSET);
    assert_eq!(entry.dsn.status, DsnStatus::new(4, 3, 0));
    assert_eq!(entry.dsn.action, Some(Action::Delayed));
    assert_eq!(
        entry.dsn.diagnostic_text,
        b"450 4.3.0 Error: command failed"
    );
    assert_eq!(entry.dsn.mta_name, b"127.0.0.1");
    assert!(entry.dsn.reason.ends_with(b"(in reply to RCPT TO command)"));
}

#[test]
fn every_record_of_a_file_encodes_to_itself() {
    let mut reader = Reader::new(FROM_SMTP).in_file_order();
    let mut written = Vec::new();
    while let Some(record) = reader.next_record().expect("records") {
        queue::record::put(&mut written, record.kind, record.data);
        if record.kind == RecordType::END {
            break;
        }
    }
    assert_eq!(written, FROM_SMTP);
}
