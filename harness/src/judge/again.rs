//! The same play from what was written down.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use reports::model::Event;

use super::stage::{Act, Stage};
use super::{client, task};

/// A stage that answers from the events of a case.
#[derive(Debug)]
pub struct Again {
    events: VecDeque<Event>,
    acts: usize,
}

impl Again {
    /// A stage with these events.
    pub fn new(events: &[Event]) -> Self {
        Self { events: events.iter().cloned().collect(), acts: 0 }
    }
}

impl Again {
    /// What happened in the next act.
    fn next(&mut self) -> Vec<Event> {
        let mut happened = Vec::new();
        while let Some(event) = self.events.pop_front_if(|event| event.act == self.acts) {
            happened.push(event);
        }
        self.acts += 1;
        happened
    }
}

impl Stage for Again {
    fn act(&mut self, _: usize, _: &str, _: Act<'_>) -> impl Future<Output = Vec<Event>> {
        std::future::ready(self.next())
    }
}

impl client::Stage for Again {
    fn act(&mut self, _: usize, _: client::Act<'_>) -> impl Future<Output = Vec<Event>> {
        std::future::ready(self.next())
    }
}

impl task::Stage for Again {
    fn act(&mut self, _: task::Act<'_>) -> impl Future<Output = Vec<Event>> {
        std::future::ready(self.next())
    }
}

/// Runs a play that never waits, as every play on [`Again`] is. `None` if it waited all the same.
pub fn at_once<T>(play: impl Future<Output = T>) -> Option<T> {
    match pin!(play).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
