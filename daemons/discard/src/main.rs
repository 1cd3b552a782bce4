//! discard(8): throw mail away, and say that it was delivered.
//!
//! Takes delivery requests from qmgr(8). The next hop may be a text for the log, with or without a status code before it.
//! Touches nothing but the queue file that it was handed. Logs one line for each recipient.

use std::process::ExitCode;
use std::rc::Rc;

use delivery::{Agent, Delivery};
use mail::DsnStatus;
use mail::outcome::Dsn;
use service::{Fatal, Start};

fn main() -> ExitCode {
    delivery::run::<Discard>()
}

struct Discard;

impl Agent for Discard {
    const NAME: &'static str = "discard";

    fn open(_start: &Start) -> Result<Self, Fatal> {
        Ok(Self)
    }

    async fn deliver(self: Rc<Self>, delivery: &Delivery<'_>) {
        let (status, text) = DsnStatus::leading(&delivery.request().nexthop);
        let status = status.unwrap_or(DsnStatus::new(2, 0, 0)).with_class(2);
        for recipient in delivery.remaining() {
            let _ = delivery
                .sent(recipient, "none", Dsn::new(status, text))
                .await;
        }
    }
}
