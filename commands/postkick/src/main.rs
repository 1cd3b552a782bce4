//! postkick(1): send a request to a service of the mail system, such as `postkick public qmgr I`.
//!
//! Runs with the rights of its caller, so only root reaches private services. Never waits for an answer. Logs to standard
//! error why a request could not be sent.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use command::Fatal;
use config::params::core::Directories;

fn main() -> ExitCode {
    command::stderr_log("postkick");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn run() -> Result<(), Fatal> {
    let usage = || Fatal::new("usage: postkick [-c config_dir] [-v] class service request");
    let arguments = command::options(std::env::args_os().skip(1), "c:v").map_err(|error| {
        error.tell("postkick");
        usage()
    })?;
    let directory = arguments.options.iter().rfind(|given| given.letter == 'c');
    let directory = directory
        .and_then(|given| given.value.clone())
        .map(PathBuf::from);
    let [class, service, request] = arguments.operands.as_slice() else {
        return Err(usage());
    };
    let settings = command::settings("postkick", directory)?;
    let queue = settings.get::<Directories>()?.queue_directory;
    let path = Path::new(&queue).join(class).join(service);
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(request.as_os_str());
    ipc::wake(&path, bytes).map_err(|error| {
        let (class, service) = (class.to_string_lossy(), service.to_string_lossy());
        Fatal::io(
            format_args!("unable to contact class {class} service {service}"),
            &error,
        )
    })
}
