use proptest::prelude::*;

use super::*;
use crate::rewrite::Rules;

fn rules() -> Rules {
    Rules {
        append_at_myorigin: true,
        append_dot_mydomain: true,
        swap_bangpath: true,
        allow_percent_hack: true,
        origin: b"origin.example.org".to_vec(),
        domain: b"example.org".to_vec(),
        completed: crate::rewrite::Completed(None),
    }
}

fn rewritten(name: &str, value: &str) -> String {
    let mut list = AddressList::parse(value.as_bytes(), 10_240);
    for address in list.addresses_mut() {
        *address = rules().rewrite(address).into_owned();
    }
    String::from_utf8_lossy(&list.header(name.as_bytes())).into_owned()
}

/// Each expectation is what the reference makes of the same header.
#[test]
fn rewritten_as_the_reference_does() {
    for (name, value, expected) in [
        (
            "To",
            "Name <a@b.c>,  \"x y\" <c>, plain, (comment) foo (bar baz), a.very.long.address.here@domain.example.com, \
             \"quoted local part\"@x, another.long.address@domain.example.net",
            "To: Name <a@b.c>, \"x y\" <c@origin.example.org>,\n\
             \tplain@origin.example.org, foo@origin.example.org (comment) (bar baz),\n\
             \ta.very.long.address.here@domain.example.com,\n\
             \t\"quoted local part\"@x.example.org,\n\
             \tanother.long.address@domain.example.net",
        ),
        (
            "Cc",
            "group: a, b, \"C D\" <c@sub>; , undisclosed:;, <@route1,@route2:user@dom>, host!user, user%host, \
             user@[1.2.3.4], a b <x>,\n\tfolded one <fold>, =?utf-8?Q?x?= <enc>",
            "Cc: group: a@origin.example.org, b@origin.example.org,\n\
             \t\"C D\" <c@sub.example.org>;, undisclosed: ;, <user@dom.example.org>,\n\
             \tuser@host.example.org, user@host.example.org, user@[1.2.3.4],\n\
             \ta b <x@origin.example.org>, folded one <fold@origin.example.org>,\n\
             \t=?utf-8?Q?x?= <enc@origin.example.org>",
        ),
        (
            "From",
            "Me Myself",
            "From: Me@origin.example.org, Myself@origin.example.org",
        ),
        ("Reply-To", "<>", "Reply-To: <>"),
        (
            "Sender",
            "a@b, , c@d",
            "Sender: a@b.example.org, , c@d.example.org",
        ),
        (
            "Errors-To",
            "\"a\\\"b\\\\c\" <q>, a..b@c, .lead, x@\"quoted dom\", Foo. Bar <fb>, 'sq' <sq>",
            "Errors-To: \"a\\\"b\\\\c\" <q@origin.example.org>, \"a..b\"@c.example.org,\n\
             \t\".lead\"@origin.example.org, x@quoted dom.example.org,\n\
             \tFoo.Bar <fb@origin.example.org>, 'sq' <sq@origin.example.org>",
        ),
        ("Resent-From", "user2@h.", "Resent-From: user2@h"),
        (
            "Cc",
            "A (x) B <c@d>, Joe <a@b> (boss), (c) <e@f>",
            "Cc: A (x) B <c@d.example.org>, Joe <a@b.example.org>(boss),\n\
             \t(c) <e@f.example.org>",
        ),
        (
            "Resent-To",
            "grp: a, b; (c) b+ext@c x foo (e)",
            "Resent-To: grp: a@origin.example.org, b@origin.example.org;,\n\
             \tb+ext@c.example.org (c), x@origin.example.org,\n\
             \tfoo@origin.example.org (e)",
        ),
        (
            "Apparently-To",
            "aaa, bbb@x, 8bit\u{e9} <eight>, john doe, <unclosed, foo@bar@baz",
            "Apparently-To: aaa@origin.example.org, bbb@x.example.org,\n\
             \t8bit\u{e9} <eight@origin.example.org>, john@origin.example.org,\n\
             \tdoe@origin.example.org, \"<unclosed\"@origin.example.org,\n\
             \t\"foo@bar\"@baz.example.org",
        ),
    ] {
        assert_eq!(rewritten(name, value), expected);
    }
}

#[test]
fn addresses_are_found_in_odd_texts() {
    let list = |text: &str| -> Vec<String> {
        AddressList::parse(text.as_bytes(), 10_240)
            .addresses()
            .map(|a| String::from_utf8_lossy(a).into_owned())
            .collect()
    };
    assert_eq!(list("undisclosed-recipients:;"), Vec::<String>::new());
    assert_eq!(list("a:b@c"), ["a:b@c"]);
    assert_eq!(list("(only a comment)"), Vec::<String>::new());
    assert_eq!(list("a <b> c"), ["b", "c"]);
    assert_eq!(list("\"unclosed"), ["unclosed"]);
    assert_eq!(list(",,;;"), Vec::<String>::new());
    assert!(!AddressList::parse(b"Name <u@d>", 100).is_bare());
    assert!(AddressList::parse(b"u@d", 100).is_bare());
}

proptest! {
    #[test]
    fn addresses_survive_printing(
        locals in proptest::collection::vec("[a-z\"\\\\.@ ]{1,8}", 1..5),
    ) {
        let items = locals
            .iter()
            .map(|local| Item::Mailbox(Mailbox {
                address: format!("{local}@example.com").into_bytes(),
                ..Mailbox::default()
            }));
        let mut list = AddressList::default();
        for item in items {
            if !list.items.is_empty() {
                list.items.push(Item::Comma);
            }
            list.items.push(item);
        }
        let printed = list.header(b"To");
        let again = AddressList::parse(printed.get(3..).unwrap(), 10_240);
        let before: Vec<_> = list.addresses().collect();
        let after: Vec<_> = again.addresses().collect();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn any_bytes_pass(bytes: Vec<u8>) {
        let list = AddressList::parse(&bytes, 10_240);
        let _ = AddressList::parse(&list.header(b"To"), 10_240);
    }
}
