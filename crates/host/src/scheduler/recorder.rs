//! The recorder stores the results of many runs in one transaction.

use soar_store::model::{CheckResult, RunReport, Schedule, ScheduleRunStatus, WorkItem};
use soar_store::{Ran, Records, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

/// The most results in one transaction.
const BATCH_SIZE: usize = 256;

/// The result of due work.
#[derive(Debug, Clone)]
pub enum WorkResult {
    /// The result of a health check.
    Check(CheckResult),
    /// The result of a command.
    Run(ScheduleRunStatus, RunReport),
    /// The work of a command goes on in the product. The result is written at its end.
    Followed,
}

/// A result to store, and the sender for the answer.
#[derive(Debug)]
struct Finish {
    item: WorkItem,
    schedule: Schedule,
    finished: WorkResult,
    ran: Ran,
    answer: oneshot::Sender<Result<bool, StoreError>>,
}

/// Stores results. Results that arrive during one transaction go into the next, so a thousand results need few writes
/// to the disk. Cheap to clone. Ends with its last clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    results: mpsc::Sender<Finish>,
}

impl Recorder {
    /// Starts the task that writes to `store`.
    #[must_use]
    pub fn start(store: Store) -> Self {
        let (results, mut waiting) = mpsc::channel(BATCH_SIZE * 4);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, BATCH_SIZE).await > 0 {
                // Always in the same order, so that two processes cannot deadlock.
                batch.sort_by_key(|finish: &Finish| finish.item);
                write_and_answer(&store, std::mem::take(&mut batch)).await;
            }
        });
        Self { results }
    }

    /// Stores the result of `item`. Returns whether the node still owned the work.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish(
        &self,
        item: WorkItem,
        schedule: &Schedule,
        finished: WorkResult,
        ran: Ran,
    ) -> Result<bool, StoreError> {
        let (answer, answered) = oneshot::channel();
        let finish = Finish { item, schedule: schedule.clone(), finished, ran, answer };
        self.results.send(finish).await.map_err(|_| StoreError::closed())?;
        answered.await.map_err(|_| StoreError::closed())?
    }
}

impl Finish {
    async fn write(&self, records: &mut Records<'_>) -> Result<bool, StoreError> {
        let Self { item, schedule, finished, ran, .. } = self;
        match finished {
            WorkResult::Check(check) => records.finish_check(*item, schedule, check, ran).await,
            WorkResult::Run(status, report) => records.finish_run(*item, schedule, *status, report, ran).await,
            WorkResult::Followed => records.drop_work(*item, &ran.node).await,
        }
    }

    fn answer(self, result: Result<bool, StoreError>) {
        // A caller that has gone away needs no answer.
        let _ = self.answer.send(result);
    }
}

async fn write_and_answer(store: &Store, batch: Vec<Finish>) {
    match write(store, &batch).await {
        Ok(written) => batch.into_iter().zip(written).for_each(|(finish, written)| finish.answer(Ok(written))),
        // A result that cannot be stored must not prevent the others from being stored.
        Err(error) if batch.len() > 1 => {
            tracing::warn!(
                results = batch.len(),
                "Results are stored one by one, since storing them together failed: {error}"
            );
            for finish in batch {
                let written = write(store, std::slice::from_ref(&finish)).await;
                finish.answer(written.and_then(|mut written| written.pop().ok_or_else(StoreError::closed)));
            }
        }
        Err(error) => {
            let mut error = Some(error);
            for finish in batch {
                finish.answer(Err(error.take().unwrap_or_else(StoreError::closed)));
            }
        }
    }
}

async fn write(store: &Store, batch: &[Finish]) -> Result<Vec<bool>, StoreError> {
    let mut transaction = store.transaction().await?;
    let mut written = Vec::with_capacity(batch.len());
    for finish in batch {
        written.push(finish.write(&mut transaction.records()).await?);
    }
    transaction.commit().await?;
    Ok(written)
}
