//! Checks of descriptions, time zones, languages and addresses before the store keeps them.

use serde_json::Value;
use soar_connector::name::quoted;

use super::StoreError;
use crate::model::limits;

pub(super) fn description(text: &str) -> Result<(), StoreError> {
    limits::ABOUT.check(text)?;
    if text.contains('\0') {
        return Err(StoreError::Invalid("The description holds a NUL character.".to_owned()));
    }
    Ok(())
}

/// Whether a text in `value`, or a name, holds a NUL character. PostgreSQL keeps no such text.
pub fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// The time zone in the spelling of the time zone database.
pub(super) fn time_zone(given: &str) -> Result<String, StoreError> {
    let zone = jiff::tz::TimeZone::get(given.trim()).ok();
    zone.as_ref().and_then(jiff::tz::TimeZone::iana_name).map(str::to_owned).ok_or_else(|| {
        StoreError::Invalid(format!(
            "There is no time zone {}. Expected an IANA name, such as America/Vancouver or UTC.",
            quoted(given)
        ))
    })
}

/// Checks the shape of a BCP 47 tag: a language of two to eight letters, then parts of up to eight letters and digits.
pub(super) fn language(tag: &str) -> Result<(), StoreError> {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_tag = (2..=8).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()))
        && tag.len() <= 35;
    if is_tag {
        return Ok(());
    }
    Err(StoreError::Invalid(format!("{} is not a language tag. Expected one such as en or fr-CA.", quoted(tag))))
}

pub(super) fn email(address: &str) -> Result<&str, StoreError> {
    let trimmed = address.trim();
    let is_address = trimmed.len() <= 254
        && trimmed.chars().all(|c| c.is_ascii_graphic())
        && trimmed
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if is_address {
        return Ok(trimmed);
    }
    Err(StoreError::Invalid(format!(
        "{} is not an e-mail address. Expected one such as admin@example.com.",
        quoted(address)
    )))
}
