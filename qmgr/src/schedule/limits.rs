//! What a transport allows: the `<transport>_...` parameters of main.cf.

use std::time::Duration;

use config::Settings;
use records::delivery::MAX_RECIPIENTS;

use super::feedback::Feedback;

/// The limits of one transport.
#[derive(Clone, Debug)]
pub struct TransportLimits {
    /// The most recipients of one delivery.
    pub destination_recipient_limit: usize,
    /// The most deliveries to a destination at once; 0 for no limit.
    pub destination_concurrency_limit: usize,
    /// How many deliveries to a destination begin at once.
    pub initial_destination_concurrency: usize,
    /// What a success adds to a destination's window.
    pub positive_feedback: Feedback,
    /// What a failure takes off.
    pub negative_feedback: Feedback,
    /// After how many rounds of failures a destination is dead; 0 for never.
    pub failed_cohort_limit: usize,
    /// The pause between deliveries to a destination.
    pub destination_rate_delay: Duration,
    /// The pause between deliveries of the transport.
    pub transport_rate_delay: Duration,
}

impl TransportLimits {
    /// As main.cf has them for that transport.
    pub fn read(settings: &Settings, transport: &str) -> Result<Self, config::Error> {
        let feedback = |sign: &str| {
            let suffix = format!("destination_concurrency_{sign}_feedback");
            let text: String = settings.for_transport(transport, &suffix)?;
            Ok::<_, config::Error>(Feedback::parse(&text).unwrap_or_else(|| {
                maillog::warning!("{transport}_{suffix}: bad feedback value \"{text}\", using 1");
                Feedback::ONE
            }))
        };
        Ok(Self {
            destination_recipient_limit: at_most_a_request(
                settings.for_transport(transport, "destination_recipient_limit")?,
            ),
            destination_concurrency_limit: settings
                .for_transport(transport, "destination_concurrency_limit")?,
            initial_destination_concurrency: settings
                .for_transport(transport, "initial_destination_concurrency")?,
            positive_feedback: feedback("positive")?,
            negative_feedback: feedback("negative")?,
            failed_cohort_limit: settings
                .for_transport(transport, "destination_concurrency_failed_cohort_limit")?,
            destination_rate_delay: settings.for_transport(transport, "destination_rate_delay")?,
            transport_rate_delay: settings.for_transport(transport, "transport_rate_delay")?,
        })
    }

    /// The most deliveries to a destination at once. With a pause between deliveries there is one at a time.
    #[must_use]
    pub const fn most(&self) -> usize {
        if !self.destination_rate_delay.is_zero() {
            1
        } else if self.destination_concurrency_limit == 0 {
            usize::MAX
        } else {
            self.destination_concurrency_limit
        }
    }

    /// How many deliveries to a new destination begin at once.
    #[must_use]
    pub fn initial_window(&self) -> usize {
        self.initial_destination_concurrency
            .clamp(1, self.most().max(1))
    }
}

/// One delivery is one request to an agent, which has a limit of its own.
const fn at_most_a_request(limit: usize) -> usize {
    if limit == 0 || limit > MAX_RECIPIENTS {
        MAX_RECIPIENTS
    } else {
        limit
    }
}

impl Default for TransportLimits {
    /// The stock values.
    fn default() -> Self {
        Self {
            destination_recipient_limit: 50,
            destination_concurrency_limit: 20,
            initial_destination_concurrency: 5,
            positive_feedback: Feedback::ONE,
            negative_feedback: Feedback::ONE,
            failed_cohort_limit: 1,
            destination_rate_delay: Duration::ZERO,
            transport_rate_delay: Duration::ZERO,
        }
    }
}
