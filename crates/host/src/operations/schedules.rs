//! Operations on schedules of commands.

use serde::Serialize;
use soar_store::model::{ScheduleId, ScheduleRun, ScheduleRunId};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, boxed, full_page};
use crate::scheduler::{ScheduleChange, ScheduleDraft, ScheduleShown, Schedules};

/// Runs of a schedule, the latest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleLog {
    /// The runs.
    pub runs: Vec<ScheduleRun>,
    /// The value of `before` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<ScheduleRunId>,
}

impl Operations {
    /// The names of the commands of an integration that can be scheduled.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such integration.
    pub fn commands_to_schedule(&self, integration: &str) -> Result<Vec<String>, OperationError> {
        Ok(self.schedules()?.commands(integration)?)
    }

    /// The schedules that the caller may see, by name, with their health. With `site`, only the schedules on that site.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_schedules(
        &self,
        context: &RequestContext,
        site: Option<&str>,
    ) -> Result<Vec<ScheduleShown>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let site = match site {
            None => None,
            Some(name) => Some(context.site(&mut records, name).await?.id),
        };
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.schedules()?.list(&mut records, &caller, site).await?)
    }

    /// The schedule with this id.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such schedule.
    #[boxed]
    pub async fn schedule(&self, context: &RequestContext, id: ScheduleId) -> Result<ScheduleShown, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.schedules()?.see(&mut records, &caller, id).await?)
    }

    /// Creates a schedule, which runs a command on a connection in the caller's name.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn create_schedule(
        &self,
        context: &RequestContext,
        draft: ScheduleDraft,
    ) -> Result<ScheduleShown, OperationError> {
        let (schedules, draft) = (&self.schedules()?, &draft);
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(
                    async move { Ok(done(schedules.create_in(&mut change.records, &caller, draft.clone()).await?)) },
                )
            })
            .await
    }

    /// Changes a schedule. Fields that are left out stay unchanged.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn change_schedule(
        &self,
        context: &RequestContext,
        id: ScheduleId,
        given: ScheduleChange,
    ) -> Result<ScheduleShown, OperationError> {
        let (schedules, given) = (&self.schedules()?, &given);
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    Ok(done(schedules.update_in(&mut change.records, &caller, id, given.clone()).await?))
                })
            })
            .await
    }

    /// Deletes a schedule. Its log stays for its retention time.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn remove_schedule(
        &self,
        context: &RequestContext,
        id: ScheduleId,
    ) -> Result<ScheduleShown, OperationError> {
        let schedules = &self.schedules()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(schedules.delete_in(&mut change.records, &caller, id).await?)) })
            })
            .await
    }

    /// Makes a schedule run once now, in addition to its due times.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn run_schedule(
        &self,
        context: &RequestContext,
        id: ScheduleId,
    ) -> Result<ScheduleShown, OperationError> {
        let schedules = &self.schedules()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(schedules.run_soon_in(&mut change.records, &caller, id).await?)) })
            })
            .await
    }

    /// The log of a schedule: at most `limit` runs before `before`, the latest first, with input, output and error.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such schedule.
    #[boxed]
    pub async fn schedule_log(
        &self,
        context: &RequestContext,
        id: ScheduleId,
        before: Option<ScheduleRunId>,
        limit: i64,
    ) -> Result<ScheduleLog, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        let runs = self.schedules()?.log(&mut records, &caller, id, before, limit).await?;
        let next = full_page(&runs, limit).map(|run| run.id);
        Ok(ScheduleLog { runs, next })
    }

    fn schedules(&self) -> Result<Schedules, OperationError> {
        Ok(Schedules::new(self.connections()?.clone()))
    }
}

fn done(schedule: ScheduleShown) -> Done<ScheduleShown> {
    let (about, site) = (schedule.name.clone(), schedule.site.clone());
    Done::new(schedule, about).on(&site)
}
