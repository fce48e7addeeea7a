//! `/findings/rules/{id}/remove`: removes a rule, after a question.

use axum::Router;
use soar_store::model::FindingRuleId;

use super::{LIST, address};
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/findings/rules/{id}/remove", form(ask, send))
}

async fn ask(page: Page, Path(id): Path<FindingRuleId>) -> PageResult {
    let one = page.operations().finding_rule(page.context()?, id).await?;
    let own = address(id);
    let frame = page.frame(format!("Remove the rule {}?", one.rule.name)).below("Findings", "/findings");
    let frame = frame.below("Rules", LIST).below(&one.rule.name, &own);
    let question = "The rule makes no more incidents, and closes none. Its incidents stay.";
    let action = page.href(&format!("{own}/remove"));
    page.show(&ConfirmPage::new(frame, question, action, "Remove", page.href(&own)).dangerous())
}

async fn send(page: Page, Path(id): Path<FindingRuleId>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Path(id)).await;
    }
    let removed = page.operations().remove_finding_rule(page.context()?, id).await?;
    page.lead_to(LIST, Some(Notice::done(format!("The rule {} is removed.", removed.rule.name))))
}
