//! Mail for a domain whose best mail exchanger we are ourselves goes to another delivery agent (best_mx_transport).

use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use delivery::{Delivery, Fate};
use ipc::Client;
use mail::{DsnStatus, Recipient};
use records::delivery::{Delivery as Conversation, Report, Request};

use crate::failure::Failure;

/// Hand these recipients of a request to `transport` or `transport:nexthop`; the domain is the next hop if none is given.
pub async fn hand_over(
    delivery: &Delivery<'_>,
    transport: &str,
    domain: &str,
    recipients: &[&Recipient],
    limit: Duration,
) -> Result<(), Failure> {
    let (transport, nexthop) = transport.split_once(':').unwrap_or((transport, ""));
    let nexthop = if nexthop.is_empty() { domain } else { nexthop };
    let some: Vec<Recipient> = recipients
        .iter()
        .map(|&recipient| recipient.clone())
        .collect();
    let unavailable = |error: &dyn std::fmt::Display| {
        maillog::warning!("delivery transport {transport}: {error}");
        let status = DsnStatus::new(4, 3, 0);
        Failure::new(status, "mail transport unavailable".to_owned())
    };
    let request = Request {
        nexthop: nexthop.as_bytes().to_vec(),
        recipients: some
            .try_into()
            .map_err(|_| unavailable(&"too many recipients"))?,
        ..delivery.request().clone()
    };
    let report = ask(&request, delivery, transport, limit).await;
    let report = report.map_err(|error| unavailable(&error))?;
    let fate = Fate {
        again: report.deferred,
        bounced: report.bounced,
        traced: report.traced,
    };
    for recipient in recipients {
        delivery.settle(recipient, fate);
    }
    Ok(())
}

async fn ask(
    request: &Request,
    delivery: &Delivery<'_>,
    transport: &str,
    limit: Duration,
) -> Result<Report, ipc::Error> {
    let path = Path::new("private").join(transport);
    let mut client = Client::<Conversation>::connect(&path, limit).await?;
    client.send_with(request, delivery.file().as_fd()).await?;
    client.receive().await
}
