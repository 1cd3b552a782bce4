//! What postconf says of the configurations of public projects: ours and the reference's, side by side.

use std::collections::BTreeSet;
use std::path::Path;
use suite::command::{Call, Outcome};
use suite::public::{install, project};
use suite::{Instance, Setup, case};

/// Parameters whose stock values are not those of 3.7.11, or not those of Debian.
const OTHER_STOCK: [(&str, &str); 27] = [
    ("config_directory", "told by -c"),
    ("daemon_directory", "where the programs are"),
    ("debugger_command", "has the process id in it"),
    ("html_directory", "Debian says where it is"),
    ("import_environment", "3.12 has one more"),
    ("mail_release_date", "our day"),
    ("manpage_directory", "Debian says where it is"),
    ("milter_default_action", "3.11: shutdown"),
    ("process_id", "another process"),
    (
        "proxy_read_maps",
        "has alias_maps and newer parameters in it",
    ),
    ("proxy_write_maps", "3.11 has default_cache_db_type"),
    ("readme_directory", "Debian says where it is"),
    ("sample_directory", "Debian says where it is"),
    ("shlib_directory", "no libraries of our own"),
    ("smtp_tls_dane_insecure_mx_policy", "3.8: dane"),
    ("smtpd_forbid_bare_newline", "3.9: normalize"),
    ("smtpd_forbid_unauth_pipelining", "3.9: yes"),
    ("smtpd_tls_eecdh_grade", "3.9"),
    ("smtp_tls_security_level", "3.11: may"),
    ("tls_eecdh_auto_curves", "3.11: the order"),
    ("tls_export_cipherlist", "3.8: empty"),
    ("tls_high_cipherlist", "3.8: fewer"),
    ("tls_low_cipherlist", "3.8: empty"),
    ("tls_medium_cipherlist", "3.8: fewer"),
    ("tls_null_cipherlist", "3.8: fewer"),
    ("virtual_alias_maps", "has virtual_maps in it"),
    ("lmtp_tls_dane_insecure_mx_policy", "3.8: dane"),
];

/// What is the same for both where other values refer to it.
const SAME: [&str; 3] = [
    "alias_maps=hash:/etc/aliases",
    "mail_name=Same",
    "mail_version=1",
];

/// The two systems' postconf on the same files.
struct Both<'a> {
    mail: &'a Instance,
    /// Names that both know.
    common: BTreeSet<String>,
    /// Names that 3.7.11 does not know yet, or does not know any more.
    of_one: BTreeSet<String>,
}

const REFERENCE: &str = "/usr/sbin/postconf";

impl<'a> Both<'a> {
    fn new(mail: &'a Instance) -> Self {
        let ours = names(&mail.command("postconf").args(["-dH"]).run());
        let theirs = names(&Call::new(Path::new(REFERENCE)).args(["-dH"]).run());
        Self {
            mail,
            common: ours.intersection(&theirs).cloned().collect(),
            of_one: ours.symmetric_difference(&theirs).cloned().collect(),
        }
    }

    /// Run both; the lines of output that both can print must be the same, and so must the warnings.
    fn compare(&self, option: &str) {
        let mut arguments = vec![option];
        arguments.extend(SAME.iter().flat_map(|setting| ["-o", setting]));
        let ours = self.mail.command("postconf").args(&arguments).run();
        let theirs = Call::new(Path::new(REFERENCE)).args(&arguments).run();
        assert_eq!(ours.code, theirs.code, "{option}: {}", ours.err);
        let lines = |outcome: &Outcome| -> Vec<String> {
            outcome
                .out
                .lines()
                .filter(|line| option == "-M" || option == "-P" || self.is_same(line, option))
                .map(str::to_owned)
                .collect()
        };
        let (ours_out, theirs_out) = (lines(&ours), lines(&theirs));
        for (our, their) in ours_out.iter().zip(&theirs_out) {
            assert_eq!(our, their, "{option}");
        }
        assert_eq!(ours_out.len(), theirs_out.len(), "{option}");
        assert!(!ours_out.is_empty(), "{option} prints something");
        assert_eq!(self.warnings(&ours), self.warnings(&theirs), "{option}");
    }

    /// Whether a line is about a parameter with the same meaning in both.
    fn is_same(&self, line: &str, option: &str) -> bool {
        let name = line.split(' ').next().unwrap_or_default();
        let other = option == "-x" && OTHER_STOCK.iter().any(|(other, _)| *other == name);
        !other && !self.of_one.contains(name)
    }

    /// The warnings, in no order, without those that are newer than 3.7.11.
    fn warnings(&self, outcome: &Outcome) -> Vec<String> {
        let is_newer = |line: &&str| {
            line.contains("support for parameter") || line.contains("#comment after other text")
        };
        let is_of_one = |line: &&str| {
            let name = line.split("unused parameter: ").nth(1);
            let name = name.and_then(|rest| rest.split('=').next());
            name.is_some_and(|name| self.of_one.contains(name))
        };
        let lines = outcome.err.lines();
        let mut lines: Vec<String> = lines
            .filter(|line| !is_newer(line) && !is_of_one(line))
            .map(str::to_owned)
            .collect();
        lines.sort_unstable();
        lines
    }
}

fn names(outcome: &Outcome) -> BTreeSet<String> {
    outcome.out.lines().map(str::to_owned).collect()
}

fn compare(setup: Setup, name: &str) {
    if !Path::new(REFERENCE).exists() {
        println!("skipped: no {REFERENCE}");
        return;
    }
    let Some(project) = project(name) else {
        return;
    };
    let mail = install(setup, &project.main, &project.master, "");
    let both = Both::new(&mail);
    assert!(both.common.len() > 800);
    for option in ["-n", "-x", "-M", "-P", "-nf", "-Mf", "-Mx"] {
        both.compare(option);
    }
}

macro_rules! projects {
    ($($case:ident $name:literal;)+) => {$(
        case!(only(ferropost, "one case runs both"), $case, |setup| {
            compare(setup, $name);
        });
    )+};
}

projects! {
    debian_ubuntu "debian-ubuntu-pkg";
    docker_mailserver "docker-mailserver";
    grapheneos "grapheneos";
    iredmail "iredmail";
    mailcow "mailcow";
    mailserver2 "mailserver2";
    mailu "mailu";
}
