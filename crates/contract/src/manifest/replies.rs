//! How a product's replies look, where that is the same for all of its commands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the product's replies look, where that is the same for all commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Replies {
    /// Texts that stand for "no value" in a row, and for "no rows" in a page object.
    #[serde(default)]
    pub no_value: Vec<String>,
    /// The members of a page object, for commands whose `reply` has that shape.
    #[serde(default)]
    pub page: Option<PageMembers>,
}

/// The names of a page object's members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PageMembers {
    /// The list of rows.
    pub rows: String,
    /// The page's own number, counted from 1.
    #[serde(default)]
    pub number: Option<String>,
    /// How many pages there are.
    #[serde(default)]
    pub total_pages: Option<String>,
    /// How many rows there are on all pages.
    #[serde(default)]
    pub total_rows: Option<String>,
}
