//! Names the three generations of the vendor's API that the simulator can be.

use std::{fmt, str::FromStr};

/// One of the vendor's three API generations, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Documents of 2022-08 to 2023-04: tenants, attack avenues and vulnerabilities are plain arrays, and the
    /// risk level filter is one word.
    Legacy,
    /// Documents of 2023-05 to 2023-08: tenants are paged; nearly everything else is as on legacy.
    Middle,
    /// Documents since 2024-08: more lists are paged, and the risk level filter is a comma list.
    #[default]
    Current,
}

impl Generation {
    /// All generations, oldest first.
    pub const ALL: [Self; 3] = [Self::Legacy, Self::Middle, Self::Current];

    /// The word that selects the generation.
    fn word(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Middle => "middle",
            Self::Current => "current",
        }
    }
}

/// The text names no generation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no API generation: use `legacy`, `middle` or `current`")]
pub struct UnknownGeneration(pub String);

impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|generation| generation.word() == text);
        known.ok_or_else(|| UnknownGeneration(text.to_owned()))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
