//! The command line of master(8).

use std::fs;
use suite::command::Call;
use suite::{Client, Instance, Outcome, Setup, case, processes, wait_until};

fn master(mail: &Instance, words: &[&str]) -> Outcome {
    Call::new(&mail.daemon("master")).args(words).run()
}

/// In the background; the call returns when it is up.
fn waited(setup: Setup, words: &[&str]) -> Instance {
    let mut mail = setup.stopped();
    let words: Vec<&str> = ["-c", "/etc/postfix", "-w"]
        .iter()
        .chain(words)
        .copied()
        .collect();
    master(&mail, &words).succeeds();
    mail.adopt();
    mail
}

case!(w_returns_when_the_system_is_up, |setup| {
    let mail = waited(setup, &[]);
    mail.connect().quit();
    let pid = mail.master_pid().expect("pid file");
    assert!(processes::lives(pid));
    // It leads a session of its own, and has let go of the terminal.
    assert!(mail.processes().iter().any(|process| process.pid == pid));
});

case!(w_fails_when_the_system_does_not_start, |setup| {
    let mail = setup.service("nonsense").stopped();
    assert_ne!(master(&mail, &["-w"]).code, 0);
    assert!(std::net::TcpStream::connect("127.0.0.1:25").is_err());
});

case!(w_fails_when_another_one_runs, |setup| {
    let mail = setup.start();
    assert_ne!(master(&mail, &["-w"]).code, 0);
    mail.connect().quit();
});

case!(e_ends_master_and_lets_its_processes_leave, |setup| {
    let mail = waited(setup, &["-e", "2"]);
    let mut client = mail.connect();
    let pid = mail.master_pid().expect("pid file");
    wait_until("the end of master", || {
        (!processes::lives(pid)).then_some(())
    });
    mail.log().wait("master", "master exit time has arrived");
    client.expect("NOOP", "250 2.0.0 Ok");
    client.quit();
    wait_until("the end of the others", || {
        mail.processes().is_empty().then_some(())
    });
    assert!(std::net::TcpStream::connect("127.0.0.1:25").is_err());
});

case!(t_tells_whether_master_runs, |setup| {
    let mut mail = setup.stopped();
    assert_eq!(master(&mail, &["-t"]).code, 0);
    mail.start();
    assert_ne!(master(&mail, &["-t"]).code, 0);
    assert_ne!(master(&mail, &["-t", "-c", "/etc/postfix"]).code, 0);
});

case!(v_is_for_the_daemons_too, |setup| {
    let mail = waited(setup, &["-v"]);
    let _client = Client::connect("127.0.0.1:25");
    let smtpd = mail.process("smtpd");
    let words = fs::read(format!("/proc/{}/cmdline", smtpd.pid)).expect("command line");
    assert!(words.split(|byte| *byte == 0).any(|word| word == b"-v"));
});

case!(i_is_for_the_first_process, |setup| {
    let mail = setup.stopped();
    assert_ne!(master(&mail, &["-i"]).code, 0);
    assert_ne!(master(&mail, &["-i", "-w"]).code, 0);
});

case!(d_runs_the_debugger, |setup| {
    let file = setup.path("debugged");
    let command = format!("echo $process_name $process_id > {}", file.display());
    let mail = waited(setup.set("debugger_command", &command), &["-D"]);
    let pid = mail.master_pid().expect("pid file");
    wait_until("the debugger", || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        (text.trim() == format!("master {pid}")).then_some(())
    });
    mail.connect().quit();
});

case!(another_configuration_is_for_the_daemons_too, |setup| {
    let mut mail = setup.stopped();
    fs::create_dir("/etc/other").expect("mkdir");
    for name in ["main.cf", "master.cf"] {
        let text = fs::read_to_string(mail.configuration(name)).expect("file");
        let more = if name == "main.cf" {
            "smtpd_banner = other\n"
        } else {
            ""
        };
        fs::write(format!("/etc/other/{name}"), text + more).expect("file");
    }
    master(&mail, &["-w", "-c", "/etc/other"]).succeeds();
    mail.adopt();
    Client::connect("127.0.0.1:25").expect_reply("220 other");
});

case!(what_makes_no_sense_is_refused, |setup| {
    let mail = setup.stopped();
    for words in [&["-x"][..], &["-c"], &["now"]] {
        let outcome = master(&mail, words);
        assert_eq!(outcome.code, 1, "{words:?}: {outcome:?}");
    }
});
