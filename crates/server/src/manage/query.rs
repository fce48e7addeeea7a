//! Query parameters that several addresses have.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use soar_store::model::limits;
use utoipa::{IntoParams, PartialSchema};

/// The most items on a page.
const MOST: i64 = 1000;

/// The number of items on a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageLimit(pub(super) i64);

impl Default for PageLimit {
    fn default() -> Self {
        Self(100)
    }
}

impl<'de> Deserialize<'de> for PageLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(limit @ 1..=MOST) => Ok(Self(limit)),
            _ => Err(D::Error::custom(format!("expected a whole number from 1 to {MOST}"))),
        }
    }
}

/// The number of items before a page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offset(pub(super) i64);

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(offset @ 0..) => Ok(Self(offset)),
            _ => Err(D::Error::custom("expected a whole number that is not negative")),
        }
    }
}

/// A part of an incident's title.
#[derive(Debug, Clone)]
pub(super) struct PartOfTitle(pub(super) String);

impl<'de> Deserialize<'de> for PartOfTitle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let title = String::deserialize(deserializer)?;
        // No title contains a longer text.
        if limits::TITLE.check(&title).is_err() {
            let most = limits::TITLE.characters;
            return Err(D::Error::custom(format!("expected at most {most} characters")));
        }
        Ok(Self(title))
    }
}

/// A page of items on a site.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OnSite {
    /// Only items on this site.
    #[param(pattern = r"^[^\u0000]*$")]
    pub(super) site: Option<String>,
}

/// A page of items, the latest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Before<T: PartialSchema> {
    /// Only items before this one: the value of next on the previous page.
    #[param(value_type = Option<i64>)]
    pub(super) before: Option<T>,
    /// The most items on the page; 100 unless given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    pub(super) limit: PageLimit,
}

/// A page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Limited {
    /// The most items on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    pub(super) limit: PageLimit,
}

/// One of several words. Upper and lower case do not matter.
pub(super) fn choice<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}
