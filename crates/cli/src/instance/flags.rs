//! The flags for the instance and the user.

use std::path::PathBuf;

use clap::{Args, ValueHint};

// The instance.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Instance")]
pub(crate) struct FolderFlag {
    /// The folder of the instance, which `footprint init` created
    #[arg(id = "instance-folder", long = "instance", global = true, value_name = "FOLDER")]
    #[arg(default_value = FolderFlag::DEFAULT, env = "FOOTPRINT_INSTANCE", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
}

impl FolderFlag {
    /// The default folder.
    pub(crate) const DEFAULT: &str = "footprint-instance";
}

// The instance, and the user who acts on it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Instance")]
pub(crate) struct InstanceFlags {
    #[command(flatten)]
    pub(crate) instance: FolderFlag,

    /// Act as this user, with its rights [default: the operator in host.toml]
    #[arg(id = "as-user", long = "as", global = true, value_name = "USER", env = "FOOTPRINT_AS")]
    pub(crate) user: Option<String>,
}
