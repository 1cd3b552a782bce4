use config::Loader;

use super::*;

const MAIN_CF: &str = "
    compatibility_level = 3.6
    myhostname = host.example.org
    mydomain = example.org
    mydestination = $myhostname, localhost
    inet_interfaces = 127.0.0.1
    inet_protocols = ipv4
    append_dot_mydomain = yes
    recipient_delimiter = +
    relay_domains = relay.test
    virtual_alias_domains = alias.test
    virtual_mailbox_domains = mailbox.test
";

fn answer(settings: &str, sender: &str, address: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let text: String = MAIN_CF
        .lines()
        .chain(settings.lines())
        .map(|line| line.trim().to_owned() + "\n")
        .collect();
    std::fs::write(directory.path().join("main.cf"), text).unwrap();
    let settings = Loader::new("trivial-rewrite")
        .directory(directory.path())
        .load()
        .unwrap();
    let resolver = crate::server::resolver(&settings).unwrap();
    let request = Request {
        sender: Address::new(sender).unwrap(),
        address: Address::new(address).unwrap(),
        probe: false,
    };
    match ipc::now(resolver.resolve(&request)) {
        Ok(route) => format!(
            "{}:{} {} {:?}{}",
            route.transport,
            String::from_utf8_lossy(&route.nexthop),
            String::from_utf8_lossy(route.recipient.as_bytes()),
            route.class,
            if route.source_routed { " routed" } else { "" },
        ),
        Err(failure) => format!("{failure:?}"),
    }
}

fn plain(address: &str) -> String {
    answer("", "", address)
}

#[test]
fn the_class_of_the_domain_names_the_transport() {
    for (address, expected) in [
        ("u@localhost", "local:host.example.org u@localhost Local"),
        ("u", "local:host.example.org u@host.example.org Local"),
        (
            "",
            "local:host.example.org MAILER-DAEMON@host.example.org Local",
        ),
        (
            "@host.example.org",
            "local:host.example.org MAILER-DAEMON@host.example.org Local",
        ),
        (
            "u@[127.0.0.1]",
            "local:host.example.org u@[127.0.0.1] Local",
        ),
        (
            "u@alias.test",
            "error:5.1.1 User unknown in virtual alias table u@alias.test VirtualAlias",
        ),
        (
            "u@mailbox.test",
            "virtual:mailbox.test u@mailbox.test VirtualMailbox",
        ),
        ("u@Relay.test.", "relay:Relay.test u@Relay.test Relay"),
        (
            "u@sub.relay.test",
            "relay:sub.relay.test u@sub.relay.test Relay",
        ),
        ("u@other.test", "smtp:other.test u@other.test Default"),
        ("u@[192.0.2.1]", "smtp:[192.0.2.1] u@[192.0.2.1] Default"),
    ] {
        assert_eq!(plain(address), expected, "{address}");
    }
}

#[test]
fn our_own_domains_and_operators_are_stripped() {
    for (address, expected) in [
        (
            "u%other.test@localhost",
            "smtp:other.test u@other.test Default routed",
        ),
        (
            "other.test!u@localhost",
            "smtp:other.test u@other.test Default routed",
        ),
        (
            "u@other.test@localhost",
            "smtp:other.test u@other.test Default routed",
        ),
        (
            "u%x.test@other.test",
            "smtp:other.test u%x.test@other.test Default routed",
        ),
        (
            "a b%other.test@localhost",
            "smtp:other.test a b@other.test Default routed",
        ),
        (
            "u%localhost@host.example.org",
            "local:host.example.org u@localhost.example.org Local routed",
        ),
    ] {
        let settings = "mydestination = $myhostname, localhost, localhost.$mydomain";
        assert_eq!(answer(settings, "", address), expected, "{address}");
    }
    let protected = answer(
        "resolve_dequoted_address = no",
        "",
        "a b%other.test@localhost",
    );
    assert!(protected.starts_with("local:"), "{protected}");
}

#[test]
fn addresses_without_a_valid_form() {
    for address in [
        "u@",
        "@",
        "u@.d",
        "u@d..e",
        "u@-d",
        "u@1.2.3.4",
        "u@[",
        "u@h:25",
        "u@q d",
        "-f@other.test",
    ] {
        assert_eq!(plain(address), "BadAddress", "{address}");
    }
    let numeric = answer("resolve_numeric_domain = yes", "", "u@1.2.3.4");
    assert_eq!(numeric, "smtp:[1.2.3.4] u@[1.2.3.4] Default");
    let null = answer("resolve_null_domain = yes", "", "u@");
    assert_eq!(null, "local:host.example.org u@host.example.org Local");
}

#[test]
fn transport_maps_have_the_last_word() {
    let table = "transport_maps = inline:{ u@d.test=one:hop, { d.test = two: }, .d.test=:[hop], keep.test=:, *=rest: }";
    for (address, expected) in [
        ("u@d.test", "one:hop u@d.test Default"),
        ("u+x@d.test", "one:hop u+x@d.test Default"),
        ("v@d.test", "two:d.test v@d.test Default"),
        ("v@sub.d.test", "smtp:[hop] v@sub.d.test Default"),
        ("v@keep.test", "smtp:keep.test v@keep.test Default"),
        ("v@e.test", "rest:e.test v@e.test Default"),
        ("v@localhost", "rest:localhost v@localhost Local"),
        (
            "v@alias.test",
            "error:5.1.1 User unknown in virtual alias table v@alias.test VirtualAlias",
        ),
    ] {
        assert_eq!(answer(table, "", address), expected, "{address}");
    }
    let failing = answer("transport_maps = fail:x", "", "u@d.test");
    assert_eq!(failing, "Temporary");
}

#[test]
fn relayhosts_and_senders() {
    let settings = "relayhost = [mail.test]:587
        sender_dependent_relayhost_maps = inline:{ a@s.test=[a.test], @s.test=[s.test], b@s.test=DUNNO, <>=[null.test] }";
    for (sender, address, nexthop) in [
        ("x@y.test", "u@d.test", "smtp:[mail.test]:587"),
        ("x@y.test", "u@relay.test", "relay:[mail.test]:587"),
        ("a@s.test", "u@d.test", "smtp:[a.test]"),
        ("a+x@s.test", "u@d.test", "smtp:[a.test]"),
        ("c@s.test", "u@d.test", "smtp:[s.test]"),
        ("b@s.test", "u@d.test", "smtp:[mail.test]:587"),
        ("", "u@d.test", "smtp:[null.test]"),
        ("a@s.test", "u@mailbox.test", "virtual:mailbox.test"),
    ] {
        let given = answer(settings, sender, address);
        assert!(
            given.starts_with(&format!("{nexthop} ")),
            "{sender}: {given}"
        );
    }
    let settings =
        "sender_dependent_default_transport_maps = inline:{ @s.test=slow:, @n.test=:[hop] }
        default_transport = smtp:[fixed.test]";
    for (sender, nexthop) in [
        ("a@s.test", "slow:d.test"),
        ("a@n.test", "smtp:[hop]"),
        ("a@x.test", "smtp:[fixed.test]"),
    ] {
        let given = answer(settings, sender, "u@d.test");
        assert!(
            given.starts_with(&format!("{nexthop} ")),
            "{sender}: {given}"
        );
    }
}

#[test]
fn users_who_moved_are_refused() {
    let settings = "relocated_maps = inline:{ u@localhost=v@new.test }";
    assert_eq!(
        answer(settings, "", "u@localhost"),
        "error:5.1.6 User has moved to v@new.test u@localhost Local"
    );
}
