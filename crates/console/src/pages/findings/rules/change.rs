//! `/findings/rules/{id}/change`: the form that changes a rule. The second of two users who change it at once is told,
//! and sees both versions.

use axum::Router;
use soar_host::Refusal;
use soar_host::operations::{OperationError, RuleShown};
use soar_host::rules::{Rule, RuleChange};
use soar_store::StoreError;
use soar_store::model::FindingRuleId;

use super::fields::{REFUSED, fields, rule};
use super::{LIST, address};
use crate::parts::{CHANGED_MEANWHILE, ContentPage, FormPanel, both_versions, version_of};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/findings/rules/{id}/change", form(show, save))
}

async fn show(page: Page, Path(id): Path<FindingRuleId>) -> PageResult {
    let one = page.operations().finding_rule(page.context()?, id).await?;
    page.show(&shown(&page, &one, &Form::empty(), false))
}

async fn save(page: Page, Path(id): Path<FindingRuleId>, mut form: Form) -> PageResult {
    let one = page.operations().finding_rule(page.context()?, id).await?;
    if version_of(&form).is_some_and(|version| version != one.version) {
        form.refuse(CHANGED_MEANWHILE);
        return page.show_again(&shown(&page, &one, &form, true));
    }
    let Some(Rule { name, when, then, most_per_collection, .. }) = rule(&mut form, Some(&one.rule)) else {
        return page.show_again(&shown(&page, &one, &form, false));
    };
    let change = RuleChange {
        version: Some(one.version),
        name: Some(name),
        when: Some(when),
        then: Some(then),
        most_per_collection: Some(most_per_collection),
        ..RuleChange::default()
    };
    match page.operations().change_finding_rule(page.context()?, id, &change).await {
        Ok(changed) => {
            let notice = Notice::done(format!("The rule {} is changed.", changed.rule.name));
            page.lead_to(&address(id), Some(notice))
        }
        Err(error @ OperationError::Refusal(Refusal::About(StoreError::Conflict(_)))) => {
            page.refused(&mut form, error)?;
            form.refuse(CHANGED_MEANWHILE);
            let one = page.operations().finding_rule(page.context()?, id).await?;
            page.show_again(&shown(&page, &one, &form, true))
        }
        Err(error) => {
            page.refused_among(&mut form, REFUSED, error)?;
            page.show_again(&shown(&page, &one, &form, false))
        }
    }
}

fn shown(page: &Page, one: &RuleShown, form: &Form, is_conflict: bool) -> ContentPage {
    let own = address(one.id);
    let frame = page.frame("Change").below("Findings", "/findings").below("Rules", LIST).below(&one.rule.name, &own);
    let fields = fields(Some(&one.rule));
    let none = "The stored fields are as in your form. What the form does not have was changed, such as the state.";
    let differences = is_conflict.then(|| both_versions(form, &fields, none));
    let panel = FormPanel::new(&frame, "rule", "Rule", &format!("{own}/change"))
        .text("What the form does not have, such as tags or the owner, stays as it is.")
        .fields(form, fields)
        .version(form, one.version, is_conflict)
        .back(page.href(&own));
    ContentPage::new(frame).with_some(differences).with(panel)
}
