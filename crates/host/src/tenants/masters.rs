//! On a tenant: the masters that it takes connections from.

use std::collections::BTreeMap;

use soar_store::Records;
use soar_store::model::{Caller, Master, MasterState};

use super::Tenants;
use super::service::demand;
use crate::Refusal;
use crate::sealing::SealingGuard;

impl Tenants {
    /// The masters, by name.
    ///
    /// # Errors
    /// [`Refusal`] when the caller is no administrator.
    pub async fn masters_in(&self, records: &mut Records<'_>, caller: &Caller) -> Result<Vec<Master>, Refusal> {
        demand(caller)?;
        Ok(records.masters().await?)
    }

    /// Takes a master back within the transaction of `records`: its messages are refused. What it sent stays, and stays
    /// its own, until it registers anew or is removed.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn revoke_master_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        name: &str,
    ) -> Result<Master, Refusal> {
        demand(caller)?;
        SealingGuard::begin(records).await?;
        Ok(records.revoke_master(name.trim(), self.now()).await?)
    }

    /// Forgets a revoked master, and deletes what it sent, within the transaction of `records`; returns it as it was.
    ///
    /// # Errors
    /// [`Refusal`], also when it is not revoked.
    pub async fn remove_master_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        name: &str,
    ) -> Result<Master, Refusal> {
        demand(caller)?;
        SealingGuard::begin(records).await?;
        let master = records.master(name).await?;
        if master.state != MasterState::Revoked {
            return Err(Refusal::Because(
                "The master is registered. Revoke it first; then it can be removed.".to_owned(),
            ));
        }
        let everywhere = Caller { roles: BTreeMap::new(), ..caller.clone() };
        for received in records.received_from(master.id, None).await? {
            self.connections.delete_received_in(records, &everywhere, received.connection).await?;
        }
        records.delete_master(master.id).await?;
        Ok(master)
    }
}
