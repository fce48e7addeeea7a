//! `/findings/rules/{id}`: a rule, and the form that sets it active or inactive.

use axum::Router;
use soar_host::rules::{OnePer, Rule, RuleAction, RuleChange, RuleEvent};
use soar_store::model::FindingRuleId;

use super::{LIST, address, state};
use crate::parts::{Cell, ContentPage, Facts, FormPanel, LinkButton, When};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult, Path};

/// The field with the new state, and its value for an active rule.
const TO: &str = "to";
const ACTIVE: &str = "active";

pub(super) fn routes() -> Router {
    Router::new().route("/findings/rules/{id}", form(show, save))
}

async fn show(page: Page, Path(id): Path<FindingRuleId>) -> PageResult {
    let shown = shown(&page, id, &Form::empty()).await?;
    page.show(&shown)
}

async fn save(page: Page, Path(id): Path<FindingRuleId>, mut form: Form) -> PageResult {
    if !form.is_wrong() {
        let change = RuleChange { active: Some(form.text(TO) == ACTIVE), ..RuleChange::default() };
        match page.operations().change_finding_rule(page.context()?, id, &change).await {
            Ok(changed) => {
                let state = if changed.rule.active { "active" } else { "inactive" };
                let notice = Notice::done(format!("The rule {} is {state}.", changed.rule.name));
                return page.lead_to(&address(id), Some(notice));
            }
            Err(error) => page.refused(&mut form, error)?,
        }
    }
    let shown = shown(&page, id, &form).await?;
    page.show_again(&shown)
}

async fn shown(page: &Page, id: FindingRuleId, form: &Form) -> Result<ContentPage, PageError> {
    let one = page.operations().finding_rule(page.context()?, id).await?;
    let own = address(id);
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let frame = page.frame(&one.rule.name).below("Findings", "/findings").below("Rules", LIST);
    let mut rule = Facts::new("rule", "Rule")
        .fact("State", Cell::badge(state(&one)))
        .fact("User", Cell::text(&one.user))
        .fact("Changed", when(one.modified_at));
    if let Some(problem) = &one.problem {
        rule = rule
            .fact("Last problem", Cell::text(problem))
            .fact("Since", one.problem_at.map_or_else(Cell::unknown, when));
    }
    let rule = conditions(rule, &one.rule);
    let (target, text, button) = if one.rule.active {
        ("inactive", "The rule does nothing while it is inactive.", "Set it inactive")
    } else {
        (ACTIVE, "The rule handles the changes from then on.", "Set it active")
    };
    let activity = FormPanel::new(&frame, "activity", "Activity", &own)
        .text(text)
        .fields(form, [])
        .hidden(TO, target)
        .button(button)
        .plain();
    let change = LinkButton::new(page.href(&format!("{own}/change")), "Change").plain();
    let remove = LinkButton::new(page.href(&format!("{own}/remove")), "Remove").danger().dialog();
    let plan = LinkButton::new(page.href(&format!("{own}/plan")), "What it would have done").plain();
    Ok(ContentPage::new(frame).action(plan).action(change).action(remove).with(rule).with(activity))
}

/// Adds what the rule is about and what it does. Conditions that are not given are left out.
fn conditions(facts: Facts, rule: &Rule) -> Facts {
    let when = &rule.when;
    let on = rule.on.iter().map(|event| match event {
        RuleEvent::Opened => "opened",
        RuleEvent::Reopened => "reopened",
        RuleEvent::Changed => "changed",
    });
    let yes = |value: Option<bool>| value.map(|value| if value { "Yes" } else { "No" }.to_owned());
    let words = |values: &[String]| (!values.is_empty()).then(|| values.join(", "));
    let severities: Vec<String> = when.severities.iter().map(|one| one.as_str().to_owned()).collect();
    let values = [
        ("On", Some(on.collect::<Vec<_>>().join(", "))),
        ("Also the baseline", rule.baseline.then(|| "Yes".to_owned())),
        ("CVSS at least", when.cvss_at_least.map(|score| score.to_string())),
        ("EPSS at least", when.epss_at_least.map(|score| score.to_string())),
        ("An exploit is public", yes(when.exploit)),
        ("In CISA's catalog", yes(when.kev)),
        ("Severities", words(&severities)),
        ("Risk levels", words(&when.risk_levels)),
        ("Tags", words(&when.tags)),
        ("Devices", words(&when.devices)),
        ("Tenants", words(&when.tenants)),
        ("Connections", words(&when.connections)),
    ];
    let facts = values
        .into_iter()
        .fold(facts, |facts, (label, value)| match value {
            Some(value) => facts.fact(label, Cell::text(&value)),
            None => facts,
        })
        .fact("Most per collection", Cell::number(rule.most_per_collection));
    match &rule.then {
        RuleAction::Alert(alert) => facts.fact("Sends alerts to", Cell::text(&alert.to.join(", "))),
        RuleAction::Incident(incident) => {
            let per = match incident.one_per {
                OnePer::Finding => "finding on a device",
                OnePer::Device => "device",
                OnePer::Cve => "CVE",
            };
            let facts = facts
                .fact("Makes", Cell::text(&format!("One incident per {per}")))
                .fact("Closes it once all is fixed", Cell::yes_or_no(incident.close_when_fixed));
            match &incident.title {
                Some(title) => facts.fact("Title", Cell::text(title)),
                None => facts,
            }
        }
    }
}
