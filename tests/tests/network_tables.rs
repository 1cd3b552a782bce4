//! Tables of servers that are asked by a small protocol: `tcp:` and `socketmap:`; what becomes of every answer that there can be.

use std::time::Duration;

use suite::lookups::{all_are, ask};
use suite::table_server::{self, Action, line, netstring};
use suite::{Instance, case};

/// Each key fails to be looked up, and what is said has a word of the reason in it where that is ours to say.
fn all_fail(mail: &Instance, table: &str, expected: &[(&str, &str)]) {
    for (key, wanted) in expected {
        let failed = ask(mail, key, table).exits(1);
        assert_eq!(failed.out, "", "{key}");
        assert!(
            mail.mta.is_reference() || failed.err.contains(wanted),
            "{key}: {failed:?}"
        );
        assert!(!failed.err.is_empty(), "{key}");
    }
}

case!(tcp_answers, |setup| {
    let asked = table_server::tcp(17000, |request| match request {
        "get one@ferro.example" => line("200 alice"),
        "get encoded" => line("200 a%20b%2c%25"),
        "get plain" => line("200  two  words "),
        "get gr%C3%BCn" => line("200 gr\u{f6}\u{df}e%c3%9F"),
        "get later" => line("400 not%20today"),
        "get late" => Action::Late(Duration::from_millis(700), b"200 late\n".to_vec()),
        "get pieces" => Action::Late(Duration::from_millis(100), b"200 pieces\n".to_vec()),
        "get closing" => Action::SayAndClose(b"200 closing\n".to_vec()),
        "get two" => Action::Say(b"200 two\n200 wrong\n".to_vec()),
        "get longest" => line(&format!("200 {}", "x".repeat(4091))),
        "get long" => line(&format!("200 {}", "x".repeat(4092))),
        "get endless" => Action::Say(vec![b'2'; 100_000]),
        "get status" => line("300 what"),
        "get bare" => line("200"),
        "get empty" => line(""),
        "get digits" => line("200 a%zz"),
        "get cut" => line("200 a%2"),
        "get latin" => Action::Say(b"200 gr\xfcn\n".to_vec()),
        "get nul" => line("200 a%00b"),
        _ => line("500 no such key"),
    });
    let mail = setup.stopped();
    let table = "tcp:127.0.0.1:17000";
    let answers = [
        ("one@ferro.example", "alice"),
        // Letters are sent as they are.
        ("One@Ferro.Example", ""),
        ("encoded", "a b,%"),
        ("plain", " two  words"),
        ("grün", "größeß"),
        ("late", "late"),
        ("closing", "closing"),
        ("none", ""),
        ("one@ferro.example\nget two", ""),
        ("one@ferro.example two", ""),
        ("%6fne@ferro.example", ""),
    ];
    all_are(&mail, table, &answers);
    assert_eq!(
        asked.requests(),
        [
            "get one@ferro.example",
            "get One@Ferro.Example",
            "get encoded",
            "get plain",
            "get gr%C3%BCn",
            "get late",
            "get closing",
            "get none",
            "get one@ferro.example%0Aget%20two",
            "get one@ferro.example%20two",
            "get %256fne@ferro.example",
        ]
    );
    let longest = ask(&mail, "longest", table).succeeds();
    assert_eq!(longest.out.trim_end().len(), 4091);
    for place in ["localhost:17000", "17000", "127.0.0.1:tables"] {
        let services = std::fs::read_to_string("/etc/services").expect("read");
        std::fs::write("/etc/services", services + "\ntables 17000/tcp\n").expect("write");
        all_are(&mail, &format!("tcp:{place}"), answers.get(..1).unwrap());
    }
    all_fail(
        &mail,
        table,
        &[
            ("later", "not today"),
            ("status", "bad reply: 300 what"),
            ("bare", "bad reply: 200"),
            ("empty", "bad reply"),
            ("digits", "bad reply"),
            ("cut", "bad reply"),
            ("latin", "non-UTF-8 value"),
        ],
    );
    if !mail.mta.is_reference() {
        // The reference tries ten times in ten seconds.
        let long = "a reply of more than 4096 bytes";
        let nul = ("nul", "bad reply");
        all_fail(&mail, table, &[("long", long), ("endless", long), nul]);
    }
    // Few connections for many keys; a closed one is replaced, and what comes unasked is nobody's answer.
    asked.clear();
    let found = mail
        .command("postmap")
        .args(["-q", "-", table])
        .input("one@ferro.example\nOne@Ferro.Example\nclosing\none@ferro.example\ntwo\nnone\nencoded\n")
        .run()
        .succeeds();
    assert_eq!(
        found.out,
        "one@ferro.example\talice\nclosing\tclosing\none@ferro.example\talice\ntwo\ttwo\nencoded\ta b,%\n"
    );
    let most = mail.mta.pick(5, 3);
    assert!(asked.connections() <= most, "{}", asked.connections());
    let down = ask(&mail, "k", "tcp:127.0.0.1:17009").exits(1);
    assert!(down.err.contains("Connection refused"), "{down:?}");
});

case!(socketmap_answers, |setup| {
    let answer = |request: &str| match request {
        "m one@ferro.example" => netstring("OK alice"),
        "other one@ferro.example" => netstring("OK bob"),
        "m grün" => netstring("OK größe"),
        "m words" => netstring("OK  two, words "),
        "m none" => netstring("NOTFOUND "),
        "m bare" => netstring("NOTFOUND"),
        "m temp" => netstring("TEMP come again"),
        "m timeout" => netstring("TIMEOUT "),
        "m perm" => netstring("PERM never"),
        "m late" => Action::Late(Duration::from_millis(700), b"7:OK late,".to_vec()),
        "m closing" => Action::SayAndClose(b"10:OK closing,".to_vec()),
        "m two" => Action::Say(b"6:OK two,8:OK wrong,".to_vec()),
        "m longest" => netstring(&format!("OK {}", "x".repeat(99_997))),
        "m long" => netstring(&format!("OK {}", "x".repeat(99_998))),
        "m huge" => Action::Say(b"99999999999999999999:OK x,".to_vec()),
        "m word" => netstring("WHAT x"),
        "m nothing" => netstring(""),
        "m line" => line("OK x"),
        "m negative" => Action::Say(b"-4:OK x,".to_vec()),
        "m comma" => Action::Say(b"4:OK x;".to_vec()),
        "m close" => Action::SayAndClose(Vec::new()),
        "m half" => Action::SayAndClose(b"9:OK x".to_vec()),
        "m latin" => Action::Say(b"7:OK gr\xfcn,".to_vec()),
        "m nul" => netstring("OK a\0b"),
        _ => netstring("NOTFOUND "),
    };
    let asked = table_server::socketmap(17001, answer);
    let socket = setup.path("socketmap");
    table_server::socketmap_unix(&socket, answer);
    let folder = setup.path("").display().to_string();
    let mail = setup.stopped();
    let table = "socketmap:inet:127.0.0.1:17001:m";
    let answers = [
        ("one@ferro.example", "alice"),
        ("One@Ferro.Example", ""),
        ("grün", "größe"),
        ("words", " two, words"),
        ("none", ""),
        ("bare", ""),
        ("late", "late"),
        ("closing", "closing"),
        ("one@ferro.example,4:m x", ""),
        ("x,21:m one@ferro.example", ""),
        ("one@ferro.example\n", ""),
        ("%s", ""),
    ];
    all_are(&mail, table, &answers);
    let requests = answers.map(|(key, _)| format!("m {key}"));
    assert_eq!(asked.requests(), requests);
    let longest = ask(&mail, "longest", table).succeeds();
    assert_eq!(longest.out.trim_end().len(), 99_997);
    all_are(
        &mail,
        "socketmap:inet:127.0.0.1:17001:other",
        &[("one@ferro.example", "bob")],
    );
    all_are(
        &mail,
        &format!("socketmap:unix:{}:m", socket.display()),
        &answers,
    );
    let relative = mail
        .command("postmap")
        .args(["-q", "one@ferro.example", "socketmap:unix:socketmap:m"])
        .directory(std::path::Path::new(&folder));
    assert_eq!(relative.run().succeeds().out, "alice\n");
    all_fail(
        &mail,
        table,
        &[
            ("temp", "temporary error: come again"),
            ("timeout", "timeout error"),
            ("perm", "permanent error: never"),
            ("long", "socketmap_max_reply_size"),
            ("huge", "socketmap_max_reply_size"),
            ("word", "bad reply: WHAT x"),
            ("nothing", "bad reply"),
            ("line", "no netstring"),
            ("negative", "no netstring"),
            ("comma", "netstring without its end"),
            ("close", "closed by the server"),
            ("half", "closed by the server"),
            ("latin", "non-UTF-8 value"),
        ],
    );
    if !mail.mta.is_reference() {
        all_fail(&mail, table, &[("nul", "bad reply")]);
    }
    // One connection for many keys and both maps; a closed one is replaced, and what comes unasked is nobody's answer.
    asked.clear();
    let both = format!("unionmap:{{{table},socketmap:inet:127.0.0.1:17001:other}}");
    let found = mail
        .command("postmap")
        .args(["-q", "-", &both])
        .input("one@ferro.example\nclosing\none@ferro.example\ntwo\nnone\ngrün\n")
        .run()
        .succeeds();
    assert_eq!(
        found.out,
        "one@ferro.example\talice,bob\nclosing\tclosing\none@ferro.example\talice,bob\ntwo\ttwo\ngrün\tgröße\n"
    );
    assert!(asked.connections() <= 3, "{}", asked.connections());
    let down = ask(&mail, "k", "socketmap:inet:127.0.0.1:17009:m").exits(1);
    assert!(down.err.contains("Connection refused"), "{down:?}");
    let nowhere = ask(&mail, "k", "socketmap:unix:/nonexistent/s:m").exits(1);
    assert!(
        nowhere.err.contains("No such file or directory"),
        "{nowhere:?}"
    );
});

case!(
    only(ferropost, "Better on purpose: messages of new releases"),
    limits_of_socketmap,
    |setup| {
        let asked =
            table_server::socketmap(17001, |request| netstring(&format!("OK {}", request.len())));
        let mail = setup
            .set("socketmap_max_query_size", "20")
            .set("socketmap_max_reply_size", "4")
            .stopped();
        let table = "socketmap:inet:127.0.0.1:17001:map";
        all_are(&mail, table, &[("x", "5")]);
        all_fail(&mail, table, &[("0123456789", "more than 4 bytes")]);
        // It is not there, as the limit's manual says, or mail for such an address would wait for ever.
        asked.clear();
        let long = ask(&mail, &"x".repeat(21), table).exits(1);
        assert!(long.err.contains("socketmap_max_query_size"), "{long:?}");
        assert!(!long.err.contains("error"), "{long:?}");
        assert!(asked.requests().is_empty());
    }
);

case!(names_that_are_no_places, |setup| {
    let mail = setup.stopped();
    for (table, wanted) in [
        ("socketmap:x", "inet:host:port:name or unix:path:name"),
        (
            "socketmap:inet:127.0.0.1:17000",
            "inet:host:port:name or unix:path:name",
        ),
        ("socketmap:unix:/x", "inet:host:port:name or unix:path:name"),
        ("socketmap:udp:a:b", "inet:host:port:name or unix:path:name"),
        ("tcp:127.0.0.1:", "tcp:host:port"),
        ("tcp:unix:/x:1", "tcp:host:port"),
        ("nisplus:mail.aliases", "not supported any more"),
        ("netinfo:/aliases", "not supported any more"),
        ("nis:mail.aliases", "not supported any more"),
    ] {
        if table.starts_with("nis:") && mail.mta.is_reference() {
            continue;
        }
        all_fail(&mail, table, &[("k", wanted)]);
    }
});

case!(
    only(
        ferropost,
        "Better on purpose: drivers; the reference asks a tcp server ten times"
    ),
    no_answer,
    |setup| {
        table_server::tcp(17000, |request| match request {
            "get drip" => Action::Drip,
            _ => Action::Nothing,
        });
        table_server::socketmap(17001, |_| Action::Nothing);
        let mail = setup.stopped();
        let started = std::time::Instant::now();
        std::thread::scope(|scope| {
            for (key, table) in [
                ("k", "tcp:127.0.0.1:17000"),
                ("drip", "tcp:127.0.0.1:17000"),
                ("k", "socketmap:inet:127.0.0.1:17001:m"),
            ] {
                let asking = mail.command("postmap").args(["-q", key, table]);
                scope.spawn(move || {
                    let failed = asking.run().exits(1);
                    assert!(failed.err.contains("timed out"), "{failed:?}");
                });
            }
        });
        assert!(started.elapsed() >= Duration::from_secs(99));
    }
);

/// What daemons ask a server for: whole keys, each as the parameter has it.
const KEYS: [&str; 27] = [
    "bcc Sender+x@Client.Example",
    "canonical Alice@Ferro.example",
    "canonical Foo+Ext@Relayed.example",
    "canonical alice@ferro.example",
    "canonical foo+ext@relayed.example",
    "client 127.0.0.1",
    "client localhost",
    "helo client.example",
    "recipient alice@ferro.example",
    "recipient foo+ext@relayed.example",
    "relay client.example",
    "relay relayed.example",
    "relayed foo+ext@relayed.example",
    "relocated Alice@Ferro.example",
    "relocated Foo+Ext@Relayed.example",
    "relocated Sender+x@Client.Example",
    "sender sender+x@client.example",
    "transport Alice@Ferro.example",
    "transport Foo+Ext@Relayed.example",
    "transport Sender+x@Client.Example",
    "vdomains client.example",
    "vdomains ferro.example",
    "vdomains relayed.example",
    "virtual Alice@Ferro.example",
    "virtual Foo+Ext@Relayed.example",
    "virtual alice@ferro.example",
    "virtual foo+ext@relayed.example",
];

case!(daemons_ask_for_whole_keys, |setup| {
    let asked = table_server::socketmap(17001, |request| match request {
        "relay relayed.example" | "relayed foo+ext@relayed.example" => netstring("OK x"),
        _ => netstring("NOTFOUND "),
    });
    let table = |name: &str| format!("socketmap:inet:127.0.0.1:17001:{name}");
    let check = |name: &str, restriction: &str| format!("{restriction} {}", table(name));
    let mail = setup
        .set(
            "smtpd_client_restrictions",
            &check("client", "check_client_access"),
        )
        .set(
            "smtpd_helo_restrictions",
            &check("helo", "check_helo_access"),
        )
        .set(
            "smtpd_sender_restrictions",
            &check("sender", "check_sender_access"),
        )
        .set(
            "smtpd_recipient_restrictions",
            &check("recipient", "check_recipient_access"),
        )
        .set("recipient_canonical_maps", &table("canonical"))
        .set("virtual_alias_maps", &table("virtual"))
        .set("virtual_alias_domains", &table("vdomains"))
        .set("relay_domains", &table("relay"))
        .set("relay_recipient_maps", &table("relayed"))
        .set("relay_transport", "discard:")
        .set("transport_maps", &table("transport"))
        .set("sender_bcc_maps", &table("bcc"))
        .set("relocated_maps", &table("relocated"))
        .set("local_recipient_maps", "")
        .start();
    mail.smtp().letter(
        "Sender+x@Client.Example",
        &["Alice@Ferro.example", "Foo+Ext@Relayed.example"],
        "Subject: x\n\n",
    );
    mail.log()
        .wait("local", "*to=<Alice@Ferro.example>*status=sent*");
    mail.log()
        .wait("discard", "*to=<Foo+Ext@Relayed.example>*status=sent*");
    let mut keys = asked.requests();
    keys.sort();
    keys.dedup();
    // The reference asks for the default of all transports, too, which only an indexed table has.
    keys.retain(|key| key != "transport *");
    assert_eq!(keys, KEYS);
});

case!(rights_are_not_asked_of_just_anybody, |setup| {
    table_server::tcp(17000, |_| line("200 |/bin/false"));
    table_server::socketmap(17001, |_| netstring("OK 60001"));
    let base = setup.path("vmail").display().to_string();
    let mail = setup
        .set("local_recipient_maps", "")
        .set("alias_maps", "tcp:127.0.0.1:17000")
        .set("virtual_mailbox_domains", "hosted.example")
        .set("virtual_mailbox_base", &base)
        .set("virtual_mailbox_maps", "static:x")
        .set(
            "virtual_uid_maps",
            "proxy:socketmap:inet:127.0.0.1:17001:uid",
        )
        .set("virtual_gid_maps", "static:60001")
        .start();
    let refused = "*map is not allowed for security*sensitive data";
    mail.send(
        "a@client.example",
        &["alice@ferro.example"],
        "Subject: x\n\n",
    );
    mail.log().wait("local", refused);
    mail.log().wait(
        "local",
        "*dsn=4.3.0, status=deferred (alias database unavailable)",
    );
    mail.send("a@client.example", &["a@hosted.example"], "Subject: x\n\n");
    mail.log().wait("virtual", refused);
    mail.log().wait(
        "virtual",
        "*dsn=4.3.5, status=deferred (mail system configuration error)",
    );
});

case!(no_part_of_an_address_decides_about_rights, |setup| {
    let mail = setup
        .set("local_recipient_maps", "")
        .set("mailbox_command_maps", "regexp:{{/^(alice)$$/ /bin/$$1}}")
        .set(
            "transport_maps",
            "regexp:{{/^(.*)@(error).example$$/ $$2:no}, {/@error.example$$/ discard:}}",
        )
        .start();
    mail.send(
        "a@client.example",
        &["alice@ferro.example", "x@error.example"],
        "Subject: x\n\n",
    );
    let skipped = "*, line 1: regular expression substitution is not allowed: skipping this rule";
    mail.log().wait("local", skipped);
    mail.log().wait("trivial-rewrite", skipped);
    mail.log()
        .wait("local", "*status=sent (delivered to maildir)");
    mail.log()
        .wait("discard", "*to=<x@error.example>*status=sent*");
});
