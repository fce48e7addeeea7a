//! The shapes of texts, as exactly as the store checks them.

use serde_json::json;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// At least one character that is no blank, and none that steers (see `soar_connector::name::steers`).
const NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff][^\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]*$";

fn text(or_null: bool) -> ObjectBuilder {
    let kinds = [Type::String, Type::Null];
    ObjectBuilder::new().schema_type(SchemaType::from_iter(kinds.into_iter().take(1 + usize::from(or_null))))
}

pub(crate) fn name() -> Object {
    text(false).pattern(Some(NAME)).max_length(Some(100)).description(Some("Compared without regard to case.")).build()
}

pub(crate) fn optional_name() -> Object {
    text(true).pattern(Some(NAME)).max_length(Some(100)).description(Some("Its new name.")).build()
}

pub(crate) fn optional_email() -> Object {
    text(true)
        .pattern(Some(r"^[!-?A-~]+@[!-?A-~]+$"))
        .max_length(Some(254))
        .description(Some("Where mail goes."))
        .build()
}

pub(crate) fn email_to_change() -> Object {
    text(true)
        .pattern(Some(r"^([!-?A-~]+@[!-?A-~]+)?$"))
        .max_length(Some(254))
        .description(Some("Where mail goes from now on; an empty text for nowhere."))
        .build()
}

/// Text in which something can be seen: the name of what is there already.
pub(crate) const FILLED: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

/// Any text that can be kept.
const KEPT: &str = r"^[^\u0000]*$";

/// The characters that the address of a mail may have here.
const MAIL: &str = r"^([!-+\-./0-9:;=?A-~]+@[!-+\-./0-9:;=?A-~]+)?$";

pub(crate) fn filled() -> Object {
    text(false).pattern(Some(FILLED)).build()
}

pub(crate) fn optional_filled() -> Object {
    text(true).pattern(Some(FILLED)).build()
}

/// The name of what may be missing; empty for nothing.
pub(crate) fn name_or_nothing() -> Object {
    text(true).pattern(Some(format!("({NAME})|(^$)"))).max_length(Some(100)).build()
}

/// The name of something that is there; empty for nothing.
pub(crate) fn known_or_nothing() -> Object {
    text(true).pattern(Some(KEPT)).build()
}

pub(crate) fn description() -> Object {
    text(false).pattern(Some(KEPT)).max_length(Some(2_000)).build()
}

pub(crate) fn optional_description() -> Object {
    text(true).pattern(Some(KEPT)).max_length(Some(2_000)).build()
}

pub(crate) fn mail_or_nothing() -> Object {
    text(true).pattern(Some(MAIL)).max_length(Some(254)).build()
}

/// Minutes from one test of a connection to the next.
pub(crate) fn minutes_or_nothing() -> Object {
    let kinds = SchemaType::from_iter([Type::Integer, Type::Null]);
    ObjectBuilder::new().schema_type(kinds).minimum(Some(1)).maximum(Some(43_200)).build()
}

fn zones(or_null: bool) -> Object {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let mut names: Vec<_> = names.into_iter().filter(|name| jiff::tz::TimeZone::get(name).is_ok()).map(Some).collect();
    if or_null {
        names.push(None);
    }
    let about = "Its IANA time zone.";
    text(or_null).enum_values(Some(names.into_iter().map(|name| json!(name)))).description(Some(about)).build()
}

pub(crate) fn time_zone() -> Object {
    zones(false)
}

pub(crate) fn optional_time_zone() -> Object {
    zones(true)
}
