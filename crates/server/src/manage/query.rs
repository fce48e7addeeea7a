//! What stands after the question mark in several addresses.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use soar_store::model::limits;
use utoipa::{IntoParams, PartialSchema};

/// The most that a page has.
const MOST: i64 = 1000;

/// How many a page has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) i64);

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(limit @ 1..=MOST) => Ok(Self(limit)),
            _ => Err(D::Error::custom(format!("expected a whole number from 1 to {MOST}"))),
        }
    }
}

/// How many are left out before a page.
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
pub(super) struct Title(pub(super) String);

impl<'de> Deserialize<'de> for Title {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let title = String::deserialize(deserializer)?;
        // A longer text is in no title.
        if limits::TITLE.check(&title).is_err() {
            let most = limits::TITLE.characters;
            return Err(D::Error::custom(format!("expected at most {most} characters")));
        }
        Ok(Self(title))
    }
}

/// A page of what is on a site.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OnSite {
    /// Only on this site.
    #[param(pattern = r"^[^\u0000]*$")]
    pub(super) site: Option<String>,
}

/// A page of what came before something, the latest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Before<T: PartialSchema> {
    /// Only what came before this, which is next on the page before.
    #[param(value_type = Option<i64>)]
    pub(super) before: Option<T>,
    /// How many at most; 100 unless given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    pub(super) limit: Limit,
}

/// A page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Limited {
    /// How many at most; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    pub(super) limit: Limit,
}

/// One of a few words, in any case.
pub(super) fn choice<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}
