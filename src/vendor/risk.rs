//! Risk levels and their names in both generations.

use super::Generation;

/// A risk level to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RiskLevel {
    All,
    Critical,
    Secure,
    /// `nonvisible` of the legacy generation, `unknown` of the current one.
    Unknown,
    Vulnerable,
}

impl RiskLevel {
    /// The level of that name in either generation, in any case.
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

    /// What the generation takes for the level; `None` where it is asked for by sending nothing.
    pub(super) fn value(self, generation: Generation) -> Option<&'static str> {
        match (self, generation) {
            (Self::All, Generation::Legacy) => Some("all"),
            (Self::All, Generation::Current) => None,
            (Self::Critical, _) => Some("critical"),
            (Self::Secure, _) => Some("secure"),
            (Self::Unknown, Generation::Legacy) => Some("nonvisible"),
            (Self::Unknown, Generation::Current) => Some("unknown"),
            (Self::Vulnerable, _) => Some("vulnerable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_names_are_the_same_level_and_go_out_as_the_instance_knows_them() {
        for name in ["nonvisible", "Unknown"] {
            let level = RiskLevel::parse(name).into_iter().next();
            assert_eq!(level, Some(RiskLevel::Unknown));
            let sent = |generation| level.and_then(|level| level.value(generation));
            assert_eq!(sent(Generation::Legacy), Some("nonvisible"));
            assert_eq!(sent(Generation::Current), Some("unknown"));
        }
    }
}
