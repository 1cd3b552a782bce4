//! What a command learns of the letter from its environment.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use sys::users::Account;

use crate::job::Job;
use crate::names::filter;
use crate::place::{Parts, Place};

impl Job<'_> {
    /// The whole environment of a command. Characters outside of `command_expansion_filter` become `_`.
    pub(crate) fn environment(
        &self,
        place: &Place,
        parts: &Parts,
        account: Option<&Account>,
    ) -> Vec<(OsString, OsString)> {
        let config = self.config();
        let allowed = &config.commands.command_expansion_filter;
        let message = self.delivery.message();
        let (client, sasl) = (&message.client, &message.sasl);
        let bytes = |path: &std::path::Path| path.as_os_str().to_owned().into_vec();
        let of_account = account.map(|account| {
            [
                ("SHELL", bytes(&account.shell)),
                ("HOME", bytes(&account.home)),
            ]
        });
        let of_letter = [
            ("USER", parts.user.clone()),
            ("LOGNAME", parts.user.clone()),
            ("EXTENSION", parts.extension.clone()),
            ("DOMAIN", parts.domain.clone()),
            ("LOCAL", place.recipient.address.local_part().to_vec()),
            (
                "ORIGINAL_RECIPIENT",
                place.recipient.original.as_bytes().to_vec(),
            ),
            ("RECIPIENT", place.recipient.address.as_bytes().to_vec()),
            ("SENDER", self.sender(place).as_bytes().to_vec()),
            ("ENVID", message.envelope_id.clone()),
            ("CLIENT_ADDRESS", client.address.clone()),
            ("CLIENT_HELO", client.helo.clone()),
            ("CLIENT_HOSTNAME", client.name.clone()),
            ("CLIENT_PROTOCOL", client.protocol.clone()),
            ("SASL_METHOD", sasl.method.clone()),
            ("SASL_SENDER", sasl.sender.clone()),
            ("SASL_USERNAME", sasl.username.clone()),
        ];
        let known = of_account.into_iter().flatten().chain(of_letter);
        let exported = known
            .filter(|(name, value)| !value.is_empty() || *name == "SENDER")
            .map(|(name, value)| {
                (
                    OsString::from(name),
                    OsString::from_vec(filter(&value, allowed)),
                )
            });
        config.environment.iter().cloned().chain(exported).collect()
    }
}
