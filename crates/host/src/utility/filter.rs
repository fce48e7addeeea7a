//! The Filter of Get Incidents: groups of conditions. An incident must match all conditions of at least one group.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use soar_connector::name::{nearest, quoted};
use soar_store::{Comparison, Condition, ConditionField, Operand};

use super::dates::parse_date_time;
use super::static_field::{FIELDS, StaticField};

/// The most conditions of a filter.
const MOST_CONDITIONS: usize = 100;

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1000;

const OPERATORS: &[(&str, Comparison)] = &[
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("!=", Comparison::Different),
    ("LIKE", Comparison::Like),
    ("IS EMPTY", Comparison::Empty),
    ("IS NOT EMPTY", Comparison::NotEmpty),
];

/// Parses a filter. The error has the place and the expected form.
pub(super) fn parse(filter: &Value) -> Result<Vec<Vec<Condition>>, String> {
    let shape = || {
        "Filter: expected an array of arrays of conditions, such as \
         [[{\"field\": \"Status\", \"operator\": \"=\", \"value\": \"Open\"}]]."
            .to_owned()
    };
    let groups = filter.as_array().ok_or_else(shape)?;
    if groups.iter().any(|group| !group.is_array()) {
        return Err(shape());
    }
    let count: usize = groups.iter().filter_map(Value::as_array).map(Vec::len).sum();
    for (what, count) in [("conditions", count), ("groups", groups.len())] {
        if count > MOST_CONDITIONS {
            return Err(format!("Filter: found {count} {what}, expected at most {MOST_CONDITIONS}."));
        }
    }
    let parsed = groups.iter().map(|group| {
        let conditions = group.as_array().ok_or_else(shape)?;
        conditions.iter().map(|condition| parse_condition(condition.as_object().ok_or_else(shape)?)).collect()
    });
    parsed.collect()
}

fn parse_condition(condition: &Map<String, Value>) -> Result<Condition, String> {
    if let Some(unknown) =
        condition.keys().find(|key| !["section", "field", "operator", "value"].contains(&key.as_str()))
    {
        let unknown = quoted(unknown);
        return Err(format!("Filter: unknown key {unknown}: expected section, field, operator and value."));
    }
    let text = |key: &str| condition.get(key).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    let name = text("field");
    let operator = text("operator").to_uppercase();
    let comparison = OPERATORS.iter().find(|(known, _)| *known == operator).map(|(_, comparison)| *comparison);
    let comparison = comparison.ok_or_else(|| {
        let known: Vec<_> = OPERATORS.iter().map(|(known, _)| *known).collect();
        let found = quoted(text("operator"));
        format!("Filter: operator: expected one of {}, found {found}.", known.join(", "))
    })?;
    let needs_value = !matches!(comparison, Comparison::Empty | Comparison::NotEmpty);
    let value = match condition.get("value") {
        _ if !needs_value => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => return Err(format!("Filter: {} {operator} needs a value that is text or a number.", quoted(name))),
    };
    if comparison == Comparison::Like && value.len() > LONGEST_PATTERN {
        return Err(format!("Filter: LIKE takes at most {LONGEST_PATTERN} bytes, found {}.", value.len()));
    }
    let section = text("section");
    if !section.is_empty() {
        let subject = ConditionField::Dynamic { section: section.to_owned(), name: name.to_owned() };
        let operand = if needs_value { Operand::Text(value) } else { Operand::Nothing };
        return Ok(Condition { subject, comparison, operand });
    }
    let field = StaticField::named(name).and_then(|field| field.search).ok_or_else(|| unknown(name))?;
    if field.is_time() && comparison == Comparison::Like {
        return Err(format!("Filter: {} is a date, which LIKE does not apply to.", quoted(name)));
    }
    let operand = match needs_value {
        false => Operand::Nothing,
        true if field.is_time() => Operand::Time(
            parse_date_time(&value, &TimeZone::UTC).map_err(|problem| format!("Filter: {name}: {problem}."))?,
        ),
        true => Operand::Text(value),
    };
    Ok(Condition { subject: ConditionField::Static(field), comparison, operand })
}

fn unknown(name: &str) -> String {
    let known: Vec<_> = FIELDS.iter().filter(|field| field.search.is_some()).map(StaticField::name).collect();
    let near = nearest(name, known.iter().copied()).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    let name = quoted(name);
    format!("Filter: there is no field {name} to filter by.{near} Valid: {}.", known.join(", "))
}
