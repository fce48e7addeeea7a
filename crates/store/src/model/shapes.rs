//! The patterns of texts, as the store checks them.

use serde_json::json;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use super::limits;

/// At least one character that is not a blank, and no invisible one. `model::name::unseen` has the full list; a pattern
/// names only those of the basic plane.
const NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8]*$";

fn text(or_null: bool) -> ObjectBuilder {
    let kinds = [Type::String, Type::Null];
    ObjectBuilder::new().schema_type(SchemaType::from_iter(kinds.into_iter().take(1 + usize::from(or_null))))
}

/// A name.
#[must_use]
pub fn name() -> Object {
    text(false)
        .pattern(Some(NAME))
        .max_length(Some(limits::NAME.characters))
        .description(Some("Case makes no difference."))
        .build()
}

/// A new name, or null.
#[must_use]
pub fn optional_name() -> Object {
    text(true).pattern(Some(NAME)).max_length(Some(limits::NAME.characters)).description(Some("Its new name.")).build()
}

/// A mail address, or null.
#[must_use]
pub fn optional_email() -> Object {
    text(true)
        .pattern(Some(r"^[!-?A-~]+@[!-?A-~]+$"))
        .max_length(Some(254))
        .description(Some("The address that mail goes to."))
        .build()
}

/// A mail address, an empty text for none, or null.
#[must_use]
pub fn email_to_change() -> Object {
    text(true)
        .pattern(Some(r"^([!-?A-~]+@[!-?A-~]+)?$"))
        .max_length(Some(254))
        .description(Some("The new address that mail goes to. An empty text removes it."))
        .build()
}

fn name_or_nothing(about: &str, longest: usize) -> Object {
    let pattern = format!("({NAME})|(^$)");
    text(true).pattern(Some(pattern)).max_length(Some(longest)).description(Some(about)).build()
}

/// The name of a proxy agent, an empty text for none, or null.
#[must_use]
pub fn agent() -> Object {
    name_or_nothing("The name of its proxy agent. Empty for none.", limits::NAME.characters)
}

/// A list of tenants, an empty text for none, or null.
#[must_use]
pub fn tenant() -> Object {
    name_or_nothing(
        "The tenants that it is shared with: names with commas between them, each possibly with a site after a slash, or All \
         tenants; empty for none.",
        2_000,
    )
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

/// An IANA time zone.
#[must_use]
pub fn time_zone() -> Object {
    zones(false)
}

/// An IANA time zone, or null.
#[must_use]
pub fn optional_time_zone() -> Object {
    zones(true)
}
