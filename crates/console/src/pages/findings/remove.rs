//! `/findings/tenants/remove`: removes a tenant from the findings, after a question.

use axum::Router;
use serde::Deserialize;
use soar_store::model::ConnectionId;

use crate::pages::connections::may_manage;
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult, Query, segment};

/// The page with the tenants.
const TENANTS: &str = "/findings/tenants";

/// A tenant of a connection.
#[derive(Debug, Deserialize)]
struct OfConnection {
    connection: ConnectionId,
    /// The product's id of the tenant.
    tenant: String,
}

pub(super) fn routes() -> Router {
    Router::new().route("/findings/tenants/remove", form(ask, send))
}

/// The address of the question below the console.
pub(super) fn address(connection: ConnectionId, tenant: &str) -> String {
    format!("{TENANTS}/remove?connection={connection}&tenant={}", segment(tenant))
}

/// The name of a tenant. A product without tenants has one without a name.
pub(super) fn name(tenant_name: &str) -> &str {
    if tenant_name.is_empty() { "The only tenant" } else { tenant_name }
}

async fn ask(page: Page, Query(of): Query<OfConnection>) -> PageResult {
    let context = page.context()?;
    let connection = page.operations().connection(context, of.connection).await?;
    if !may_manage(&page, &connection).await? {
        let why = "Removing a tenant needs the right to manage its connection. Ask an administrator for it.";
        return Err(PageError::forbidden(why));
    }
    let known = page.operations().finding_tenants(context).await?;
    let tenant = known.iter().find(|one| one.connection_id == of.connection && one.tenant == of.tenant);
    let tenant = tenant.ok_or_else(|| PageError::not_found("No findings of this tenant were collected."))?;
    let title = format!("Remove {} of {}?", name(&tenant.tenant_name), connection.name);
    let frame = page.frame(title).below("Findings", "/findings").below("By tenant", TENANTS);
    let question = "Its findings, devices and changes are no longer shown, and are deleted. Incidents about them stay. A \
                    later collection that finds the tenant in the product's list begins again with a baseline.";
    let action = page.href(&address(of.connection, &of.tenant));
    page.show(&ConfirmPage::new(frame, question, action, "Remove", page.href(TENANTS)).dangerous())
}

async fn send(page: Page, Query(of): Query<OfConnection>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Query(of)).await;
    }
    let removed = page.operations().remove_finding_tenant(page.context()?, of.connection, &of.tenant).await?;
    let notice = format!("{} of {} is removed. {}", name(&removed.tenant_name), removed.connection, removed.later);
    page.lead_to(TENANTS, Some(Notice::done(notice)))
}
