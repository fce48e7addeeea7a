//! Calls of the host's services, each with a reader or a transaction of its own. The host makes them within operations.

use soar_host::Refusal;
use soar_host::connections::{ConnectionChange, ConnectionDraft, Connections};
use soar_host::executor::{Executor, history};
use soar_host::health::{ConnectionHistory, HealthFilter, HealthTable};
use soar_store::RunFilter;
use soar_store::model::{Caller, Connection, ConnectionId, Moment, Run, RunId};

pub trait DirectConnections {
    async fn list(&self, caller: &Caller) -> Result<Vec<Connection>, Refusal>;
    async fn see(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal>;
    async fn create(&self, caller: &Caller, draft: ConnectionDraft) -> Result<Connection, Refusal>;
    async fn update(&self, caller: &Caller, id: ConnectionId, change: ConnectionChange) -> Result<Connection, Refusal>;
    async fn delete(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal>;
    async fn health(&self, caller: &Caller, filter: &HealthFilter) -> Result<HealthTable, Refusal>;
    async fn health_history(
        &self,
        caller: &Caller,
        id: ConnectionId,
        before: Option<Moment>,
        limit: i64,
    ) -> Result<ConnectionHistory, Refusal>;
}

impl DirectConnections for Connections {
    async fn list(&self, caller: &Caller) -> Result<Vec<Connection>, Refusal> {
        self.list_in(&mut self.store.reader().await?.records(), caller).await
    }

    async fn see(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
        self.see_in(&mut self.store.reader().await?.records(), caller, id).await
    }

    async fn create(&self, caller: &Caller, draft: ConnectionDraft) -> Result<Connection, Refusal> {
        let mut transaction = self.store.transaction().await?;
        let made = self.create_in(&mut transaction.records(), caller, draft).await?;
        transaction.commit().await?;
        Ok(made)
    }

    async fn update(&self, caller: &Caller, id: ConnectionId, change: ConnectionChange) -> Result<Connection, Refusal> {
        let mut transaction = self.store.transaction().await?;
        let changed = self.update_in(&mut transaction.records(), caller, id, change).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    async fn delete(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
        let mut transaction = self.store.transaction().await?;
        let deleted = self.delete_in(&mut transaction.records(), caller, id).await?;
        transaction.commit().await?;
        Ok(deleted)
    }

    async fn health(&self, caller: &Caller, filter: &HealthFilter) -> Result<HealthTable, Refusal> {
        self.health_in(&mut self.store.reader().await?.records(), caller, filter).await
    }

    async fn health_history(
        &self,
        caller: &Caller,
        id: ConnectionId,
        before: Option<Moment>,
        limit: i64,
    ) -> Result<ConnectionHistory, Refusal> {
        self.health_history_in(&mut self.store.reader().await?.records(), caller, id, before, limit).await
    }
}

pub trait DirectRuns {
    async fn runs(&self, caller: &Caller, filter: &RunFilter) -> Result<Vec<Run>, Refusal>;
    async fn see_run(&self, caller: &Caller, id: RunId) -> Result<Run, Refusal>;
    async fn cancel(&self, caller: &Caller, id: RunId) -> Result<bool, Refusal>;
}

impl DirectRuns for Executor {
    async fn runs(&self, caller: &Caller, filter: &RunFilter) -> Result<Vec<Run>, Refusal> {
        history::runs(&mut self.connections().store.reader().await?.records(), caller, filter).await
    }

    async fn see_run(&self, caller: &Caller, id: RunId) -> Result<Run, Refusal> {
        history::see_run(&mut self.connections().store.reader().await?.records(), caller, id).await
    }

    async fn cancel(&self, caller: &Caller, id: RunId) -> Result<bool, Refusal> {
        let mut transaction = self.connections().store.transaction().await?;
        let is_running = history::cancel_run(&mut transaction.records(), caller, id).await?;
        transaction.commit().await?;
        self.cancel_here(id);
        Ok(is_running)
    }
}
