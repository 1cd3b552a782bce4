//! From main.cf to [`Settings`]. With rights, outside the jail: host names in parameters are looked up here, and the tables
//! of services and of this machine's interfaces are read.

use std::net::IpAddr;

use config::params::{client, core, smtp};
use config::{Prefix, Settings as MainCf};
use dns::{Families, HostLookup, Search};
use mail::mime;
use net::endpoint::Port;
use net::interfaces::{OwnAddresses, Protocols};
use service::Fatal;

use crate::flags::Flags;
use crate::settings::{Lookup, Preference, Reuse, Settings, Source, Timeouts};

/// Read all parameters of smtp or lmtp; `flags` are those of master.cf.
pub fn load(main_cf: &MainCf, lmtp: bool, flags: Flags) -> Result<Settings, Fatal> {
    let prefix = if lmtp { Prefix::Lmtp } else { Prefix::Smtp };
    let protocol: smtp::Protocol = main_cf.client(prefix)?;
    let names: core::Names = main_cf.get()?;
    let ipc: core::Ipc = main_cf.get()?;
    let mime: core::Mime = main_cf.get()?;
    let only_smtp: client::SmtpOnly = main_cf.get()?;
    let only_lmtp: client::LmtpOnly = main_cf.get()?;
    let (lookup, source) = lookup(main_cf, prefix)?;
    Ok(Settings {
        lmtp,
        myhostname: names.myhostname,
        hello_name: protocol.helo_name,
        always_send_ehlo: only_smtp.smtp_always_send_ehlo,
        never_send_ehlo: only_smtp.smtp_never_send_ehlo,
        discard_keywords: protocol.discard_ehlo_keywords.to_vec(),
        skip_5xx_greeting: protocol.skip_5xx_greeting,
        skip_quit_response: protocol.skip_quit_response,
        send_xforward: protocol.send_xforward_command,
        quote_envelope: protocol.quote_rfc821_envelope,
        line_length_limit: protocol.line_length_limit,
        assume_final: flags.last || (lmtp && only_lmtp.lmtp_assume_final),
        flags,
        disable_mime_conversion: mime.disable_mime_output_conversion,
        mime: mime_options(&mime),
        lookup,
        timeouts: timeouts(&main_cf.client(prefix)?),
        source,
        reuse: reuse(&main_cf.client(prefix)?),
        ipc_timeout: ipc.ipc_timeout,
    })
}

fn lookup(main_cf: &MainCf, prefix: Prefix) -> Result<(Lookup, Source), Fatal> {
    let smtp: smtp::Destinations = main_cf.client(prefix)?;
    let both: client::Destinations = main_cf.get()?;
    let networks: core::Networks = main_cf.get()?;
    let dns: core::Dns = main_cf.get()?;
    let protocols = Protocols::parse(&networks.inet_protocols).map_err(fatal)?;
    let own = OwnAddresses::open(
        &networks.inet_interfaces,
        &networks.proxy_interfaces,
        protocols,
    );
    let own = own.map_err(fatal)?;
    let disabled = dns.disable_dns_lookups || smtp.dns_support_level == "disabled";
    let listed = |word: &str| smtp.host_lookup.iter().any(|known| known == word);
    let port = Port::parse(&smtp.tcp_port)
        .ok()
        .and_then(|port| port.number());
    let port = port.ok_or_else(|| Fatal::new(format!("unknown service: {}/tcp", smtp.tcp_port)))?;
    let lookup = Lookup {
        port,
        families: Families {
            ipv4: protocols.ipv4,
            ipv6: protocols.ipv6,
        },
        preference: preference(&smtp.address_preference)?,
        balance: smtp.balance_inet_protocols && protocols.ipv4 && protocols.ipv6,
        randomize: smtp.randomize_addresses,
        address_limit: smtp.mx_address_limit,
        session_limit: smtp.mx_session_limit,
        host: HostLookup {
            dns: !disabled && listed("dns"),
            native: disabled || listed("native"),
        },
        search: search(&smtp.dns_resolver_options),
        ignore_mx_lookup_error: both.ignore_mx_lookup_error,
        defer_if_no_mx_address: smtp.defer_if_no_mx_address_found,
        fallback: smtp.fallback_relay.to_vec(),
        best_mx_transport: both.best_mx_transport,
        own,
    };
    let source = source(&smtp, &networks.inet_interfaces, &lookup.own)?;
    Ok((lookup, source))
}

fn preference(text: &str) -> Result<Preference, Fatal> {
    match text.to_ascii_lowercase().as_str() {
        "any" => Ok(Preference::Any),
        "ipv4" => Ok(Preference::Ipv4),
        "ipv6" => Ok(Preference::Ipv6),
        _ => Err(Fatal::new(format!(
            "bad address preference \"{text}\": expected \"any\", \"ipv4\" or \"ipv6\""
        ))),
    }
}

fn search(options: &[String]) -> Search {
    let listed = |word: &str| options.iter().any(|known| known == word);
    if listed("res_dnsrch") {
        Search::List
    } else if listed("res_defnames") {
        Search::DefaultDomain
    } else {
        Search::None
    }
}

/// smtp_bind_address, or the one address in inet_interfaces when it names only one.
fn source(
    smtp: &smtp::Destinations,
    inet_interfaces: &str,
    own: &OwnAddresses,
) -> Result<Source, Fatal> {
    let named = !matches!(inet_interfaces.trim(), "all" | "loopback-only");
    let only = |v4: bool| {
        let mut same = own
            .interfaces
            .iter()
            .filter(|address| address.is_ipv4() == v4);
        let first = same
            .next()
            .filter(|address| named && !address.is_loopback());
        if same.next().is_some() {
            None
        } else {
            first.copied()
        }
    };
    let ipv4 = given("bind_address", &smtp.bind_address)?.or_else(|| only(true));
    let ipv6 = given("bind_address6", &smtp.bind_address6)?.or_else(|| only(false));
    Ok(Source {
        ipv4: ipv4.and_then(|address| match address {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        }),
        ipv6: ipv6.and_then(|address| match address {
            IpAddr::V6(v6) => Some(v6),
            IpAddr::V4(_) => None,
        }),
        enforce: smtp.bind_address_enforce,
    })
}

fn given(name: &str, text: &str) -> Result<Option<IpAddr>, Fatal> {
    if text.is_empty() {
        return Ok(None);
    }
    let address = net::endpoint::parse_address(text);
    let address = address
        .ok_or_else(|| Fatal::new(format!("bad {name} \"{text}\": expected an IP address")))?;
    Ok(Some(address))
}

fn mime_options(mime: &core::Mime) -> mime::Options {
    mime::Options {
        nesting_limit: mime.mime_nesting_limit,
        boundary_length_limit: mime.mime_boundary_length_limit,
        header_size_limit: mime.header_size_limit,
        ..mime::Options::default()
    }
}

fn timeouts(group: &smtp::Timeouts) -> Timeouts {
    Timeouts {
        connect: group.connect_timeout,
        hello: group.helo_timeout,
        xforward: group.xforward_timeout,
        mail: group.mail_timeout,
        rcpt: group.rcpt_timeout,
        data_init: group.data_init_timeout,
        data_transfer: group.data_xfer_timeout,
        data_done: group.data_done_timeout,
        rset: group.rset_timeout,
        quit: group.quit_timeout,
        per_request: group.per_request_deadline,
        min_data_rate: u32::try_from(group.min_data_rate).unwrap_or(u32::MAX),
    }
}

fn reuse(group: &smtp::Reuse) -> Reuse {
    Reuse {
        on_demand: group.connection_cache_on_demand,
        destinations: group.connection_cache_destinations.to_vec(),
        time_limit: group.connection_cache_time_limit,
        count_limit: u32::try_from(group.connection_reuse_count_limit).unwrap_or(u32::MAX),
        age_limit: group.connection_reuse_time_limit,
    }
}

fn fatal(error: impl std::fmt::Display) -> Fatal {
    Fatal::new(error.to_string())
}
