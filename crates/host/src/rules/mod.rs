//! Rules: what is done about a finding that was opened, reopened or changed. A rule makes incidents, or sends alerts.

mod acting;
mod carry_out;
mod change;
mod checked;
mod conditions;
mod describe;
mod desk;
mod evidence;
mod plan;
mod rule;
mod service;
mod step;
mod title;

pub(crate) use acting::caller_of;
pub(crate) use carry_out::catch_up;
pub use change::RuleChange;
pub(crate) use checked::{CheckedRule, check_against};
pub use plan::{PlannedIncident, RulePlan};
pub use rule::{AlertAction, IncidentAction, OnePer, Rule, RuleAction, RuleConditions, RuleEvent, rule_schema};
pub use service::Rules;
