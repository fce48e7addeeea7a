//! The flags that say which instance is meant and who acts on it.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Which instance.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Instance")]
pub(crate) struct FolderFlag {
    /// The folder of the instance, as `footprint init` made it
    #[arg(id = "instance-folder", long = "instance", global = true, value_name = "FOLDER")]
    #[arg(default_value = FolderFlag::DEFAULT, env = "FOOTPRINT_INSTANCE", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
}

impl FolderFlag {
    /// The folder that is meant where none is named.
    pub(crate) const DEFAULT: &str = "footprint-instance";
}

/// Which instance, and who acts on it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Instance")]
pub(crate) struct InstanceFlags {
    #[command(flatten)]
    pub(crate) instance: FolderFlag,

    /// Act as this user, with its rights [default: the operator that host.toml names]
    #[arg(id = "as-user", long = "as", global = true, value_name = "USER", env = "FOOTPRINT_AS")]
    pub(crate) user: Option<String>,
}
