//! Parses parameters once, where the call arrives, into the manifest's types.

mod parse;
mod problem;
mod typed;

pub use parse::parse_boolean;
pub(crate) use parse::parse_value;
pub use problem::{ParameterProblem, ParameterProblems};
pub use typed::{ParameterValue, Parameters, RawParameters};
