//! The fields of a rule that makes incidents, and the rule that a form describes.

use serde_json::{Map, Value, json};
use soar_host::rules::Rule;

use crate::parts::Field;
use crate::visit::Form;

/// The days of a plan, unless the user says so.
pub(super) const DAYS: i64 = 30;

/// The field with the days of a plan.
pub(super) fn days_field() -> Field {
    Field::number("days", "Days of the plan", 1, 400).value(DAYS.to_string())
}

pub(super) fn fields() -> impl IntoIterator<Item = Field> {
    let subjects = [("finding", "Finding on a device"), ("device", "Device"), ("cve", "CVE")];
    [
        Field::text("name", "Name").required().focused(),
        Field::text("cvss", "CVSS at least").placeholder("9.0").help("A finding without a score does not meet this."),
        Field::checkbox("exploit", "An exploit is public", false),
        Field::checkbox("kev", "CISA's catalog of exploited vulnerabilities has it", false),
        Field::lines("devices", "Devices").help("Names or addresses, one per line. * is any text. All unless given."),
        Field::lines("tenants", "Tenants").help("Names or ids, one per line. All unless given."),
        Field::choice("per", "One incident per", subjects),
        Field::text("title", "Title").placeholder("{device}: {cve} ({tenant})").help(
            "It may have {cve}, {device}, {address}, {tenant}, {connection}, {title}, {severity}, {cvss}, {change} and \
             {rule} in it.",
        ),
        Field::checkbox("close", "Close an incident once all its findings are fixed", true),
        Field::number("most", "Most incidents per collection", 1, 1_000).value("100"),
        days_field(),
    ]
}

/// The rule, or `None` if the form has problems.
pub(super) fn rule(form: &mut Form) -> Option<Rule> {
    let name = form.required("name", "The name");
    let mut when = Map::new();
    let score = form.text("cvss").trim().to_owned();
    match score.parse::<f64>() {
        _ if score.is_empty() => {}
        Ok(score) if (0.0..=10.0).contains(&score) => _ = when.insert("cvssAtLeast".to_owned(), json!(score)),
        _ => form.wrong("cvss", "Expected a number from 0 to 10, such as 7.5."),
    }
    for member in ["exploit", "kev"] {
        if form.is_checked(member) {
            when.insert(member.to_owned(), json!(true));
        }
    }
    for member in ["devices", "tenants"] {
        let values: Vec<&str> = form.text(member).lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if !values.is_empty() {
            when.insert(member.to_owned(), json!(values));
        }
    }
    let most = form.text("most").parse::<u32>().ok();
    if most.is_none() {
        form.wrong("most", "Expected a whole number from 1 to 1000.");
    }
    if days(form).is_none() {
        form.wrong("days", "Expected a whole number from 1 to 400.");
    }
    let mut incident = json!({ "onePer": form.text("per"), "closeWhenFixed": form.is_checked("close") });
    let title = form.text("title").trim();
    if !title.is_empty() {
        incident["title"] = json!(title);
    }
    if form.is_wrong() {
        return None;
    }
    let rule = json!({
        "name": name,
        "when": Value::Object(when),
        "then": { "incident": incident },
        "mostPerCollection": most,
    });
    serde_json::from_value(rule).map_err(|problem| form.refuse(format!("The rule is not valid: {problem}."))).ok()
}

/// The days of the plan.
pub(super) fn days(form: &Form) -> Option<i64> {
    form.text("days").parse().ok()
}
