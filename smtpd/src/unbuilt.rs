//! Settings that this server does not have the parts for.
//!
//! What would only add something (STARTTLS, logins, milters) is left out with a warning at start. What would be a
//! promise broken (mail only over TLS, mail only through a filter, addresses told by a proxy) stops the daemon.

use ::config::params::smtpd::{Access, Commands, Greeting, Milters, Proxy, Sasl, Tls};
use ::config::{Error, Settings};

/// A parameter and why its value cannot be honoured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unbuilt {
    /// Its name.
    pub parameter: &'static str,
    /// Whether the server cannot run without it.
    pub vital: bool,
}

/// What these settings ask for and will not get.
pub fn find(settings: &Settings) -> Result<Vec<Unbuilt>, Error> {
    let tls: Tls = settings.get()?;
    let sasl: Sasl = settings.get()?;
    let milters: Milters = settings.get()?;
    let proxy: Proxy = settings.get()?;
    let greeting: Greeting = settings.get()?;
    let access: Access = settings.get()?;
    let commands: Commands = settings.get()?;
    let level = tls.smtpd_tls_security_level.to_ascii_lowercase();
    let enforced = tls.smtpd_enforce_tls || !matches!(level.as_str(), "" | "none" | "may");
    let all = [
        (enforced, "smtpd_tls_security_level", true),
        (tls.smtpd_tls_wrappermode, "smtpd_tls_wrappermode", true),
        (
            !proxy.smtpd_proxy_filter.is_empty(),
            "smtpd_proxy_filter",
            true,
        ),
        (
            !greeting.smtpd_upstream_proxy_protocol.is_empty(),
            "smtpd_upstream_proxy_protocol",
            true,
        ),
        (
            level == "may" || tls.smtpd_use_tls,
            "smtpd_tls_security_level",
            false,
        ),
        (sasl.smtpd_sasl_auth_enable, "smtpd_sasl_auth_enable", false),
        (!milters.smtpd_milters.is_empty(), "smtpd_milters", false),
        (
            !milters.smtpd_milter_maps.is_empty(),
            "smtpd_milter_maps",
            false,
        ),
        (
            !commands.smtpd_reject_filter_maps.is_empty(),
            "smtpd_reject_filter_maps",
            false,
        ),
        (
            !access.smtpd_reject_footer_maps.is_empty(),
            "smtpd_reject_footer_maps",
            false,
        ),
        (
            !access.smtpd_dns_reply_filter.is_empty(),
            "smtpd_dns_reply_filter",
            false,
        ),
        (
            !access.smtpd_log_access_permit_actions.is_empty(),
            "smtpd_log_access_permit_actions",
            false,
        ),
        (
            !commands.smtpd_delay_open_until_valid_rcpt,
            "smtpd_delay_open_until_valid_rcpt",
            false,
        ),
    ];
    let asked = all.into_iter().filter(|(asked, ..)| *asked);
    Ok(asked
        .map(|(_, parameter, vital)| Unbuilt { parameter, vital })
        .collect())
}

impl std::fmt::Display for Unbuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { parameter, vital } = self;
        if *vital {
            write!(
                f,
                "parameter {parameter}: this is not supported yet, and mail must not pass without it"
            )
        } else {
            write!(f, "parameter {parameter} is accepted but has no effect yet")
        }
    }
}
