//! Lookup tables behind client libraries, on their real servers: what is found, and what is said when that cannot be told.

use suite::{Instance, Outcome, Server, Setup, case};

/// `postmap -q key table`.
fn ask(mail: &Instance, key: &str, table: &str) -> Outcome {
    mail.command("postmap").args(["-q", key, table]).run()
}

/// Each key with the value that it must have; an empty one must not be found.
fn all_are(mail: &Instance, table: &str, expected: &[(&str, &str)]) {
    for (key, value) in expected {
        let found = ask(mail, key, table);
        assert_eq!(found.out.trim_end(), *value, "{key}: {found:?}");
        assert_eq!(found.code, i32::from(value.is_empty()), "{key}: {found:?}");
    }
}

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
        let mail = setup.stopped();
        let failed = ask(&mail, "x", "mongodb:/etc/postfix/x.cf").exits(1);
        let wanted = "unsupported dictionary type: mongodb: there is no program ";
        assert!(failed.err.contains(wanted), "{failed:?}");
    }
);

/// What every type with a server must do when the server is not as it should be. `base` is the configuration without `hosts`.
struct Trouble<'a> {
    kind: &'a str,
    /// A key that is there, and its value.
    known: (&'a str, &'a str),
    /// The name of the configuration file for the server.
    good: &'a str,
    /// Files whose lookups must fail, with a word of the reason.
    bad: &'a [(&'a str, &'a str)],
}

fn trouble(mail: &mut Instance, server: &mut Server, case: &Trouble<'_>) {
    trouble_and(mail, server, case, |_| ());
}

/// The same for servers that forget: `fill` puts the known key there after a start.
fn trouble_and(
    mail: &mut Instance,
    server: &mut Server,
    case: &Trouble<'_>,
    fill: impl Fn(&Server),
) {
    let table = |name: &str| format!("{}:/etc/postfix/{name}.cf", case.kind);
    let (key, value) = case.known;
    for (name, wanted) in case.bad {
        let failed = ask(mail, key, &table(name)).exits(1);
        assert!(failed.err.contains(wanted), "{name}: {failed:?}");
    }
    // Late, but an answer.
    server.halt();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(700));
            server.resume();
        });
        assert_eq!(ask(mail, key, &table(case.good)).out.trim_end(), value);
    });
    if mail.mta.is_reference() {
        return;
    }
    // No answer at all.
    server.halt();
    let failed = ask(mail, key, &table("hasty")).exits(1);
    server.resume();
    assert!(!failed.err.is_empty());
    // A program that goes on asks again when the server is back.
    mail.set("proxy_read_maps", &format!("proxy:{}", table(case.good)));
    mail.start();
    let proxied = format!("proxy:{}", table(case.good));
    let found = |mail: &Instance| ask(mail, key, &proxied).out.trim_end().to_owned();
    assert_eq!(found(mail), value);
    server.stop();
    ask(mail, key, &proxied).exits(1);
    server.start();
    fill(server);
    assert_eq!(found(mail), value);
    server.stop();
    server.start();
    fill(server);
    assert_eq!(found(mail), value);
}

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

const ENTRIES: &str = "dn: cn=one,cn=mail
objectClass: thing
mail: one@ferro.example
maildrop: alice

dn: cn=many,cn=mail
objectClass: thing
mail: many@ferro.example
maildrop: alice
maildrop: bob@x.example

dn: cn=green,cn=mail
objectClass: thing
mail:: Z3LDvG5AZmVycm8uZXhhbXBsZQ==
maildrop:: Z3LDtsOfZQ==

dn: cn=paren,cn=mail
objectClass: thing
mail: a(b)*\\c@ferro.example
maildrop: special

dn: cn=a\\2Cb,cn=mail
objectClass: thing
mail: comma@ferro.example
maildrop: comma

dn: cn=group,cn=mail
objectClass: thing
mail: group@ferro.example
maildrop: outside@x.example
memberdn: cn=one,cn=mail
memberdn: cn=inner,cn=mail
memberdn: cn=missing,cn=mail
memberurl: ldap:///cn=mail?maildrop?sub?(mail=many@*)

dn: cn=inner,cn=mail
objectClass: thing
mail: inner@ferro.example
memberdn: cn=green,cn=mail

dn: cn=loop,cn=mail
objectClass: thing
mail: loop@ferro.example
memberdn: cn=loop,cn=mail

";

case!(ldap_answers, |setup| {
    let mut server = Server::slapd(&setup.machine, ENTRIES);
    let password = suite::servers::LOGIN.1;
    let login =
        format!("version = 3\nbind = yes\nbind_dn = cn=reader,cn=mail\nbind_pw = {password}\n");
    let search = "search_base = cn=mail\nquery_filter = (mail=%s)\n";
    let base = format!("{login}{search}result_attribute = maildrop\n");
    let socket = server.path("socket").replace('/', "%2F");
    let (certificate, stranger) = (server.path("server.pem"), server.path("other.pem"));
    let require = "tls_require_cert = yes\n";
    let group = "special_result_attribute = memberdn, memberurl\nleaf_result_attribute = mail\n";
    let local = "server_host = 127.0.0.1\nserver_port = 3890\n";
    let mut mail = setup
        .file("plain.cf", &format!("{local}{base}"))
        .file("bare.cf", &format!("{local}{login}search_base = cn=mail\nquery_filter = mail=%s\n"))
        .file("unix.cf", &format!("server_host = ldapi://{socket}\n{base}"))
        .file("failover.cf", &format!("server_host = ldap://127.0.0.1:5999 ldap://127.0.0.1:3890\n{base}"))
        .file("start.cf", &format!("server_host = localhost:3890\nstart_tls = yes\ntls_ca_cert_file = {certificate}\n{require}{base}"))
        .file("tls.cf", &format!("server_host = ldaps://localhost:6360\ntls_ca_cert_file = {certificate}\n{require}{base}"))
        .file("stranger.cf", &format!("server_host = ldaps://localhost:6360\ntls_ca_cert_file = {stranger}\n{require}{base}"))
        .file("name.cf", &format!("{local}{login}search_base = cn=%s,cn=mail\nquery_filter = (objectClass=*)\nscope = base\n"))
        .file("group.cf", &format!("{local}{base}{group}"))
        .file("terminal.cf", &format!("{local}{login}{search}result_attribute =\nterminal_result_attribute = maildrop\n{group}"))
        .file("format.cf", &format!("{local}{base}result_format = smtp:[%s] for %U\n"))
        .file("limit.cf", &format!("{local}{base}expansion_limit = 1\n"))
        .file("hasty.cf", &format!("{local}timeout = 1\n{base}"))
        .file("down.cf", &format!("server_host = 127.0.0.1:5999\n{base}"))
        .file("wrong.cf", &format!("{local}bind_dn = cn=reader,cn=mail\nbind_pw = wrong\nversion = 3\n{search}"))
        .file("broken.cf", &format!("{local}{login}search_base = cn=mail\nquery_filter = ((mail=%s)\n"))
        .stopped();
    let table = |name: &str| format!("ldap:/etc/postfix/{name}.cf");
    let answers = [
        ("one@ferro.example", "alice"),
        ("One@Ferro.Example", "alice"),
        ("many@ferro.example", "alice,bob@x.example"),
        ("none@ferro.example", ""),
        ("grün@ferro.example", "größe"),
        ("a(b)*\\c@ferro.example", "special"),
        ("*", ""),
        ("one@*", ""),
        ("x)(mail=*", ""),
        ("\\2a", ""),
        ("\\", ""),
    ];
    all_are(&mail, &table("plain"), &answers);
    for name in [
        "bare", "unix", "failover", "start", "tls", "terminal", "limit",
    ] {
        // The reference's library of TLS wants an authority apart from the server.
        if !mail.mta.is_reference() || !matches!(name, "start" | "tls") {
            all_are(&mail, &table(name), answers.get(..1).unwrap());
        }
    }
    all_are(
        &mail,
        &table("name"),
        &[
            ("one", "alice"),
            ("a,b", "comma"),
            ("one,cn=x", ""),
            ("*", ""),
            ("nobody", ""),
        ],
    );
    all_are(
        &mail,
        &table("format"),
        &[("one@ferro.example", "smtp:[alice] for one")],
    );
    let sorted = |table: &str, key: &str| {
        let found = ask(&mail, key, table).succeeds().out;
        let mut values: Vec<String> = found.trim_end().split(',').map(str::to_owned).collect();
        values.sort();
        values.join(" ")
    };
    assert_eq!(
        sorted(&table("group"), "one@ferro.example"),
        "alice one@ferro.example"
    );
    // "maildrop" of the members, and "mail" of those that lead nowhere.
    assert_eq!(
        sorted(&table("group"), "group@ferro.example"),
        "alice alice bob@x.example größe grün@ferro.example one@ferro.example outside@x.example"
    );
    assert_eq!(
        sorted(&table("terminal"), "group@ferro.example"),
        "outside@x.example"
    );
    assert_eq!(sorted(&table("terminal"), "inner@ferro.example"), "größe");
    ask(&mail, "many@ferro.example", &table("limit")).exits(1);
    ask(&mail, "loop@ferro.example", &table("group")).exits(1);
    let case = Trouble {
        kind: "ldap",
        known: answers[0],
        good: "plain",
        bad: &[
            ("down", ""),
            ("wrong", "nvalid credentials"),
            ("broken", "filter"),
            ("stranger", ""),
        ],
    };
    trouble(&mut mail, &mut server, &case);
});

case!(memcache_answers, |setup| {
    let mut server = Server::memcached(&setup.machine);
    let set = |server: &Server, key: &str, value: &str| {
        let text = format!("set {key} 0 0 {}\r\n{value}\r\n", value.len());
        assert_eq!(server.talk(&text, "STORED"), ["STORED"]);
    };
    for (key, value) in [
        ("one@ferro.example", "alice"),
        ("grün@ferro.example", "größe"),
        ("alias:ferro.example:two", "bob"),
        ("%s", "percent"),
    ] {
        set(&server, key, value);
    }
    let base = "memcache = inet:127.0.0.1:11211\n";
    let backup = "backup = inline:{{kept@ferro.example = carol}, {kept = other}}\n";
    let mut mail = setup
        .file("plain.cf", base)
        .file("format.cf", &format!("{base}key_format = alias:%d:%u\n"))
        .file("backup.cf", &format!("{base}{backup}"))
        .file(
            "domain.cf",
            &format!("{base}{backup}domain = ferro.example\n"),
        )
        .file(
            "small.cf",
            &format!("{base}data_size_limit = 3\nretry_pause = 0\n"),
        )
        .file("hasty.cf", &format!("{base}timeout = 1\nmax_try = 1\n"))
        .file("down.cf", "memcache = inet:127.0.0.1:5999\n")
        .file(
            "downbackup.cf",
            &format!("memcache = inet:127.0.0.1:5999\n{backup}"),
        )
        .stopped();
    let table = |name: &str| format!("memcache:/etc/postfix/{name}.cf");
    let long = "x".repeat(300);
    all_are(
        &mail,
        &table("plain"),
        &[
            ("one@ferro.example", "alice"),
            ("One@Ferro.Example", "alice"),
            ("grün@ferro.example", "größe"),
            ("%s", "percent"),
            ("none", ""),
            ("one@ferro.example one", ""),
            ("one@ferro.example\r\nflush_all", ""),
            (&long, ""),
            ("one@ferro.example", "alice"),
        ],
    );
    all_are(
        &mail,
        &table("format"),
        &[("two@ferro.example", "bob"), ("two", "")],
    );
    all_are(
        &mail,
        &table("backup"),
        &[
            ("one@ferro.example", "alice"),
            ("kept@ferro.example", "carol"),
            ("no", ""),
        ],
    );
    // What the backup said is kept.
    all_are(&mail, &table("plain"), &[("kept@ferro.example", "carol")]);
    all_are(
        &mail,
        &table("domain"),
        &[("kept@ferro.example", "carol"), ("kept", "")],
    );
    all_are(
        &mail,
        &table("downbackup"),
        &[("kept@ferro.example", "carol")],
    );
    let case = Trouble {
        kind: "memcache",
        known: ("one@ferro.example", "alice"),
        good: "plain",
        bad: &[("down", ""), ("small", "")],
    };
    trouble_and(&mut mail, &mut server, &case, |server| {
        set(server, "one@ferro.example", "alice")
    });
});

case!(
    only(ferropost, "Better on purpose: redis"),
    redis_answers,
    |setup| {
        let mut server = Server::redis(&setup.machine, 6379, false);
        let password = suite::servers::LOGIN.1;
        let fill = |server: &Server| {
            for command in [
                "SET one@ferro.example alice",
                "SET alias:two@ferro.example bob",
                "SET grün@ferro.example größe",
                "HSET aliases one carol",
                "SADD members:list a@x.example",
                "RPUSH wrong 1",
                "-n 3 SET other database",
            ] {
                server.redis_command(command);
            }
        };
        fill(&server);
        let base = format!("hosts = 127.0.0.1\npassword = {password}\n");
        let certificate = server.path("server.pem");
        let mut mail = setup
        .file("plain.cf", &base)
        .file("unix.cf", &format!("hosts = unix:{}\npassword = {password}\n", server.path("socket")))
        .file("failover.cf", &format!("hosts = 127.0.0.1:5999 127.0.0.1\npassword = {password}\n"))
        .file("tls.cf", &format!("hosts = 127.0.0.1:6380\ntls = yes\ntls_CAfile = {certificate}\npassword = {password}\n"))
        .file("untrusted.cf", &format!("hosts = 127.0.0.1:6380\ntls = yes\npassword = {password}\n"))
        .file("prefix.cf", &format!("{base}query = GET alias:%s\n"))
        .file("hash.cf", &format!("{base}query = HGET aliases %u\nresult_format = %s@%d.%D\n"))
        .file("hashed.cf", &format!("{base}query = HGET aliases %u\n"))
        .file("members.cf", &format!("{base}query = SMEMBERS members:%s\n"))
        .file("third.cf", &format!("{base}db = 3\n"))
        .file("user.cf", &format!("{base}user = default\n"))
        .file("hasty.cf", &format!("{base}timeout = 1\n"))
        .file("down.cf", "hosts = 127.0.0.1:5999\n")
        .file("wrong.cf", "hosts = 127.0.0.1\npassword = wrong\n")
        .file("without.cf", "hosts = 127.0.0.1\n")
        .file("type.cf", &format!("{base}query = GET wrong\n"))
        .file("writes.cf", &format!("{base}query = FLUSHALL %s\n"))
        .stopped();
        let table = |name: &str| format!("redis:/etc/postfix/{name}.cf");
        let answers = [
            ("one@ferro.example", "alice"),
            ("One@Ferro.Example", "alice"),
            ("grün@ferro.example", "größe"),
            ("none", ""),
            ("one@ferro.example\r\nFLUSHALL", ""),
            ("x one@ferro.example", ""),
            ("one@ferro.example", "alice"),
        ];
        all_are(&mail, &table("plain"), &answers);
        for name in ["unix", "failover", "tls", "user"] {
            all_are(&mail, &table(name), answers.get(..1).unwrap());
        }
        all_are(
            &mail,
            &table("prefix"),
            &[("two@ferro.example", "bob"), ("one@ferro.example", "")],
        );
        all_are(
            &mail,
            &table("hashed"),
            &[("one@x", "carol"), ("one", "carol"), ("@x", "")],
        );
        all_are(&mail, &table("hash"), &[("one@x", "")]);
        all_are(
            &mail,
            &table("members"),
            &[("list", "a@x.example"), ("none", "")],
        );
        all_are(
            &mail,
            &table("third"),
            &[("other", "database"), ("one@ferro.example", "")],
        );
        let case = Trouble {
            kind: "redis",
            known: ("one@ferro.example", "alice"),
            good: "plain",
            bad: &[
                ("down", "refused"),
                ("wrong", "WRONGPASS"),
                ("without", "NOAUTH"),
                ("type", "WRONGTYPE"),
                ("writes", "not one of"),
                ("untrusted", "certificate"),
            ],
        };
        trouble_and(&mut mail, &mut server, &case, fill);
    }
);

case!(
    only(ferropost, "Better on purpose: redis"),
    a_cluster_of_redis_is_asked_where_the_key_is,
    |setup| {
        let [first, second] = [7001, 7002].map(|port| Server::redis(&setup.machine, port, true));
        first.redis_command("CLUSTER ADDSLOTSRANGE 0 8191");
        second.redis_command("CLUSTER ADDSLOTSRANGE 8192 16383");
        first.redis_command("CLUSTER MEET 127.0.0.1 7002");
        let knows = |server: &Server| {
            let state = server.redis_command("CLUSTER INFO");
            let known = state.contains("cluster_slots_ok:16384");
            (known && state.contains("cluster_state:ok")).then_some(())
        };
        suite::wait_until("a cluster", || knows(&first).and(knows(&second)));
        for number in 0..10 {
            let key = format!("user{number}@ferro.example");
            let set = |server: &Server| server.redis_command(&format!("SET {key} box{number}"));
            let answers = [set(&first), set(&second)];
            assert!(
                answers.iter().any(|answer| answer.trim_end() == "OK"),
                "{answers:?}"
            );
        }
        let password = suite::servers::LOGIN.1;
        let mail = setup
            .file(
                "nodes.cf",
                &format!("hosts = 127.0.0.1:7001\npassword = {password}\n"),
            )
            .stopped();
        let keys: String = (0..10)
            .map(|number| format!("user{number}@ferro.example\n"))
            .collect();
        let call = mail
            .command("postmap")
            .args(["-q", "-", "redis:/etc/postfix/nodes.cf"]);
        let found = call.input(&keys).run().succeeds().out;
        for number in 0..10 {
            assert!(
                found.contains(&format!("user{number}@ferro.example\tbox{number}\n")),
                "{found}"
            );
        }
    }
);
