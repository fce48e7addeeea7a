//! The recorder: the results of many runs, written together in one transaction.

use soar_store::model::{CheckResult, RunReport, Schedule, ScheduleRunStatus, WorkItem};
use soar_store::{Ran, Records, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

/// How many results are written together at the most.
const TOGETHER: usize = 256;

/// What a run came to.
#[derive(Debug, Clone)]
pub enum WorkResult {
    /// A health check.
    Check(CheckResult),
    /// A command.
    Run(ScheduleRunStatus, RunReport),
}

/// A result that is to be written, and where the answer goes.
#[derive(Debug)]
struct Finish {
    item: WorkItem,
    schedule: Schedule,
    finished: WorkResult,
    ran: Ran,
    answer: oneshot::Sender<Result<bool, StoreError>>,
}

/// Writes results. While one transaction is on its way to the disk the next fills up: so a thousand small changes wait for
/// the disk a few times, not a thousand. Cheap to clone; ends with its last clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    results: mpsc::Sender<Finish>,
}

impl Recorder {
    /// Starts writing to `store`.
    #[must_use]
    pub fn start(store: Store) -> Self {
        let (results, mut waiting) = mpsc::channel(TOGETHER * 4);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
                // Always in the same order, so that two processes never wait for each other.
                batch.sort_by_key(|finish: &Finish| finish.item);
                write_and_answer(&store, std::mem::take(&mut batch)).await;
            }
        });
        Self { results }
    }

    /// Writes the result of `item`; whether it was still that node's to write.
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
        }
    }

    fn answer(self, result: Result<bool, StoreError>) {
        // A caller that has gone needs no answer.
        let _ = self.answer.send(result);
    }
}

async fn write_and_answer(store: &Store, batch: Vec<Finish>) {
    match write(store, &batch).await {
        Ok(written) => batch.into_iter().zip(written).for_each(|(finish, written)| finish.answer(Ok(written))),
        // One that cannot be written must not keep the others from it.
        Err(error) if batch.len() > 1 => {
            tracing::warn!(
                results = batch.len(),
                "Results are written one by one, since together they failed: {error}"
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
