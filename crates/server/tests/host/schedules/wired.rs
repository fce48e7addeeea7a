//! A scheduler on real connections, through the executor.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use soar_host::Refusal;
use soar_host::scheduler::{
    ExecutorRunner, ScheduleChange, ScheduleDraft, ScheduleShown, Scheduler, SchedulerSettings, Schedules,
};
use soar_store::model::{Caller, ScheduleId, ScheduleRun, SiteId};
use soar_store::{Records, StoreError};

use super::world::{Delivered, MINUTE};
use crate::stage::ExecutorStage;

pub struct Wired {
    pub scheduler: Scheduler,
    pub delivered: Arc<Delivered>,
    schedules: Schedules,
}

impl Wired {
    pub fn on(stage: &ExecutorStage) -> Self {
        let delivered = Arc::new(Delivered::default());
        let runner = ExecutorRunner::new(stage.executor.clone(), stage.test.store.clone());
        let scheduler = Scheduler::new(
            stage.test.store.clone(),
            Arc::new(stage.clock.clone()),
            Arc::new(runner),
            delivered.clone(),
            SchedulerSettings::default(),
        );
        Self { scheduler, delivered, schedules: Schedules::new(stage.executor.connections().clone()) }
    }

    pub async fn create(
        &self,
        stage: &ExecutorStage,
        caller: &Caller,
        draft: ScheduleDraft,
    ) -> Result<ScheduleShown, Refusal> {
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let made = self.schedules.create_in(&mut transaction.records(), caller, draft).await?;
        transaction.commit().await.unwrap();
        Ok(made)
    }

    pub async fn update(
        &self,
        stage: &ExecutorStage,
        caller: &Caller,
        name: &str,
        change: ScheduleChange,
    ) -> Result<ScheduleShown, Refusal> {
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let id = self.numbered(&mut records, caller, name).await?;
        let changed = self.schedules.update_in(&mut records, caller, id, change).await?;
        transaction.commit().await.unwrap();
        Ok(changed)
    }

    pub async fn delete(&self, stage: &ExecutorStage, caller: &Caller, name: &str) -> Result<ScheduleShown, Refusal> {
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let id = self.numbered(&mut records, caller, name).await?;
        let deleted = self.schedules.delete_in(&mut records, caller, id).await?;
        transaction.commit().await.unwrap();
        Ok(deleted)
    }

    pub async fn list(&self, stage: &ExecutorStage, caller: &Caller, site: Option<SiteId>) -> Vec<ScheduleShown> {
        let mut reader = stage.test.store.reader().await.unwrap();
        self.schedules.list(&mut reader.records(), caller, site).await.unwrap()
    }

    pub async fn log(&self, stage: &ExecutorStage, caller: &Caller, name: &str) -> Vec<ScheduleRun> {
        let mut reader = stage.test.store.reader().await.unwrap();
        let mut records = reader.records();
        let id = self.numbered(&mut records, caller, name).await.unwrap();
        self.schedules.log(&mut records, caller, id, None, 10).await.unwrap()
    }

    /// The number of the schedule of this name.
    async fn numbered(&self, records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<ScheduleId, Refusal> {
        let all = self.schedules.list(records, caller, None).await?;
        let found = all.iter().find(|one| one.name.eq_ignore_ascii_case(name));
        found.map(|one| one.id).ok_or_else(|| StoreError::not_found("schedule", name).into())
    }

    /// Runs the due work after a minute. Returns the number of stored results.
    pub async fn minute(&self, stage: &ExecutorStage) -> usize {
        stage.clock.advance(Duration::from_millis(MINUTE.cast_unsigned()));
        let mut written = 0;
        for claim in self.scheduler.look().await.unwrap().claims {
            written += usize::from(self.scheduler.run(claim).await);
        }
        self.scheduler.tell().await.unwrap();
        self.scheduler.deliver().await.unwrap();
        written
    }
}

pub fn draft(value: Value) -> ScheduleDraft {
    serde_json::from_value(value).unwrap()
}

pub fn nightly() -> Value {
    json!({"name": "Nightly", "site": "Security Operations", "integration": "coda-footprint", "command": "List Device Vulnerabilities",
        "parameters": {"Device ID": 1}, "everyMinutes": 1, "alertTo": ["soc@example.com"]})
}
