//! error(8), also the service `retry`: mail that cannot be delivered, with the reason that the next hop states.
//!
//! Takes delivery requests from qmgr(8). `retry` defers all mail, every other service returns it; the reason may start with
//! a status code of the class that fits that. Touches nothing but the queue file that it was handed. Logs one line for each
//! recipient, and a status code that does not fit.

use std::process::ExitCode;
use std::rc::Rc;

use delivery::{Agent, Delivery};
use mail::DsnStatus;
use mail::outcome::Dsn;
use service::{Fatal, Start};

fn main() -> ExitCode {
    delivery::run::<Failing>()
}

struct Failing {
    stock: DsnStatus,
}

impl Agent for Failing {
    const NAME: &'static str = "error";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let class = if start.service_name == "retry" { 4 } else { 5 };
        Ok(Self {
            stock: DsnStatus::new(class, 0, 0),
        })
    }

    async fn deliver(self: Rc<Self>, delivery: &Delivery<'_>) {
        let (stated, text) = DsnStatus::leading(&delivery.request().nexthop);
        let status = stated
            .filter(|status| status.class == self.stock.class)
            .unwrap_or(self.stock);
        if let Some(stated) = stated.filter(|stated| *stated != status) {
            let nexthop = String::from_utf8_lossy(&delivery.request().nexthop);
            maillog::warning!("\"{nexthop}\": ignoring status code {stated}, which does not fit");
        }
        for recipient in delivery.remaining() {
            let _ = delivery
                .failed(recipient, "none", Dsn::new(status, text))
                .await;
        }
    }
}
