//! Errors worth reading: on a terminal, the place in the file and what is expected there follow the line that tools know.

use std::fs;
use suite::{Instance, case};

/// What a command says on a terminal, without carriage returns.
fn on_terminal(command: &str) -> String {
    let outcome = suite::command::Call::new("/usr/bin/script".as_ref())
        .args(["-qec", command, "/dev/null"])
        .run();
    outcome.out.replace('\r', "")
}

fn append(file: &str, text: &str) {
    let path = format!("/etc/postfix/{file}");
    let before = fs::read_to_string(&path).expect("a configuration file");
    fs::write(&path, before + text).expect("write a configuration file");
}

fn lines(file: &str) -> usize {
    let path = format!("/etc/postfix/{file}");
    fs::read_to_string(path)
        .expect("a configuration file")
        .lines()
        .count()
}

/// The path of a command, for the shell that script(1) asks.
fn command(mail: &Instance, name: &str) -> String {
    mail.programs.command(name).display().to_string()
}

case!(
    only(ferropost, "help on terminals"),
    a_bad_value_is_shown,
    |setup| {
        let mail = setup.stopped();
        append(
            "main.cf",
            "smtpd_timeout = 300x\ndefault_process_limit =\n  1O0\n",
        );
        let line = lines("main.cf");
        let said = on_terminal(&format!("{} start", command(&mail, "postfix")));
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let help = format!(
            "fatal: bad numerical configuration: default_process_limit = 1O0\n\
         {margin} --> /etc/postfix/main.cf, line {line}, column 3\n \
         {margin} |\n \
         {number} |   1O0\n \
         {margin} |   ^^^ a whole number is expected\n"
        );
        assert!(said.contains(&help), "{said}");
        // The log has the line alone, and so has standard error that is no terminal.
        mail.log().wait(
            "master",
            "fatal: bad numerical configuration: default_process_limit = 1O0",
        );
        assert!(!mail.log().text().contains("-->"));
        let quiet = mail.command("postfix").args(["start"]).run();
        assert!(!quiet.err.contains("-->"), "{quiet:?}");
    }
);

case!(
    only(ferropost, "help on terminals"),
    a_line_that_is_no_setting_is_shown,
    |setup| {
        let mail = setup.stopped();
        append("main.cf", "myhostnmae mail.example.com\n");
        let line = lines("main.cf");
        let said = on_terminal(&format!("{} -p", command(&mail, "postqueue")));
        assert!(
        said.contains(&format!(
            "fatal: /etc/postfix/main.cf, line {line}: missing '=' after attribute name: \"myhostnmae mail.example.com\"\n"
        )),
        "{said}"
    );
        assert!(
            said.contains("\"=\" is expected; did you mean `myhostname`?\n"),
            "{said}"
        );
    }
);

case!(
    only(ferropost, "help on terminals"),
    a_mistake_in_master_cf_is_shown,
    |setup| {
        let mail = setup.stopped();
        append("master.cf", "# mine\nmine unx - - n - - smtp\n");
        let line = lines("master.cf");
        let said = on_terminal(&format!("{} start", command(&mail, "postfix")));
        assert!(
            said.contains(&format!(
                "--> /etc/postfix/master.cf, line {line}, column 6\n"
            )),
            "{said}"
        );
        assert!(
            said.contains("is expected; did you mean `unix`?\n"),
            "{said}"
        );
    }
);

case!(
    only(ferropost, "help on terminals"),
    words_that_are_none_of_a_few_are_shown,
    |setup| {
        let mail = setup.stopped();
        append("main.cf", "inet_protocols = ipv4, ipv5\n");
        let said = on_terminal(&format!("{} start", command(&mail, "postfix")));
        assert!(
            said.contains("unknown inet_protocols value \"ipv5\" in \"ipv4, ipv5\"\n"),
            "{said}"
        );
        assert!(
            said.contains("^^^^ all, ipv4 or ipv6 is expected; did you mean `ipv4`?\n"),
            "{said}"
        );
    }
);

case!(
    only(ferropost, "help on terminals"),
    an_unknown_parameter_is_shown,
    |setup| {
        let mail = setup.stopped();
        append("main.cf", "smtpd_recipient_restriction = permit\n");
        let line = lines("main.cf");
        let said = on_terminal(&format!("{} -n", command(&mail, "postconf")));
        let first =
            "warning: /etc/postfix/main.cf: unused parameter: smtpd_recipient_restriction=permit\n";
        assert!(said.contains(first), "{said}");
        assert!(
            said.contains(&format!(
                "--> /etc/postfix/main.cf, line {line}, column 1\n"
            )),
            "{said}"
        );
        assert!(
        said.contains("unknown parameter `smtpd_recipient_restriction`; did you mean `smtpd_recipient_restrictions`?\n"),
        "{said}"
    );
        let quiet = mail.command("postconf").args(["-n"]).run();
        assert!(quiet.err.ends_with(first), "{quiet:?}");
    }
);

case!(
    only(ferropost, "help on terminals"),
    a_mistake_in_an_expression_is_shown,
    |setup| {
        let mail = setup.stopped();
        append(
            "main.cf",
            "extra = ${stress?{1}:{2}\nmail_owner = x $extra\n",
        );
        let line = lines("main.cf") - 1;
        let said = on_terminal(&format!("{} check", command(&mail, "postfix")));
        assert!(
            said.contains(&format!(
                "--> /etc/postfix/main.cf, line {line}, column 9\n"
            )),
            "{said}"
        );
        assert!(said.contains("this bracket is not closed\n"), "{said}");
    }
);
