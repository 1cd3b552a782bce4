//! Indexed tables as files: those of an older installation, and constant databases, asked by commands and by daemons.

use std::fs;
use std::path::Path;

use suite::command::Call;
use suite::pattern::matches;
use suite::{Instance, Outcome, case, wait_until};

type Pair = (Vec<u8>, Vec<u8>);

/// A command of the reference, whichever system is tested.
fn reference(command: &str, arguments: &[&str]) -> Outcome {
    let call = Call::new(&Path::new("/usr/sbin").join(command));
    call.args(arguments).run().succeeds()
}

/// Makes a Berkeley DB file with db5.3_load.
fn load(file: &Path, header: &[&str], pairs: &[Pair]) {
    let hex = |bytes: &[u8]| {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        format!(" {}\n", digits.collect::<String>())
    };
    let head = format!(
        "VERSION=3\nformat=bytevalue\n{}\nHEADER=END\n",
        header.join("\n")
    );
    let lines = pairs.iter().map(|(key, value)| hex(key) + &hex(value));
    let dump = head + &lines.collect::<String>() + "DATA=END\n";
    if file.exists() {
        fs::remove_file(file).unwrap();
    }
    let call = Call::new(Path::new("/usr/bin/db5.3_load"));
    call.args([file]).input(dump).run().succeeds();
}

fn listed(outcome: Outcome) -> Vec<String> {
    let mut lines: Vec<_> = outcome.succeeds().out.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// How often a daemon has made the file of a table.
fn times_made(mail: &Instance, table: &str) -> usize {
    let line = format!("{table}: made *.lmdb from *, to be used instead of *");
    let lines = mail.log().lines();
    lines
        .iter()
        .filter(|logged| matches(&line, &logged.text))
        .count()
}

case!(
    only(postfix, "It goes on with the other system by itself."),
    a_site_that_changes_over_keeps_its_tables,
    |setup| {
        let mut mail = setup
            .alias("team", "alice,\n  bob")
            .set("alias_maps", "hash:/etc/postfix/aliases")
            .set("canonical_maps", "btree:/etc/postfix/canonical")
            .set("virtual_alias_maps", "hash:/etc/postfix/virtual")
            .hash("virtual", "crew@ferro.example team@ferro.example\n")
            .file("canonical", "old@ferro.example carol@ferro.example\n")
            .stopped();
        reference("postmap", &["btree:/etc/postfix/canonical"]);
        mail.start();
        let sender = "x@remote.example";
        mail.send(sender, &["crew@ferro.example"], "Subject: 1\n\n");
        mail.inbox("alice", 1);
        mail.stop();
        let before = fs::read("/etc/postfix/virtual.db").unwrap();
        mail.hand_over();
        mail.start();
        for recipient in ["crew@ferro.example", "old@ferro.example"] {
            mail.send(sender, &[recipient], "Subject: 2\n\n");
        }
        mail.inbox("alice", 2);
        mail.inbox("bob", 2);
        mail.letter_of("carol");
        for table in ["hash:*/virtual", "btree:*/canonical", "hash:*/aliases"] {
            assert_eq!(times_made(&mail, table), 1, "{table}");
        }
        assert_eq!(fs::read("/etc/postfix/virtual.db").unwrap(), before);
        mail.stop();
        mail.hand_over();
        mail.start();
        mail.send(sender, &["crew@ferro.example"], "Subject: 3\n\n");
        mail.inbox("alice", 3);
    }
);

case!(
    a_file_without_source_is_read_and_its_change_noticed,
    |setup| {
        let bob = setup.machine.home("bob").join("Maildir");
        let mut mail = setup
            .set("virtual_alias_maps", "hash:/etc/postfix/virtual")
            .set("canonical_maps", "proxy:btree:/etc/postfix/canonical")
            .file("virtual", "crew@ferro.example alice\n")
            .file("canonical", "old@ferro.example crew@ferro.example\n")
            .file("next", "crew@ferro.example bob\n")
            .stopped();
        for table in [
            "hash:/etc/postfix/virtual",
            "btree:/etc/postfix/canonical",
            "hash:/etc/postfix/next",
        ] {
            reference("postmap", &[table]);
        }
        for source in ["virtual", "canonical"] {
            fs::remove_file(mail.configuration(source)).unwrap();
        }
        mail.start();
        let letter = || mail.send("x@remote.example", &["old@ferro.example"], "Subject: x\n\n");
        letter();
        mail.letter_of("alice");
        fs::rename("/etc/postfix/next.db", "/etc/postfix/virtual.db").unwrap();
        wait_until("the new table to count", || {
            letter();
            mail.wait_empty();
            suite::mailbox::maildir(&bob).pop()
        });
        assert!(!mail.configuration("virtual.lmdb").exists());
    }
);

case!(a_cdb_table_that_is_replaced_is_noticed, |setup| {
    let bob = setup.machine.home("bob").join("Maildir");
    let mut mail = setup
        .alias("team", "alice")
        .set("alias_maps", "cdb:/etc/postfix/aliases")
        .set("virtual_alias_maps", "cdb:/etc/postfix/virtual")
        .file("virtual", "crew@ferro.example team\n")
        .stopped();
    let make = |mail: &Instance, command: &str, table: &str| {
        mail.command(command).args([table]).run().succeeds();
    };
    make(&mail, "postmap", "cdb:/etc/postfix/virtual");
    make(&mail, "postalias", "cdb:/etc/postfix/aliases");
    mail.start();
    let letter = || {
        mail.send(
            "x@remote.example",
            &["crew@ferro.example"],
            "Subject: x\n\n",
        )
    };
    letter();
    mail.letter_of("alice");
    fs::write("/etc/postfix/virtual", "crew@ferro.example bob\n").unwrap();
    make(&mail, "postmap", "cdb:/etc/postfix/virtual");
    wait_until("the new table to count", || {
        letter();
        mail.wait_empty();
        suite::mailbox::maildir(&bob).pop()
    });
});

case!(files_of_the_reference_hold_what_it_put_in, |setup| {
    let mut text = b"m\xfcller latin\nm\xc3\xbcller utf-8\n".to_vec();
    for number in 0..5000 {
        text.extend(format!("user{number}@ferro.example value {number}\n").bytes());
    }
    text.extend([&[b'k'; 300][..], b" ", &[b'v'; 9000][..], b"\n"].concat());
    let mail = setup.stopped();
    let source = mail.configuration("t");
    fs::write(&source, &text).unwrap();
    for kind in ["hash", "btree", "cdb"] {
        let table = format!("{kind}:/etc/postfix/t");
        fs::write(&source, &text).unwrap();
        reference("postmap", &["-u", &table]);
        fs::remove_file(&source).unwrap();
        let ask = |arguments: &[&str], input: &[u8]| {
            let call = mail.command("postmap").args(arguments).args([&table]);
            call.input(input).run()
        };
        let keys = b"user0@ferro.example\nUSER4999@ferro.example\nm\xfcller\nm\xc3\xbcller\nnone\n";
        let found = ask(&["-u", "-q", "-"], keys).succeeds();
        let values = found.out.lines().filter_map(|line| line.split('\t').nth(1));
        let wanted = ["value 0", "value 4999", "latin", "utf-8"];
        assert_eq!(values.collect::<Vec<_>>(), wanted, "{kind}");
        if mail.mta.is_reference() && kind == "cdb" {
            continue;
        }
        let all = listed(ask(&["-u", "-s"], b""));
        assert_eq!(all.len(), 5003, "{kind}");
        let long = all.iter().find(|line| line.starts_with("kkk"));
        assert_eq!(long.map(String::len), Some(9301), "{kind}");
        if kind != "cdb" {
            assert_eq!(all, listed(reference("postmap", &["-u", "-s", &table])));
        }
    }
});

case!(files_of_any_page_size_and_byte_order_are_read, |setup| {
    let mail = setup.stopped();
    let file = mail.configuration("t.db");
    let number = |number: u32| {
        let end: &[u8] = if number.is_multiple_of(3) { b"" } else { b"\0" };
        let key = [format!("user{number}").as_bytes(), end].concat();
        (key, [format!("value {number}").as_bytes(), end].concat())
    };
    let mut pairs: Vec<Pair> = (0..3000).map(number).collect();
    for length in [100, 1000, 20_000] {
        pairs.push((vec![b'k'; length], vec![b'v'; length * 3]));
    }
    let mut wanted: Vec<_> = pairs
        .iter()
        .map(|(key, value)| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', "");
            format!("{}\t{}", text(key), text(value))
        })
        .collect();
    wanted.sort();
    for kind in ["hash", "btree"] {
        for page in ["512", "4096", "65536"] {
            for order in ["1234", "4321"] {
                let header = [
                    format!("type={kind}"),
                    format!("db_pagesize={page}"),
                    format!("db_lorder={order}"),
                ];
                let header: Vec<&str> = header.iter().map(String::as_str).collect();
                load(&file, &header, &pairs);
                let table = format!("{kind}:/etc/postfix/t");
                let all = listed(mail.command("postmap").args(["-s", &table]).run());
                assert!(all == wanted, "{header:?}: {} entries", all.len());
            }
        }
    }
    load(
        &file,
        &["type=btree", "chksum=1", "db_pagesize=1024"],
        &pairs,
    );
    let all = mail.command("postmap").args(["-s", "btree:/etc/postfix/t"]);
    assert_eq!(listed(all.run()), wanted);
});

case!(
    only(ferropost, "The reference makes no new file."),
    many_who_need_a_table_at_once_make_it_once,
    |setup| {
        let mail = setup.stopped();
        let source = mail.configuration("t");
        let lines = (0..50_000).map(|number| format!("user{number} value {number}\n"));
        fs::write(&source, lines.collect::<String>()).unwrap();
        reference("postmap", &["hash:/etc/postfix/t"]);
        let calls: Vec<_> = (0..8)
            .map(|number| {
                let key = format!("user{}", number * 6000);
                let call = mail.command("postmap");
                let call = call.args(["-q", &key, "hash:/etc/postfix/t"]);
                std::thread::spawn(move || call.run().succeeds())
            })
            .collect();
        let outcomes: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
        for (number, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.out, format!("value {}\n", number * 6000));
        }
        let said: String = outcomes
            .iter()
            .map(|outcome| outcome.err.as_str())
            .collect();
        assert_eq!(said.matches(": made ").count(), 1, "{said}");
        let left = fs::read_dir("/etc/postfix").unwrap().flatten();
        let left = left.filter(|entry| entry.file_name().to_string_lossy().contains(".lmdb"));
        assert_eq!(left.count(), 1, "nothing but the table is left");
    }
);
