//! Getting the list from showq(8) and printing it.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use command::Fatal;
use config::Settings;
use config::params::core::{Directories, Submission};
use config::params::queue::Folders;
use config::params::services::Sockets;

use crate::listing::Listing;
use crate::text::Printer;
use crate::{allowed, json};

/// How the list is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

/// Print the list.
pub(crate) fn print(settings: &Settings, form: Form) -> Result<(), Fatal> {
    let list = settings.get::<Submission>()?.authorized_mailq_users;
    allowed::check(settings, &list, "view the mail queue")?;
    let service = settings.get::<Sockets>()?.showq_service_name;
    match UnixStream::connect(Path::new("public").join(service)) {
        Ok(socket) => copy(settings, form, socket),
        Err(error) if sys::rights::effective_ids().0 == 0 => {
            maillog::warning!(
                "Mail system is down -- accessing queue directly (Connect to the {} showq service: {})",
                settings.text("mail_name")?.unwrap_or_default(),
                sys::reason(&error)
            );
            let mut child = stand_alone(settings)?;
            let Some(output) = child.stdout.take() else {
                return Err(unavailable(
                    "Queue report unavailable - no output from showq",
                ));
            };
            copy(settings, form, output)?;
            child
                .wait()
                .map_err(|error| Fatal::io("wait for showq", &error))?;
            Ok(())
        }
        Err(error) => Err(unavailable(&format!(
            "Queue report unavailable - mail system is down (Connect to the {} showq service: {})",
            settings.text("mail_name")?.unwrap_or_default(),
            sys::reason(&error)
        ))),
    }
}

/// Start showq(8) for one list.
fn stand_alone(settings: &Settings) -> Result<Child, Fatal> {
    let program = Path::new(&settings.get::<Directories>()?.daemon_directory).join("showq");
    let mut command = Command::new(&program);
    command
        .args(["-u", "-S"])
        .env("MAIL_CONFIG", settings.directory());
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
        .spawn()
        .map_err(|error| Fatal::io(format_args!("run {}", program.display()), &error))
}

fn copy(settings: &Settings, form: Form, from: impl Read) -> Result<(), Fatal> {
    let long = settings.get::<Folders>()?.enable_long_queue_ids;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut printer = Printer::new(long);
    let work = |out: &mut BufWriter<_>| -> io::Result<()> {
        let mut listing = Listing::new(BufReader::new(from))?;
        while let Some(message) = listing.next_message()? {
            match form {
                Form::Text => printer.message(&message, out)?,
                Form::Json => json::message(&message, out)?,
            }
        }
        if form == Form::Text {
            printer.end(out)?;
        }
        out.flush()
    };
    match work(&mut out) {
        Ok(()) => Ok(()),
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(unavailable(&format!(
            "malformed showq server response: {error}"
        ))),
    }
}

fn unavailable(text: &str) -> Fatal {
    Fatal::new(text)
}
