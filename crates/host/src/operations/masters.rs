//! On a tenant: the masters that it takes connections from.

use soar_store::model::Master;

use super::{Done, OperationError, Operations, RequestContext};

impl Operations {
    /// The masters that this tenant takes, or took, connections from, by name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    pub async fn list_masters(&self, context: &RequestContext) -> Result<Vec<Master>, OperationError> {
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.tenants()?.masters_in(&mut records, &caller).await?)
    }

    /// The master of this name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    pub async fn master(&self, context: &RequestContext, name: &str) -> Result<Master, OperationError> {
        context.must_administer()?;
        Ok(self.reader().await?.records().master(name).await?)
    }

    /// Takes nothing from a master any more; what it sent stays, and stays the master's.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn revoke_master(&self, context: &RequestContext, name: &str) -> Result<Master, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(tenants.revoke_master_in(&mut change.records, &caller, name).await?)) })
            })
            .await
    }

    /// Forgets a revoked master and deletes what it sent.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn remove_master(&self, context: &RequestContext, name: &str) -> Result<Master, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(tenants.remove_master_in(&mut change.records, &caller, name).await?)) })
            })
            .await
    }
}

fn done(master: Master) -> Done<Master> {
    let about = master.name.clone();
    Done::new(master, about)
}
