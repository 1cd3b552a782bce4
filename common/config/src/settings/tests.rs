use std::path::Path;

use super::*;
use crate::params;
use crate::{Loader, Words};

fn settings(main: &str) -> Settings {
    let main = MainCf::parse(Path::new("/c/main.cf"), main.as_bytes()).unwrap();
    Loader::new("smtpd").service("smtp").over("/c".into(), main)
}

fn text(settings: &Settings, name: &str) -> String {
    settings.text(name).unwrap().unwrap()
}

#[test]
fn groups_are_read_from_file_and_stock() {
    let settings = settings("smtpd_hard_error_limit = 7\nmessage_size_limit = 5\nstress = yes\n");
    let limits: params::smtpd::Limits = settings.get().unwrap();
    assert_eq!(
        (
            limits.smtpd_hard_error_limit,
            limits.smtpd_junk_command_limit
        ),
        (7, 1)
    );
    let timeouts: params::smtpd::Timeouts = settings.get().unwrap();
    assert_eq!(timeouts.smtpd_timeout.as_secs(), 10);
    assert!(timeouts.smtpd_per_request_deadline);
    let lmtp: params::smtp::Timeouts = settings.client(Prefix::Lmtp).unwrap();
    assert_eq!(lmtp.connect_timeout.as_secs(), 0);
}

#[test]
fn mistakes_are_errors() {
    let bad = settings(
        "smtpd_hard_error_limit = x\nmyhostname = a b\nmail_name = ${\nmydomain = $myhostname\n",
    );
    let error = bad.get::<params::smtpd::Limits>().unwrap_err().to_string();
    assert_eq!(
        error,
        "bad numerical configuration: smtpd_hard_error_limit = x"
    );
    let error = bad.get::<params::core::Names>().unwrap_err().to_string();
    assert_eq!(
        error,
        "file /c/main.cf: parameter myhostname: bad parameter value: a b"
    );
    let looped = settings("mydomain = $myhostname\n");
    if !text(&settings(""), "myhostname").ends_with(".localdomain") {
        return;
    }
    assert!(
        looped
            .text("mydomain")
            .unwrap_err()
            .to_string()
            .contains("unreasonable macro call nesting")
    );
}

#[test]
fn names_of_the_machine() {
    let settings = settings("myhostname = mail.example.com\n");
    assert_eq!(text(&settings, "mydomain"), "example.com");
    assert_eq!(text(&settings, "myorigin"), "mail.example.com");
    assert_eq!(
        text(&settings, "mydestination"),
        "mail.example.com, localhost.example.com, localhost"
    );
    assert_eq!(text(&settings, "config_directory"), "/c");
    assert_eq!(text(&settings, "process_name"), "smtpd");
    assert_eq!(text(&settings, "service_name"), "smtp");
    assert_eq!(text(&settings, "syslog_name"), "postfix");
}

#[test]
fn a_name_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mailname");
    std::fs::write(&path, "example.org\n").unwrap();
    std::fs::write(
        folder.path().join("main.cf"),
        format!(
            "myhostname = a.example.com\nmyorigin = {}\n",
            path.display()
        ),
    )
    .unwrap();
    let loader = || Loader::new("smtpd").directory(folder.path());
    let settings = loader().load().unwrap();
    assert_eq!(text(&settings, "myorigin"), "example.org");
    let listed = loader().over(folder.path().into(), settings.main_cf().clone());
    assert_eq!(text(&listed, "myorigin"), path.display().to_string());
    assert_eq!(settings.expand("<$myorigin>").unwrap(), "<example.org>");
}

#[test]
fn compatibility_decides_stock_values() {
    assert_eq!(
        text(
            &settings("compatibility_level = 3.6"),
            "append_dot_mydomain"
        ),
        "no"
    );
    assert_eq!(text(&settings(""), "append_dot_mydomain"), "yes");
    assert_eq!(
        text(
            &settings("compatibility_level = 3.11"),
            "smtp_tls_security_level"
        ),
        "may"
    );
    let error = settings("compatibility_level = abc")
        .text("respectful_logging")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("malformed compatibility level syntax: \"abc\""),
        "{error}"
    );
}

#[test]
fn transports_and_services_have_their_own() {
    let settings = settings(
        "default_destination_concurrency_limit = 9\nslow_destination_rate_delay = 2m\nsmtp_sessions_per_process = 3\nx_destination_recipient_limit = $nine\nnine = 9",
    );
    let limit = |transport| {
        settings
            .for_transport::<usize>(transport, "destination_concurrency_limit")
            .unwrap()
    };
    assert_eq!((limit("relay"), limit("local")), (9, 2));
    let delay = settings
        .for_transport::<std::time::Duration>("slow", "destination_rate_delay")
        .unwrap();
    assert_eq!(delay.as_secs(), 120);
    assert_eq!(
        settings.for_transport::<usize>("x", "destination_recipient_limit"),
        Ok(9)
    );
    assert_eq!(
        settings.per_service::<usize>("smtp", "sessions_per_process"),
        Ok(3)
    );
    assert_eq!(
        settings.per_service::<usize>("relay", "sessions_per_process"),
        Ok(100)
    );
}

#[test]
fn overrides_win() {
    let loader = Loader::new("smtpd")
        .set("a=1")
        .unwrap()
        .set("{ smtpd_milters = x, y }")
        .unwrap();
    let settings = loader.over("/c".into(), MainCf::default());
    assert_eq!(settings.text("a").unwrap().as_deref(), Some("1"));
    assert_eq!(
        settings
            .get::<params::smtpd::Milters>()
            .unwrap()
            .smtpd_milters,
        Words::from("x y")
    );
    assert_eq!(settings.source("a"), Some(Source::Override));
    assert!(Loader::new("x").set("nonsense").is_err());
}

/// The whole table can be read with nothing configured.
#[test]
fn every_stock_value_is_within_its_own_bounds() {
    let settings = settings("compatibility_level = 3.12");
    for spec in crate::table::all() {
        let value = settings.text(spec.name).unwrap().unwrap();
        let checked = match spec.kind {
            Kind::Bool => bool::read(spec, &value).err(),
            Kind::Number => i64::read(spec, &value).err(),
            Kind::Time => std::time::Duration::read(spec, &value).err(),
            Kind::Text | Kind::List | Kind::Tables | Kind::Raw => None,
        };
        assert_eq!(checked, None, "{}", spec.name);
        assert!(
            spec.doc.trim().ends_with('.'),
            "{} lacks a sentence",
            spec.name
        );
    }
}

/// Values that refer to the next one many times, to nothing in the end or in a circle, are over soon.
#[test]
fn circles_and_avalanches_end() {
    let started = std::time::Instant::now();
    let mut avalanche: String = (0..90)
        .map(|step| format!("a{step} = $a{}$a{}\n", step + 1, step + 1))
        .collect();
    avalanche.push_str("a90 =\n");
    let error = settings(&avalanche).text("a0").unwrap_err().to_string();
    assert!(error.contains("unreasonable expansion"), "{error}");
    let circle = settings(
        "myhostname = $mydomain.$mydomain$mydomain\nmydomain = $myorigin $myorigin\nmyorigin = $myhostname$myhostname\n",
    );
    let error = circle.text("mydomain").unwrap_err().to_string();
    assert!(error.contains("unreasonable macro call nesting"), "{error}");
    // The stock mydomain comes from myhostname, outside the language.
    let circle = settings("myhostname = $mydomain$mydomain$mydomain.$mydomain\n");
    let error = circle.text("mydestination").unwrap_err().to_string();
    assert!(error.contains("unreasonable macro call nesting"), "{error}");
    assert!(started.elapsed().as_secs() < 5);
}

fn settings_error(folder: &Path, main: &str) -> String {
    std::fs::write(folder.join("main.cf"), main).unwrap();
    let settings = Loader::new("smtpd").directory(folder).load().unwrap();
    settings
        .get::<params::core::Names>()
        .unwrap_err()
        .to_string()
}

#[test]
fn help_marks_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let help = |main: &str, name: &str| {
        let path = folder.path().join("main.cf");
        std::fs::write(&path, main).unwrap();
        let settings = Loader::new("smtpd").directory(folder.path()).load();
        let error = match settings {
            Err(error) => error,
            Ok(settings) => match name {
                "limits" => settings.get::<params::smtpd::Limits>().unwrap_err(),
                name => settings.text(name).unwrap_err(),
            },
        };
        let help = error.help().unwrap().to_string();
        let head = format!("--> {}, ", path.display());
        help.replace(&head, "--> ").replace(" --> ", "")
    };
    let limits = "# x\nsmtpd_hard_error_limit =\n   2O\n";
    assert_eq!(
        help(limits, "limits"),
        " line 3, column 4\n   |\n 3 |    2O\n   |    ^^ a whole number is expected\n"
    );
    assert_eq!(
        help("smtpd_hard_error_limit = $x\nx = 0\n", "limits"),
        " line 1, column 26\n   |\n 1 | smtpd_hard_error_limit = $x\n   |                          ^^ at least 1 is expected\n"
    );
    assert_eq!(
        help("mail_name = $other\nother = a ${x b\n", "mail_name"),
        " line 2, column 11\n   |\n 2 | other = a ${x b\n   |           ^^^^^ this bracket is not closed\n"
    );
    assert_eq!(
        help("mail_name = ${x?{a}y:{b}}\n", "mail_name"),
        " line 1, column 20\n   |\n 1 | mail_name = ${x?{a}y:{b}}\n   |                    ^^^^^ \":\" expected\n"
    );
    assert_eq!(
        help("myhostnane mail.example.com\n", ""),
        " line 1, column 12\n   |\n 1 | myhostnane mail.example.com\n   |            ^ \"=\" is expected; did you mean `myhostname`?\n"
    );
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\nx\n").unwrap();
    let empty = settings_error(folder.path(), &format!("myorigin = {}\n", empty.display()));
    assert!(
        empty.ends_with("/empty: the first line is to hold myorigin, but is empty"),
        "{empty}"
    );
    let missing = help("myorigin = /nowhere/mailname\n", "myorigin");
    assert!(
        missing.ends_with("^^^^^^^^^^^^^^^^^ this file is to hold the name, in its first line\n"),
        "{missing}"
    );
}
