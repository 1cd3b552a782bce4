//! The command lines of postmap(1) and postalias(1).

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use command::{Arguments, Fatal, Given};
use config::{Settings, params};

use super::{Action, Duplicates, Job, Keys, Syntax};
use crate::kinds::lmdb::Nulls;
use crate::kinds::proxy::{PROXYMAP, ProxyService};
use crate::table::OpenOptions;

const LETTERS: &str = "Nc:d:finopq:rsuUvw";

/// Be postmap or postalias; the whole of its `main`.
#[must_use]
pub fn run_command(syntax: Syntax) -> ExitCode {
    let program = syntax.program();
    command::stderr_log(program);
    match run(syntax) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fatal) => fatal.report(),
    }
}

fn run(syntax: Syntax) -> Result<bool, Fatal> {
    let program = syntax.program();
    let arguments = std::env::args_os().skip(1);
    let Arguments { options, operands } =
        command::options(arguments, LETTERS).map_err(|error| {
            error.tell(program);
            usage(syntax)
        })?;
    if operands.is_empty() {
        return Err(usage(syntax));
    }
    let directory = options.iter().rfind(|option| option.letter == 'c');
    let directory = directory.map(|option| PathBuf::from(option.text()));
    let settings = command::settings(program, directory)?;
    let mut job = Job::new(syntax, &settings)?;
    let types: params::tables::Types = settings.get()?;
    job.tables = operands
        .iter()
        .map(|operand| with_type(&operand.to_string_lossy(), &types.default_database_type))
        .collect();
    let mut verbose = 0;
    for option in options {
        verbose += u8::from(option.letter == 'v');
        job.take(option)?;
    }
    maillog::set_verbose(verbose);
    let mut output = BufWriter::new(io::stdout().lock());
    let found = job
        .run(&mut output)
        .map_err(|failure| Fatal::new(failure.to_string()))?;
    output
        .flush()
        .map_err(|error| Fatal::io("write output", &error))?;
    Ok(found)
}

fn usage(syntax: Syntax) -> Fatal {
    Fatal::new(format!(
        "usage: {} [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...",
        syntax.program()
    ))
}

fn with_type(operand: &str, default: &str) -> String {
    if operand.contains(':') {
        operand.to_owned()
    } else {
        format!("{default}:{operand}")
    }
}

impl Syntax {
    const fn program(self) -> &'static str {
        match self {
            Self::Map => "postmap",
            Self::Alias => "postalias",
        }
    }
}

impl Job {
    fn new(syntax: Syntax, settings: &Settings) -> Result<Self, Fatal> {
        let directories: params::core::Directories = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        let proxymap = PathBuf::from(directories.queue_directory).join(PROXYMAP);
        Ok(Self {
            syntax,
            action: Action::Build,
            tables: Vec::new(),
            options: OpenOptions {
                proxy: ProxyService::new(proxymap, ipc.ipc_timeout),
                ..OpenOptions::from_settings(settings)?
            },
            duplicates: Duplicates::Warn,
            nulls: Nulls::default(),
            inherit_mode: true,
            become_owner: true,
        })
    }

    fn take(&mut self, option: Given) -> Result<(), Fatal> {
        match option.letter {
            'N' => self.nulls = Nulls::Include,
            'n' => self.nulls = Nulls::Omit,
            'f' => self.options.fold = false,
            'u' => self.options.utf8 = false,
            'r' => self.duplicates = Duplicates::Replace,
            'w' => self.duplicates = Duplicates::Ignore,
            'p' => self.inherit_mode = false,
            'o' => self.become_owner = false,
            'i' if self.action == Action::Build => self.action = Action::Add,
            'd' => self.set(Action::Remove(Keys::of(option)))?,
            'q' => self.set(Action::Query(Keys::of(option)))?,
            's' => self
                .set(Action::List)
                .map_err(|_| Fatal::new("specify only one of -s or -q or -d"))?,
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, action: Action) -> Result<(), Fatal> {
        if !matches!(self.action, Action::Build | Action::Add) {
            return Err(Fatal::new("specify only one of -s -q or -d"));
        }
        self.action = action;
        Ok(())
    }
}

impl Keys {
    fn of(option: Given) -> Self {
        match option.bytes() {
            key if key == b"-" => Self::Input,
            key => Self::One(key),
        }
    }
}
