//! Parameters: parsed once, at the edge, from what came to what the manifest says.

mod parse;
mod problem;
mod typed;

pub use parse::parse_boolean;
pub(crate) use parse::parse_value;
pub use problem::{ParameterProblem, ParameterProblems};
pub use typed::{ParameterValue, Parameters, RawParameters};
