//! The subcommands, one per file.

pub(crate) mod agent;
pub(crate) mod alert;
pub(crate) mod audit;
pub(crate) mod case;
pub(crate) mod commands;
pub(crate) mod completions;
pub(crate) mod connection;
pub(crate) mod demo;
pub(crate) mod diagnose;
pub(crate) mod doctor;
pub(crate) mod health;
pub(crate) mod incident;
pub(crate) mod init;
pub(crate) mod integration;
pub(crate) mod key;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod site;
pub(crate) mod tenant;
pub(crate) mod test;
mod transfer;
pub(crate) mod user;
pub(crate) mod utility;
