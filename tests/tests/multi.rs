//! Several mail systems on one machine (MULTI_INSTANCE_README): made, started side by side, and removed by postmulti(1).

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use suite::command::Outcome;
use suite::{Client, Instance, Setup, Sink, case, wait_until};

const LETTER: &str = "Subject: x\n\nbody\n";
const OUT: &str = "/etc/postfix-out";
const OUT_PORT: &str = "127.0.0.1:2525";

/// The primary instance, and `postfix-out` of the group `mta` beside it, with a port of its own; none is started.
struct Pair {
    mail: Instance,
}

impl Pair {
    fn new(setup: Setup) -> Self {
        let mail = setup.stopped();
        for name in ["main.cf", "master.cf"] {
            let (file, prototype) = (
                mail.configuration(name),
                mail.configuration(&format!("{name}.proto")),
            );
            fs::copy(file, prototype).expect("prototype");
        }
        let pair = Self { mail };
        pair.multi(&["-e", "init"]).succeeds();
        let (queue, data) = (pair.place("out-queue"), pair.place("out-data"));
        let queue = format!("queue_directory={}", queue.display());
        let data = format!("data_directory={}", data.display());
        pair.multi(&[
            "-I",
            "postfix-out",
            "-G",
            "mta",
            "-e",
            "create",
            &queue,
            &data,
        ])
        .succeeds();
        pair.set(&[
            "master_service_disable=",
            "authorized_submit_users=static:anyone",
            "myhostname=out.ferro.example",
        ]);
        let master = Path::new(OUT).join("master.cf");
        let text = fs::read_to_string(&master).expect("master.cf");
        fs::write(
            master,
            text.replace("smtp inet", &format!("{OUT_PORT} inet")),
        )
        .expect("write");
        pair
    }

    fn enabled(setup: Setup) -> Self {
        let pair = Self::new(setup);
        pair.multi(&["-i", "postfix-out", "-e", "enable"])
            .succeeds();
        pair
    }

    fn started(setup: Setup) -> Self {
        let mut pair = Self::enabled(setup);
        pair.mail
            .command("postfix")
            .args(["start"])
            .run()
            .succeeds();
        pair.mail.adopt();
        pair
    }

    /// Settings of the second instance.
    fn set(&self, assignments: &[&str]) {
        let words = ["-i", "postfix-out", "-x", "postconf", "-e"]
            .iter()
            .chain(assignments);
        self.multi(&words.copied().collect::<Vec<_>>()).succeeds();
    }

    fn multi(&self, words: &[&str]) -> Outcome {
        self.mail.command("postmulti").args(words).run()
    }

    fn place(&self, name: &str) -> PathBuf {
        self.mail.machine.path(name)
    }

    /// The second instance's master, if it runs.
    fn second(&self) -> Option<i32> {
        let text = fs::read_to_string(self.place("out-queue/pid/master.pid")).ok()?;
        let pid = text.trim().parse().ok()?;
        suite::processes::lives(pid).then_some(pid)
    }
}

impl Deref for Pair {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.mail
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if let Some(pid) = self.second() {
            let _ = kill(Pid::from_raw(-pid), Signal::SIGKILL);
        }
    }
}

fn say(port: &str) -> Client {
    let mut client = Client::connect(port);
    client.expect_reply("220 *");
    client.say("EHLO client.example");
    client
}

case!(instances_run_side_by_side, |setup| {
    let pair = Pair::started(setup);
    assert!(pair.is_running() && pair.second().is_some());
    let mut first = say("127.0.0.1:25");
    let mut second = say(OUT_PORT);
    let id = first.letter("a@client.example", &["alice@ferro.example"], LETTER);
    let other = second.letter("a@client.example", &["bob@ferro.example"], LETTER);
    pair.letter_of("alice");
    pair.letter_of("bob");
    let line = pair.log().wait("smtpd", &format!("{other}: client=*"));
    assert_eq!(line.tag, "postfix-out/smtpd");
    let line = pair.log().wait("smtpd", &format!("{id}: client=*"));
    assert_eq!(line.tag, "postfix/smtpd");
});

case!(one_instance_hands_mail_to_the_other, |setup| {
    let sink = Sink::smtp().listen("127.0.0.2:25");
    let pair = Pair::started(setup.set("relayhost", "[127.0.0.1]:2525"));
    // The second instance was made of the first one's prototype.
    pair.set(&["relayhost=[127.0.0.2]"]);
    pair.command("postfix").args(["reload"]).run().succeeds();
    pair.log().wait(
        "master",
        "reload -- version *, configuration /etc/postfix-out",
    );
    pair.send("a@client.example", &["someone@example.net"], LETTER);
    let letter = &sink.wait(1)[0];
    assert!(
        letter.content.contains("by out.ferro.example"),
        "{}",
        letter.content
    );
});

case!(commands_go_to_all_instances_in_order, |setup| {
    let pair = Pair::started(setup);
    let status = pair.command("postfix").args(["status"]).run();
    assert_eq!(status.code, 0, "{status:?}");
    pair.log().clear();
    pair.command("postfix").args(["reload"]).run().succeeds();
    for directory in ["/etc/postfix", OUT] {
        pair.log().wait(
            "master",
            &format!("reload -- version *, configuration {directory}"),
        );
    }
    pair.log().clear();
    pair.multi(&["-p", "stop"]).succeeds();
    let wanted = "stopping the Postfix mail system";
    pair.log().wait_nth(2, "postfix-script", wanted);
    let tags: Vec<String> = pair
        .log()
        .find("postfix-script", wanted)
        .into_iter()
        .map(|line| line.tag)
        .collect();
    assert_eq!(
        tags,
        ["postfix-out/postfix-script", "postfix/postfix-script"]
    );
    wait_until("the end of both", || {
        (pair.second().is_none() && !pair.is_running()).then_some(())
    });
    assert_eq!(pair.command("postfix").args(["status"]).run().code, 1);
});

case!(one_instance_alone, |setup| {
    let pair = Pair::enabled(setup);
    pair.multi(&["-i", "postfix-out", "-p", "start"]).succeeds();
    assert!(pair.second().is_some() && pair.master_pid().is_none());
    say(OUT_PORT).quit();
    assert!(std::net::TcpStream::connect("127.0.0.1:25").is_err());
    pair.multi(&["-g", "mta", "-p", "stop"]).succeeds();
    wait_until("the end", || pair.second().is_none().then_some(()));
});

case!(
    an_instance_that_is_not_enabled_is_started_by_hand,
    |setup| {
        let pair = Pair::new(setup);
        pair.multi(&["-i", "postfix-out", "-p", "start"]).succeeds();
        assert!(pair.second().is_none());
        pair.command("postfix")
            .args(["-c", OUT, "start"])
            .run()
            .succeeds();
        say(OUT_PORT).quit();
        assert_ne!(pair.multi(&["-i", "postfix-out", "-p", "stop"]).code, 0);
        let stop = pair
            .command("postfix")
            .env("MAIL_CONFIG", OUT)
            .args(["stop"])
            .run();
        stop.succeeds();
        wait_until("the end", || pair.second().is_none().then_some(()));
    }
);

case!(queues_are_apart, |setup| {
    let pair = Pair::started(setup.set("relayhost", "[127.0.0.2]"));
    let mut second = say(OUT_PORT);
    let id = second.letter("a@client.example", &["bob@example.net"], LETTER);
    wait_until("the deferred letter", || {
        let listing = pair.command("postqueue").args(["-c", OUT, "-p"]).run();
        listing.out.contains(&id).then_some(())
    });
    let own = pair.command("mailq").run().succeeds();
    assert!(own.out.contains("Mail queue is empty"), "{own:?}");
    let theirs = pair.multi(&["-i", "postfix-out", "-x", "mailq"]).succeeds();
    assert!(theirs.out.contains(&id), "{theirs:?}");
    pair.multi(&["-i", "postfix-out", "-x", "postsuper", "-d", &id])
        .succeeds();
});

case!(users_submit_to_an_instance_that_is_listed, |setup| {
    let pair = Pair::started(setup);
    let submit = |directory: &str| -> Outcome {
        pair.command("sendmail")
            .user("alice")
            .args(["-C", directory, "bob@ferro.example"])
            .input(LETTER)
            .run()
    };
    submit(OUT).succeeds();
    pair.letter_of("bob");
    let line = pair.log().wait("pickup", "*: uid=* from=<alice>");
    assert_eq!(line.tag, "postfix-out/pickup");
    fs::create_dir("/etc/unlisted").expect("mkdir");
    for name in ["main.cf", "master.cf"] {
        fs::copy(
            Path::new(OUT).join(name),
            Path::new("/etc/unlisted").join(name),
        )
        .expect("copy");
    }
    assert_ne!(submit("/etc/unlisted").code, 0);
});

case!(a_running_instance_is_not_destroyed, |setup| {
    let pair = Pair::started(setup);
    let destroy = || pair.multi(&["-i", "postfix-out", "-e", "destroy"]);
    assert_ne!(destroy().code, 0);
    pair.multi(&["-i", "postfix-out", "-e", "disable"])
        .succeeds();
    assert_ne!(destroy().code, 0);
    say(OUT_PORT).quit();
    pair.command("postfix")
        .args(["-c", OUT, "stop"])
        .run()
        .succeeds();
    wait_until("the end", || pair.second().is_none().then_some(()));
    destroy().succeeds();
    let list = pair.multi(&["-l"]).succeeds();
    assert!(!list.out.contains("postfix-out"), "{list:?}");
    // The reference leaves directories that were in use.
    let places = [OUT.into(), pair.place("out-queue"), pair.place("out-data")];
    let left: Vec<_> = places.iter().filter(|place| place.exists()).collect();
    assert!(pair.mta.is_reference() || left.is_empty(), "{left:?}");
    pair.connect().quit();
});

case!(
    only(
        ferropost,
        "The reference checks its queue in a way that finds no letter."
    ),
    an_instance_with_mail_is_not_destroyed,
    |setup| {
        let pair = Pair::enabled(setup.set("relayhost", "[127.0.0.2]"));
        pair.multi(&["-i", "postfix-out", "-p", "start"]).succeeds();
        let mut client = say(OUT_PORT);
        let id = client.letter("a@client.example", &["bob@example.net"], LETTER);
        client.quit();
        pair.multi(&["-i", "postfix-out", "-p", "stop"]).succeeds();
        wait_until("the end", || pair.second().is_none().then_some(()));
        pair.multi(&["-i", "postfix-out", "-e", "disable"])
            .succeeds();
        let destroy = || pair.multi(&["-i", "postfix-out", "-e", "destroy"]);
        assert_ne!(destroy().code, 0);
        pair.multi(&["-i", "postfix-out", "-x", "postsuper", "-d", &id])
            .succeeds();
        destroy().succeeds();
        assert!(!Path::new(OUT).exists());
    }
);
