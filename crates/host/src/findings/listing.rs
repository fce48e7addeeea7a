//! Lists the tenants of a connection.

use std::time::Duration;

use soar_connector::manifest::FindingsSource;
use soar_connector::{RawParameters, listed_value};
use soar_store::model::ConnectionId;

use super::rows::RowSink;
use crate::executor::Executor;

/// The timeout for listing tenants.
const LIMIT: Duration = Duration::from_secs(300);

/// A tenant of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedTenant {
    /// The product's id; empty for a product without tenants.
    pub(crate) id: String,
    /// The name; the id for a tenant without a name.
    pub(crate) name: String,
}

/// The tenants of a connection, as the product lists them.
///
/// # Errors
/// Why they could not be listed, without any secret.
pub(crate) async fn list_tenants(
    executor: &Executor,
    connection: ConnectionId,
    source: &FindingsSource,
) -> Result<Vec<ListedTenant>, String> {
    let Some(list) = &source.tenants else {
        return Ok(vec![ListedTenant { id: String::new(), name: String::new() }]);
    };
    let mut found: Vec<ListedTenant> = Vec::new();
    let mut sink = RowSink(|row: &serde_json::Value| {
        let Some(id) = listed_value(row, &list.id) else { return };
        let name = list.name.as_ref().and_then(|path| listed_value(row, path)).unwrap_or_else(|| id.clone());
        if found.iter().all(|known| known.id != id) {
            found.push(ListedTenant { id, name });
        }
    });
    let listed = executor.stream(connection, &list.command, &RawParameters::new(), LIMIT, &mut sink).await?;
    if let Some(error) = listed.error {
        return Err(error.message);
    }
    if let Some(missing) = listed.receipt.missing {
        return Err(format!("The list of tenants is not whole: {missing}"));
    }
    Ok(found)
}
