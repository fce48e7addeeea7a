//! `/incidents/bulk/{command}`: a command on many incidents: its inputs, its plan, and its result.

use axum::Router;
use soar_host::Refusal;
use soar_host::operations::{OperationError, UtilityCall};

use super::bulk_command::{Bulk, SITE};
use super::inputs::{NUMBER, fields, parameters_of};
use super::{apply, plan};
use crate::inputs::place_problems;
use crate::parts::{ContentPage, FormPanel};
use crate::routing::form;
use crate::visit::{Form, ListState, Page, PageError, PageResult, Path};

/// The field with the fingerprint of the plan to apply.
const FINGERPRINT: &str = "fingerprint";

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/bulk/{command}", form(show, send))
}

impl Bulk {
    /// The call, or `None` if the form has problems.
    fn call(&self, page: &Page, form: &mut Form) -> Result<Option<UtilityCall<'static>>, PageError> {
        let wanted = form.text(SITE).to_owned();
        let site = self.sites.iter().find(|site| wanted.is_empty() || site.name == wanted);
        let Some(site) = site.cloned() else {
            form.wrong(SITE, "You may not change incidents on this site. Choose another.");
            return Ok(None);
        };
        let raw = parameters_of(page, self.manifest, form);
        match UtilityCall::parse(self.command, self.manifest, page.context()?.caller(site), &raw) {
            Ok(call) => Ok((!form.is_wrong()).then_some(call)),
            Err(Refusal::Parameters(problems)) => {
                place_problems(form, self.manifest, &problems);
                Ok(None)
            }
            Err(refusal) => {
                page.refused(form, refusal.into())?;
                Ok(None)
            }
        }
    }

    fn form(&self, page: &Page, form: &Form, list: Option<&ListState>) -> ContentPage {
        let frame = self.frame(page);
        let sites: Vec<&str> = self.sites.iter().map(|site| site.name.as_str()).collect();
        let panel = FormPanel::new(&frame, "inputs", "Inputs", &self.address())
            .text(self.manifest.description.clone())
            .fields(form, fields(page, self.manifest, &sites, list, SITE))
            .button("Show the plan")
            .back(page.href("/incidents"));
        let notes = (!self.manifest.notes.is_empty()).then(|| self.manifest.notes.join(" "));
        let has_none = list.is_some_and(|list| list.filter(NUMBER).is_none());
        let unticked =
            has_none.then_some("No incident is ticked. Tick incidents in the list, or give their numbers here.");
        ContentPage::new(frame).with_some(unticked.map(str::to_owned)).with(panel).with_some(notes)
    }
}

async fn show(page: Page, Path(endpoint): Path<String>, list: ListState) -> PageResult {
    let bulk = Bulk::find(&page, &endpoint).await?;
    page.show(&bulk.form(&page, &Form::empty(), Some(&list)))
}

async fn send(page: Page, Path(endpoint): Path<String>, mut form: Form) -> PageResult {
    let bulk = Bulk::find(&page, &endpoint).await?;
    if form.is_wrong() {
        return page.show_again(&bulk.form(&page, &form, None));
    }
    let Some(call) = bulk.call(&page, &mut form)? else {
        return page.show_again(&bulk.form(&page, &form, None));
    };
    let fingerprint = form.text(FINGERPRINT).to_owned();
    if !fingerprint.is_empty() {
        let end = page.operations().apply_utility(page.context()?, &call, &fingerprint).await?;
        match end.ended {
            Ok(answer) => return page.show(&apply::result(&page, &bulk, &answer)),
            // The operation has written the audit entry.
            Err(refusal) => form.refuse(refusal.to_string()),
        }
    }
    match page.operations().plan_utility(page.context()?, &call).await {
        Ok(planned) => {
            let shown = plan::shown(&page, &bulk, &form, &planned, FINGERPRINT);
            if form.is_wrong() { page.show_again(&shown) } else { page.show(&shown) }
        }
        Err(error @ OperationError::Refusal(_)) => {
            page.refused(&mut form, error)?;
            page.show_again(&bulk.form(&page, &form, None))
        }
        Err(error) => Err(error.into()),
    }
}
