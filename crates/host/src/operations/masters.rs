//! On a tenant: operations on masters.

use soar_store::model::Master;

use super::{Done, OperationError, Operations, RequestContext, boxed};

impl Operations {
    /// The registered and revoked masters of this tenant, by name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_masters(&self, context: &RequestContext) -> Result<Vec<Master>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.tenants()?.masters_in(&mut records, &caller).await?)
    }

    /// The master of this name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn master(&self, context: &RequestContext, name: &str) -> Result<Master, OperationError> {
        context.must_administer()?;
        Ok(self.reader(context).await?.records().master(name).await?)
    }

    /// Revokes a master: the tenant accepts no more messages from it. The connections that it sent stay, and still
    /// belong to the master.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn revoke_master(&self, context: &RequestContext, name: &str) -> Result<Master, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(tenants.revoke_master_in(&mut change.records, &caller, name).await?)) })
            })
            .await
    }

    /// Removes a revoked master and deletes the connections that it sent.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
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
