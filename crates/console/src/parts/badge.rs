//! A badge: a state with its colour and its sign, so that colour alone says nothing.

use askama::Template;
use soar_store::model::HealthState;

/// The meaning of a state for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Good,
    Warning,
    Bad,
    /// Under way.
    Active,
    /// Unknown, or of no concern.
    Neutral,
}

impl Meaning {
    /// The class in the markup.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::Active => "active",
            Self::Neutral => "neutral",
        }
    }
}

/// A badge.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/badge.html")]
pub(crate) struct Badge {
    text: String,
    class: &'static str,
}

impl Badge {
    pub(crate) fn new(text: impl Into<String>, meaning: Meaning) -> Self {
        Self { text: text.into(), class: meaning.class() }
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The badge of a severity, of an incident or of a finding, by its word.
    pub(crate) fn of_severity(word: &str) -> Self {
        let meaning = match word {
            "Critical" | "High" => Meaning::Bad,
            "Medium" => Meaning::Warning,
            _ => Meaning::Neutral,
        };
        Self::new(word, meaning)
    }

    /// The badge of a health state.
    pub(crate) fn of_health(state: HealthState) -> Self {
        let meaning = match state {
            HealthState::Healthy => Meaning::Good,
            HealthState::Degraded | HealthState::Stale => Meaning::Warning,
            HealthState::Recovering => Meaning::Active,
            HealthState::Failing => Meaning::Bad,
            HealthState::Unknown => Meaning::Neutral,
        };
        Self::new(state.as_str(), meaning)
    }
}
