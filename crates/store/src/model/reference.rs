//! References to secrets that are kept elsewhere.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use soar_connector::name::steers;

/// The longest reference, in bytes.
const LONGEST: usize = 1_000;

/// A reference to a secret: `env:NAME`, `file:PATH` or `command:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// An environment variable of the host.
    Environment(String),
    /// A file on the host.
    File(PathBuf),
    /// A command in the host's settings.
    Command(String),
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(formatter, "env:{name}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
            Self::Command(name) => write!(formatter, "command:{name}"),
        }
    }
}

impl FromStr for Reference {
    type Err = String;

    /// The error names the expected value. It shows nothing of the text, which may be a secret.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected env:NAME, file:/PATH or command:NAME";
        let (kind, place) = text.split_once(':').ok_or_else(|| expected.to_owned())?;
        if place.trim().is_empty() || place.len() > LONGEST || place.chars().any(steers) {
            return Err(expected.to_owned());
        }
        match kind {
            "env" => Ok(Self::Environment(place.to_owned())),
            "file" => Ok(Self::File(PathBuf::from(place))),
            "command" => Ok(Self::Command(place.to_owned())),
            _ => Err(expected.to_owned()),
        }
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
