//! The page with the form of a connection, new or stored.

use askama::Template;
use soar_connector::Plugin;
use soar_store::model::{Connection, Right, SHARED, Site, SiteKind};

use super::prefill::Prefill;
use super::slotted::Slotted;
use super::system::{SystemFields, system};
use super::tested::TestShown;
use super::{frame, related};
use crate::parts::{Field, FormErrors, LinkButton, Table, version_of};
use crate::visit::{Form, Frame, Page, PageError, SECRET, if_allowed};

/// The page with the form of a connection.
#[derive(Debug, Template)]
#[template(path = "connections/form.html")]
pub(super) struct ConnectionFormPage {
    frame: Frame,
    /// The address of the form.
    action: String,
    /// The stored connection's address.
    stored: Option<String>,
    /// The links to other pages about the stored connection.
    related: Vec<LinkButton>,
    is_active: bool,
    version: Option<i64>,
    errors: FormErrors,
    general: Vec<Slotted>,
    system: SystemFields,
    health: Vec<Slotted>,
    alerts: Vec<Slotted>,
    test: Option<TestShown>,
    /// The fields that were changed meanwhile.
    differences: Option<Table>,
    /// The problems, for the result of a test whose form was not accepted.
    problems: Vec<String>,
}

/// The state of the page beside the form.
#[derive(Debug, Default)]
pub(super) struct FormPageState {
    pub(super) test: Option<TestShown>,
    pub(super) differences: Option<Table>,
}

/// The page for a new connection, or for `stored`.
pub(super) async fn form_page(
    page: &Page,
    plugin: &dyn Plugin,
    stored: Option<&Connection>,
    form: &Form,
    shown: FormPageState,
) -> Result<ConnectionFormPage, PageError> {
    let context = page.context()?;
    let operations = page.operations();
    let connector = &plugin.manifest().connector;
    let texts = stored.map_or_else(Prefill::new, |connection| Prefill::of(connection, connector));
    let (sites, recipients) = sites(page, operations.list_sites(context).await?, stored)?;
    let agents = if_allowed(operations.list_agents(context).await)?.unwrap_or_default();
    let no_agent = std::iter::once((String::new(), "None: a direct connection".to_owned()));
    let mut agents: Vec<_> = no_agent.chain(agents.into_iter().map(|one| (one.name.clone(), one.name))).collect();
    if !agents.iter().any(|(name, _)| name == texts.text("agent-name")) {
        agents.push((texts.text("agent-name").to_owned(), format!("{} (missing)", texts.text("agent-name"))));
    }
    let users = if_allowed(operations.list_users(context).await)?.unwrap_or_default();
    let user_names: Vec<_> = users.into_iter().map(|user| user.user.name).collect();
    let text = |name: &'static str, label: &str| Field::text(name, label).value(texts.text(name));
    let number =
        |name: &'static str, label: &str, most: i64| Field::number(name, label, 1, most).value(texts.text(name));
    let may_refer = operations.may_give_references(context)?;
    let error = shown.test.as_ref().and_then(|test| test.error.as_ref());
    let base = format!("/integrations/{}/connections", connector.id);
    let (title, path) = match stored {
        Some(connection) => (connection.name.clone(), format!("{base}/{}", connection.id)),
        None => ("New Connection".to_owned(), format!("{base}/new")),
    };
    let slotted = |name: &'static str, field: Field| Slotted::new(name, field.of(form));
    let name = text("name", "Connection Name").required();
    // After a test the result has the focus.
    let name = if form.is_sent() { name } else { name.focused() };
    let site = Field::choice("site", "Site", sites)
        .value(texts.text("site"))
        .help("Share to Internal Sites lets every internal site use the connection.")
        .required();
    let recipient_label = "Recipient site for events from connections Shared to Internal Sites";
    let recipient = Field::choice("recipient-site", recipient_label, recipients)
        .value(texts.text("recipient-site"))
        .help("Only for a connection that is shared to internal sites.");
    let agent = Field::choice("agent-name", "Agent Name (Optional)", agents)
        .value(texts.text("agent-name"))
        .help("The proxy agent that the connection uses.");
    let description = Field::lines("description", "Description (Optional)").value(texts.text("description"));
    let tenant = text("tenant", "Tenant (Optional)")
        .help("The tenants with which the connection is shared: names with commas between them, or All tenants.")
        .suggestions(["All tenants".to_owned()]);
    let users =
        Field::lines("users", "Configure User Permissions").value(texts.text("users")).help(users_help(&user_names));
    let active = Field::checkbox("active", "Active", !texts.text("active").is_empty())
        .help("Commands run on active connections only.");
    let minutes = number("health-check-minutes", "Test every (minutes)", 43_200)
        .help("Runs Test Connection at this interval while the connection is active. Leave it empty for no checks.");
    let email = text("health-check-email", "Notify by mail about failed checks")
        .help("Mail addresses with commas between them.")
        .placeholder("soc@example.com");
    let webhooks = Field::lines("health-check-webhooks", "Webhooks")
        .value(texts.text("health-check-webhooks"))
        .help("The names of webhooks in the host's settings that get the alerts too, one per line.");
    let layout = frame(page, &title, plugin);
    let is_typed = |(name, value): &(String, String)| name.starts_with(SECRET) && !value.is_empty();
    let lost_secrets = !layout.is_region && form.values().any(is_typed);
    let mut form_page = ConnectionFormPage {
        frame: layout,
        action: page.href(&path),
        stored: stored.map(|_| page.href(&path)),
        related: stored.map(|connection| related(page, connection)).unwrap_or_default(),
        is_active: stored.is_some_and(|connection| connection.active),
        // The form stays based on the version that the user read, until the page has shown the stored one.
        version: stored.map(|connection| match version_of(form) {
            Some(read) if shown.differences.is_none() => read.0,
            _ => connection.version.0,
        }),
        errors: FormErrors::of(form),
        general: vec![
            slotted("name", name),
            slotted("site", site),
            Slotted { class: "recipient", ..slotted("recipient-site", recipient) },
            slotted("agent-name", agent),
            slotted("description", description),
            slotted("tenant", tenant),
            slotted("users", users),
            slotted("active", active),
        ],
        system: system(connector, stored, &texts, form, error, may_refer),
        health: vec![slotted("health-check-minutes", minutes), slotted("health-check-email", email)],
        alerts: vec![
            slotted("health-check-webhooks", webhooks),
            slotted("alert-after", number("alert-after", "Failed checks in a row before an alert", 100)),
            slotted("recover-after", number("recover-after", "Passed checks in a row before a recovery", 10)),
            slotted("slow-ms", number("slow-ms", "Latency of a slow check (ms)", 3_600_000)),
        ],
        test: shown.test.map(|test| TestShown { lost_secrets, ..test }),
        differences: shown.differences,
        problems: Vec::new(),
    };
    form_page.problems = form.problem().map(str::to_owned).into_iter().chain(form_page.labelled_errors()).collect();
    Ok(form_page)
}

impl ConnectionFormPage {
    fn all(&self) -> impl Iterator<Item = &Slotted> {
        self.general.iter().chain(self.system.all()).chain(&self.health).chain(&self.alerts)
    }

    fn is_wrong_in_alerts(&self) -> bool {
        self.alerts.iter().any(|one| !one.field.error().is_empty())
    }

    /// The problems of the fields, each with its label.
    fn labelled_errors(&self) -> impl Iterator<Item = String> {
        self.all().filter_map(|one| one.field.labelled_error())
    }
}

fn users_help(names: &[String]) -> String {
    let purpose = "The users that may use the connection, one per line. Leave it empty for all users with the right.";
    if names.is_empty() || names.len() > 20 {
        purpose.to_owned()
    } else {
        format!("{purpose} Users: {}.", names.join(", "))
    }
}

type ChoiceTexts = Vec<(String, String)>;

/// The choices of Site and of Recipient site.
fn sites(page: &Page, sites: Vec<Site>, stored: Option<&Connection>) -> Result<(ChoiceTexts, ChoiceTexts), PageError> {
    let context = page.context()?;
    let manages = |site: &Site| context.caller(site.clone()).may(Right::ManageConnections, site.id);
    let internal: Vec<&Site> = sites.iter().filter(|site| site.kind == SiteKind::Internal).collect();
    let mut choices: ChoiceTexts =
        sites.iter().filter(|site| manages(site)).map(|site| (site.name.clone(), site.name.clone())).collect();
    if context.user.is_administrator || (!internal.is_empty() && internal.iter().all(|site| manages(site))) {
        choices.push((SHARED.to_owned(), "Share to Internal Sites".to_owned()));
    }
    if let Some(name) = stored.map(|connection| connection.place.name())
        && !choices.iter().any(|(known, _)| known == name)
    {
        choices.push((name.to_owned(), name.to_owned()));
    }
    let none = std::iter::once((String::new(), "None".to_owned()));
    let recipients = none.chain(internal.iter().map(|site| (site.name.clone(), site.name.clone()))).collect();
    Ok((choices, recipients))
}
