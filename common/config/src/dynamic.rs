//! Stock values that are found out: this machine's name, domain and networks; and the checks of such names.

use std::borrow::Cow;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::OnceLock;

use sys::interfaces::{Interface, interfaces};
use text::token;

use crate::error::Error;
use crate::settings::Settings;

/// What was found out, each at most once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dynamic {
    host: OnceLock<String>,
    networks: OnceLock<String>,
}

impl Dynamic {
    /// The stock value of a name that is computed; `None` for other names.
    pub(crate) fn value<'a>(
        &'a self,
        settings: &'a Settings,
        name: &str,
    ) -> Result<Option<Cow<'a, str>>, Error> {
        match name {
            "myhostname" => self
                .host_name(settings)
                .map(|host| Some(Cow::Borrowed(host))),
            "mydomain" => domain_of(settings).map(|domain| Some(Cow::Owned(domain))),
            "mynetworks" => self
                .networks(settings)
                .map(|networks| Some(Cow::Borrowed(networks))),
            _ => Ok(None),
        }
    }

    /// The kernel's name for this machine, with a domain if it has none.
    fn host_name(&self, settings: &Settings) -> Result<&str, Error> {
        if let Some(host) = self.host.get() {
            return Ok(host);
        }
        let name = sys::nix::unistd::gethostname().map_err(|error| Error::System {
            what: "gethostname",
            reason: error.desc().to_owned(),
        })?;
        let mut name = name.to_string_lossy().into_owned();
        if !name.contains('.') {
            let domain = match settings.set("mydomain") {
                Some(domain) => settings.expand(domain)?,
                None => LOCAL_DOMAIN.to_owned(),
            };
            name = format!("{name}.{domain}");
        }
        Ok(self.host.get_or_init(|| name))
    }

    /// What mynetworks_style says about the addresses of inet_interfaces.
    fn networks(&self, settings: &Settings) -> Result<&str, Error> {
        if let Some(networks) = self.networks.get() {
            return Ok(networks);
        }
        let text = |name: &str| settings.text(name).map(Option::unwrap_or_default);
        let style = Style::parse(&text("mynetworks_style")?)
            .map_err(|error| settings.within("mynetworks_style", error))?;
        let protocols = text("inet_protocols")?;
        let listening = text("inet_interfaces")?;
        let found = interfaces().map_err(|error| Error::System {
            what: "getifaddrs",
            reason: sys::reason(&error),
        })?;
        let networks = networks_of(&found, style, &listening, &protocols);
        Ok(self.networks.get_or_init(|| networks))
    }
}

/// The domain of a machine whose name has none.
const LOCAL_DOMAIN: &str = "localdomain";

fn domain_of(settings: &Settings) -> Result<String, Error> {
    let host = settings.text("myhostname")?.unwrap_or_default();
    Ok(host
        .split_once('.')
        .map_or(LOCAL_DOMAIN, |(_, domain)| domain)
        .to_owned())
}

/// How wide the networks of trusted clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Class,
    Subnet,
    Host,
}

impl Style {
    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "class" => Ok(Self::Class),
            "subnet" => Ok(Self::Subnet),
            "host" => Ok(Self::Host),
            _ => Err(Error::Choice {
                what: format!("unknown mynetworks mask style value \"{text}\" in \"{text}\""),
                word: text.to_owned(),
                among: &["host", "subnet", "class"],
            }),
        }
    }
}

/// The networks of the addresses that mail is received on, as mynetworks would list them.
fn networks_of(found: &[Interface], style: Style, listening: &str, protocols: &str) -> String {
    let version = |address: IpAddr| {
        let all = token::words(protocols).any(|word| word == "all");
        let wanted = if address.is_ipv4() { "ipv4" } else { "ipv6" };
        all || token::words(protocols).any(|word| word == wanted)
    };
    let own = |address: IpAddr| match listening.trim() {
        "all" => true,
        "loopback-only" => address.is_loopback(),
        list => token::words(list).any(|word| {
            let plain = word.trim_matches(['[', ']']);
            plain.parse() == Ok(address) || (plain == "localhost" && address.is_loopback())
        }),
    };
    let used = found
        .iter()
        .filter(|interface| version(interface.address) && own(interface.address));
    let mut networks: Vec<String> = Vec::new();
    for interface in used {
        let network = network(interface, style);
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    // A machine whose interfaces are named one by one still trusts itself.
    networks.sort_by_key(|network| network.contains(':'));
    networks.join(" ")
}

fn network(interface: &Interface, style: Style) -> String {
    match (interface.address, style) {
        (IpAddr::V4(address), Style::Class) => v4(address, class_prefix(address)),
        (IpAddr::V4(address), Style::Subnet) => v4(address, interface.prefix),
        (IpAddr::V4(address), Style::Host) => v4(address, 32),
        (IpAddr::V6(address), Style::Host) => format!("[{address}]/128"),
        (IpAddr::V6(address), Style::Class | Style::Subnet) => {
            let bits = address.to_bits()
                & u128::MAX
                    .checked_shl(128 - u32::from(interface.prefix))
                    .unwrap_or(0);
            format!(
                "[{}]/{}",
                std::net::Ipv6Addr::from_bits(bits),
                interface.prefix
            )
        }
    }
}

fn v4(address: Ipv4Addr, prefix: u8) -> String {
    let mask = u32::MAX
        .checked_shl(32 - u32::from(prefix.min(32)))
        .unwrap_or(0);
    format!("{}/{prefix}", Ipv4Addr::from_bits(address.to_bits() & mask))
}

const fn class_prefix(address: Ipv4Addr) -> u8 {
    match address.octets()[0] {
        0..=127 => 8,
        128..=191 => 16,
        192..=223 => 24,
        _ => 32,
    }
}

/// What a function of the configuration language makes of its argument.
pub(crate) fn function(name: &[u8], argument: &[u8]) -> Option<Vec<u8>> {
    match name {
        b"domain_to_ascii" => Some(match std::str::from_utf8(argument) {
            Ok(domain) => text::idn::to_ascii(domain).into_bytes(),
            Err(_) => argument.to_ascii_lowercase(),
        }),
        _ => None,
    }
}

/// The name in the file that a value names by an absolute path (an extension of Debian's for myhostname and myorigin):
/// its first line, which must be one word.
pub(crate) fn from_file(name: &str, path: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::NameFile {
        path: path.to_owned(),
        what: format!("cannot open file: {}", sys::reason(&error)),
    })?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(Error::NameFile {
            path: path.to_owned(),
            what: format!("the first line is to hold {name}, but is empty"),
        });
    }
    Ok(line.to_owned())
}

/// What is wrong with the value of a parameter that every program relies on.
pub(crate) fn check(name: &str, value: &str) -> Option<&'static str> {
    match name {
        "myhostname" | "mydomain" if !is_host_name(value) => Some("bad parameter value"),
        "myorigin" if token::words(value).count() > 1 => {
            Some("setting must not contain multiple values")
        }
        _ => None,
    }
}

/// Letters, digits, hyphens (not at the ends of a label), underscores and single dots; 255 bytes, 63 to a label.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        let byte = |byte: u8| {
            byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || !byte.is_ascii()
        };
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(byte)
    };
    name.len() <= 255 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(address: &str, prefix: u8) -> Interface {
        Interface {
            address: address.parse().unwrap(),
            prefix,
        }
    }

    #[test]
    fn networks_follow_the_style() {
        let found = [
            interface("127.0.0.1", 8),
            interface("::1", 128),
            interface("192.0.2.2", 25),
            interface("fd00::2", 64),
        ];
        let networks = |style, listening| networks_of(&found, style, listening, "all");
        assert_eq!(
            networks(Style::Subnet, "all"),
            "127.0.0.0/8 192.0.2.0/25 [::1]/128 [fd00::]/64"
        );
        assert_eq!(
            networks(Style::Class, "all"),
            "127.0.0.0/8 192.0.2.0/24 [::1]/128 [fd00::]/64"
        );
        assert_eq!(
            networks(Style::Host, "loopback-only"),
            "127.0.0.1/32 [::1]/128"
        );
        assert_eq!(
            networks_of(&found, Style::Host, "192.0.2.2", "ipv4"),
            "192.0.2.2/32"
        );
    }

    #[test]
    fn host_names() {
        assert!(is_host_name("mail.example.com"));
        for bad in ["", "a b", "-x-", "a..b", "a.", "/etc/hostname"] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }
}
