//! A command on many incidents, with the user's sites for it.

use soar_connector::manifest::Command;
use soar_host::Refusal;
use soar_host::utility::{self, UtilityCommand};
use soar_store::model::{Right, Site};

use crate::parts::Hidden;
use crate::visit::{Form, Frame, Page, PageError};

/// The field with the site of the call.
pub(super) const SITE: &str = "call-site";

/// The input with the incident whose links a command changes.
pub(super) const SOURCE: &str = "Source Incident Number";

/// A command on many incidents.
pub(super) struct Bulk {
    pub(super) command: &'static dyn UtilityCommand,
    pub(super) manifest: &'static Command,
    /// The sites on which the user may change incidents.
    pub(super) sites: Vec<Site>,
}

/// The address and the name of each command that takes the selected incidents.
pub(super) fn commands(page: &Page) -> Vec<(String, &'static str)> {
    let all = utility::all().iter().zip(utility::manifest()).filter(|(command, _)| command.can_plan());
    // A command on the links of one incident is on the page of the incident.
    let all = all.filter(|(_, manifest)| manifest.input(SOURCE).is_none());
    all.map(|(command, _)| (page.href(&address(&**command)), command.name())).collect()
}

/// The address of a command below the console.
pub(super) fn address(command: &dyn UtilityCommand) -> String {
    format!("/incidents/bulk/{}", command.endpoint().to_ascii_lowercase())
}

impl Bulk {
    pub(super) async fn find(page: &Page, endpoint: &str) -> Result<Self, PageError> {
        let found = utility::command(endpoint).filter(|(command, _)| command.can_plan());
        let missing = || PageError::not_found("The host has no such command on many incidents.");
        let (command, manifest) = found.ok_or_else(missing)?;
        let sites = page.sites_with(Right::ChangeIncidents).await?;
        if sites.is_empty() {
            let text = format!("This needs the right to {}. Ask an administrator for it.", Right::ChangeIncidents);
            return Err(Refusal::Forbidden(text).into());
        }
        Ok(Self { command, manifest, sites })
    }

    pub(super) fn frame(&self, page: &Page) -> Frame {
        page.frame(&self.manifest.name).below("Incidents", "/incidents")
    }

    pub(super) fn address(&self) -> String {
        address(self.command)
    }

    /// The fields of the form as hidden fields.
    pub(super) fn hidden(form: &Form) -> impl Iterator<Item = Hidden> {
        let is_input = |name: &str| name.starts_with("p.") || name == SITE;
        form.values().filter(move |(name, _)| is_input(name)).map(|(name, value)| Hidden::new(name, value))
    }
}
