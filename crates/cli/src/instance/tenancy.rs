//! The instance's tenants and masters, for those at its terminal.

use anyhow::Result;
use soar_host::tenants::Tenants;

use super::{OperatorSession, connections};

/// The instance's tenants, or its masters.
pub(crate) fn tenants(session: &OperatorSession) -> Result<Tenants> {
    let settings = session.settings.resolved(&session.folder)?.tenants;
    Ok(Tenants::new(connections(session)?, settings))
}
