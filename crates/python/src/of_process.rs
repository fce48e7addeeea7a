//! A value that only the process that made it may use.

use std::{mem, process};

/// A value of one process. A process that was forked from it has the memory of the value, but none of its threads: it
/// can neither use the value, which would wait for them, nor drop it, which would take the parent's sockets out of the
/// parent's epoll instance. The value is leaked there.
#[derive(Debug)]
pub(crate) struct OfProcess<T> {
    process: u32,
    value: Option<T>,
}

impl<T> OfProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: process::id(), value: Some(value) }
    }

    /// The value; none in a process that was forked since it was made.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_here())
    }

    fn is_here(&self) -> bool {
        self.process == process::id()
    }
}

impl<T> Drop for OfProcess<T> {
    fn drop(&mut self) {
        if !self.is_here() {
            mem::forget(self.value.take());
        }
    }
}
