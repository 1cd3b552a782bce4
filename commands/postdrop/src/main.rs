//! postdrop(1) - put a letter into maildrop/.
//!
//! Set-gid: any user may run it, with anything on standard input. Reads queue-file records there, checks each
//! (`queue::submission`), writes a queue file, and answers with one line on standard output: `OK queue-id` once the file
//! is on stable storage, else an SMTP reply. Works while the mail system is down. Input that ends early, or a HUP, INT,
//! QUIT or TERM signal, leaves nothing behind. Never opens a table, never runs a program, never follows a link.
//! Logs what is wrong with the input, with the user's id.

mod input;
mod letter;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use command::{Arguments, Fatal, users};
use config::{Settings, params};
use letter::{Refusal, receive};

const LETTERS: &str = "c:rv";

fn main() -> ExitCode {
    command::stderr_log("postdrop");
    match run() {
        Ok(code) => code,
        Err(fatal) => fatal.report(),
    }
}

fn run() -> Result<ExitCode, Fatal> {
    let settings = start()?;
    let refused = match authorize(&settings)? {
        None => receive(&settings)?.err(),
        refusal => refusal,
    };
    let Some(refusal) = refused else {
        return Ok(ExitCode::SUCCESS);
    };
    answer(&refusal.to_string())?;
    Ok(ExitCode::FAILURE)
}

/// Options, settings, log, queue directory.
fn start() -> Result<Settings, Fatal> {
    let arguments = std::env::args_os().skip(1);
    let usage = || Fatal::new("usage: postdrop [-c config_dir] [-rv]");
    let Arguments { options, operands } =
        command::options(arguments, LETTERS).map_err(|error| {
            error.tell("postdrop");
            usage()
        })?;
    if !operands.is_empty() {
        return Err(usage());
    }
    let directory = options.iter().rfind(|option| option.letter == 'c');
    let directory = directory.map(|option| PathBuf::from(option.text()));
    let settings = command::settings("postdrop", directory)?;
    if sys::rights::real_ids().0 == 0 {
        let verbose = options.iter().filter(|option| option.letter == 'v').count();
        maillog::set_verbose(u8::try_from(verbose).unwrap_or(u8::MAX));
    }
    let directories: params::core::Directories = settings.get()?;
    std::env::set_current_dir(&directories.queue_directory)
        .map_err(|error| Fatal::io(format!("chdir {}", directories.queue_directory), &error))?;
    Ok(settings)
}

fn authorize(settings: &Settings) -> Result<Option<Refusal>, Fatal> {
    let submission: params::core::Submission = settings.get()?;
    let identity: params::core::Identity = settings.get()?;
    if submission
        .local_login_sender_maps
        .iter()
        .any(|table| table != "static:*")
    {
        maillog::warning!("local_login_sender_maps has no effect yet: any sender is accepted");
    }
    let members = submission.authorized_submit_users.iter();
    let authorized = users::authorized(members.map(String::as_str), &identity.mail_owner)
        .map_err(|error| Fatal::new(format!("authorized_submit_users: {error}")))?;
    if authorized {
        return Ok(None);
    }
    let text = format!(
        "User {}({}) is not allowed to submit mail",
        users::caller(),
        sys::rights::real_ids().0
    );
    maillog::warning!("{text}");
    Ok(Some(Refusal::new(550, "5.7.1", &text)))
}

/// The one line that the caller reads.
fn answer(line: &str) -> Result<(), Fatal> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(|error| Fatal::io("write standard output", &error))
}
