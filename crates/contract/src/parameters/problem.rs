//! The problems of parameters: the first in words, and a count of the others.

use std::fmt;

use crate::name::{quoted, suggestion};

/// How many problems are described; more are counted.
const DESCRIBED: usize = 10;

/// A problem of one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterProblem {
    /// The command takes no such parameter.
    Unknown {
        /// The name that came.
        name: String,
        /// The names that are valid there.
        valid: Vec<String>,
    },
    /// A required parameter is not there.
    Missing {
        /// Its name.
        name: String,
        /// The value that the parameter takes.
        expected: String,
    },
    /// The value is not what the parameter takes.
    Invalid {
        /// Its name; a field of an object as `Filter.pageSize`.
        name: String,
        /// The value that the parameter takes.
        expected: String,
        /// The value that came.
        found: String,
    },
}

impl ParameterProblem {
    /// The error code that the problem ends in.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-parameter",
            Self::Missing { .. } => "missing-parameter",
            Self::Invalid { .. } => "invalid-parameter",
        }
    }

    pub(super) fn inside(self, outer: &str) -> Self {
        let within = |name: String| format!("{outer}.{name}");
        match self {
            Self::Unknown { name, valid } => Self::Unknown { name: within(name), valid },
            Self::Missing { name, expected } => Self::Missing { name: within(name), expected },
            Self::Invalid { name, expected, found } => Self::Invalid { name: within(name), expected, found },
        }
    }
}

impl fmt::Display for ParameterProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, valid } => {
                let last = name.rsplit('.').next().unwrap_or(name);
                let near = suggestion(last, valid.iter().map(String::as_str));
                write!(formatter, "Unknown parameter {}.{near}", quoted(name))?;
                if valid.is_empty() {
                    formatter.write_str(" The command takes none.")
                } else {
                    write!(formatter, " Valid: {}.", valid.join(", "))
                }
            }
            Self::Missing { name, expected } => {
                write!(formatter, "{name} is required: expected {expected}.")
            }
            Self::Invalid { name, expected, found } => write!(formatter, "{name}: expected {expected}, found {found}."),
        }
    }
}

/// Everything that is wrong with a call's parameters: ten problems at most, and how many more there are.
///
/// A caller can send any number of wrong names. `Display` is bounded, and so is the work that it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct ParameterProblems {
    described: Vec<ParameterProblem>,
    more: usize,
}

impl ParameterProblems {
    /// Adds a problem, which is described only while few are.
    pub(super) fn add(&mut self, problem: impl FnOnce() -> ParameterProblem) {
        if self.described.len() < DESCRIBED {
            self.described.push(problem());
        } else {
            self.more += 1;
        }
    }

    /// The problems that are described, in the order of the names; missing parameters come last.
    #[must_use]
    pub fn described(&self) -> &[ParameterProblem] {
        &self.described
    }

    /// How many problems there are beside the described ones.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// The error code that the call ends in: that of the first problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.described.first().map_or("invalid-parameter", ParameterProblem::code)
    }

    /// One text for each problem that is described, and one for the others.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("{} more problems are not listed.", self.more));
        self.described.iter().map(ToString::to_string).chain(more).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.described.is_empty()
    }

    pub(super) fn into_first(self) -> Option<ParameterProblem> {
        self.described.into_iter().next()
    }
}

impl From<ParameterProblem> for ParameterProblems {
    fn from(problem: ParameterProblem) -> Self {
        Self { described: vec![problem], more: 0 }
    }
}

impl fmt::Display for ParameterProblems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.lines().join(" "))
    }
}
