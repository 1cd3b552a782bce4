//! Simulations: events in, decisions out.

use std::collections::{BTreeMap, VecDeque};

use mail::Address;
use proptest::prelude::*;

use super::*;

fn recipient(name: &str) -> Recipient {
    Recipient {
        address: Address::new(name).unwrap(),
        ..Recipient::default()
    }
}

fn schedule(limits: TransportLimits) -> Schedule {
    let patience = Patience {
        destination: Duration::from_secs(300),
        transport: Duration::from_secs(60),
    };
    let limits = move |name: &str| match name {
        "local" => TransportLimits {
            destination_recipient_limit: 1,
            destination_concurrency_limit: 2,
            ..TransportLimits::default()
        },
        RETRY => TransportLimits::default(),
        _ => limits.clone(),
    };
    Schedule::new(limits, patience)
}

fn add(
    schedule: &mut Schedule,
    now: Instant,
    message: usize,
    transport: &str,
    nexthop: &str,
    name: &str,
) {
    schedule.add(
        now,
        MessageId(message),
        (transport, nexthop.as_bytes()),
        recipient(name),
        Wish::default(),
    );
}

fn unreachable() -> Outcome {
    Outcome::Unreachable(Dsn::new(DsnStatus::new(4, 4, 1), "connect: refused"))
}

/// Pick all that may begin: message, next hop, number of recipients.
fn picked(schedule: &mut Schedule, now: Instant) -> Vec<(EntryId, usize, String, usize)> {
    std::iter::from_fn(|| schedule.pick(now))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|id| {
            let nexthop =
                String::from_utf8_lossy(&schedule.destination_of(id).nexthop).into_owned();
            let entry = schedule.entry(id);
            (id, entry.message.0, nexthop, entry.recipients.len())
        })
        .collect()
}

#[test]
fn recipients_of_a_message_with_one_next_hop_go_together() {
    let mut schedule = schedule(TransportLimits {
        destination_recipient_limit: 3,
        ..TransportLimits::default()
    });
    let now = Instant::now();
    for n in 0..7 {
        add(
            &mut schedule,
            now,
            1,
            "smtp",
            "a.test",
            &format!("r{n}@a.test"),
        );
    }
    add(&mut schedule, now, 2, "smtp", "a.test", "other@a.test");
    let sizes: Vec<_> = picked(&mut schedule, now)
        .into_iter()
        .map(|(_, message, _, size)| (message, size))
        .collect();
    assert_eq!(sizes, [(1, 3), (1, 3), (1, 1), (2, 1)]);
}

#[test]
fn a_local_recipient_is_a_destination_of_its_own() {
    let mut schedule = schedule(TransportLimits::default());
    let now = Instant::now();
    for message in 0..4 {
        add(
            &mut schedule,
            now,
            message,
            "local",
            "here.test",
            "one@here.test",
        );
    }
    add(&mut schedule, now, 9, "local", "here.test", "two@here.test");
    let messages: Vec<_> = picked(&mut schedule, now)
        .into_iter()
        .map(|(_, message, ..)| message)
        .collect();
    assert_eq!(messages, [0, 1, 9]);
}

#[test]
fn the_window_grows_to_the_limit_and_shrinks_to_death() {
    let mut schedule = schedule(TransportLimits {
        destination_recipient_limit: 2,
        ..TransportLimits::default()
    });
    let now = Instant::now();
    for message in 0..100 {
        add(&mut schedule, now, message, "smtp", "a.test", "r@a.test");
    }
    let mut going: VecDeque<_> = picked(&mut schedule, now).into();
    assert_eq!(going.len(), 5);
    for _ in 0..40 {
        let (id, ..) = going.pop_front().unwrap();
        schedule.finished(now, id, Outcome::Done);
        going.extend(picked(&mut schedule, now));
    }
    assert_eq!(going.len(), 20);
    // A whole round of failures, and the rest is handed to the retry transport.
    let mut retried = Vec::new();
    for (id, ..) in going {
        schedule.finished(now, id, unreachable());
        retried.extend(picked(&mut schedule, now));
    }
    let reason = "4.4.1 delivery temporarily suspended: connect: refused";
    assert!(retried.iter().any(|(_, _, nexthop, _)| nexthop == reason));
    let before: Vec<_> = retried
        .iter()
        .filter(|(_, _, nexthop, _)| nexthop == "a.test")
        .collect();
    assert!(
        before.len() < 20,
        "failures must not begin more deliveries than there were: {}",
        before.len()
    );
}

#[test]
fn a_dead_destination_comes_back_after_a_while_or_when_flushed() {
    let limits = TransportLimits {
        initial_destination_concurrency: 1,
        ..TransportLimits::default()
    };
    for flush in [false, true] {
        let mut schedule = schedule(limits.clone());
        let mut now = Instant::now();
        add(&mut schedule, now, 1, "smtp", "a.test", "r@a.test");
        let (id, ..) = picked(&mut schedule, now).remove(0);
        schedule.finished(now, id, unreachable());
        add(&mut schedule, now, 2, "smtp", "a.test", "r@a.test");
        let (id, _, nexthop, _) = picked(&mut schedule, now).remove(0);
        assert!(nexthop.starts_with("4.4.1 delivery temporarily suspended"));
        schedule.finished(now, id, Outcome::Done);
        if flush {
            schedule.flush();
        } else {
            let wake = schedule.next_wake().unwrap();
            assert_eq!(wake - now, Duration::from_secs(300));
            now = wake;
            schedule.wake(now);
        }
        assert_eq!(schedule.next_wake(), None);
        add(&mut schedule, now, 3, "smtp", "a.test", "r@a.test");
        assert_eq!(picked(&mut schedule, now).remove(0).2, "a.test");
    }
}

#[test]
fn a_message_that_is_flushed_does_not_believe_in_death() {
    let mut schedule = schedule(TransportLimits {
        initial_destination_concurrency: 1,
        ..TransportLimits::default()
    });
    let now = Instant::now();
    add(&mut schedule, now, 1, "smtp", "a.test", "r@a.test");
    let (id, ..) = picked(&mut schedule, now).remove(0);
    schedule.finished(now, id, unreachable());
    schedule.add(
        now,
        MessageId(2),
        ("smtp", b"a.test"),
        recipient("r@a.test"),
        Wish {
            fresh: true,
            alone: false,
        },
    );
    assert_eq!(picked(&mut schedule, now).remove(0).2, "a.test");
}

#[test]
fn without_agent_everything_of_the_transport_is_handed_on() {
    let mut schedule = schedule(TransportLimits {
        initial_destination_concurrency: 1,
        ..TransportLimits::default()
    });
    let now = Instant::now();
    for (message, hop) in ["a", "b", "b", "c"].into_iter().enumerate() {
        add(&mut schedule, now, message, "foo", hop, "r@a.test");
    }
    let (id, ..) = picked(&mut schedule, now).remove(0);
    let entry = schedule.finished(
        now,
        id,
        Outcome::NoAgent(no_agent("mail transport unavailable")),
    );
    schedule.retry(
        entry.message,
        entry.recipients,
        no_agent("mail transport unavailable"),
    );
    let hops: Vec<_> = picked(&mut schedule, now)
        .into_iter()
        .map(|(id, _, hop, _)| (id, hop))
        .collect();
    let retried = hops
        .iter()
        .filter(|(_, hop)| hop == "4.3.0 mail transport unavailable")
        .count();
    assert_eq!(retried, 2, "{hops:?}");
    // When the retry transport has no agent either, the caller hears of it.
    let (id, _) = hops
        .into_iter()
        .find(|(_, hop)| hop.starts_with('4'))
        .unwrap();
    let entry = schedule.finished(
        now,
        id,
        Outcome::NoAgent(no_agent("mail transport unavailable")),
    );
    schedule.retry(
        entry.message,
        entry.recipients,
        no_agent("mail transport unavailable"),
    );
    assert!(!schedule.refused().is_empty());
}

#[test]
fn a_letter_overtakes_a_mailing_list() {
    let mut schedule = schedule(TransportLimits {
        destination_concurrency_limit: 1,
        ..TransportLimits::default()
    });
    let now = Instant::now();
    for n in 0..1000 {
        add(
            &mut schedule,
            now,
            1,
            "smtp",
            &format!("d{n}.test"),
            &format!("r@d{n}.test"),
        );
    }
    let mut going: VecDeque<_> = picked(&mut schedule, now).into();
    assert_eq!(going.len(), 400);
    for message in 2..12 {
        add(
            &mut schedule,
            now,
            message,
            "smtp",
            &format!("x{message}.test"),
            "r@x.test",
        );
    }
    let mut order = Vec::new();
    for _ in 0..40 {
        schedule.finished(now, going.pop_front().unwrap().0, Outcome::Done);
        for next in picked(&mut schedule, now) {
            order.push(next.1);
            going.push_back(next);
        }
    }
    let letters = order.iter().filter(|&&message| message != 1).count();
    assert_eq!(letters, 10, "all ten letters are under way: {order:?}");
    assert!(
        order.iter().filter(|&&message| message == 1).count() >= 20,
        "and the list goes on"
    );
}

#[test]
fn pauses_are_kept() {
    let pause = Duration::from_secs(3);
    for limits in [
        TransportLimits {
            destination_rate_delay: pause,
            ..TransportLimits::default()
        },
        TransportLimits {
            transport_rate_delay: pause,
            ..TransportLimits::default()
        },
    ] {
        let mut schedule = schedule(limits);
        let mut now = Instant::now();
        for message in 0..3 {
            add(&mut schedule, now, message, "slow", "a.test", "r@a.test");
        }
        for left in [2, 1, 0] {
            let going = picked(&mut schedule, now);
            assert_eq!(going.len(), 1);
            schedule.finished(now, going[0].0, Outcome::Done);
            assert!(picked(&mut schedule, now).is_empty());
            if left > 0 {
                assert_eq!(schedule.next_wake(), Some(now + pause));
                now += pause;
                schedule.wake(now);
            }
        }
    }
}

proptest! {
    /// Whatever happens, every recipient comes out exactly once, and no window is overrun.
    #[test]
    fn no_recipient_is_lost(
        letters in proptest::collection::vec((0_usize..4, 0_usize..5, 1_usize..8), 1..40),
        ends in proptest::collection::vec(0_u8..6, 1..60),
    ) {
        let mut schedule = schedule(TransportLimits {
            destination_recipient_limit: 3,
            destination_concurrency_limit: 4,
            ..TransportLimits::default()
        });
        let mut now = Instant::now();
        let mut expected: BTreeMap<usize, usize> = BTreeMap::new();
        for (message, (transport, hop, count)) in letters.into_iter().enumerate() {
            let transport = ["smtp", "local", "relay", "retry"][transport];
            for n in 0..count {
                add(&mut schedule, now, message, transport, &format!("h{hop}"), &format!("r{n}@h{hop}"));
                *expected.entry(message).or_default() += 1;
            }
        }
        let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
        let mut going = VecDeque::new();
        for step in 0..100_000 {
            while let Some(id) = schedule.pick(now) {
                let destination = schedule.destination_of(id);
                let most = schedule.transport_of(id).limits.most();
                prop_assert!(destination.busy() <= most);
                going.push_back(id);
            }
            for refused in schedule.refused() {
                *seen.entry(refused.message.0).or_default() += refused.recipients.len();
            }
            let Some(id) = going.pop_front() else {
                let Some(wake) = schedule.next_wake() else { break };
                now = wake;
                schedule.wake(now);
                continue;
            };
            let (outcome, handed_on) = match ends[step % ends.len()] {
                0 => (unreachable(), false),
                1 => (Outcome::NoAgent(no_agent("gone")), true),
                _ => (Outcome::Done, false),
            };
            let entry = schedule.finished(now, id, outcome);
            if handed_on && step < 50_000 {
                schedule.retry(entry.message, entry.recipients, no_agent("gone"));
            } else {
                *seen.entry(entry.message.0).or_default() += entry.recipients.len();
            }
        }
        prop_assert_eq!(schedule.entries(), 0);
        prop_assert_eq!(seen, expected);
    }
}
