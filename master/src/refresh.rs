//! A reload: services that are new, changed or gone.
//!
//! A service that stays keeps its sockets, so no client is refused; its processes finish the clients that they have.

use config::master_cf::ServiceType;
use sys::signal::Kind;

use crate::event_loop::Master;
use crate::listen::Surroundings;
use crate::reload::read;
use crate::service::Definition;
use crate::timers::Due;

/// What a reload cannot change: sockets are made once.
fn warn_of_change(kept: &Surroundings, wanted: &Surroundings, definitions: &[Definition]) {
    if kept.protocols != wanted.protocols {
        maillog::warning!("ignoring inet_protocols parameter value change");
        let (old, new) = (&kept.inet_protocols, &wanted.inet_protocols);
        maillog::warning!("old value: \"{old}\", new value: \"{new}\"");
        maillog::warning!("to change inet_protocols, stop and start Postfix");
    }
    let everywhere = |definition: &&Definition| {
        definition.entry.kind == ServiceType::Inet && !definition.entry.name.contains(':')
    };
    if kept.interfaces != wanted.interfaces {
        for definition in definitions.iter().filter(everywhere) {
            let name = &definition.entry.name;
            maillog::warning!("service {name}: ignoring inet_interfaces change");
            maillog::warning!("to change inet_interfaces, stop and start Postfix");
        }
    }
    if kept.owner != wanted.owner {
        maillog::warning!("to change mail_owner, stop and start the mail system");
    }
}

impl Master {
    /// Read the configuration anew. A mistake in it changes nothing: the services go on as they were.
    pub(crate) fn reload(&mut self) {
        let mut fresh = match read(self.options_directory.as_deref()) {
            Ok(fresh) => fresh,
            Err(text) => {
                maillog::error!("reload: {text}");
                maillog::error!(
                    "reload: the mail system goes on with its old configuration; mend the file and reload again"
                );
                return;
            }
        };
        let definitions = std::mem::take(&mut fresh.definitions);
        let kept = self.configuration.surroundings.clone();
        let wanted = std::mem::replace(&mut fresh.surroundings, kept);
        self.configuration = fresh;
        self.log_configuration("reload");
        warn_of_change(&self.configuration.surroundings, &wanted, &definitions);
        self.remove_all_but(&definitions);
        for definition in definitions {
            let identity = definition.identity();
            let known = self
                .services
                .iter()
                .find(|(_, service)| service.definition.identity() == identity);
            let result = match known.map(|(key, _)| *key) {
                Some(key) => self.change(key, definition),
                None => self.add(definition),
            };
            if let Err(text) = result {
                maillog::error!("reload: {text}; the service is not available");
            }
        }
    }

    /// Give a service its new definition; its processes finish their clients and leave.
    fn change(&mut self, key: usize, definition: Definition) -> Result<(), String> {
        self.retire(key)?;
        let Some(service) = self.services.get_mut(&key) else {
            return Ok(());
        };
        service
            .book
            .change_limits(definition.process_limit, definition.sessions_per_process);
        service.book.set_throttled(false);
        service.definition = definition;
        self.timers.forget_wakeup(key);
        self.timers.forget(&Due::Unthrottle(key));
        self.arm(key);
        self.set_wakeup(key);
        Ok(())
    }

    /// Let the processes of a service finish their clients and leave; new ones take their place.
    pub(crate) fn retire(&mut self, key: usize) -> Result<(), String> {
        let fresh = self.new_channel()?;
        let Some(service) = self.services.get_mut(&key) else {
            return Ok(());
        };
        service.book.retire_all();
        let mut former = std::mem::replace(&mut service.status, fresh);
        former
            .dismiss()
            .map_err(|error| format!("status channel: {error}"))?;
        service.former.push(former);
        self.watch_status(key);
        Ok(())
    }

    fn remove_all_but(&mut self, definitions: &[Definition]) {
        let kept: Vec<_> = definitions.iter().map(Definition::identity).collect();
        let gone: Vec<usize> = self
            .services
            .iter()
            .filter(|(_, service)| !kept.contains(&service.definition.identity()))
            .map(|(key, _)| *key)
            .collect();
        for key in gone {
            let Some(service) = self.services.remove(&key) else {
                continue;
            };
            self.timers.forget_all(key);
            service.listening.remove_name();
            for pid in service.book.pids() {
                self.processes.remove(&pid);
                // It may have ended already.
                let _ = sys::process::signal(pid, Kind::SIGTERM);
            }
        }
    }
}
