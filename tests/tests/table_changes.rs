//! Tables that are changed while the mail system runs: through proxywrite, and at the servers of caches.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use suite::lookups::{all_are, ask};
use suite::machine::{MAIL_OWNER, give};
use suite::{Instance, Outcome, Server, Setup, case};

/// A table of the mail owner in the data directory, with some entries.
fn cache(mail: &Instance, data: &Path) -> String {
    let path = data.join("cache");
    std::fs::write(&path, "alice one\nbob two\ncarol three\n").unwrap();
    let table = format!("btree:{}", path.display());
    mail.command("postmap").args([&table]).run().exits(0);
    let made = path.with_extension(mail.mta.pick("lmdb", "db"));
    give(&made, MAIL_OWNER.id, MAIL_OWNER.id);
    table
}

fn postmap(mail: &Instance, options: &str, arguments: &[&str], input: &str) -> Outcome {
    let call = mail.command("postmap").args([options]);
    call.args(arguments).input(input).run()
}

/// A running system whose proxywrite may change two tables, one of which is there.
fn with_cache(setup: Setup) -> (Instance, String, String) {
    let data = setup.path("data");
    let table = |name| format!("btree:{}", data.join(name).display());
    let approved = format!("proxy:{}, proxy:{}", table("cache"), table("fresh"));
    let mail = setup
        .set("proxy_write_maps", &approved)
        .set("proxy_read_maps", &approved)
        .start();
    let cache = cache(&mail, &data);
    (mail, cache, table("fresh"))
}

case!(entries_are_removed_through_proxywrite, |setup| {
    let (mail, table, _) = with_cache(setup);
    let proxied = format!("proxy:{table}");
    postmap(&mail, "-d", &["alice", &proxied], "").exits(0);
    postmap(&mail, "-d", &["alice", &proxied], "").exits(1);
    postmap(&mail, "-d", &["-", &proxied], "carol\nnobody\n").exits(0);
    let left = [("alice", ""), ("bob", "two"), ("carol", "")];
    all_are(&mail, &table, &left);
    all_are(&mail, &proxied, &left);
});

case!(proxywrite_refuses_what_is_not_approved, |setup| {
    let data = setup.path("data");
    let mail = setup.set("proxy_write_maps", "").start();
    let table = cache(&mail, &data);
    let proxied = format!("proxy:{table}");
    postmap(&mail, "-d", &["alice", &proxied], "")
        .exits(1)
        .complains(&format!(
            "postmap: fatal: *proxywrite service is not configured for table \"{table}\"*"
        ));
    mail.log().wait(
        "proxymap",
        &format!("warning: request for unapproved table: \"{table}\""),
    );
    mail.log().wait("proxymap", &format!("warning: to approve this table for read-write access, list {proxied} in main.cf:proxy_write_maps"));
    all_are(&mail, &table, &[("alice", "one")]);
});

case!(proxywrite_leaves_read_only_types_alone, |setup| {
    let mail = setup
        .file("names", "alice one\n")
        .set("proxy_write_maps", "proxy:texthash:/etc/postfix/names")
        .start();
    let table = "proxy:texthash:/etc/postfix/names";
    postmap(&mail, "-d", &["alice", table], "").exits(1);
    mail.log().wait(
        "proxymap",
        "warning: *texthash:/etc/postfix/names map requires O_RDONLY access mode*",
    );
});

case!(
    only(ferropost, "Better on purpose: postmap -i"),
    entries_are_added_through_proxywrite,
    |setup| {
        let (mail, table, fresh) = with_cache(setup);
        let proxied = format!("proxy:{table}");
        postmap(&mail, "-i", &[&proxied], "dave four\nalice five\n")
            .exits(0)
            .complains(&format!(
                "postmap: warning: {proxied}: duplicate entry: \"alice\"*"
            ));
        all_are(&mail, &table, &[("dave", "four"), ("alice", "one")]);
        postmap(&mail, "-ir", &[&proxied], "Alice five\n").exits(0);
        all_are(&mail, &table, &[("alice", "five")]);
        // A table that is not there is made, by and for the mail owner alone.
        let long = "x".repeat(1000);
        let many: String = (0..150).map(|n| format!("key{n:03} {long}\n")).collect();
        let fresh_proxied = format!("proxy:{fresh}");
        postmap(&mail, "-i", &[&fresh_proxied], &many).exits(0);
        let file = fresh.strip_prefix("btree:").unwrap();
        let about = std::fs::metadata(format!("{file}.lmdb")).unwrap();
        assert_eq!((about.uid(), about.mode() & 0o777), (MAIL_OWNER.id, 0o600));
        // Lists come in several parts.
        let listed = mail.command("postmap").args(["-s", &fresh_proxied]).run();
        let wanted = many.replace(' ', "\t");
        assert_eq!(listed.exits(0).out, wanted);
    }
);

case!(
    only(ferropost, "Better on purpose: postmap -i"),
    proxywrite_changes_tables_from_its_jail,
    |setup| {
        let setup = setup.service("proxywrite unix - - y - 1 proxymap");
        let (mail, _, fresh) = with_cache(setup);
        let proxied = format!("proxy:{fresh}");
        postmap(&mail, "-i", &[&proxied], "alice one\n").exits(0);
        all_are(&mail, &fresh, &[("alice", "one")]);
    }
);

case!(
    only(ferropost, "Better on purpose: postmap -i"),
    caches_take_entries,
    |setup| {
        let server = Server::memcached(&setup.machine);
        let redis = Server::redis(&setup.machine, 6379, false);
        let password = suite::servers::LOGIN.1;
        let base = "memcache = inet:127.0.0.1:11211\n";
        let data = setup.path("data").display().to_string();
        let mail = setup
            .file("plain.cf", base)
            .file(
                "backed.cf",
                &format!("{base}key_format = b:%s\nbackup = lmdb:{data}/backup\n"),
            )
            .file("format.cf", &format!("{base}key_format = f:%s\n"))
            .file(
                "domain.cf",
                &format!("{base}key_format = d:%s\ndomain = ferro.example\n"),
            )
            .file(
                "redis.cf",
                &format!("hosts = 127.0.0.1\npassword = {password}\nquery = GET r:%s\nttl = 100\n"),
            )
            .file(
                "members.cf",
                &format!("hosts = 127.0.0.1\npassword = {password}\nquery = SMEMBERS %s\n"),
            )
            .stopped();
        for name in [
            "memcache:/etc/postfix/plain.cf",
            "redis:/etc/postfix/redis.cf",
        ] {
            postmap(&mail, "-i", &[name], "Alice one\nbob two words\n").exits(0);
            all_are(&mail, name, &[("alice", "one"), ("bob", "two words")]);
            postmap(&mail, "-i", &[name], "alice other\n")
                .exits(0)
                .complains("*duplicate entry: \"alice\"*");
            postmap(&mail, "-ir", &[name], "alice other\n").exits(0);
            postmap(&mail, "-d", &["bob", name], "").exits(0);
            postmap(&mail, "-d", &["bob", name], "").exits(1);
            all_are(&mail, name, &[("alice", "other"), ("bob", "")]);
            mail.command("postmap")
                .args(["-s", name])
                .run()
                .exits(1)
                .complains("*sequence operation is not supported*");
        }
        assert_eq!(redis.redis_command("TTL r:alice").trim(), "100");
        // What is behind a cache counts, and the cache hears of it.
        let backed = "memcache:/etc/postfix/backed.cf";
        postmap(&mail, "-i", &[backed], "alice one\nbob two\n").exits(0);
        let behind = format!("lmdb:{data}/backup");
        all_are(&mail, &behind, &[("alice", "one"), ("bob", "two")]);
        assert_eq!(
            server.talk("get b:bob\r\n", "END"),
            ["VALUE b:bob 0 3", "two", "END"]
        );
        let listed = mail.command("postmap").args(["-s", backed]).run().exits(0);
        assert_eq!(listed.out, "alice\tone\nbob\ttwo\n");
        postmap(&mail, "-d", &["bob", backed], "").exits(0);
        all_are(&mail, &behind, &[("bob", "")]);
        assert_eq!(server.talk("get b:bob\r\n", "END"), ["END"]);
        // Domains that are not listed are left out.
        let listed = "memcache:/etc/postfix/domain.cf";
        postmap(&mail, "-i", &[listed], "a@ferro.example x\na@b.example y\n")
            .exits(0)
            .complains("*update of \"a@b.example\" is left out*");
        all_are(&mail, listed, &[("a@ferro.example", "x")]);
        assert!(ask(&mail, "a@b.example", listed).out.is_empty());
        postmap(
            &mail,
            "-i",
            &["redis:/etc/postfix/members.cf"],
            "alice one\n",
        )
        .exits(1)
        .complains("*only tables with GET or HGET can be changed*");
    }
);
