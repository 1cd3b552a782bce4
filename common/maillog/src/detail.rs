//! How much detail is logged: by the whole program (`-v`), and more in one conversation (`debug_peer_list`).
//!
//! A program that talks with many peers in one thread wraps each conversation in [`separately`]; what
//! [`raise`] adds within it counts for that conversation only, however often others run in between.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};

static OF_PROGRAM: AtomicU8 = AtomicU8::new(0);

thread_local! {
    static OF_CONVERSATION: Cell<u8> = const { Cell::new(0) };
}

/// Set how much detail [`crate::verbose!`] logs in the whole program; 0 is none.
pub fn set_verbose(level: u8) {
    OF_PROGRAM.store(level, Ordering::Relaxed);
}

/// How much detail is logged here and now.
#[must_use]
pub fn verbose_level() -> u8 {
    OF_PROGRAM
        .load(Ordering::Relaxed)
        .saturating_add(OF_CONVERSATION.get())
}

/// How much more detail than the program's is logged in this conversation from now on; 0 for no more.
pub fn raise(extra: u8) {
    OF_CONVERSATION.set(extra);
}

/// Run a conversation whose [`raise`] stays its own.
pub async fn separately<F: Future + ?Sized>(mut conversation: Pin<Box<F>>) -> F::Output {
    let mut own = 0;
    poll_fn(move |context| {
        let others = OF_CONVERSATION.replace(own);
        let polled = conversation.as_mut().poll(context);
        own = OF_CONVERSATION.replace(others);
        polled
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Raises the level at its first turn, tells what it finds at its second.
    async fn conversation(extra: u8) -> u8 {
        raise(extra);
        let mut rested = false;
        poll_fn(move |_| {
            if rested {
                return Poll::Ready(());
            }
            rested = true;
            Poll::Pending
        })
        .await;
        verbose_level()
    }

    #[test]
    fn conversations_do_not_hear_of_each_other() {
        let mut context = Context::from_waker(Waker::noop());
        let mut loud = Box::pin(separately(Box::pin(conversation(2))));
        let mut quiet = Box::pin(separately(Box::pin(conversation(0))));
        assert!(loud.as_mut().poll(&mut context).is_pending());
        assert_eq!(verbose_level(), 0);
        assert!(quiet.as_mut().poll(&mut context).is_pending());
        assert_eq!(loud.as_mut().poll(&mut context), Poll::Ready(2));
        assert_eq!(quiet.as_mut().poll(&mut context), Poll::Ready(0));
        assert_eq!(verbose_level(), 0);
    }
}
