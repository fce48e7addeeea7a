//! Risk levels and their names in the vendor's documents.

/// A risk level to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RiskLevel {
    All,
    Critical,
    Secure,
    /// `nonvisible` in documents up to 2023, `unknown` since 2024-08.
    Unknown,
    Vulnerable,
}

impl RiskLevel {
    /// The level of that name in any document, in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "all" => Some(Self::All),
            "critical" => Some(Self::Critical),
            "secure" => Some(Self::Secure),
            "nonvisible" | "unknown" => Some(Self::Unknown),
            "vulnerable" => Some(Self::Vulnerable),
            _ => None,
        }
    }

    /// The level's name in API documents up to 2023.
    pub(super) fn older(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Unknown => "nonvisible",
            Self::Critical | Self::Secure | Self::Vulnerable => self.name(),
        }
    }

    /// The level's name in API documents since 2024-08; `None` for all levels, which are asked for by sending nothing.
    pub(super) fn newer(self) -> Option<&'static str> {
        (self != Self::All).then(|| self.name())
    }

    /// The level's newest name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Critical => "critical",
            Self::Secure => "secure",
            Self::Unknown => "unknown",
            Self::Vulnerable => "vulnerable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_newer_names_are_the_same_level() {
        for name in ["nonvisible", "Unknown"] {
            let level = RiskLevel::parse(name).unwrap();
            assert_eq!((level.older(), level.newer()), ("nonvisible", Some("unknown")));
        }
        assert_eq!((RiskLevel::All.older(), RiskLevel::All.newer()), ("all", None));
    }
}
