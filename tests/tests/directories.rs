//! Lookup tables in directories and key-value stores, on their real servers.

use suite::lookups::{Trouble, all_are, ask, trouble, trouble_and};
use suite::{Server, case};

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
        .file("one.cf", &format!("{local}{base}scope = one\n"))
        .file("top.cf", &format!("{local}{base}scope = base\n"))
        .file("size.cf", &format!("{local}{login}search_base = cn=mail\nquery_filter = (maildrop=%s)\nsize_limit = 1\n"))
        .file("depth.cf", &format!("{local}{base}{group}recursion_limit = 1\n"))
        .file("filter.cf", &format!("{local}{base}result_filter = <%s>\n"))
        .file("anonymous.cf", &format!("{local}bind = no\nversion = 3\n{search}"))
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
    for (name, value) in [
        ("one", "alice"),
        ("top", ""),
        ("filter", "<alice>"),
        ("anonymous", ""),
    ] {
        all_are(&mail, &table(name), &[("one@ferro.example", value)]);
    }
    ask(&mail, "many@ferro.example", &table("limit")).exits(1);
    ask(&mail, "alice", &table("size")).exits(1);
    all_are(&mail, &table("size"), &[("comma", "comma")]);
    ask(&mail, "group@ferro.example", &table("depth")).exits(1);
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
    only(ferropost, "messages of new releases"),
    memcache_keys_can_be_digests,
    |setup| {
        let server = Server::memcached(&setup.machine);
        let base = "memcache = inet:127.0.0.1:11211\n";
        let long = "x".repeat(300);
        let backup = format!("backup = inline:{{ {{ {long} = kept }} }}\n");
        let mail = setup
            .file(
                "digest.cf",
                &format!("{base}key_format = a:%s\nkey_digest = sha256\n"),
            )
            .file("backup.cf", &format!("{base}{backup}key_digest = md5\n"))
            .file("cached.cf", &format!("{base}key_digest = md5\n"))
            .file("bad.cf", &format!("{base}key_digest = nonsense\n"))
            .stopped();
        let table = |name: &str| format!("memcache:/etc/postfix/{name}.cf");
        // The SHA-256 of "a:one@ferro.example".
        let key = "0e3398a5a686e2b57bfbddd16b9d3d25dc69adf9fa2665954c05339ebee3fac2";
        let stored = server.talk(&format!("set {key} 0 0 5\r\nalice\r\n"), "STORED");
        assert_eq!(stored, ["STORED"]);
        let answers = [("one@ferro.example", "alice"), ("none", ""), (&long, "")];
        all_are(&mail, &table("digest"), &answers);
        all_are(&mail, &table("backup"), &[(&long, "kept")]);
        all_are(&mail, &table("cached"), &[(&long, "kept")]);
        let failed = ask(&mail, "x", &table("bad")).exits(1);
        assert!(failed.err.contains("no such digest"), "{failed:?}");
    }
);

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
