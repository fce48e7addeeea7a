//! Names the two generations of the vendor's API that the simulator can be.

use std::{fmt, str::FromStr};

/// One of the vendor's two API generations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Generation {
    /// Version 7.12: tenants, attack avenues and vulnerabilities come as plain arrays, and the risk
    /// level filter is one word.
    Legacy,
    /// Version 7.18: more lists are paged, risk levels are a comma list, API keys exist.
    #[default]
    Current,
}

/// The text is neither `legacy` nor `current`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no API generation: use `legacy` or `current`")]
pub struct UnknownGeneration(pub String);

impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "legacy" => Ok(Self::Legacy),
            "current" => Ok(Self::Current),
            other => Err(UnknownGeneration(other.to_owned())),
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Legacy => "legacy",
            Self::Current => "current",
        })
    }
}
