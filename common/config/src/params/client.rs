//! Where the SMTP and LMTP clients send mail, beyond what both have under their own names.

use crate::table::params;
use crate::value::Words;

params! {
    /// Finding servers.
    pub struct Destinations {
        /// What happens to mail when this machine is the best mail server for it.
        best_mx_transport: String = "";
        /// Whether a failed MX lookup is taken for no MX.
        ignore_mx_lookup_error: bool = "no";
        /// The services for which SRV records are looked up.
        use_srv_lookup: Words = "";
        /// Whether MX records are used when there are no SRV records.
        allow_srv_lookup_fallback: bool = "no";
        /// Whether a failed SRV lookup is taken for no SRV.
        ignore_srv_lookup_error: bool = "no";
    }

    /// What only the SMTP client has.
    pub struct SmtpOnly {
        /// Whether EHLO is sent whatever the greeting says.
        smtp_always_send_ehlo: bool = "yes";
        /// Whether EHLO is never sent.
        smtp_never_send_ehlo: bool = "no";
        /// The TLS policy when the MX record is not secured by DNSSEC but the address is.
        smtp_tls_dane_insecure_mx_policy: String = "dane";
    }

    /// What only the LMTP client has.
    pub struct LmtpOnly {
        /// Whether a server without DSN is taken for the final destination.
        lmtp_assume_final: bool = "no";
    }
}
