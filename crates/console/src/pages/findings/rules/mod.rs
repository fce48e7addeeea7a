//! Rules on findings: the list, a new rule with its plan, and one rule with the form that changes it.

mod change;
mod create;
mod fields;
mod hindered;
mod list;
mod one;
mod plan;
mod remove;

pub(in crate::pages) use hindered::hindered;

use axum::Router;
use soar_host::operations::RuleShown;
use soar_store::model::FindingRuleId;

use crate::parts::{Badge, Meaning};

/// The address of the list below the console.
const LIST: &str = "/findings/rules";

pub(super) fn routes() -> Router {
    let routes = [list::routes(), create::routes(), one::routes(), change::routes(), plan::routes(), remove::routes()];
    routes.into_iter().fold(Router::new(), Router::merge)
}

/// The address of a rule below the console.
fn address(id: FindingRuleId) -> String {
    format!("{LIST}/{id}")
}

/// The state of a rule.
fn state(one: &RuleShown) -> Badge {
    match (one.rule.active, &one.problem) {
        (false, _) => Badge::new("Inactive", Meaning::Neutral),
        (true, Some(_)) => Badge::new("Has a problem", Meaning::Bad),
        (true, None) => Badge::new("Active", Meaning::Good),
    }
}
