//! `/findings/rules/new`: a new rule: first its plan, then the rule.

use axum::Router;
use soar_host::operations::RuleToPlan;
use soar_store::model::Right;

use super::fields::{REFUSED, days, days_field, fields, rule};
use super::plan::{facts, incidents};
use super::{LIST, address};
use crate::parts::{ContentPage, FormPanel};
use crate::routing::form;
use crate::visit::{Form, Frame, Notice, Page, PageError, PageResult};

/// The address of the page below the console.
const NEW: &str = "/findings/rules/new";

/// The field with which the user accepts the plan.
const ADD: &str = "add";

pub(super) fn routes() -> Router {
    Router::new().route(NEW, form(show, send))
}

async fn show(page: Page) -> PageResult {
    may_add(&page)?;
    page.show(&content(&page, &Form::empty()))
}

async fn send(page: Page, mut form: Form) -> PageResult {
    may_add(&page)?;
    let (Some(rule), Some(days)) = (rule(&mut form, None), days(&mut form)) else {
        return page.show_again(&content(&page, &form));
    };
    if form.is_checked(ADD) {
        match page.operations().create_finding_rule(page.context()?, &rule).await {
            Ok(added) => {
                let notice = Notice::done(format!("The rule {} is added.", added.rule.name));
                return page.lead_to(&address(added.id), Some(notice));
            }
            Err(error) => page.refused_among(&mut form, REFUSED, error)?,
        }
        return page.show_again(&content(&page, &form));
    }
    match page.operations().plan_finding_rule(page.context()?, &RuleToPlan { rule, days }).await {
        Ok(plan) => {
            let frame = frame(&page);
            let mut add = FormPanel::new(&frame, "add-rule", "Add the rule", NEW)
                .text("Nothing was changed yet. The rule handles the changes from now on.")
                .hidden(ADD, "yes")
                .button("Add the rule")
                .back(page.href(LIST));
            for (name, value) in form.kept() {
                add = add.hidden(name, value);
            }
            page.show(&ContentPage::new(frame).with(facts(&page, &plan)).with(add).with(incidents(&plan)))
        }
        Err(error) => {
            page.refused_among(&mut form, REFUSED, error)?;
            page.show_again(&content(&page, &form))
        }
    }
}

fn frame(page: &Page) -> Frame {
    page.frame("New rule").below("Findings", "/findings").below("Rules", LIST)
}

fn content(page: &Page, form: &Form) -> ContentPage {
    let frame = frame(page);
    let panel = FormPanel::new(&frame, "rule", "Rule", NEW)
        .text("The rule makes an incident about each finding that is opened or reopened and meets all conditions.")
        .fields(form, fields(None).into_iter().chain([days_field()]))
        .button("Show what it would have done")
        .back(page.href(LIST));
    ContentPage::new(frame).with(panel)
}

fn may_add(page: &Page) -> Result<(), PageError> {
    if page.may_somewhere(Right::ChangeIncidents) {
        return Ok(());
    }
    Err(PageError::forbidden("Rules need the right to change incidents. Ask an administrator for it."))
}
