//! Finds connections that cannot use their agent. No command runs on them.

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_store::StoreError;
use soar_store::model::SHARED;

use super::{DoctorCheck, DoctorFinding, Examined};
use crate::connections::{WithoutAgent, without_their_agent};

/// The check of agents.
pub(super) struct AgentsCheck;

#[async_trait]
impl DoctorCheck for AgentsCheck {
    fn name(&self) -> &'static str {
        "agents"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let without = without_their_agent(&mut instance.store.reader().await?.records()).await?;
        Ok(without.into_iter().map(finding).collect())
    }
}

fn finding(WithoutAgent { connection, why }: WithoutAgent) -> DoctorFinding {
    let place = connection.site.as_deref().unwrap_or(SHARED);
    DoctorFinding {
        check: AgentsCheck.name(),
        problem: format!("No command runs on the connection. {why}"),
        place: format!("connection {} ({place})", quoted(&connection.connection)),
        cure: format!(
            "Make an agent that the site may use with `footprint agent add`, or change the connection's agent with \
             `footprint connection change {} --agent NAME`.",
            quoted(&connection.connection)
        ),
    }
}
