//! The error of a call that cannot be done as given.

use soar_connector::ParameterProblems;

/// The call cannot be done as given. Nothing was sent.
#[derive(Debug)]
pub(crate) struct WrongUse(pub(crate) String);

impl From<&ParameterProblems> for WrongUse {
    /// Puts each problem, and each list of valid names, on a line of its own. A list that comes again is shown once.
    fn from(problems: &ParameterProblems) -> Self {
        let text = problems.lines().join("\n").replace(" Valid", "\nValid");
        let lines: Vec<_> = text.lines().collect();
        let comes_again = |at: usize| lines[at].starts_with("Valid") && lines[at + 1..].contains(&lines[at]);
        let shown: Vec<_> = (0..lines.len()).filter(|at| !comes_again(*at)).map(|at| lines[at]).collect();
        Self(shown.join("\n"))
    }
}

impl std::fmt::Display for WrongUse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for WrongUse {}
