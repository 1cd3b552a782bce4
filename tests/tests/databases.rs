//! Lookup tables in SQL databases, on their real servers: what is found, and what is said when that cannot be told.

use suite::lookups::{Trouble, all_are, ask, trouble};
use suite::{Instance, Server, Setup, case};

/// The same questions for each kind of SQL database.
const ALIASES: &str = "CREATE TABLE aliases (k VARCHAR(100), v VARCHAR(100));
INSERT INTO aliases VALUES ('one@ferro.example', 'alice'), ('many@ferro.example', 'alice'), ('many@ferro.example', 'bob@x.example'),
('empty@ferro.example', ''), ('null@ferro.example', NULL), ('grün@ferro.example', 'größe'), ('o''hara@ferro.example', 'quoted'),
('back\\\\slash@ferro.example', 'backslash'), ('pa%s@ferro.example', 'percent');
";

const ANSWERS: [(&str, &str); 12] = [
    ("one@ferro.example", "alice"),
    ("One@Ferro.Example", "alice"),
    ("many@ferro.example", "alice,bob@x.example"),
    ("none@ferro.example", ""),
    ("null@ferro.example", ""),
    ("grün@ferro.example", "größe"),
    ("o'hara@ferro.example", "quoted"),
    ("pa%s@ferro.example", "percent"),
    ("x' OR 'a'='a", ""),
    ("x'; DROP TABLE aliases; --", ""),
    ("x\\' OR 1=1 -- ", ""),
    ("\" OR \"a\"=\"a", ""),
];

fn sqlite(setup: &Setup, name: &str, sql: &str) -> String {
    let path = setup.path(name);
    let made = std::process::Command::new("sqlite3")
        .arg(&path)
        .arg(sql.replace("\\\\", "\\"))
        .status();
    assert!(made.is_ok_and(|status| status.success()), "sqlite3");
    path.display().to_string()
}

case!(sqlite_answers, |setup| {
    let path = sqlite(&setup, "aliases.db", ALIASES);
    let base = format!("dbpath = {path}\nquery = SELECT v FROM aliases WHERE k = '%s'\n");
    let mail = setup
        .file("plain.cf", &base)
        .file("old.cf", &format!("dbpath={path}\nselect_field = v\ntable = aliases\nwhere_field = k\nadditional_conditions = AND v <> 'bob@x.example'\n"))
        .file("one.cf", &format!("{base}expansion_limit = 1\n"))
        .file("format.cf", &format!("{base}result_format = %u of %d for %U in %1\n"))
        .file("domain.cf", &format!("{base}domain = other.example, inline:{{ferro.example=x}}\n"))
        .file("parts.cf", &format!("dbpath={path}\nquery = SELECT v FROM aliases WHERE k = '%u@%2.%1'\n"))
        .file("broken.cf", &format!("dbpath={path}\nquery = SELEC v FROM aliases WHERE k = '%s'\n"))
        .file("template.cf", &format!("dbpath={path}\nquery = SELECT '%x'\n"))
        .file("nowhere.cf", "dbpath = /nonexistent/db\nquery = SELECT '%s'\n")
        .set("inmain_dbpath", &path)
        .set("inmain_query", "SELECT v FROM aliases WHERE k = '%s'")
        .stopped();
    let table = |name: &str| format!("sqlite:/etc/postfix/{name}.cf");
    all_are(&mail, &table("plain"), &ANSWERS);
    all_are(
        &mail,
        &table("plain"),
        &[("back\\slash@ferro.example", "backslash")],
    );
    all_are(
        &mail,
        "sqlite:inmain",
        &[("one@ferro.example", "alice"), ("none", "")],
    );
    all_are(&mail, &table("old"), &[("many@ferro.example", "alice")]);
    all_are(&mail, &table("one"), &[("one@ferro.example", "alice")]);
    all_are(
        &mail,
        &table("format"),
        &[
            ("many@ferro.example", "bob of x.example for many in example"),
            ("one@ferro.example", ""),
        ],
    );
    all_are(
        &mail,
        &table("domain"),
        &[
            ("one@ferro.example", "alice"),
            ("one", ""),
            ("@ferro.example", ""),
            ("ferro.example", ""),
        ],
    );
    all_are(
        &mail,
        &table("parts"),
        &[
            ("one@ferro.example", "alice"),
            ("one@example", ""),
            ("one", ""),
        ],
    );
    for (name, key, wanted) in [
        (
            "one",
            "many@ferro.example",
            "xpansion limit exceeded for key 'many@ferro.example'",
        ),
        ("broken", "x", "syntax error"),
        ("template", "x", "nvalid query template"),
        ("nowhere", "x", "unable to open database file"),
        (
            "missing",
            "x",
            "open /etc/postfix/missing.cf: No such file or directory",
        ),
    ] {
        let failed = ask(&mail, key, &table(name)).exits(1);
        assert!(failed.err.contains(wanted), "{name}: {failed:?}");
    }
});

case!(
    only(ferropost, "messages of new releases"),
    queries_name_parameters_of_main_cf,
    |setup| {
        let path = sqlite(&setup, "aliases.db", ALIASES);
        let query = |text: &str| {
            format!("dbpath = {path}\nquery = SELECT v FROM aliases WHERE k = '{text}'\n")
        };
        let mail = setup
            .file("mine.cf", &query("%u@%{mine}"))
            .file("quoted.cf", &query("%{quoted}@%d"))
            .file("missing.cf", &query("%{missing}"))
            .set("base", "example")
            .set("mine", "ferro.$base")
            .set("quoted", "o'hara")
            .stopped();
        let table = |name: &str| format!("sqlite:/etc/postfix/{name}.cf");
        let answers = [("one@elsewhere", "alice"), ("one", "alice"), ("none", "")];
        all_are(&mail, &table("mine"), &answers);
        let answers = [("any@ferro.example", "quoted"), ("any@x", ""), ("any", "")];
        all_are(&mail, &table("quoted"), &answers);
        let failed = ask(&mail, "x", &table("missing")).exits(1);
        assert!(
            failed.err.contains("missing is not set in main.cf"),
            "{failed:?}"
        );
    }
);

/// A set-up with mailboxes and aliases in an SQLite database, the aliases by way of proxymap.
fn hosted(setup: Setup) -> Instance {
    let path = sqlite(
        &setup,
        "mail.db",
        "CREATE TABLE boxes (k, v); INSERT INTO boxes VALUES ('info@hosted.example', 'info/');
         CREATE TABLE aliases (k, v); INSERT INTO aliases VALUES ('sales@hosted.example', 'info@hosted.example');",
    );
    let base = setup.path("vmail");
    std::fs::create_dir(&base).unwrap();
    suite::machine::give(&base, 60003, 60003);
    let base = base.display().to_string();
    setup
        .file(
            "boxes.cf",
            &format!("dbpath = {path}\nquery = SELECT v FROM boxes WHERE k = '%s'\n"),
        )
        .file(
            "aliases.cf",
            &format!("dbpath = {path}\nquery = SELECT v FROM aliases WHERE k = '%s'\n"),
        )
        .set("virtual_mailbox_domains", "hosted.example")
        .set("virtual_mailbox_base", &base)
        .set("virtual_mailbox_maps", "sqlite:/etc/postfix/boxes.cf")
        .set("virtual_alias_maps", "proxy:sqlite:/etc/postfix/aliases.cf")
        .set("virtual_uid_maps", "static:60003")
        .set("virtual_gid_maps", "static:60003")
        .start()
}

case!(many_keys_are_answered_in_order, |setup| {
    let mta = setup.mta;
    let sql = "CREATE TABLE t (k TEXT, v TEXT);
WITH RECURSIVE all_of (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM all_of WHERE n < 2999)
INSERT INTO t SELECT 'user' || n || '@ferro.example', 'box' || n FROM all_of;
INSERT INTO t VALUES ('user2500@ferro.example', 'again');";
    let path = sqlite(&setup, "many.db", sql);
    let text = format!("dbpath = {path}\nquery = SELECT v FROM t WHERE k = '%s'\n");
    let mail = setup
        .file("all.cf", &text)
        .file("one.cf", &format!("{text}expansion_limit = 1\n"))
        .stopped();
    let long = "x".repeat(40_000);
    let mut keys = String::new();
    let mut wanted = String::new();
    for n in 0..2500 {
        keys += &format!("user{n}@ferro.example\nO'Hara{n}\n");
        wanted += &format!("user{n}@ferro.example\tbox{n}\n");
        if n % 1000 == 0 {
            keys += &format!("{long}\n");
        }
    }
    let ask = |name: &str, keys: &str| {
        let table = format!("sqlite:/etc/postfix/{name}.cf");
        mail.command("postmap")
            .args(["-q", "-", &table])
            .input(keys)
            .run()
    };
    let told = ask("all", &keys).succeeds().out;
    assert!(told == wanted, "{} bytes of {}", told.len(), wanted.len());
    // A lookup that fails ends it; what was found before is told, by the reference not to the last line.
    keys += "user2500@ferro.example\nuser2501@ferro.example\n";
    let failed = ask("one", &keys).exits(1);
    let most = mta.pick(failed.out == wanted, wanted.starts_with(&failed.out));
    assert!(most, "{} bytes of {}", failed.out.len(), wanted.len());
    assert!(failed.err.contains("xpansion limit exceeded"));
});

case!(a_database_decides_about_mail, |setup| {
    let mail = hosted(setup);
    let id = mail.send(
        "a@client.example",
        &["sales@hosted.example"],
        "Subject: x\n\nbody\n",
    );
    mail.log().wait(
        "virtual",
        &format!("{id}: to=<info@hosted.example>, orig_to=<sales@hosted.example>, *status=sent *"),
    );
    let mut client = mail.smtp();
    client.expect("MAIL FROM:<a@client.example>", "250*");
    client.expect("RCPT TO:<nobody@hosted.example>", "550*");
    client.expect("RCPT TO:<info@hosted.example>", "250*");
});

case!(
    only(ferropost, "Better on purpose: drivers"),
    drivers_have_no_rights_and_are_replaced,
    |setup| {
        let mail = hosted(setup);
        mail.send(
            "a@client.example",
            &["sales@hosted.example"],
            "Subject: x\n\nbody\n",
        );
        mail.log().wait("virtual", "*status=sent*");
        let drivers = || {
            let mut all = mail.processes();
            all.retain(|process| process.name == "sqlite_table");
            all
        };
        assert!(drivers().len() >= 3, "smtpd, proxymap and virtual have one");
        for driver in drivers() {
            assert_eq!(driver.user(), Some(suite::machine::MAIL_OWNER.id));
            assert_eq!(driver.status("CapEff").unwrap(), "0000000000000000");
            assert_eq!(driver.status("NoNewPrivs").unwrap(), "1");
            // Nothing of its opener's: the control socket is 3, and what is above is its own.
            let own = std::fs::read_dir(format!("/proc/{}/fd", driver.pid)).unwrap();
            assert!(own.count() <= 8, "{driver:?}");
            driver.signal(nix::sys::signal::Signal::SIGKILL);
        }
        // smtpd cannot start one in its jail: the recipient must wait, and the next client has a fresh smtpd.
        let mut client = mail.smtp();
        client.expect("MAIL FROM:<a@client.example>", "250*");
        client.expect("RCPT TO:<info@hosted.example>", "451*");
        mail.log().wait(
            "smtpd",
            "warning: sqlite:/etc/postfix/boxes.cf lookup error: *",
        );
        drop(client);
        suite::wait_until("a fresh smtpd", || {
            let mut client = mail.smtp();
            client.expect("MAIL FROM:<a@client.example>", "250*");
            let reply = client.say("RCPT TO:<info@hosted.example>");
            reply.text().starts_with("250").then_some(())
        });
        mail.log().clear();
        mail.send(
            "a@client.example",
            &["sales@hosted.example"],
            "Subject: x\n\nbody\n",
        );
        mail.log().wait("virtual", "*status=sent*");
    }
);

case!(
    only(ferropost, "Better on purpose: drivers"),
    a_type_without_its_program_says_so,
    |setup| {
        let mail = setup
            .set("daemon_directory", "/nonexistent")
            .file("x.cf", "dbpath = /x\nquery = SELECT '%s'\n")
            .stopped();
        for (kind, more) in [
            ("sqlite", ""),
            ("mongodb", ", which is built only where it is asked for"),
        ] {
            let failed = ask(&mail, "x", &format!("{kind}:/etc/postfix/x.cf")).exits(1);
            let wanted = format!(
                "unsupported dictionary type: {kind}: there is no program /nonexistent/{kind}_table{more}\n"
            );
            assert!(failed.err.ends_with(&wanted), "{failed:?}");
            let types = mail.command("postconf").args(["-m"]).run().succeeds().out;
            assert!(!types.lines().any(|name| name == kind), "{types}");
        }
    }
);

case!(pgsql_answers, |setup| {
    let mut server = Server::postgres(&setup.machine, ALIASES);
    let (user, password) = suite::servers::LOGIN;
    let login = format!("user = {user}\npassword = {password}\ndbname = mail\n");
    let query = "query = SELECT v FROM aliases WHERE k = '%s'\n";
    let base = format!("{login}{query}");
    let directory = server.directory.display();
    let uri = format!("postgresql://{user}:pass%24word%27%221@127.0.0.1/mail");
    let stranger = server.path("other.pem");
    let certificate = server.path("server.pem");
    let mut mail = setup
        .file("plain.cf", &format!("hosts = 127.0.0.1\n{base}"))
        .file("unix.cf", &format!("hosts = unix:{directory}\n{base}"))
        .file("hasty.cf", &format!("hosts = 127.0.0.1\ntimeout = 1\n{base}"))
        .file("failover.cf", &format!("hosts = 127.0.0.1:5999 inet:127.0.0.1:5432\n{base}"))
        .file("uri.cf", &format!("hosts = {uri}?sslmode=require\ndbname = mail\n{query}"))
        .file("verified.cf", &format!("hosts = {uri}?sslmode=verify-full&sslrootcert={certificate}\ndbname = mail\n{query}"))
        .file("stranger.cf", &format!("hosts = {uri}?sslmode=verify-full&sslrootcert={stranger}\ndbname = mail\n{query}"))
        .file("function.cf", &format!("hosts = 127.0.0.1\n{login}select_function = upper\n"))
        .file("escape.cf", &format!("hosts = 127.0.0.1\n{login}query = SELECT v FROM aliases WHERE k = E'%s'\n"))
        .file("down.cf", &format!("hosts = 127.0.0.1:5999\n{base}"))
        .file("wrong.cf", &format!("hosts = 127.0.0.1\nuser = {user}\npassword = wrong\ndbname = mail\n{query}"))
        .file("broken.cf", &format!("hosts = 127.0.0.1\n{login}query = SELEC '%s'\n"))
        .stopped();
    let table = |name: &str| format!("pgsql:/etc/postfix/{name}.cf");
    // The reference spoke ISO 8859-1 up to version 3.7.
    let answers = ANSWERS
        .iter()
        .filter(|(key, _)| key.is_ascii() || !mail.mta.is_reference());
    all_are(
        &mail,
        &table("plain"),
        &answers.copied().collect::<Vec<_>>(),
    );
    let one = ANSWERS.get(..1).unwrap();
    for name in ["unix", "failover", "uri", "verified", "plain"] {
        all_are(&mail, &table(name), one);
    }
    all_are(&mail, &table("function"), &[("x'y", "X'Y")]);
    if !mail.mta.is_reference() {
        all_are(
            &mail,
            &table("escape"),
            &[("o'hara@ferro.example", "quoted"), ("\\' OR 1=1 -- ", "")],
        );
    }
    let case = Trouble {
        kind: "pgsql",
        known: ANSWERS[0],
        good: "plain",
        bad: &[
            ("down", "refused"),
            ("wrong", "authentication failed"),
            ("broken", "syntax error"),
            ("stranger", "certificate"),
        ],
    };
    trouble(&mut mail, &mut server, &case);
});

case!(mysql_answers, |setup| {
    let procedures = "DELIMITER //
CREATE PROCEDURE found(IN wanted VARCHAR(100)) BEGIN SELECT v FROM aliases WHERE k = wanted; END //
CREATE PROCEDURE twice() BEGIN SELECT 1; SELECT 2; END //
CREATE PROCEDURE nothing() BEGIN SET @x = 1; END //
";
    let mut server = Server::mariadb(&setup.machine, &format!("{ALIASES}{procedures}"));
    let (user, password) = suite::servers::LOGIN;
    let login = format!("user = {user}\npassword = {password}\ndbname = mail\noption_group =\n");
    let query = "query = SELECT v FROM aliases WHERE k = '%s'\n";
    let base = format!("{login}{query}");
    let socket = server.path("socket");
    let (certificate, stranger) = (server.path("server.pem"), server.path("other.pem"));
    let call = |query: &str| format!("hosts = 127.0.0.1\n{login}query = {query}\n");
    let mut mail = setup
        .file("plain.cf", &format!("hosts = 127.0.0.1\n{base}"))
        .file("unix.cf", &format!("hosts = unix:{socket}\n{base}"))
        .file("double.cf", &call("SELECT v FROM aliases WHERE k = \"%s\""))
        .file("hasty.cf", &format!("hosts = 127.0.0.1\ntimeout = 1\n{base}"))
        .file("failover.cf", &format!("hosts = 127.0.0.1:5999 inet:127.0.0.1:3306\n{base}"))
        .file("verified.cf", &format!("hosts = 127.0.0.1\ntls_CAfile = {certificate}\ntls_verify_cert = yes\n{base}"))
        .file("stranger.cf", &format!("hosts = 127.0.0.1\ntls_CAfile = {stranger}\ntls_verify_cert = yes\n{base}"))
        .file("my.cnf", &format!("[client]\npassword = \"x\"\n[mail]\nuser = {user}\n[client]\nsocket = {socket}\n"))
        .file("option.cf", &format!("hosts = localhost\nuser = {user}\npassword = {password}\ndbname = mail\noption_file = /etc/postfix/my.cnf\n{query}"))
        .file("procedure.cf", &call("CALL found('%s')"))
        .file("twice.cf", &call("CALL twice()"))
        .file("nothing.cf", &call("CALL nothing()"))
        .file("maybe.cf", &format!("require_result_set = no\n{}", call("CALL nothing()")))
        .file("down.cf", &format!("hosts = 127.0.0.1:5999\n{base}"))
        .file("wrong.cf", &format!("hosts = 127.0.0.1\nuser = {user}\npassword = wrong\ndbname = mail\noption_group =\n{query}"))
        .file("broken.cf", &call("SELEC '%s'"))
        .stopped();
    let table = |name: &str| format!("mysql:/etc/postfix/{name}.cf");
    // The reference spoke ISO 8859-1 up to version 3.8.
    let answers = ANSWERS
        .iter()
        .filter(|(key, _)| key.is_ascii() || !mail.mta.is_reference());
    let answers: Vec<_> = answers.copied().collect();
    all_are(&mail, &table("plain"), &answers);
    all_are(&mail, &table("double"), &answers);
    all_are(
        &mail,
        &table("plain"),
        &[("back\\slash@ferro.example", "backslash")],
    );
    for name in [
        "unix",
        "failover",
        "verified",
        "option",
        "procedure",
        "plain",
    ] {
        all_are(&mail, &table(name), ANSWERS.get(..1).unwrap());
    }
    all_are(&mail, &table("maybe"), &[("x", "")]);
    let case = Trouble {
        kind: "mysql",
        known: ANSWERS[0],
        good: "plain",
        bad: &[
            ("down", ""),
            ("wrong", "Access denied"),
            ("broken", "SQL syntax"),
            ("stranger", "certificate"),
            ("twice", ""),
            ("nothing", ""),
        ],
    };
    trouble(&mut mail, &mut server, &case);
});
