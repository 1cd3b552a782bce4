//! A letter's way through the folders, on real files; one test, because the queue directory is the working directory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::process::Command;

use mail::outcome::{Action, Dsn};
use mail::{Address, DsnStatus, Notify, Recipient};
use queue::logfile::Entry;
use queue::{
    Folder, IdForm, Layout, Letter, NewFile, Reader, RecordType, Scan, SizeRecord, claim, edit,
    logfile,
};

#[test]
fn a_letters_way() {
    let spool = tempfile::tempdir().expect("a directory");
    std::env::set_current_dir(spool.path()).expect("enter it");
    for folder in Folder::ALL {
        fs::create_dir(folder.name()).expect("a folder");
    }
    let layout = Layout::new(["deferred", "defer"], 2);

    for form in [IdForm::Short, IdForm::Long] {
        dropped_files_leave_nothing(&layout, form);
        let id = write(&layout, form);
        read_and_edit(&layout, &id);
        log(&layout, &id, form == IdForm::Short);
        layout.remove(Folder::Deferred, &id).expect("remove it");
    }
}

fn dropped_files_leave_nothing(layout: &Layout, form: IdForm) {
    let mut file = NewFile::create(layout, Folder::Incoming, form).expect("create");
    file.put_size().expect("put");
    file.flush().expect("write");
    assert_eq!(Scan::new(Folder::Incoming).expect("scan").count(), 1);
    let status = fs::metadata(layout.path(Folder::Incoming, file.id())).expect("status");
    assert_eq!(claim::standing(&status), claim::Standing::Embryo);
    drop(file);
    assert_eq!(fs::read_dir("incoming").expect("list").count(), 0);
}

fn write(layout: &Layout, form: IdForm) -> mail::QueueId {
    let mut file = NewFile::create(layout, Folder::Incoming, form).expect("create");
    file.put_size().expect("put");
    file.put(RecordType::TIME, b"1795196128 138885")
        .expect("put");
    file.put(RecordType::SENDER, b"me@here.test").expect("put");
    file.put(RecordType::WARN, &edit::warning_data(1_795_199_999))
        .expect("put");
    file.put_attribute("notify_flags", b"4").expect("put");
    file.put(RecordType::ORIGINAL, b"A@x.test").expect("put");
    file.put(RecordType::RECIPIENT, b"a@x.test").expect("put");
    file.put(RecordType::RECIPIENT, b"b@x.test").expect("put");
    file.put(RecordType::MESSAGE, b"").expect("put");
    let data_offset = file.position();
    file.put(RecordType::LINE, b"Subject: ours").expect("put");
    file.put(RecordType::LINE, b"").expect("put");
    // More than the buffer holds, so that the size record is already written when it is filled in.
    let long = vec![b'x'; 2048];
    for _ in 0..40 {
        file.put(RecordType::PARTIAL, &long).expect("put");
        file.put(RecordType::LINE, b"end").expect("put");
    }
    let content_length = file.position() - data_offset;
    file.put(RecordType::EXTRACTED, b"").expect("put");
    file.put_attribute("encoding", b"8bit").expect("put");
    file.put(RecordType::END, b"").expect("put");
    file.set_size(&SizeRecord {
        message_size: content_length,
        data_offset,
        recipients: 2,
        qmgr_flags: SizeRecord::flags_from_notify(Notify::FAILURE),
        content_length,
        send_options: 0,
    })
    .expect("fill in the size");
    let ready = file.ready().expect("make it ready");
    let id = ready.id().clone();
    assert_eq!(ready.sync().expect("sync"), id);
    id
}

fn read_and_edit(layout: &Layout, id: &mail::QueueId) {
    layout
        .rename(id, Folder::Incoming, Folder::Deferred)
        .expect("move");
    let found: Vec<_> = Scan::new(Folder::Deferred)
        .expect("scan")
        .map(|file| file.expect("found"))
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, layout.path(Folder::Deferred, id));
    assert_eq!(
        claim::standing(&fs::metadata(&found[0].path).expect("status")),
        claim::Standing::Ready
    );

    let file = claim::open(&found[0].path).expect("open");
    assert!(claim::lock_exclusive(&file).expect("lock"));
    let other = claim::open(&found[0].path).expect("open");
    assert!(!claim::lock_shared(&other).expect("lock"));

    let letter = Letter::read(&mut Reader::new(&file), 100).expect("read");
    assert_eq!(letter.recipients.len(), 2);
    assert_eq!(letter.attribute("encoding"), b"8bit");
    edit::mark_done(&file, letter.recipients[0].offset).expect("mark");
    let (_, warning) = letter.warning.expect("a warning time");
    edit::set_warning(&file, warning, 0).expect("no more warning");
    let again = Letter::read(&mut Reader::new(&file), 100).expect("read");
    assert_eq!((again.recipients.len(), again.finished), (1, 1));
    assert_eq!(again.warning, Some((0, warning)));
    the_reference_reads_it(&found[0].path);
}

/// Debian's postcat, where it is installed.
fn the_reference_reads_it(path: &std::path::Path) {
    let Ok(output) = Command::new("/usr/sbin/postcat")
        .arg("-e")
        .arg(path)
        .output()
    else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    for line in [
        "sender: me@here.test",
        "warning_message_time: Thu Jan  1 00:00:00 1970",
        "named_attribute: notify_flags=4",
        "done_recipient: a@x.test",
        "recipient: b@x.test",
        "named_attribute: encoding=8bit",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in {text}"
        );
    }
}

fn log(layout: &Layout, id: &mail::QueueId, old_form: bool) {
    let entry = Entry {
        recipient: Recipient {
            address: Address::new("a@x.test").expect("an address"),
            original: Address::new("o@x.test").expect("an address"),
            dsn_orcpt: b"rfc822;o@x.test".to_vec(),
            dsn_notify: Notify::FAILURE,
            offset: 230,
        },
        dsn: Dsn {
            action: Some(Action::Failed),
            ..Dsn::new(DsnStatus::new(5, 1, 1), "no such user")
        },
    };
    assert!(
        logfile::open(layout, Folder::Defer, id)
            .expect("look")
            .is_none()
    );
    logfile::append(layout, Folder::Defer, id, &entry, old_form).expect("append");
    logfile::append(layout, Folder::Defer, id, &entry, old_form).expect("append");
    let text = fs::read(layout.path(Folder::Defer, id)).expect("read");
    let expected = "recipient=a@x.test\noriginal_recipient=o@x.test\noffset=230\n\
        dsn_orig_rcpt=rfc822;o@x.test\nnotify_flags=4\nstatus=5.1.1\naction=failed\nreason=no such user\n\n";
    let old = if old_form {
        "<a@x.test>: no such user\n"
    } else {
        ""
    };
    assert_eq!(
        String::from_utf8_lossy(&text),
        format!("\n{old}{expected}").repeat(2)
    );
    assert_eq!(
        logfile::parse(&text, DsnStatus::new(5, 0, 0)),
        [entry.clone(), entry]
    );
    assert!(logfile::remove(layout, Folder::Defer, id).expect("remove"));
    assert!(!logfile::remove(layout, Folder::Defer, id).expect("remove"));
}
