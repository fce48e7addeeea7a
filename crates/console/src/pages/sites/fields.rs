//! The fields of the forms of sites.

use soar_store::model::{Site, SiteKind};

use crate::parts::Field;

/// The beginnings of refusals, and the fields that the refusals are about.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("The name of the site", "name"),
    ("There is no time zone", "time-zone"),
    ("The description", "description"),
    ("The master", "active"),
    ("\"", "language"),
];

/// The fields, with the values of a stored site.
pub(super) fn fields(site: Option<&Site>) -> Vec<Field> {
    let kinds = SiteKind::ALL.iter().map(|kind| (kind.as_str(), kind.as_str()));
    let zones = jiff::tz::db().available().map(|name| name.to_string());
    let value = |text: fn(&Site) -> &str, other: &str| site.map_or(other, text).to_owned();
    vec![
        Field::text("name", "Name").required().value(value(|site| &site.name, "")),
        Field::choice("kind", "Kind", kinds).value(value(|site| site.kind.as_str(), SiteKind::Client.as_str())),
        Field::text("time-zone", "Time zone")
            .suggestions(zones)
            .help("Dates of the site's incidents are shown in it.")
            .value(value(|site| &site.time_zone, "UTC")),
        Field::text("language", "Language").help("A BCP 47 tag, such as en.").value(value(|site| &site.language, "en")),
        Field::lines("description", "Description").value(value(|site| &site.description, "")),
    ]
}
