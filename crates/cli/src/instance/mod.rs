//! An instance of the host: the folder it lives in, and whoever acts on it from the terminal.

mod advice;
mod executing;
mod flags;
mod folder;
mod operator_session;
mod settings;
mod tenancy;

pub(crate) use advice::{advised, not_done, refused};
pub(crate) use executing::{Executing, connections, registry};
pub(crate) use flags::{FolderFlag, InstanceFlags};
pub(crate) use folder::Folder;
pub(crate) use operator_session::{Action, OperatorSession};
pub(crate) use settings::{STORE_VARIABLE, Settings};
pub(crate) use tenancy::tenants;
