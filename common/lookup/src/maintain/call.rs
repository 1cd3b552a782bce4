//! The command lines of postmap(1) and postalias(1).

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use command::{Arguments, Fatal, Given};
use config::{Settings, params};

use mail::mime;

use super::{Action, Duplicates, Form, Job, Keys, Parts, Syntax};
use crate::kinds::indexed::Nulls;
use crate::kinds::proxy::ProxyService;
use crate::table::{Access, OpenOptions};

/// Be postmap or postalias; the whole of its `main`. `letters` are its options, as getopt has them.
#[must_use]
pub fn run_command(syntax: Syntax, letters: &str) -> ExitCode {
    let program = syntax.program();
    command::stderr_log(program);
    match run(syntax, letters) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fatal) => fatal.report(),
    }
}

fn run(syntax: Syntax, letters: &str) -> Result<bool, Fatal> {
    let program = syntax.program();
    let arguments = std::env::args_os().skip(1);
    let Arguments { options, operands } =
        command::options(arguments, letters).map_err(|error| {
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
    job.settle()?;
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
        "usage: {} [-{}] [-c config_dir] [-d key] [-q key] [map_type:]file...",
        syntax.program(),
        syntax.flags()
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
    pub(crate) const fn program(self) -> &'static str {
        match self {
            Self::Map => "postmap",
            Self::Alias => "postalias",
        }
    }

    /// The letters without a value.
    const fn flags(self) -> &'static str {
        match self {
            Self::Map => "bfFhijmnNoprsuUvw",
            Self::Alias => "Nfijnoprsuvw",
        }
    }
}

impl Job {
    fn new(syntax: Syntax, settings: &Settings) -> Result<Self, Fatal> {
        let directories: params::core::Directories = settings.get()?;
        let mime: params::core::Mime = settings.get()?;
        let queue = PathBuf::from(directories.queue_directory);
        let options = OpenOptions {
            proxy: ProxyService::from_settings(settings, &queue)?,
            ..OpenOptions::from_settings(settings)?
        };
        let mime = mime::Options {
            nesting_limit: mime.mime_nesting_limit,
            boundary_length_limit: mime.mime_boundary_length_limit,
            header_size_limit: mime.header_size_limit,
            ..mime::Options::default()
        };
        Ok(Self::building(syntax, options, mime))
    }

    /// What the command does with a source, whatever else the program does that opens the table with these options.
    pub(super) fn rebuilding(syntax: Syntax, options: &OpenOptions) -> Self {
        let options = OpenOptions {
            access: Access::Read,
            fold: true,
            files: false,
            ..options.clone()
        };
        Self::building(syntax, options, mime::Options::default())
    }

    fn building(syntax: Syntax, options: OpenOptions, mime: mime::Options) -> Self {
        Self {
            syntax,
            action: Action::Build,
            tables: Vec::new(),
            options,
            duplicates: Duplicates::Warn,
            form: Form::Text,
            parts: Parts::default(),
            force_utf8: false,
            mime,
            nulls: None,
            inherit_mode: true,
            become_owner: true,
        }
    }

    fn take(&mut self, option: Given) -> Result<(), Fatal> {
        match option.letter {
            'N' => self.nulls = Some(Nulls::Include),
            'n' => self.nulls = Some(Nulls::Omit),
            'f' => self.options.fold = false,
            'F' => self.options.files = true,
            'j' => self.form = Form::Json,
            'b' => self.parts.body = true,
            'h' => self.parts.headers = true,
            'm' => self.parts.mime = true,
            'U' => self.force_utf8 = true,
            'u' => self.options.utf8 = false,
            'r' => self.duplicates = Duplicates::Replace,
            'w' => self.duplicates = Duplicates::Ignore,
            'p' => self.inherit_mode = false,
            'o' => self.become_owner = false,
            'i' if self.action == Action::Build => self.action = Action::Add,
            'd' => self.set(Action::Remove(Keys::of(option)))?,
            'q' => self.set(Action::Query(Keys::of(option)))?,
            's' if self.action == Action::List => {}
            's' => self.set(Action::List)?,
            _ => {}
        }
        Ok(())
    }

    /// What the options mean together.
    fn settle(&mut self) -> Result<(), Fatal> {
        if self.parts != Parts::default() {
            if self.action != Action::Query(Keys::Input) {
                return Err(Fatal::new("specify -b -h or -m only with \"-q -\""));
            }
            if !self.parts.headers && !self.parts.body {
                return Err(Fatal::new("specify -m only with -b or -h"));
            }
            self.action = Action::Query(Keys::Message(self.parts));
            // Mail may hold anything.
            self.options.utf8 &= self.force_utf8;
        }
        if self.form == Form::Json && !matches!(self.action, Action::Query(_) | Action::List) {
            return Err(Fatal::new("specify -j only with -q or -s"));
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
