//! Lookup tables in MongoDB, on a server that speaks its protocol. The driver is made only where it is asked for.

use suite::lookups::{Trouble, all_are, ask, trouble};
use suite::{Server, Setup, case};

/// The documents of the cases, as MONGODB_README of Postfix has them and a few that are harder.
const DOCUMENTS: &str = r#"[
    {"username": "user@ferro.example", "local_part": "user", "domain": "ferro.example", "active": 1,
     "alias": [{"address": "admin@ferro.example"}, {"address": "abuse@ferro.example"}]},
    {"username": "gone@ferro.example", "active": 0},
    {"name": "dev@ferro.example", "active": 1, "address": ["a@x.example", "b@x.example", "", ["c@x.example"]]},
    {"key": "one@ferro.example", "value": "alice"},
    {"key": "many@ferro.example", "value": "alice", "more": "carol"},
    {"key": "many@ferro.example", "value": "bob@x.example"},
    {"key": "empty@ferro.example", "value": ""},
    {"key": "null@ferro.example", "value": null},
    {"key": "number@ferro.example", "value": 60001},
    {"key": "half@ferro.example", "value": 0.5, "more": "carol"},
    {"key": "grün@ferro.example", "value": "größe"},
    {"key": "o'hara\\\"@ferro.example", "value": "quoted"},
    {"key": "$value", "value": "dollar"},
    {"key": "pa%s@ferro.example", "value": "percent"}
]"#;

const ANSWERS: [(&str, &str); 16] = [
    ("one@ferro.example", "alice"),
    ("One@Ferro.Example", "alice"),
    ("many@ferro.example", "alice,bob@x.example"),
    ("none@ferro.example", ""),
    ("empty@ferro.example", ""),
    ("null@ferro.example", ""),
    ("number@ferro.example", "60001"),
    ("grün@ferro.example", "größe"),
    ("o'hara\\\"@ferro.example", "quoted"),
    ("$value", "dollar"),
    ("pa%s@ferro.example", "percent"),
    ("x\", \"value\": {\"$ne\": \"", ""),
    ("{\"$ne\": \"\"}", ""),
    ("x\"}, {\"$where\": \"1", ""),
    ("\\u0022", ""),
    (".*", ""),
];

const BASE: &str = "uri = mongodb://127.0.0.1:27017\ndbname = mail\ncollection = boxes\n";
const QUERY: &str = "query_filter = {\"key\": \"%s\"}\n";
const MAILBOX: &str = "query_filter = {\"$or\": [{\"username\": \"%s\"}, {\"alias.address\": \"%s\"}], \"active\": 1}\n";

/// Whether the program is there; a case without it says so.
fn is_built() -> bool {
    let built = suite::programs::is_built("mongodb_table");
    if !built {
        println!("skipped: mongodb_table is not built; `make mongodb` does that");
    }
    built
}

/// The table that each file of a case is.
fn table(name: &str) -> String {
    format!("mongodb:/etc/postfix/{name}.cf")
}

fn with_files(setup: Setup) -> Setup {
    let value = format!("{BASE}{QUERY}result_attribute = value\n");
    let list = "query_filter = {\"name\": \"%s\", \"active\": 1}\nresult_attribute = address\n";
    let concat = "projection = {\"_id\": 1, \"path\": {\"$concat\": [\"$domain\", \"/\", \"$local_part\"]}}\n";
    let pattern = "query_filter = {\"key\": {\"$regex\": \"^%s$\"}}\nresult_attribute = value\n";
    let computed =
        "query_filter = {\"$expr\": {\"$eq\": [\"$key\", \"%s\"]}}\nresult_attribute = value\n";
    let parts = "query_filter = {\"key\": \"%u@%2.%1\"}\nresult_attribute = value\n";
    setup
        .file("plain.cf", &value)
        .file(
            "mailbox.cf",
            &format!("{BASE}{MAILBOX}result_attribute = username\n"),
        )
        .file("path.cf", &format!("{BASE}{MAILBOX}{concat}"))
        .file("list.cf", &format!("{BASE}{list}"))
        .file(
            "both.cf",
            &format!("{BASE}{QUERY}result_attribute = value, more\n"),
        )
        .file("pattern.cf", &format!("{BASE}{pattern}"))
        .file("computed.cf", &format!("{BASE}{computed}"))
        .file("parts.cf", &format!("{BASE}{parts}"))
        .file(
            "format.cf",
            &format!("{value}result_format = %u of %d for %U in %1\n"),
        )
        .file("limit.cf", &format!("{value}expansion_limit = 1\n"))
        .file(
            "domain.cf",
            &format!("{value}domain = other.example, inline:{{ferro.example=x}}\n"),
        )
        .file("hasty.cf", &format!("{value}timeout = 1\n"))
        .file("down.cf", &value.replace("27017", "5999"))
        .file("wrong.cf", &value.replace("//", "//mail:wrong@"))
        .file(
            "broken.cf",
            &value.replace("\"%s\"", "{\"$nonsense\": \"%s\"}"),
        )
        .file("where.cf", &value.replace("\"key\": ", "\"$where\": "))
        .file("bare.cf", &value.replace("\"%s\"", "%s"))
        .file("two.cf", &format!("{value}projection = {{}}\n"))
        .file("uri.cf", &value.replace("27017", "port"))
        .set("inmain_uri", "mongodb://127.0.0.1:27017")
        .set("inmain_dbname", "mail")
        .set("inmain_collection", "boxes")
        .set("inmain_query_filter", "{\"key\": \"%s\"}")
        .set("inmain_result_attribute", "value")
}

case!(
    only(ferropost, "Better on purpose: mongodb"),
    mongodb_answers,
    |setup| {
        if !is_built() {
            return;
        }
        let mut server = Server::mongodb(&setup.machine, DOCUMENTS);
        let mut mail = with_files(setup).stopped();
        all_are(&mail, &table("plain"), &ANSWERS);
        all_are(&mail, &table("computed"), &ANSWERS);
        all_are(&mail, "mongodb:inmain", ANSWERS.get(..4).unwrap());
        let mailbox = [
            ("user@ferro.example", "user@ferro.example"),
            ("admin@ferro.example", "user@ferro.example"),
            ("gone@ferro.example", ""),
        ];
        all_are(&mail, &table("mailbox"), &mailbox);
        for (name, key, value) in [
            ("path", "abuse@ferro.example", "ferro.example/user"),
            (
                "list",
                "dev@ferro.example",
                "a@x.example,b@x.example,c@x.example",
            ),
            ("both", "many@ferro.example", "alice,carol,bob@x.example"),
            ("pattern", "one@ferro.example", "alice"),
            ("pattern", "one@ferro.exampl.", ""),
            ("pattern", ".*", ""),
            ("pattern", "$value", "dollar"),
            ("computed", "$key", ""),
            ("parts", "one@ferro.example", "alice"),
            ("parts", "one@example", ""),
            ("parts", "one", ""),
            (
                "format",
                "many@ferro.example",
                "bob of x.example for many in example",
            ),
            ("limit", "one@ferro.example", "alice"),
            ("domain", "one@ferro.example", "alice"),
            ("domain", "one", ""),
            ("domain", "@ferro.example", ""),
        ] {
            all_are(&mail, &table(name), &[(key, value)]);
        }
        let half = ask(&mail, "half@ferro.example", &table("both")).succeeds();
        assert_eq!(half.out.trim_end(), "carol");
        assert!(half.err.contains("field value ignored"), "{half:?}");
        ask(&mail, "many@ferro.example", &table("limit")).exits(1);
        let case = Trouble {
            kind: "mongodb",
            known: ANSWERS[0],
            good: "plain",
            bad: &[
                ("down", "127.0.0.1:5999: Connection refused"),
                ("wrong", ""),
                ("broken", "server mongodb://127.0.0.1:27017: "),
                ("where", "no %-expansion is allowed"),
                ("bare", "query_filter: "),
                ("two", "exclude each other"),
                ("uri", "uri: "),
            ],
        };
        trouble(&mut mail, &mut server, &case);
    }
);

case!(
    only(ferropost, "Better on purpose: mongodb"),
    mongodb_servers_are_found_by_the_dns_and_asked_over_tls,
    |setup| {
        if !is_built() {
            return;
        }
        let _server = Server::mongodb(&setup.machine, DOCUMENTS);
        let front = Server::tls_before(&setup.machine, 27018, 27017);
        let (certificate, stranger) = (front.path("server.pem"), front.path("other.pem"));
        let service = "_mongodb._tcp.db.ferro.example";
        let dns = &setup.machine.dns;
        dns.srv(service, 27017, "node.db.ferro.example")
            .a("node.db.ferro.example", "127.0.0.1");
        let value = format!("{BASE}{QUERY}result_attribute = value\n");
        let at = |place: &str| value.replace("127.0.0.1:27017", place);
        let over_tls =
            |authority: &str| at(&format!("127.0.0.1:27018/?tls=true&tlsCAFile={authority}"));
        let mail = setup
            .file(
                "named.cf",
                &at("db.ferro.example/?tls=false").replace("mongodb:", "mongodb+srv:"),
            )
            .file(
                "nowhere.cf",
                &at("none.ferro.example/?tls=false").replace("mongodb:", "mongodb+srv:"),
            )
            .file("tls.cf", &over_tls(&certificate))
            .file("stranger.cf", &over_tls(&stranger))
            .stopped();
        for name in ["named", "tls"] {
            all_are(&mail, &table(name), ANSWERS.get(..4).unwrap());
        }
        for (name, wanted) in [
            ("nowhere", "none.ferro.example"),
            ("stranger", "certificate"),
        ] {
            let failed = ask(&mail, "one@ferro.example", &table(name)).exits(1);
            assert!(failed.err.contains(wanted), "{name}: {failed:?}");
        }
    }
);

case!(
    only(ferropost, "Better on purpose: mongodb"),
    documents_decide_about_mail,
    |setup| {
        if !is_built() {
            return;
        }
        let _server = Server::mongodb(&setup.machine, DOCUMENTS);
        let mail = with_files(setup)
            .set("virtual_alias_domains", "ferro.example")
            .set("mydestination", "local.example")
            .set("virtual_alias_maps", "proxy:mongodb:/etc/postfix/plain.cf")
            .start();
        let mut client = mail.smtp();
        client.expect("MAIL FROM:<a@client.example>", "250*");
        client.expect("RCPT TO:<one@ferro.example>", "250*");
        client.expect("RCPT TO:<none@ferro.example>", "550*");
    }
);
