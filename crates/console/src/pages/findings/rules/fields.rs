//! The fields of a rule that makes incidents, for a new rule and for a stored one, and the rule that a form describes.

use serde_json::json;
use soar_host::rules::{OnePer, Rule, RuleAction};

use crate::parts::Field;
use crate::visit::Form;

/// The days of a plan, unless the user says so.
pub(super) const DAYS: i64 = 30;

/// The subjects of incidents: the value, the text, and the member of the rule.
const SUBJECTS: &[(&str, &str, OnePer)] = &[
    ("finding", "Finding on a device", OnePer::Finding),
    ("device", "Device", OnePer::Device),
    ("cve", "CVE", OnePer::Cve),
];

/// The answers to a condition that is yes or no.
const ANSWERS: &[(&str, &str, Option<bool>)] =
    &[("", "Makes no difference", None), ("yes", "Yes", Some(true)), ("no", "No", Some(false))];

/// The beginnings of refusals, and the fields that the refusals are about.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("The name of the rule", "name"),
    ("The rule", "name"),
    ("when.cvssAtLeast", "cvss"),
    ("when.devices", "devices"),
    ("when.tenants", "tenants"),
    ("then.incident.title", "title"),
    ("mostPerCollection", "most"),
    ("days", "days"),
];

/// The field with the days of a plan.
pub(super) fn days_field() -> Field {
    Field::number("days", "Days of the plan", 1, 400).value(DAYS.to_string())
}

/// The fields of a new rule, or of a stored one. A rule that sends alerts has no fields about incidents.
pub(super) fn fields(stored: Option<&Rule>) -> Vec<Field> {
    let when = stored.map(|rule| rule.when.clone()).unwrap_or_default();
    let yes_or_no = |name: &str, label: &str, value: Option<bool>| {
        let current = ANSWERS.iter().find(|(_, _, answer)| *answer == value).map_or("", |(key, ..)| *key);
        Field::choice(name, label, ANSWERS.iter().map(|(key, text, _)| (*key, *text))).value(current)
    };
    let mut all = vec![
        Field::text("name", "Name").value(stored.map_or("", |rule| rule.name.as_str())).required().focused(),
        Field::text("cvss", "CVSS at least")
            .value(when.cvss_at_least.map(|score| score.to_string()).unwrap_or_default())
            .placeholder("9.0")
            .help("A finding without a score does not meet this."),
        yes_or_no("exploit", "An exploit is public", when.exploit),
        yes_or_no("kev", "CISA's catalog of exploited vulnerabilities has it", when.kev),
        Field::lines("devices", "Devices")
            .value(when.devices.join("\n"))
            .help("Names or addresses, one per line. * is any text. All unless given."),
        Field::lines("tenants", "Tenants")
            .value(when.tenants.join("\n"))
            .help("Names or ids, one per line. All unless given."),
    ];
    let incident = match stored.map(|rule| &rule.then) {
        None => Some((OnePer::default(), "", true)),
        Some(RuleAction::Incident(incident)) => {
            Some((incident.one_per, incident.title.as_deref().unwrap_or_default(), incident.close_when_fixed))
        }
        Some(RuleAction::Alert(_)) => None,
    };
    let limit =
        if incident.is_some() { "Most incidents per collection" } else { "Most findings in alerts per collection" };
    if let Some((one_per, title, close)) = incident {
        let subject = SUBJECTS.iter().find(|(_, _, subject)| *subject == one_per).map_or("", |(key, ..)| *key);
        let subjects = SUBJECTS.iter().map(|(key, text, _)| (*key, *text));
        all.extend([
            Field::choice("per", "One incident per", subjects).value(subject),
            Field::text("title", "Title").value(title).placeholder("{device}: {cve} ({tenant})").help(
                "It may have {cve}, {device}, {address}, {tenant}, {connection}, {title}, {severity}, {cvss}, {change} \
                 and {rule} in it.",
            ),
            Field::checkbox("close", "Close an incident once all its findings are fixed", close),
        ]);
    }
    let most = stored.map_or(100, |rule| rule.most_per_collection);
    all.push(Field::number("most", limit, 1, 1_000).value(most.to_string()));
    all
}

/// The rule that the form describes, or `None` if the form has problems. What the form does not have stays as it is in
/// `stored`.
pub(super) fn rule(form: &mut Form, stored: Option<&Rule>) -> Option<Rule> {
    let name = form.required("name", "The name");
    let new = || serde_json::from_value(json!({ "name": name, "then": { "incident": {} } }));
    let mut rule = match stored.map_or_else(new, |rule| Ok(rule.clone())) {
        Ok(rule) => rule,
        Err(problem) => {
            form.refuse(format!("The rule is not valid: {problem}."));
            return None;
        }
    };
    rule.name = name;
    rule.when.cvss_at_least = score(form);
    rule.when.exploit = answer(form, "exploit");
    rule.when.kev = answer(form, "kev");
    rule.when.devices = form.items("devices");
    rule.when.tenants = form.items("tenants");
    if let RuleAction::Incident(incident) = &mut rule.then {
        match SUBJECTS.iter().find(|(key, ..)| *key == form.text("per")) {
            Some((_, _, subject)) => incident.one_per = *subject,
            None => form.wrong("per", "Expected finding, device or cve."),
        }
        incident.title = Some(form.text("title").to_owned()).filter(|title| !title.is_empty());
        incident.close_when_fixed = form.is_checked("close");
    }
    match form.text("most").parse() {
        Ok(most) => rule.most_per_collection = most,
        Err(_) => form.wrong("most", "Expected a whole number from 1 to 1000."),
    }
    (!form.is_wrong()).then_some(rule)
}

/// The days of the plan. Notes what is wrong with them.
pub(super) fn days(form: &mut Form) -> Option<i64> {
    let days = form.text("days").parse().ok();
    if days.is_none() {
        form.wrong("days", "Expected a whole number from 1 to 400.");
    }
    days
}

fn score(form: &mut Form) -> Option<f64> {
    let text = form.text("cvss");
    if text.is_empty() {
        return None;
    }
    let score = text.parse::<f64>().ok().filter(|score| (0.0..=10.0).contains(score));
    if score.is_none() {
        form.wrong("cvss", "Expected a number from 0 to 10, such as 7.5.");
    }
    score
}

fn answer(form: &mut Form, name: &str) -> Option<bool> {
    let given = ANSWERS.iter().find(|(key, ..)| *key == form.text(name));
    if given.is_none() {
        form.wrong(name, "Expected yes, no or nothing.");
    }
    given.and_then(|(_, _, answer)| *answer)
}
