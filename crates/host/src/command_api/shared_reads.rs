//! Calls that ask the same while they wait are answered by one reading. It begins after all of them came, so each gets
//! what a reading of its own would have found: nothing is remembered for later calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::question::Question;
use crate::gate::Reply;

/// The readings under way, and who waits for the next one.
#[derive(Debug, Default)]
pub(crate) struct SharedReads {
    /// Whoever waits while the question is read; the key is there as long as it is.
    waiting: Mutex<HashMap<Question, Vec<oneshot::Sender<Turn>>>>,
}

#[derive(Debug)]
enum Turn {
    /// To read, for oneself and for the others.
    Read(Vec<oneshot::Sender<Turn>>),
    Answered(Reply),
}

/// A reading under way. However it ends, whoever waits goes on.
struct Reading<'a> {
    reads: &'a SharedReads,
    question: Question,
    others: Vec<oneshot::Sender<Turn>>,
}

impl SharedReads {
    /// Answers `question` by `read`, or as another call that asked the same is answered.
    pub(super) async fn answer(&self, question: Question, read: impl Future<Output = Reply>) -> Reply {
        let others = match self.join(&question) {
            None => Vec::new(),
            Some(turn) => match turn.await {
                Ok(Turn::Answered(reply)) => return reply,
                Ok(Turn::Read(others)) => others,
                // Nobody is left who would send it.
                Err(_) => return read.await,
            },
        };
        let mut reading = Reading { reads: self, question, others };
        let reply = read.await;
        for other in reading.others.drain(..) {
            // Who has gone away needs no answer.
            let _ = other.send(Turn::Answered(reply.clone()));
        }
        reply
    }

    /// Waits for a turn; none when nobody reads, so that the caller does.
    fn join(&self, question: &Question) -> Option<oneshot::Receiver<Turn>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = waiting.get_mut(question) {
            let (sender, turn) = oneshot::channel();
            queue.push(sender);
            return Some(turn);
        }
        waiting.insert(question.clone(), Vec::new());
        None
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut waiting = self.reads.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = std::mem::take(&mut self.others);
        next.append(waiting.get_mut(&self.question).unwrap_or(&mut Vec::new()));
        // One of those who wait reads for all of them.
        while !next.is_empty() {
            let first = next.swap_remove(0);
            match first.send(Turn::Read(next)) {
                Ok(()) => return,
                Err(Turn::Read(others)) => next = others,
                Err(Turn::Answered(_)) => break,
            }
        }
        waiting.remove(&self.question);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::StatusCode;
    use bytes::Bytes;
    use tokio::sync::Semaphore;

    use super::*;

    fn question(body: &'static str) -> Question {
        let body = Bytes::from_static(body.as_bytes());
        Question { command: "GetIncidents".into(), generation: 1, key: 1, claimed: None, body }
    }

    fn reply(number: usize) -> Reply {
        Reply::body(StatusCode::OK, number.to_string())
    }

    struct Stage {
        reads: SharedReads,
        begun: AtomicUsize,
        go_on: Semaphore,
    }

    impl Stage {
        async fn ask(&self, body: &'static str) -> String {
            let read = async {
                let number = self.begun.fetch_add(1, Ordering::SeqCst);
                self.go_on.acquire().await.unwrap().forget();
                reply(number)
            };
            let reply = self.reads.answer(question(body), read).await;
            String::from_utf8(reply.body.to_vec()).unwrap()
        }
    }

    fn stage() -> Arc<Stage> {
        Arc::new(Stage { reads: SharedReads::default(), begun: AtomicUsize::new(0), go_on: Semaphore::new(0) })
    }

    /// Starts a call, and lets it come to where it waits.
    async fn start(stage: &Arc<Stage>, body: &'static str) -> tokio::task::JoinHandle<String> {
        let stage = Arc::clone(stage);
        let call = tokio::spawn(async move { stage.ask(body).await });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        call
    }

    #[tokio::test]
    async fn who_comes_while_a_reading_is_under_way_shares_the_next_one_and_never_that_one() {
        let stage = stage();
        let first = start(&stage, "a").await;
        let (second, third) = (start(&stage, "a").await, start(&stage, "a").await);
        let other = start(&stage, "b").await;
        assert_eq!(stage.begun.load(Ordering::SeqCst), 2, "the first, and the one that asks something else");
        stage.go_on.add_permits(2);
        assert_eq!((first.await.unwrap().as_str(), other.await.unwrap().as_str()), ("0", "1"));
        stage.go_on.add_permits(1);
        assert_eq!((second.await.unwrap().as_str(), third.await.unwrap().as_str()), ("2", "2"));
        assert!(stage.reads.waiting.lock().unwrap().is_empty());
        stage.go_on.add_permits(1);
        assert_eq!(stage.ask("a").await, "3", "nothing is remembered");
    }

    #[tokio::test]
    async fn when_who_reads_breaks_off_the_next_one_reads() {
        let stage = stage();
        let first = start(&stage, "a").await;
        let (second, third, fourth) = (start(&stage, "a").await, start(&stage, "a").await, start(&stage, "a").await);
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        tokio::task::yield_now().await;
        assert_eq!(stage.begun.load(Ordering::SeqCst), 2);
        second.abort();
        assert!(second.await.unwrap_err().is_cancelled());
        stage.go_on.add_permits(1);
        assert_eq!((third.await.unwrap().as_str(), fourth.await.unwrap().as_str()), ("2", "2"));
        assert!(stage.reads.waiting.lock().unwrap().is_empty());
    }
}
