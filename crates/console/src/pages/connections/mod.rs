//! The connections of an integration: the form, the test before saving, the diagnosis, and the end of a connection.

mod active;
mod change;
mod diagnose;
mod difference;
mod draft;
mod form_page;
mod new;
mod place_problems;
mod prefill;
mod remove;
mod slotted;
mod system;
mod tested;

pub(super) use change::may_manage;

use axum::Router;
use soar_connector::Plugin;
use soar_store::model::{Connection, ConnectionId};

use crate::parts::LinkButton;
use crate::visit::{Frame, Page, PageError};

pub(super) fn routes() -> Router {
    [new::routes(), change::routes(), active::routes(), diagnose::routes(), remove::routes()]
        .into_iter()
        .fold(Router::new(), Router::merge)
}

/// The address of a connection below the console.
pub(super) fn address(integration: &str, id: ConnectionId) -> String {
    format!("/integrations/{integration}/connections/{id}")
}

/// The links from a connection to its health and to its commands.
fn related(page: &Page, connection: &Connection) -> Vec<LinkButton> {
    let (id, integration) = (connection.id, &connection.integration);
    let paths = [
        (format!("/health/{id}"), "Health"),
        (format!("/test-command?integration={integration}&connection={id}"), "Test Command"),
    ];
    paths.into_iter().map(|(path, text)| LinkButton::new(page.href(&path), text).plain()).collect()
}

/// A page about a connection.
fn frame(page: &Page, title: &str, plugin: &dyn Plugin) -> Frame {
    let connector = &plugin.manifest().connector;
    let frame = page.frame(title).below("Integrations", "/integrations");
    frame.below(&connector.name, &format!("/integrations/{}", connector.id))
}

/// The connection at an address.
async fn found(page: &Page, integration: &str, id: i64) -> Result<Connection, PageError> {
    let connection = page.operations().connection(page.context()?, ConnectionId(id)).await?;
    if connection.integration == integration {
        Ok(connection)
    } else {
        Err(PageError::not_found("This integration has no such connection."))
    }
}

/// As [`found`], for a user who may change, test and diagnose the connection.
async fn managed(page: &Page, integration: &str, id: i64) -> Result<Connection, PageError> {
    let connection = found(page, integration, id).await?;
    must_manage(page, &connection).await?;
    Ok(connection)
}

/// Refuses a user who may not change, test and diagnose the connection.
async fn must_manage(page: &Page, connection: &Connection) -> Result<(), PageError> {
    if may_manage(page, connection).await? {
        return Ok(());
    }
    Err(PageError::forbidden("This needs the right to manage connections on its site. Ask an administrator for it."))
}
