//! Import and export of incidents and cases at the terminal: files, a progress bar, and the line of each bad row.

mod bar;
mod export;
mod import;

pub(super) use self::export::{ExportFlags, export};
pub(super) use self::import::{ImportFlags, import};
