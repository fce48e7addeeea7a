//! The recorder: claims and results of many runs, written together in one transaction.

use soar_store::model::{CheckResult, Moment, RunReport, Schedule, ScheduleRunStatus, WorkItem};
use soar_store::{Ran, Records, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

/// How many changes are written together at the most.
const TOGETHER: usize = 256;

/// What a run came to.
#[derive(Debug, Clone)]
pub enum Finished {
    /// A health check.
    Check(CheckResult),
    /// A command.
    Run(ScheduleRunStatus, RunReport),
}

/// A change that is to be written, and who waits for it.
#[derive(Debug)]
enum Change {
    Claim(Claim, oneshot::Sender<Result<Option<Schedule>, StoreError>>),
    Finish(Box<Finish>, oneshot::Sender<Result<bool, StoreError>>),
}

#[derive(Debug)]
struct Claim {
    item: WorkItem,
    node: String,
    until: Moment,
}

#[derive(Debug)]
struct Finish {
    item: WorkItem,
    schedule: Schedule,
    finished: Finished,
    ran: Ran,
}

/// What a change came to.
enum Written {
    Claimed(Box<Option<Schedule>>),
    Finished(bool),
}

/// Writes claims and results. While one transaction is on its way to the disk the next fills up: so a thousand small
/// changes wait for the disk a few times, not a thousand. Cheap to clone; ends with its last clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    changes: mpsc::Sender<Change>,
}

impl Recorder {
    /// Starts writing to `store`.
    #[must_use]
    pub fn start(store: Store) -> Self {
        let (changes, mut waiting) = mpsc::channel(TOGETHER * 4);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
                // Always in the same order, so that two processes never wait for each other.
                batch.sort_by_key(Change::item);
                write_and_answer(&store, std::mem::take(&mut batch)).await;
            }
        });
        Self { changes }
    }

    /// Claims `item` for `node` until `until`; none when it is another's, done, or no longer meant to run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&self, item: WorkItem, node: &str, until: Moment) -> Result<Option<Schedule>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Change::Claim(Claim { item, node: node.to_owned(), until }, answer), answered).await
    }

    /// Writes the result of `item`; whether it was still that node's to write.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish(
        &self,
        item: WorkItem,
        schedule: &Schedule,
        finished: Finished,
        ran: Ran,
    ) -> Result<bool, StoreError> {
        let (answer, answered) = oneshot::channel();
        let finish = Finish { item, schedule: schedule.clone(), finished, ran };
        self.ask(Change::Finish(Box::new(finish), answer), answered).await
    }

    async fn ask<T>(
        &self,
        change: Change,
        answered: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.changes.send(change).await.map_err(|_| StoreError::closed())?;
        answered.await.map_err(|_| StoreError::closed())?
    }
}

impl Change {
    fn item(&self) -> WorkItem {
        match self {
            Self::Claim(claim, _) => claim.item,
            Self::Finish(finish, _) => finish.item,
        }
    }

    async fn write(&self, records: &mut Records<'_>) -> Result<Written, StoreError> {
        match self {
            Self::Claim(Claim { item, node, until }, _) => {
                Ok(Written::Claimed(Box::new(records.claim(*item, node, *until).await?)))
            }
            Self::Finish(finish, _) => {
                let Finish { item, schedule, finished, ran } = &**finish;
                let written = match finished {
                    Finished::Check(check) => records.finish_check(*item, schedule, check, ran).await?,
                    Finished::Run(status, report) => records.finish_run(*item, schedule, *status, report, ran).await?,
                };
                Ok(Written::Finished(written))
            }
        }
    }

    /// Who waited and has gone needs no answer.
    fn answer(self, result: Result<Written, StoreError>) {
        match (self, result) {
            (Self::Claim(_, answer), Ok(Written::Claimed(schedule))) => drop(answer.send(Ok(*schedule))),
            (Self::Finish(_, answer), Ok(Written::Finished(written))) => drop(answer.send(Ok(written))),
            (Self::Claim(_, answer), Err(error)) => drop(answer.send(Err(error))),
            (Self::Finish(_, answer), Err(error)) => drop(answer.send(Err(error))),
            // A claim is answered with a claim and a result with a result.
            (Self::Claim(..), Ok(Written::Finished(_))) | (Self::Finish(..), Ok(Written::Claimed(_))) => {}
        }
    }
}

async fn write_and_answer(store: &Store, batch: Vec<Change>) {
    match write(store, &batch).await {
        Ok(written) => batch.into_iter().zip(written).for_each(|(change, written)| change.answer(Ok(written))),
        // One that cannot be written must not keep the others from it.
        Err(error) if batch.len() > 1 => {
            tracing::warn!(
                changes = batch.len(),
                "Changes are written one by one, since together they failed: {error}"
            );
            for change in batch {
                let written = write(store, std::slice::from_ref(&change)).await;
                change.answer(written.and_then(|mut written| written.pop().ok_or_else(StoreError::closed)));
            }
        }
        Err(error) => {
            let mut error = Some(error);
            for change in batch {
                change.answer(Err(error.take().unwrap_or_else(StoreError::closed)));
            }
        }
    }
}

async fn write(store: &Store, batch: &[Change]) -> Result<Vec<Written>, StoreError> {
    let mut transaction = store.transaction().await?;
    let mut written = Vec::with_capacity(batch.len());
    for change in batch {
        written.push(change.write(&mut transaction.records()).await?);
    }
    transaction.commit().await?;
    Ok(written)
}
