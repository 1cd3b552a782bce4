//! How long a client waits for the greeting when smtpd(8) must first be started: master's fork, exec, reading the
//! configuration, giving up rights, taking the client.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use suite::instance::SMTP;
use suite::{Instance, Mta, Setup};

use crate::Plan;
use crate::load;
use crate::place::machine;
use crate::report::Report;

const TIMES: usize = 12;

/// For each of 12 clients a new process: the one before has left for want of work.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    for &mta in &plan.systems {
        let tracer = Tracer::start();
        let Ok(times) = thread::spawn(move || sample(mta)).join() else {
            eprintln!("start: {} gave no greeting", mta.name());
            continue;
        };
        let own: HashSet<i32> = times.iter().map(|(pid, _)| *pid).collect();
        let ready = tracer.map(|tracer| tracer.ready(&own));
        for time in ready.unwrap_or_default() {
            report.add("start", "exec to ready of smtpd, ms", mta, time * 1000.0);
        }
        for (_, time) in times {
            report.add(
                "start",
                "connect to greeting of a new smtpd, ms",
                mta,
                time * 1000.0,
            );
        }
    }
}

/// The process that greeted, and the seconds until it did.
fn sample(mta: Mta) -> Vec<(i32, f64)> {
    let (machine, _farewell) = machine();
    let instance = Setup::new(mta, machine).set("max_idle", "1").start();
    let greeted = (0..TIMES).filter_map(|_| {
        none_left(&instance);
        let begun = Instant::now();
        let mut client = TcpStream::connect(SMTP).ok()?;
        let mut greeting = [0; 512];
        let length = client.read(&mut greeting).ok()?;
        let time = begun.elapsed().as_secs_f64();
        let processes = instance.processes();
        let server = processes.iter().find(|process| process.name == "smtpd")?;
        (length > 3).then_some((server.pid, time))
    });
    greeted.collect()
}

/// Wait until no smtpd is left, and master has noticed.
fn none_left(instance: &Instance) {
    load::wait(|| {
        let processes = instance.processes();
        processes.iter().all(|process| process.name != "smtpd")
    });
    thread::sleep(Duration::from_millis(30));
}

/// perf(1), noting when smtpd is executed and when it first waits for something to happen.
struct Tracer {
    perf: Child,
    data: PathBuf,
}

impl Tracer {
    fn start() -> Option<Self> {
        let data = std::env::temp_dir().join("perf.data");
        let perf = Command::new("perf")
            .args(["record", "-q", "-a", "-e", "sched:sched_process_exec"])
            .args(["-e", "syscalls:sys_enter_epoll_wait", "-o"])
            .arg(&data)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        thread::sleep(Duration::from_millis(500));
        Some(Self { perf, data })
    }

    /// Seconds from exec to the first wait, for these processes.
    fn ready(mut self, own: &HashSet<i32>) -> Vec<f64> {
        let pid = i32::try_from(self.perf.id()).unwrap_or_default();
        let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        let _ = self.perf.wait();
        let script = Command::new("perf")
            .args(["script", "-F", "comm,pid,time,event", "-i"])
            .arg(&self.data)
            .stderr(Stdio::null())
            .output();
        let text = script.map(|output| output.stdout).unwrap_or_default();
        let _ = fs::remove_file(&self.data);
        first_waits(&String::from_utf8_lossy(&text), own)
    }
}

/// Lines are `smtpd 123 45.678901: sched:sched_process_exec:`.
fn first_waits(script: &str, own: &HashSet<i32>) -> Vec<f64> {
    let mut started: HashMap<i32, f64> = HashMap::new();
    let mut times = Vec::new();
    for line in script.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [.., pid, time, event] = words.as_slice() else {
            continue;
        };
        let (Ok(pid), Ok(time)) = (pid.parse(), time.trim_end_matches(':').parse::<f64>()) else {
            continue;
        };
        if !own.contains(&pid) {
            continue;
        }
        if event.contains("exec") {
            started.insert(pid, time);
        } else if let Some(start) = started.remove(&pid) {
            times.push(time - start);
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_exec_to_the_first_wait() {
        let script = "master 1 1.0: sched:sched_process_exec:\n\
                      smtpd 2 1.5: sched:sched_process_exec:\n\
                      smtpd 3 1.6: syscalls:sys_enter_epoll_wait:\n\
                      smtpd 2 1.75: syscalls:sys_enter_epoll_wait:\n\
                      smtpd 2 2.5: syscalls:sys_enter_epoll_wait:\n";
        assert_eq!(first_waits(script, &HashSet::from([2])), [0.25]);
    }
}
