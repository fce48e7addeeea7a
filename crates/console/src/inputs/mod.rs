//! The inputs of commands as fields of a form, drawn from the manifest: the fields, their values, and their problems.

mod field;
mod problems;
mod values;

pub(crate) use field::{field, name_of, name_within, text_of};
pub(crate) use problems::place_problems;
pub(crate) use values::parameters;
