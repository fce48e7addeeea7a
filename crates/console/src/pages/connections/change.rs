//! `/integrations/{id}/connections/{connection}`: a connection, and the form that changes it.

use askama::Template;
use axum::Router;
use soar_connector::Plugin;
use soar_connector::manifest::ConnectorManifest;
use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_store::StoreError;
use soar_store::model::{Connection, ConnectionId, ConnectionSites, ParameterState, Right, SiteKind};

use super::difference::differences;
use super::draft::change;
use super::form_page::{FormPageState, form_page};
use super::place_problems::{note_wrong_settings, place_problems};
use super::prefill::Prefill;
use super::tested::TestShown;
use super::{found, frame, must_manage, related};
use crate::parts::{CHANGED_MEANWHILE, LinkButton, version_of};
use crate::routing::{form, get};
use crate::visit::{Form, Frame, Notice, Page, PageError, PageResult, Path};

/// A connection that the user may use, but not change.
#[derive(Debug, Template)]
#[template(path = "connections/facts.html")]
struct FactsPage {
    frame: Frame,
    action: String,
    related: Vec<LinkButton>,
    connection: Connection,
    parameters: Vec<(String, String)>,
    health_check: String,
    /// Whether the user may test and diagnose it.
    may_test: bool,
    /// Why the user cannot change it.
    reason: String,
    test: Option<TestShown>,
}

pub(super) fn routes() -> Router {
    Router::new()
        .route("/integrations/{id}/connections/{connection}", form(show, send))
        .route("/connections/{connection}", get(by_id))
}

/// Leads to the page of a connection whose integration the link does not name.
async fn by_id(page: Page, Path(id): Path<i64>) -> PageResult {
    let connection = page.operations().connection(page.context()?, ConnectionId(id)).await?;
    page.lead_to(&super::address(&connection.integration, connection.id), None)
}

async fn show(page: Page, Path((id, connection)): Path<(String, i64)>) -> PageResult {
    let plugin = page.integration(&id)?;
    let stored = found(&page, &id, connection).await?;
    if stored.owner.is_some() || !may_manage(&page, &stored).await? {
        return page.show(&facts(&page, &*plugin, stored, None).await?);
    }
    page.show(&form_page(&page, &*plugin, Some(&stored), &Form::empty(), FormPageState::default()).await?)
}

async fn send(page: Page, Path((id, connection)): Path<(String, i64)>, mut form: Form) -> PageResult {
    let plugin = page.integration(&id)?;
    let stored = found(&page, &id, connection).await?;
    if stored.owner.is_some() {
        let tested = page.operations().test_connection(page.context()?, stored.id, None).await?;
        let tested = page.tried(tested).await?;
        let test = TestShown::new(&tested.outcome, &plugin.manifest().connector);
        return page.show(&facts(&page, &*plugin, stored, Some(test)).await?);
    }
    must_manage(&page, &stored).await?;
    let connector = &plugin.manifest().connector;
    let mut shown = FormPageState::default();
    let version = version_of(&form);
    let is_stale = form.text("do") != "test" && version.is_some_and(|version| version != stored.version);
    if is_stale {
        changed_meanwhile(&mut form, &stored, connector, &mut shown);
        return page.show_again(&form_page(&page, &*plugin, Some(&stored), &form, shown).await?);
    }
    let given = change(&mut form, connector);
    if !form.is_wrong() && form.text("do") == "test" {
        match page.operations().test_change(page.context()?, stored.id, given).await {
            Ok(tried) => {
                let tested = page.tried(tried).await?;
                shown.test = Some(TestShown::new(&tested.outcome, connector));
                return page.show(&form_page(&page, &*plugin, Some(&stored), &form, shown).await?);
            }
            Err(error) => refused(&page, &mut form, &*plugin, &stored, error, &mut shown)?,
        }
    } else if !form.is_wrong() {
        match page.operations().change_connection(page.context()?, stored.id, given).await {
            Ok(changed) => {
                let notice = Notice::done(format!("The connection {} is changed.", changed.name));
                return page.lead_to(&super::address(&id, changed.id), Some(notice));
            }
            Err(error) => refused(&page, &mut form, &*plugin, &stored, error, &mut shown)?,
        }
    }
    if shown.differences.is_none() {
        note_wrong_settings(&mut form, &*plugin, Some(&stored));
    }
    page.show_again(&form_page(&page, &*plugin, Some(&stored), &form, shown).await?)
}

/// Notes in the form that the connection was changed meanwhile, and shows both versions.
fn changed_meanwhile(form: &mut Form, stored: &Connection, connector: &ConnectorManifest, shown: &mut FormPageState) {
    form.refuse(CHANGED_MEANWHILE);
    shown.differences = Some(differences(form, &Prefill::of(stored, connector), connector));
}

/// Notes a refused change in the form. Shows both versions if the connection was changed meanwhile.
fn refused(
    page: &Page,
    form: &mut Form,
    plugin: &dyn Plugin,
    stored: &Connection,
    error: OperationError,
    shown: &mut FormPageState,
) -> Result<(), PageError> {
    let connector = &plugin.manifest().connector;
    if matches!(&error, OperationError::Refusal(Refusal::About(StoreError::Conflict(_)))) {
        page.about_input(error)?;
        changed_meanwhile(form, stored, connector, shown);
        return Ok(());
    }
    place_problems(page, form, connector, error)
}

/// Whether the user may change, test and diagnose a connection.
pub(in crate::pages) async fn may_manage(page: &Page, connection: &Connection) -> Result<bool, PageError> {
    let context = page.context()?;
    if context.user.is_administrator {
        return Ok(true);
    }
    let manages = |site| context.roles.get(&site).is_some_and(|role| role.allows(Right::ManageConnections));
    match &connection.place {
        ConnectionSites::Site(site) => Ok(manages(site.id)),
        ConnectionSites::SharedToInternalSites { .. } => {
            let sites = page.operations().store.reader().await?.records().sites().await?;
            let mut internal = sites.iter().filter(|site| site.kind == SiteKind::Internal).peekable();
            Ok(internal.peek().is_some() && internal.all(|site| manages(site.id)))
        }
    }
}

async fn facts(
    page: &Page,
    plugin: &dyn Plugin,
    connection: Connection,
    test: Option<TestShown>,
) -> Result<FactsPage, PageError> {
    let reason = match &connection.owner {
        Some(owner) => format!("The master {owner} sent this connection. Only the master can change it."),
        None => "Changing this connection needs the right to manage connections on its site.".to_owned(),
    };
    let parameters = connection.parameters.iter().map(|one| {
        let text = match &one.value {
            ParameterState::Plain(value) => value.clone(),
            ParameterState::Sealed => "A stored secret".to_owned(),
            ParameterState::Reference(_) => "In the password vault".to_owned(),
        };
        (one.name.clone(), text)
    });
    let health_check = match &connection.health_check {
        Some(check) => format!("Every {} minutes", check.every_minutes),
        None => "None".to_owned(),
    };
    Ok(FactsPage {
        frame: frame(page, &connection.name, plugin),
        action: page.href(&super::address(&connection.integration, connection.id)),
        related: related(page, &connection),
        parameters: parameters.collect(),
        health_check,
        may_test: may_manage(page, &connection).await?,
        reason,
        test,
        connection,
    })
}
