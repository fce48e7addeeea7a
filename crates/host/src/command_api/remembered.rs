//! Answers that are remembered, in a bounded number of bytes. One is given again only after the store was found, after
//! the call came, to be as it was when the answer was read: see [`crate::audit::AuditWriter::write_resting`].

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use soar_store::StoreVersion;
use soar_store::model::AuditEntry;

use super::question::Question;
use crate::gate::Reply;

/// What an answer takes besides its body and its question's, in bytes.
const OVERHEAD: usize = 1024;

/// An answer, and what its entry in the audit log says of who asked.
#[derive(Debug)]
pub(super) struct Remembered {
    /// Of the store, from before it was read.
    pub version: StoreVersion,
    pub reply: Reply,
    username: String,
    acting_for: String,
    site: String,
}

impl Remembered {
    pub(super) fn new(version: StoreVersion, reply: Reply, entry: &AuditEntry) -> Self {
        let AuditEntry { username, acting_for, site, .. } = entry.clone();
        Self { version, reply, username, acting_for, site }
    }

    /// Notes who asks, as the first call's body said.
    pub(super) fn identify(&self, entry: &mut AuditEntry) {
        self.username.clone_into(&mut entry.username);
        self.acting_for.clone_into(&mut entry.acting_for);
        self.site.clone_into(&mut entry.site);
    }
}

/// How many questions that were read once are known again.
const ASKED_ONCE: u64 = 1 << 14;

/// Remembered answers: to questions that are read a second time, for most are asked only once. What was not asked for the
/// longest is forgotten, by halves.
#[derive(Debug)]
pub(crate) struct RememberedAnswers {
    /// The most bytes of each half.
    half: usize,
    halves: Mutex<Halves>,
    /// The hash of a question that was read, at its place; a later one of the same place takes it.
    asked: Box<[AtomicU64]>,
    hashing: RandomState,
}

#[derive(Debug, Default)]
struct Halves {
    recent: HashMap<Question, Arc<Remembered>>,
    recent_bytes: usize,
    /// What was not asked for since `recent` was empty.
    older: HashMap<Question, Arc<Remembered>>,
}

impl RememberedAnswers {
    /// Remembers `bytes` at most; 0 is nothing.
    pub(crate) fn new(bytes: usize) -> Self {
        let asked = (0..ASKED_ONCE).map(|_| AtomicU64::default()).collect();
        Self { half: bytes / 2, halves: Mutex::default(), asked, hashing: RandomState::new() }
    }

    /// Whether the question was read before; from now on it was.
    fn was_asked(&self, question: &Question) -> bool {
        let hash = self.hashing.hash_one(question);
        let place = usize::try_from(hash % ASKED_ONCE).unwrap_or_default();
        self.asked.get(place).is_some_and(|asked| asked.swap(hash, Ordering::Relaxed) == hash)
    }

    pub(super) fn find(&self, question: &Question) -> Option<Arc<Remembered>> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = halves.recent.get(question) {
            return Some(Arc::clone(found));
        }
        let (question, found) = halves.older.remove_entry(question)?;
        halves.add(question, Arc::clone(&found), self.half);
        Some(found)
    }

    /// Remembers what `answer` makes, if the question was read before.
    pub(super) fn remember(&self, question: &Question, answer: impl FnOnce() -> Remembered) {
        if !self.was_asked(question) {
            return;
        }
        let answer = answer();
        if size(question, &answer) > self.half {
            return;
        }
        // A body as it came may be part of something larger.
        let question = Question { body: Bytes::copy_from_slice(&question.body), ..question.clone() };
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.older.remove(&question);
        halves.add(question, Arc::new(answer), self.half);
    }
}

impl Halves {
    fn add(&mut self, question: Question, answer: Arc<Remembered>, half: usize) {
        if let Some((question, before)) = self.recent.remove_entry(&question) {
            self.recent_bytes -= size(&question, &before);
        }
        let size = size(&question, &answer);
        if self.recent_bytes + size > half {
            self.older = std::mem::take(&mut self.recent);
            self.recent_bytes = 0;
        }
        self.recent_bytes += size;
        self.recent.insert(question, answer);
    }
}

fn size(question: &Question, answer: &Remembered) -> usize {
    question.body.len() + answer.reply.body.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn question(number: usize) -> Question {
        Question {
            command: "GetIncidents".into(),
            generation: 1,
            key: 1,
            claimed: None,
            body: number.to_string().into(),
        }
    }

    fn answer(bytes: usize) -> Remembered {
        let reply = Reply::body(StatusCode::OK, vec![b'x'; bytes]);
        let version = StoreVersion::default();
        let (username, acting_for, site) = Default::default();
        Remembered { version, reply, username, acting_for, site }
    }

    /// Remembers an answer of so many bytes to a question that is read a second time.
    fn remember(answers: &RememberedAnswers, number: usize, bytes: usize) {
        answers.remember(&question(number), || answer(bytes));
        answers.remember(&question(number), || answer(bytes));
    }

    fn held(answers: &RememberedAnswers) -> usize {
        let halves = answers.halves.lock().unwrap();
        halves.recent.iter().chain(&halves.older).map(|(question, answer)| size(question, answer)).sum()
    }

    #[test]
    fn no_more_is_remembered_than_may_be_and_what_is_asked_for_stays() {
        let answers = RememberedAnswers::new(100_000);
        remember(&answers, 0, 1000);
        for number in 1..1000 {
            remember(&answers, number, 1000);
            assert!(answers.find(&question(0)).is_some(), "{number}");
            assert!(held(&answers) <= 100_000, "{}", held(&answers));
        }
        assert!(answers.find(&question(1)).is_none());
        assert!(answers.find(&question(999)).is_some());
        remember(&answers, 1000, 50_000);
        assert!(answers.find(&question(1000)).is_none(), "larger than a half");
    }

    #[test]
    fn what_was_asked_once_is_not_remembered_and_forgets_nothing() {
        let answers = RememberedAnswers::new(100_000);
        remember(&answers, 0, 1000);
        for number in 1..10_000 {
            answers.remember(&question(number), || panic!("{number} was not asked before"));
        }
        assert!(answers.find(&question(0)).is_some());
        assert_eq!(answers.halves.lock().unwrap().recent.len(), 1);
    }

    #[test]
    fn a_newer_answer_takes_the_place_of_the_older_one() {
        let answers = RememberedAnswers::new(100_000);
        for bytes in 0..1000 {
            remember(&answers, 1, bytes);
            assert_eq!(answers.find(&question(1)).unwrap().reply.body.len(), bytes);
        }
        assert!(held(&answers) < 5000, "{}", held(&answers));
        let counted = answers.halves.lock().unwrap().recent_bytes;
        assert_eq!(counted, held(&answers));
    }

    #[test]
    fn questions_that_differ_in_anything_have_answers_of_their_own() {
        let answers = RememberedAnswers::new(100_000);
        remember(&answers, 1, 1);
        let same = question(1);
        for other in [
            Question { command: "GetLinkedIncidentsOfAnIncident".into(), ..same.clone() },
            Question { generation: 2, ..same.clone() },
            Question { key: 2, ..same.clone() },
            Question { claimed: Some("Admin".to_owned()), ..same.clone() },
            question(2),
        ] {
            assert!(answers.find(&other).is_none(), "{other:?}");
        }
        assert!(answers.find(&same).is_some());
    }
}
