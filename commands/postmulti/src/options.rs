//! The command line, with everything checked that can be checked without the instances.

use std::ffi::OsString;

use command::Fatal;

use crate::usage;

/// What is wanted, of which instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) mode: Mode,
    pub(crate) selection: Selection,
    pub(crate) reverse: bool,
    pub(crate) verbose: u8,
    /// `-I`; empty for no name.
    pub(crate) name: Option<String>,
    /// `-G`; empty for no group.
    pub(crate) group: Option<String>,
    /// The command of `-p` and `-x`.
    pub(crate) command: Vec<OsString>,
    /// The settings of `-e create` and `-e import`.
    pub(crate) directories: Directories,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    List { json: bool },
    Postfix,
    Command,
    Edit(Action),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Init,
    Create,
    Import,
    Destroy,
    Deport,
    Enable,
    Disable,
    Assign,
}

/// `-a`, `-g` or `-i`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    Unsaid,
    All,
    Group(String),
    Name(String),
}

/// Where a new instance lives, as far as the command line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Directories {
    pub(crate) config: Option<String>,
    pub(crate) queue: Option<String>,
    pub(crate) data: Option<String>,
}

impl Action {
    fn parse(word: &str) -> Result<Self, Fatal> {
        Ok(match word {
            "init" => Self::Init,
            "create" => Self::Create,
            "import" => Self::Import,
            "destroy" => Self::Destroy,
            "deport" => Self::Deport,
            "enable" => Self::Enable,
            "disable" => Self::Disable,
            "assign" => Self::Assign,
            _ => {
                return Err(Fatal::new(format!(
                    "Invalid '-e' edit action '{word}'. Specify 'create', 'destroy', 'import', 'deport', 'enable', \
                     'disable', 'assign' or 'init'"
                )));
            }
        })
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Create => "create",
            Self::Import => "import",
            Self::Destroy => "destroy",
            Self::Deport => "deport",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Assign => "assign",
        }
    }

    const fn makes(self) -> bool {
        matches!(self, Self::Create | Self::Import)
    }
}

/// The letters as they come, before they are checked against each other.
#[derive(Default)]
struct Given {
    modes: Vec<Mode>,
    selections: Vec<Selection>,
    names: Vec<String>,
    groups: Vec<String>,
    reverse: bool,
    json: bool,
    verbose: u8,
}

impl Given {
    fn take(&mut self, letter: char, value: String) -> Result<(), Fatal> {
        match letter {
            'l' => self.mode(Mode::List { json: false }),
            'p' => self.mode(Mode::Postfix),
            'x' => self.mode(Mode::Command),
            'e' => self.modes.push(Mode::Edit(Action::parse(&value)?)),
            'a' => self.selections.push(Selection::All),
            'g' => self.selections.push(Selection::Group(value)),
            'i' => self.selections.push(Selection::Name(value)),
            'I' => self.names.push(value),
            'G' => self.groups.push(value),
            'R' => self.reverse = true,
            'j' => self.json = true,
            _ => self.verbose = self.verbose.saturating_add(1),
        }
        Ok(())
    }

    /// The same mode twice is once.
    fn mode(&mut self, mode: Mode) {
        if !self.modes.contains(&mode) {
            self.modes.push(mode);
        }
    }
}

impl Request {
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Self, Fatal> {
        let arguments = command::options(words, "ae:g:i:jlpvxRG:I:").map_err(|error| {
            error.tell("postmulti");
            Fatal::new(usage::USAGE)
        })?;
        let mut given = Given::default();
        for option in arguments.options {
            let value = option.text();
            given.take(option.letter, value)?;
        }
        given.check(arguments.operands)
    }
}

impl Given {
    fn check(self, operands: Vec<OsString>) -> Result<Request, Fatal> {
        let wrong = |text: &str| Err(Fatal::new(text));
        let [mode] = self.modes.as_slice() else {
            return wrong(usage::ONE_MODE);
        };
        let mut mode = *mode;
        if self.selections.len() > 1 {
            return wrong(usage::ONE_SELECTION);
        }
        let name = single(self.names, 'I')?;
        let group = single(self.groups, 'G')?;
        if self.reverse && matches!(mode, Mode::Postfix | Mode::Edit(_)) {
            return wrong(usage::REVERSE);
        }
        match &mut mode {
            Mode::List { json } => *json = self.json,
            _ if self.json => return wrong(usage::JSON),
            Mode::Postfix | Mode::Command | Mode::Edit(_) => {}
        }
        let selection = self.selections.into_iter().next();
        let selection = selection.unwrap_or(Selection::Unsaid);
        let mut request = Request {
            mode,
            selection,
            reverse: self.reverse,
            verbose: self.verbose,
            name: name.map(checked_name).transpose()?,
            group: group.map(checked_group).transpose()?,
            command: Vec::new(),
            directories: Directories::default(),
        };
        if let Mode::Edit(action) = mode {
            request.check_edit(action, &operands)?;
            return Ok(request);
        }
        if request.name.is_some() || request.group.is_some() {
            return wrong(usage::NO_ASSIGNMENT);
        }
        match (matches!(mode, Mode::List { .. }), operands.is_empty()) {
            (true, false) => wrong(usage::NO_COMMAND),
            (false, true) => wrong(usage::COMMAND),
            _ => {
                request.command = operands;
                Ok(request)
            }
        }
    }
}

impl Request {
    fn check_edit(&mut self, action: Action, operands: &[OsString]) -> Result<(), Fatal> {
        let word = action.word();
        let assigns = action.makes() || action == Action::Assign;
        if !assigns && (self.name.is_some() || self.group.is_some()) {
            return Err(Fatal::new(format!(
                "Cannot assign instance name or group with '-e {word}'"
            )));
        }
        if action == Action::Assign && self.name.is_none() && self.group.is_none() {
            return Err(Fatal::new(usage::ASSIGN_WHAT));
        }
        if !action.makes() && !operands.is_empty() {
            return Err(Fatal::new(format!(
                "Parameter overrides not valid with '-e {word}'"
            )));
        }
        for operand in operands {
            self.directories.set(&operand.to_string_lossy(), action)?;
        }
        let one = matches!(self.selection, Selection::Name(_));
        if !action.makes() && action != Action::Init && !one {
            return Err(Fatal::new(usage::SELECT));
        }
        Ok(())
    }
}

impl Directories {
    /// One `name=/path` of the command line.
    fn set(&mut self, assignment: &str, action: Action) -> Result<(), Fatal> {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(Fatal::new(format!(
                "Malformed parameter setting '{assignment}'"
            )));
        };
        let (name, value) = (name.trim(), value.trim());
        let place = match name {
            "config_directory" => &mut self.config,
            "queue_directory" if action == Action::Create => &mut self.queue,
            "data_directory" if action == Action::Create => &mut self.data,
            _ => {
                return Err(Fatal::new(format!(
                    "Parameter '{name}' not valid with action {}",
                    action.word()
                )));
            }
        };
        if !value.starts_with('/') {
            return Err(Fatal::new(format!(
                "Parameter setting '{name}' is not an absolute path"
            )));
        }
        // A directory name goes into lists of names, and into the settings of other names.
        if value.contains(|c: char| c.is_whitespace() || ",$".contains(c)) {
            return Err(Fatal::new(format!(
                "Parameter setting '{name}' must not contain blanks, ',' or '$': '{value}'"
            )));
        }
        *place = Some(trimmed(value));
        Ok(())
    }
}

/// A directory without the slashes at its end.
pub(crate) fn trimmed(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.to_owned(),
    }
}

fn single(values: Vec<String>, letter: char) -> Result<Option<String>, Fatal> {
    if values.len() > 1 {
        return Err(Fatal::new(format!(
            "Specify at most one '-{letter}' option"
        )));
    }
    Ok(values.into_iter().next())
}

/// What may stand in names: nothing that a shell or main.cf takes for something else.
fn is_safe(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "!%+-./:=@_".contains(c))
}

/// The name of `-I`; `-` is none.
fn checked_name(name: String) -> Result<String, Fatal> {
    if name.is_empty() || name == "-" {
        return Ok(String::new());
    }
    if !is_safe(&name) {
        return Err(Fatal::new(format!(
            "Unsafe characters in new instance name: '{name}'"
        )));
    }
    if name.contains('/') {
        return Err(Fatal::new(format!(
            "Illegal '/' character in new instance name: '{name}'"
        )));
    }
    if !name.starts_with("postfix-") {
        return Err(Fatal::new("New instance name must start with 'postfix-'"));
    }
    Ok(name)
}

/// The group of `-G`; `-` is none.
fn checked_group(group: String) -> Result<String, Fatal> {
    if group == "-" {
        return Ok(String::new());
    }
    if !is_safe(&group) {
        return Err(Fatal::new(format!("Unsafe characters in '-G {group}'")));
    }
    Ok(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Request, Fatal> {
        Request::parse(words.iter().map(OsString::from))
    }

    fn mistake(words: &[&str]) -> String {
        parse(words).unwrap_err().to_string()
    }

    #[test]
    fn directories_lose_their_last_slash_and_must_be_whole_paths() {
        let request = parse(&["-I", "postfix-a", "-e", "create", "queue_directory=/q/"]).unwrap();
        assert_eq!(request.directories.queue.as_deref(), Some("/q"));
        assert_eq!(request.name.as_deref(), Some("postfix-a"));
        let create = |word: &str| mistake(&["-e", "create", word]);
        assert!(create("data_directory=x").ends_with("not an absolute path"));
        assert!(create("data_directory=/x y").contains("must not contain"));
        assert!(create("foo=/x").starts_with("Parameter 'foo' not valid"));
    }

    #[test]
    fn modes_and_selections_exclude_each_other() {
        assert_eq!(mistake(&["-l", "-p", "x"]), usage::ONE_MODE);
        assert_eq!(mistake(&["-l", "-a", "-i", "x"]), usage::ONE_SELECTION);
        assert_eq!(mistake(&["-R", "-p", "x"]), usage::REVERSE);
        assert_eq!(mistake(&["-j", "-x", "x"]), usage::JSON);
        assert_eq!(parse(&["-lj"]).unwrap().mode, Mode::List { json: true });
    }

    #[test]
    fn a_minus_means_no_name() {
        let request = parse(&["-e", "assign", "-i", "x", "-I", "-", "-G", "-"]).unwrap();
        assert_eq!(
            (request.name.as_deref(), request.group.as_deref()),
            (Some(""), Some(""))
        );
        assert!(mistake(&["-e", "create", "-I", "a"]).contains("must start with"));
    }

    #[test]
    fn the_command_after_a_double_minus_keeps_its_options() {
        let request = parse(&["-p", "--", "-x", "start"]).unwrap();
        assert_eq!(request.command, ["-x", "start"]);
    }
}
