//! Passing one recipient on to another delivery service, as `mailbox_transport` and the like ask for.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use ipc::{Client, Error};
use mail::Recipient;
use records::bounded::Bounded;
use records::delivery::{Delivery as Conversation, Request};

use crate::delivery::Delivery;
use crate::reporter::Fate;

/// Have the `transport:nexthop` deliver to the recipient; without a next hop, to the recipient's domain.
///
/// The other agent reports the recipient. It does not mark it as done, as there may be more to do for the recipient of
/// our own request.
pub async fn pass(
    delivery: &Delivery<'_>,
    recipient: &Recipient,
    to: &str,
    timeout: Duration,
) -> Result<Fate, Error> {
    let (transport, nexthop) = to.split_once(':').unwrap_or((to, ""));
    let domain = recipient.address.domain().unwrap_or_default();
    let nexthop = if nexthop.is_empty() {
        domain
    } else {
        nexthop.as_bytes()
    };
    let recipient = Recipient {
        offset: 0,
        ..recipient.clone()
    };
    let own = delivery.request();
    let request = Request {
        message: own.message.clone(),
        nexthop: nexthop.to_vec(),
        flags: own.flags,
        active: own.active,
        recipients: Bounded::try_from(vec![recipient]).unwrap_or_default(),
    };
    maillog::info!(
        "{}: passing <{}> to transport={transport}",
        own.message.id,
        String::from_utf8_lossy(
            request
                .recipients
                .first()
                .map(|one| one.address.as_bytes())
                .unwrap_or_default()
        )
    );
    let socket = PathBuf::from(format!("private/{transport}"));
    let mut client = Client::<Conversation>::connect(&socket, timeout).await?;
    client.send_with(&request, delivery.file().as_fd()).await?;
    let report = client.receive().await?;
    Ok(Fate {
        again: report.deferred,
        bounced: report.bounced,
        traced: report.traced,
    })
}
