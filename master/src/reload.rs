//! Reading master.cf with what main.cf says about it, at the start and at each reload.

use std::path::{Path, PathBuf};
use std::time::Duration;

use config::help::Help;
use config::master_cf::{Disabled, MasterCf, Service as Entry, ServiceType};
use config::params::core::{Directories, Networks};
use config::params::services::Process;
use config::{Explained, Group, Loader, Settings};
use net::interfaces::{InterfacesError, OwnAddresses, Protocols};

use crate::listen::Surroundings;
use crate::service::Definition;

/// Everything that master knows from its configuration.
pub(crate) struct Configuration {
    pub(crate) settings: Settings,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) surroundings: Surroundings,
    pub(crate) throttle_time: Duration,
    pub(crate) queue_directory: PathBuf,
    pub(crate) warnings: Vec<String>,
    pub(crate) old_jails: Vec<String>,
}

/// Read main.cf and master.cf; the error is the log line, with help for a person.
pub(crate) fn read(directory: Option<&Path>) -> Result<Configuration, Explained> {
    let mut loader = Loader::new("master");
    if let Some(directory) = directory {
        loader = loader.directory(directory);
    }
    let settings = loader.load()?;
    let surroundings = surroundings(&settings)?;
    let master_cf = MasterCf::read(&settings)?;
    let process: Process = get(&settings)?;
    let queue_directory = PathBuf::from(get::<Directories>(&settings)?.queue_directory);
    let disabled =
        Disabled::parse(&text(&settings, "master_service_disable")?).map_err(|error| {
            let kind = error.0.rsplit(['/', '.']).next().unwrap_or_default();
            let types = ServiceType::ALL.map(|(name, _)| name);
            let help = Help::one_of(kind, &types);
            settings.explained("master_service_disable", &error.0, error.to_string(), help)
        })?;
    let mut warnings: Vec<String> = settings
        .warnings()
        .iter()
        .cloned()
        .chain(master_cf.warnings.iter().cloned())
        .chain(without_effect(&settings, &master_cf))
        .collect();
    let definitions = master_cf
        .services
        .iter()
        .filter(|entry| !disabled.matches(&entry.name, entry.kind))
        .cloned()
        .map(|entry| definition(entry, &settings, &process))
        .collect::<Result<Vec<_>, _>>()?;
    warnings.extend(without_program(&definitions, &master_cf.path));
    Ok(Configuration {
        settings,
        definitions,
        surroundings,
        throttle_time: process.service_throttle_time,
        queue_directory,
        warnings,
        old_jails: master_cf.old_jails,
    })
}

/// What is set but read by no program of this version.
fn without_effect(settings: &Settings, master_cf: &MasterCf) -> Vec<String> {
    let main = settings.main_cf().path.display();
    let of_main = settings.without_effect().into_iter();
    let mut warnings: Vec<String> = of_main
        .map(|name| format!("{main}: parameter {name} has no effect in this version"))
        .collect();
    for service in &master_cf.services {
        let (path, of) = (master_cf.path.display(), &service.name);
        let names = service.overrides().map(|(name, _)| name);
        warnings.extend(
            names
                .filter(|name| config::table::is_without_effect(name))
                .map(|name| {
                    format!("{path}: service {of}: parameter {name} has no effect in this version")
                }),
        );
    }
    warnings
}

/// Services whose program is not there: they are listened for, and their clients wait until it is.
fn without_program(definitions: &[Definition], path: &Path) -> Vec<String> {
    let mut missing: Vec<(&Path, Vec<String>)> = Vec::new();
    for definition in definitions.iter().filter(|one| !one.program.exists()) {
        let service = format!("{}/{}", definition.entry.name, definition.entry.kind);
        let program = definition.program.as_path();
        match missing.iter_mut().find(|(known, _)| *known == program) {
            Some((_, services)) => services.push(service),
            None => missing.push((program, vec![service])),
        }
    }
    let line = |(program, services): (&Path, Vec<String>)| {
        let (path, program) = (path.display(), program.display());
        format!(
            "{path}: no program {program} for service {}",
            services.join(", ")
        )
    };
    missing.into_iter().map(line).collect()
}

fn definition(
    entry: Entry,
    settings: &Settings,
    process: &Process,
) -> Result<Definition, Explained> {
    let limit = match entry.process_limit {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None => process.default_process_limit,
    };
    let own = own_override(&entry, "sessions_per_process");
    let sessions_per_process = match own {
        Some(text) => text.parse().map_err(|_| {
            format!(
                "service {}: -o sessions_per_process: bad number \"{text}\"",
                entry.name
            )
        })?,
        None => settings.per_service(&entry.name, "sessions_per_process")?,
    };
    let program = Path::new(&get::<Directories>(settings)?.daemon_directory).join(&entry.command);
    let known_as = entry.identity(&text(settings, "known_tcp_ports")?);
    let place = entry.path();
    let place = place.unwrap_or_else(|| known_as.trim_start_matches(':').to_owned());
    Ok(Definition {
        program,
        place,
        process_limit: (limit > 0).then_some(limit),
        sessions_per_process,
        rootless: !sys::rights::is_root(),
        verbose: usize::from(maillog::verbose_level()),
        entry,
    })
}

/// The value that a service's own `-o name=value` gives a parameter; the last one counts.
fn own_override<'a>(entry: &'a Entry, name: &str) -> Option<&'a str> {
    let assignments = entry
        .arguments
        .windows(2)
        .filter(|pair| pair.first().is_some_and(|word| word == "-o"));
    assignments
        .filter_map(|pair| pair.last()?.split_once('='))
        .filter(|(left, _)| left.trim() == name)
        .map(|(_, value)| value.trim())
        .next_back()
}

fn surroundings(settings: &Settings) -> Result<Surroundings, Explained> {
    let networks: Networks = get(settings)?;
    let protocols = Protocols::parse(&networks.inet_protocols).map_err(|error| {
        let word = if let InterfacesError::Protocol(word, _) = &error {
            word.as_str()
        } else {
            ""
        };
        let help = Help::one_of(word, &["all", "ipv4", "ipv6"]);
        settings.explained("inet_protocols", word, error.to_string(), help)
    })?;
    let interfaces = networks.inet_interfaces;
    let interfaces = if interfaces.trim() == "all" {
        Vec::new()
    } else {
        OwnAddresses::open(&interfaces, "", protocols)
            .map_err(|error| error.to_string())?
            .interfaces
    };
    let owner = if sys::rights::is_root() {
        let owner = config::mail_owner(settings)?;
        Some((owner.uid, owner.gid))
    } else {
        None
    };
    Ok(Surroundings {
        owner,
        interfaces,
        protocols,
        inet_protocols: networks.inet_protocols,
    })
}

pub(crate) fn text(settings: &Settings, name: &str) -> Result<String, Explained> {
    Ok(settings.text(name)?.unwrap_or_default())
}

fn get<G: Group>(settings: &Settings) -> Result<G, Explained> {
    Ok(settings.get()?)
}
