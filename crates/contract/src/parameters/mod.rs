//! Parameters: parsed once, at the edge, from what came to what the manifest says.

mod parse;
mod problem;
mod typed;
mod value;

pub use problem::{ParameterProblem, ParameterProblems};
pub use typed::{ParameterValue, Parameters, RawParameters};
pub use value::parse_boolean;
pub(crate) use value::parse_value;
