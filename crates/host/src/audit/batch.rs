//! Entries that are written together, and those who wait for them.

use std::collections::BTreeMap;

use soar_store::model::{AuditEntry, Moment};
use soar_store::{LogWriter, StoreError, StoreVersion};
use tokio::sync::oneshot;

use super::outdated::{Outbox, Outdated};
use super::writer::AuditError;

/// What became of an entry that rests on what was read before.
#[derive(Debug)]
pub(crate) enum Rested {
    /// The entry is kept, and when it was, the store was as it had been when it was read.
    Kept,
    /// The store has changed, or may have.
    Outdated(Outdated),
}

/// Whoever waits for an entry.
pub(super) type Caller = oneshot::Sender<Result<(), AuditError>>;

/// Whoever waits for an entry that rests on what was read before.
pub(super) type RestingCaller = oneshot::Sender<Result<Rested, AuditError>>;

/// Entries that are written together.
#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<AuditEntry>,
    pub(super) callers: Vec<Caller>,
    pub(super) resting: Vec<(AuditEntry, StoreVersion, RestingCaller)>,
    /// Who waits for those of `entries` that rested on the store's version.
    confirmed: Vec<RestingCaller>,
    /// Keys, and when they were used; in one order for all hosts, so that none waits for another in a circle.
    pub(super) used: BTreeMap<i64, Moment>,
}

impl Batch {
    pub(super) fn add(&mut self, entry: AuditEntry, caller: Option<Caller>) {
        self.entries.push(entry);
        self.callers.extend(caller);
    }

    /// Gives back what does not rest on `version`.
    pub(super) fn give_back(&mut self, version: StoreVersion, outbox: &Outbox) {
        let given_back = self.resting.extract_if(.., |(_, rests_on, _)| *rests_on != version);
        for (entry, _, caller) in given_back {
            if let Err(Ok(Rested::Outdated(outdated))) = caller.send(Ok(Rested::Outdated(outbox.outdated(entry)))) {
                self.entries.push(outdated.left());
            }
        }
    }

    /// Keeps all entries; what rests on the store is given back where `version` is no longer the store's.
    pub(super) async fn keep(
        &mut self,
        writer: &mut LogWriter,
        version: StoreVersion,
        outbox: &Outbox,
    ) -> Result<(), StoreError> {
        // All of these calls came before now.
        let plain = self.entries.len();
        for (entry, _, caller) in self.resting.drain(..) {
            self.entries.push(entry);
            self.confirmed.push(caller);
        }
        if self.confirmed.is_empty() || !writer.append_if(&self.entries, version).await? {
            let resting = self.entries.split_off(plain);
            for (entry, caller) in resting.into_iter().zip(self.confirmed.drain(..)) {
                if let Err(Ok(Rested::Outdated(outdated))) = caller.send(Ok(Rested::Outdated(outbox.outdated(entry)))) {
                    self.entries.push(outdated.left());
                }
            }
            if !self.entries.is_empty() {
                writer.append(&self.entries).await?;
            }
        }
        for (key, at) in &self.used {
            writer.records().touch_key(*key, *at).await?;
        }
        Ok(())
    }

    /// Tells all callers, and makes room for the next batch. A caller who has gone away needs no word: the entry is there.
    pub(super) fn answer(&mut self, outcome: &Result<(), AuditError>) {
        for caller in self.callers.drain(..) {
            let _ = caller.send(outcome.clone());
        }
        for caller in self.confirmed.drain(..).chain(self.resting.drain(..).map(|(_, _, caller)| caller)) {
            let _ = caller.send(outcome.clone().map(|()| Rested::Kept));
        }
        self.entries.clear();
        self.used.clear();
    }
}
