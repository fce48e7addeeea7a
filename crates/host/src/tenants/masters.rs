//! On a tenant: the registered and revoked masters.

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

    /// Revokes a master within the transaction of `records`: the tenant refuses its messages. The connections that it
    /// sent stay and still belong to it, until it registers again or is removed.
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

    /// Removes a revoked master and the connections that it sent, within the transaction of `records`. Returns the
    /// removed master.
    ///
    /// # Errors
    /// [`Refusal`], also when the master is not revoked.
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
                "The master is registered. Revoke the master before you remove it.".to_owned(),
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
