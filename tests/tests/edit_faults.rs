//! Edits of main.cf and master.cf that meet trouble: whatever happens, the file is the old one or the new one, and the next
//! edit works.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use suite::{Setup, case};

const MAIN: &str = "# head\nmyhostname = a.example\nrelayhost =\n  b\n# inside\n  c\n# tail\n";
const MASTER: &str =
    "# head\nsmtp inet n - y - - smtpd\n  -o mydomain=x\n# tail\nrelay unix - - n - - smtp\n";

/// Each kind of edit, and the file it changes.
const EDITS: [(&str, &[&str]); 4] = [
    ("main.cf", &["relayhost = new", "mydomain = added"]),
    ("main.cf", &["-X", "relayhost"]),
    ("master.cf", &["-M", "new/unix=new unix - - n - - lmtp"]),
    ("master.cf", &["-P", "smtp/inet/mydomain=y"]),
];

/// System calls that an edit of a file is made of, and how each can fail.
const FAILURES: [(&str, &str); 9] = [
    ("openat", "EMFILE"),
    ("flock", "ENOLCK"),
    ("read", "EIO"),
    ("ftruncate", "EIO"),
    ("write", "ENOSPC"),
    ("fchmod", "EPERM"),
    ("fchown", "EPERM"),
    ("fsync", "EIO"),
    ("rename", "EIO"),
];

/// A directory with both files.
struct Files {
    place: PathBuf,
    postconf: PathBuf,
}

impl Files {
    fn new(setup: &Setup, name: &str) -> Self {
        let place = setup.path(name);
        fs::create_dir_all(&place).expect("mkdir");
        let postconf = setup.programs.commands.join("postconf");
        Self { place, postconf }
    }

    fn fresh(&self) {
        fs::write(self.place.join("main.cf"), MAIN).expect("main.cf");
        fs::write(self.place.join("master.cf"), MASTER).expect("master.cf");
        let _ = fs::remove_file(self.place.join("main.cf.tmp"));
        let _ = fs::remove_file(self.place.join("master.cf.tmp"));
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.place.join(file)).expect("a configuration file")
    }

    /// Edit, perhaps under a tracer.
    fn edit(&self, tracer: &[&str], edit: &[&str]) -> Output {
        let mut command = match tracer.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.postconf);
                command
            }
            None => Command::new(&self.postconf),
        };
        command.arg("-c").arg(&self.place).args(edit);
        command.output().expect("an edit")
    }

    /// What the file is after the edit when nothing goes wrong.
    fn changed(&self, file: &str, edit: &[&str]) -> String {
        self.fresh();
        assert!(self.edit(&[], edit).status.success());
        let text = self.text(file);
        assert!(text != MAIN && text != MASTER);
        text
    }

    /// The system calls of an edit: each one's name, and how often it was made before, and this time.
    fn calls(&self, edit: &[&str]) -> Vec<(String, usize)> {
        self.fresh();
        let trace = self.place.join("trace");
        let shown = trace.display().to_string();
        assert!(
            self.edit(&["strace", "-qq", "-o", &shown], edit)
                .status
                .success()
        );
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut calls = Vec::new();
        for line in fs::read_to_string(trace).expect("a trace").lines() {
            let name = line.split('(').next().unwrap_or_default().to_owned();
            // The tracer starts the program, and nobody returns from the last call.
            if name == "execve" || name.starts_with("exit") || name.starts_with('+') {
                continue;
            }
            let count = counts.entry(name.clone()).or_default();
            *count += 1;
            calls.push((name, *count));
        }
        calls
    }
}

/// Whether there is a tracer.
fn can_trace() -> bool {
    let has = Path::new("/usr/bin/strace").exists();
    if !has {
        println!("skipped: no strace");
    }
    has
}

case!(
    only(ferropost, "a promise of ours"),
    killed_at_any_system_call,
    |setup| {
        if !can_trace() {
            return;
        }
        let files = Files::new(&setup, "edit");
        let mut kills = 0;
        for (file, edit) in EDITS {
            let old = if file == "main.cf" { MAIN } else { MASTER };
            let new = files.changed(file, edit);
            for (call, count) in files.calls(edit) {
                files.fresh();
                let inject = format!("inject={call}:signal=KILL:when={count}");
                let output = files.edit(&["strace", "-qq", "-o", "/dev/null", "-e", &inject], edit);
                let was_killed =
                    output.status.signal() == Some(9) || output.status.code() == Some(137);
                assert!(was_killed, "{call} {count}: {output:?}");
                let text = files.text(file);
                assert!(
                    text == old || text == new,
                    "{edit:?}, {call} {count}: {text}"
                );
                let again = files.edit(&[], edit);
                assert!(again.status.success(), "{call} {count}: {again:?}");
                assert_eq!(files.text(file), new, "{edit:?} again, {call} {count}");
                kills += 1;
            }
        }
        assert!(kills > 100, "killed {kills} times");
    }
);

case!(
    only(ferropost, "a promise of ours"),
    failing_at_any_system_call,
    |setup| {
        if !can_trace() {
            return;
        }
        let files = Files::new(&setup, "edit");
        let mut failed = 0;
        for (file, edit) in EDITS {
            let old = if file == "main.cf" { MAIN } else { MASTER };
            let new = files.changed(file, edit);
            for (call, count) in files.calls(edit) {
                let Some((_, error)) = FAILURES.iter().find(|(name, _)| *name == call) else {
                    continue;
                };
                files.fresh();
                let inject = format!("inject={call}:error={error}:when={count}");
                let output = files.edit(&["strace", "-qq", "-o", "/dev/null", "-e", &inject], edit);
                let text = files.text(file);
                assert!(
                    text == old || text == new,
                    "{edit:?}, {call} {count}: {text}"
                );
                if output.status.success() {
                    assert_eq!(text, new, "{edit:?} succeeds, {call} {count}");
                } else {
                    assert!(
                        !output.stderr.is_empty(),
                        "{edit:?}, {call} {count} says why"
                    );
                    failed += 1;
                }
            }
        }
        assert!(failed > 20, "failed {failed} times");
    }
);

case!(full_disk, |setup| {
    let files = Files::new(&setup, "small");
    setup.machine.mount_small(&files.place, 64 * 1024);
    let filler = files.place.join("filler");
    for (file, edit) in EDITS {
        let _ = fs::remove_file(&filler);
        let new = files.changed(file, edit);
        files.fresh();
        let old = files.text(file);
        // Until there is no room for a byte.
        let mut size = 64 * 1024;
        while fs::write(&filler, vec![0; size]).is_err() {
            size -= 4096;
        }
        let output = files.edit(&[], edit);
        assert!(!output.status.success(), "{edit:?}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("No space left on device"), "{said}");
        assert_eq!(files.text(file), old);
        fs::remove_file(&filler).expect("room");
        assert!(files.edit(&[], edit).status.success());
        assert_eq!(files.text(file), new);
    }
});

case!(several_edits_at_once, |setup| {
    let files = Files::new(&setup, "busy");
    files.fresh();
    let start = |number: usize| {
        let mut command = Command::new(&files.postconf);
        command.arg("-c").arg(&files.place);
        if number.is_multiple_of(2) {
            command.arg(format!("name{number} = {number}"));
        } else {
            command.args([
                "-M",
                &format!("s{number}/unix=s{number} unix - - n - - smtp"),
            ]);
        }
        command.spawn().expect("an edit")
    };
    let edits: Vec<_> = (0..40).map(start).collect();
    for mut edit in edits {
        assert!(edit.wait().expect("an edit").success());
    }
    let (main, master) = (files.text("main.cf"), files.text("master.cf"));
    assert!(main.starts_with(MAIN) && master.starts_with(MASTER));
    for number in 0..20 {
        let even = number * 2;
        assert!(main.contains(&format!("name{even} = {even}\n")), "{main}");
        assert!(master.contains(&format!("\ns{} ", even + 1)), "{master}");
    }
});
