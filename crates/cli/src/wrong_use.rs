//! The error of a call that cannot be done as given.

use soar_connector::ParameterProblems;

/// The call cannot be done as given. Nothing was sent.
#[derive(Debug)]
pub(crate) struct WrongUse(pub(crate) String);

impl From<&ParameterProblems> for WrongUse {
    /// Puts each problem, and each list of valid names, on a line of its own.
    fn from(problems: &ParameterProblems) -> Self {
        Self(problems.lines().join("\n").replace(" Valid", "\nValid"))
    }
}

impl std::fmt::Display for WrongUse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for WrongUse {}
