//! An instance of the host: its folder, and the user who acts on it from the terminal.

mod advice;
mod chosen_port;
mod executing;
mod flags;
mod folder;
mod integrations;
mod operator_session;
mod settings;

pub(crate) use advice::{advised, no_backup, not_done, refused};
pub(crate) use chosen_port::about_port;
pub(crate) use executing::Executing;
pub(crate) use flags::{FolderFlag, InstanceFlags};
pub(crate) use folder::InstanceFolder;
pub(crate) use integrations::{integration, registry};
pub(crate) use operator_session::OperatorSession;
pub(crate) use settings::{InstanceSettings, STORE_VARIABLE};
