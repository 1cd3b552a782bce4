//! The services that a release expects in master.cf, and the fields that have changed since the old ones.

/// A service that has to be there.
pub(super) struct Service {
    /// How it is called in the report.
    pub(super) title: &'static str,
    /// The first fields of its entry.
    pub(super) key: &'static [&'static str],
    /// Its command, where name and type do not tell.
    pub(super) command: Option<&'static str>,
    /// Its program.
    pub(super) program: &'static str,
    /// The line that is added, with its layout.
    pub(super) line: &'static str,
}

const fn service(
    title: &'static str,
    key: &'static [&'static str],
    program: &'static str,
    line: &'static str,
) -> Service {
    Service {
        title,
        key,
        command: None,
        program,
        line,
    }
}

/// In the order in which they are added.
pub(super) const SERVICES: [Service; 16] = [
    service(
        "relay service",
        &["relay", "unix"],
        "smtp",
        "relay\t  unix\t-\t-\tn\t-\t-\tsmtp",
    ),
    service(
        "flush service",
        &["flush", "unix"],
        "flush",
        "flush     unix  n       -       n       1000?   0       flush",
    ),
    service(
        "trace service",
        &["trace", "unix"],
        "bounce",
        "trace\t  unix\t-\t-\tn\t-\t0\tbounce",
    ),
    service(
        "verify service",
        &["verify", "unix"],
        "verify",
        "verify\t  unix\t-\t-\tn\t-\t1\tverify",
    ),
    service(
        "proxymap service",
        &["proxymap", "unix"],
        "proxymap",
        "proxymap  unix\t-\t-\tn\t-\t-\tproxymap",
    ),
    service(
        "anvil service",
        &["anvil", "unix"],
        "anvil",
        "anvil\t  unix\t-\t-\tn\t-\t1\tanvil",
    ),
    service(
        "scache service",
        &["scache", "unix"],
        "scache",
        "scache\t  unix\t-\t-\tn\t-\t1\tscache",
    ),
    service(
        "discard service",
        &["discard", "unix"],
        "discard",
        "discard\t  unix\t-\t-\tn\t-\t-\tdiscard",
    ),
    service(
        "tlsmgr service",
        &["tlsmgr"],
        "tlsmgr",
        "tlsmgr    unix  -       -       n       1000?   1       tlsmgr",
    ),
    service(
        "retry service",
        &["retry", "unix"],
        "error",
        "retry     unix  -       -       n       -       -       error",
    ),
    service(
        "proxywrite service",
        &["proxywrite", "unix"],
        "proxymap",
        "proxywrite unix -       -       n       -       1       proxymap",
    ),
    Service {
        title: "postscreen TCP service",
        key: &["smtp", "inet"],
        command: Some("postscreen"),
        program: "postscreen",
        line: "#smtp      inet  n       -       n       -       1       postscreen",
    },
    service(
        "smtpd unix-domain service",
        &["smtpd", "pass"],
        "postscreen",
        "#smtpd     pass  -       -       n       -       -       smtpd",
    ),
    service(
        "dnsblog unix-domain service",
        &["dnsblog", "unix"],
        "dnsblog",
        "#dnsblog   unix  -       -       n       -       0       dnsblog",
    ),
    service(
        "tlsproxy unix-domain service",
        &["tlsproxy", "unix"],
        "tlsproxy",
        "#tlsproxy  unix  -       -       n       -       0       tlsproxy",
    ),
    service(
        "postlog unix-domain datagram service",
        &["postlog", "unix-dgram"],
        "postlogd",
        "postlog   unix-dgram n  -       n       -       1       postlogd",
    ),
];

/// Fields of an entry that have to be others.
pub(super) struct Change {
    /// How it is called in the report.
    pub(super) title: &'static str,
    /// Whether an entry with these fields is meant.
    pub(super) applies: fn(&[&str]) -> bool,
    /// Which fields become what.
    pub(super) fields: &'static [(usize, &'static str)],
}

/// In the order in which they are made.
pub(super) const CHANGES: [Change; 5] = [
    Change {
        title: "making the pickup service unprivileged",
        applies: |fields| matches!(fields, ["pickup", "fifo", "n", "n", ..]),
        fields: &[(3, "-")],
    },
    Change {
        title: "making the cleanup service public",
        applies: |fields| matches!(fields, ["cleanup", "unix", "-", ..]),
        fields: &[(2, "n")],
    },
    Change {
        title: "making the flush service public",
        applies: |fields| matches!(fields, ["flush", "unix", "-", ..]),
        fields: &[(2, "n")],
    },
    Change {
        title: "updating the tlsmgr from fifo to unix service",
        applies: |fields| matches!(fields, ["tlsmgr", "fifo", ..]),
        fields: &[(1, "unix"), (5, "300?")],
    },
    Change {
        title: "setting proxywrite process limit to 1",
        applies: |fields| matches!(fields, ["proxywrite", "unix", _, _, _, _, "-", ..]),
        fields: &[(6, "1")],
    },
];
