//! The subcommands, one per file.

pub(crate) mod commands;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod diagnose;
pub(crate) mod run;
pub(crate) mod simulate;
pub(crate) mod site;
pub(crate) mod test;
pub(crate) mod user;
