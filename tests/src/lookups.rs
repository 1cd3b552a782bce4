//! Asking tables, and what every table with a server must do when the server is not as it should be.

use std::thread;
use std::time::Duration;

use crate::{Instance, Outcome, Server};

/// `postmap -q key table`.
pub fn ask(mail: &Instance, key: &str, table: &str) -> Outcome {
    mail.command("postmap").args(["-q", key, table]).run()
}

/// Each key with the value that it must have; an empty one must not be found.
pub fn all_are(mail: &Instance, table: &str, expected: &[(&str, &str)]) {
    for (key, value) in expected {
        let found = ask(mail, key, table);
        assert_eq!(found.out.trim_end(), *value, "{key}: {found:?}");
        assert_eq!(found.code, i32::from(value.is_empty()), "{key}: {found:?}");
    }
}

/// What every type with a server must do when the server is not as it should be.
pub struct Trouble<'a> {
    /// The type.
    pub kind: &'a str,
    /// A key that is there, and its value.
    pub known: (&'a str, &'a str),
    /// The name of the configuration file for the server.
    pub good: &'a str,
    /// Files whose lookups must fail, with a word of the reason.
    pub bad: &'a [(&'a str, &'a str)],
}

/// Goes through all of it.
pub fn trouble(mail: &mut Instance, server: &mut Server, case: &Trouble<'_>) {
    trouble_and(mail, server, case, |_| ());
}

/// The same for servers that forget: `fill` puts the known key there after a start.
pub fn trouble_and(
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
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(700));
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
